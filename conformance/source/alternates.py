"""Checks that the JSON type of a value tells which alternative of an alternate it is.

Knows nothing of other kinds of types but their JSON type. On the command line all values are
strings, so that a string cannot stand beside what a string can spell.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from conformance.digest.declaration import DeclaredMember, Entity, EntityKind
from conformance.qapi.model import JsonType
from conformance.source.expression import SourceError
from conformance.source.rulings import Matter, Rulings

_INTEGERS: Final = tuple(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))

BUILTIN_TYPES: Final[Mapping[str, JsonType]] = {
    "str": JsonType.STRING,
    # An enumeration that the generator itself declares.
    "QType": JsonType.STRING,
    "bool": JsonType.BOOLEAN,
    "null": JsonType.NULL,
    "any": JsonType.VALUE,
    **dict.fromkeys(("number", "int", "size", *_INTEGERS), JsonType.NUMBER),
}
"""The types that no schema declares, and what distinguishes them in an alternate."""

OBJECTS: Final = frozenset({EntityKind.STRUCT, EntityKind.UNION})

_NUMERIC: Final = re.compile(r"[-+0-9.]")
"""How a value of an enumeration begins that could be a number."""
_SWITCHES: Final = frozenset({"on", "off"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AlternateCheck:
    """The types of a schema, by name; of the `open_names` nothing is known."""

    entities: Mapping[str, Entity]
    open_names: Collection[str]
    rulings: Rulings

    def check(self, alternate: Entity) -> None:
        """Raise SourceError if a type cannot be in an alternate, or two cannot be told apart."""
        seen: dict[JsonType, str] = {}
        for member in alternate.members:
            for json_type in self._taken(member):
                if json_type in seen:
                    problem = f"{member.name!r} cannot be told from {seen[json_type]!r}"
                    raise SourceError(member.place, problem)
                seen[json_type] = member.name

    def _taken(self, member: DeclaredMember) -> tuple[JsonType, ...]:
        """Return the JSON types that an alternative leaves to no other; none if not known."""
        if member.type.startswith("["):
            problem = f"the alternative {member.name!r} is an array"
            self.rulings.object_to(Matter.ALTERNATE_ARRAY, member.place, problem)
            return (JsonType.ARRAY,)
        if member.type in self.open_names:
            return ()
        json_type = BUILTIN_TYPES.get(member.type)
        used = self.entities.get(member.type)
        if json_type is JsonType.VALUE or (used and used.kind is EntityKind.ALTERNATE):
            raise SourceError(member.place, f"an alternate cannot have the type {member.type!r}")
        if used is not None and used.kind in OBJECTS:
            return (JsonType.OBJECT,)
        if used is not None:
            return (JsonType.STRING, *_spelled(used))
        if member.type == "str":
            return (JsonType.STRING, JsonType.NUMBER, JsonType.BOOLEAN)
        return () if json_type is None else (json_type,)


def _spelled(enumeration: Entity) -> tuple[JsonType, ...]:
    """Return the JSON types other than strings that values of an enumeration spell."""
    names = [value.name for value in enumeration.values]
    found = []
    if any(name in _SWITCHES for name in names):
        found.append(JsonType.BOOLEAN)
    if any(_NUMERIC.match(name) for name in names):
        found.append(JsonType.NUMBER)
    return tuple(found)
