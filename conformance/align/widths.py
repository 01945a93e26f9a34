"""Adds the integer widths that only the source states to a build's schema (Q67).

Knows how the two are aligned; knows nothing of how the result is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from conformance.align.forms import Declarations, element_of
from conformance.align.statement import Alignment
from conformance.digest.digest import DigestEntity, DigestMember
from conformance.digest.expand import BUILTINS
from conformance.qapi.model import (
    Alternate,
    Array,
    Builtin,
    Command,
    JsonType,
    Object,
    Schema,
    Type,
)

_WIDTHS: Final = {
    # By its other name: introspection's own "int" is wider and stays.
    name: BUILTINS["int64" if name == "int" else name]
    for name, kind in BUILTINS.items()
    if isinstance(kind, Builtin) and kind.json_type is JsonType.INT
}
"""The integer types of the schema language, by each of their names."""


def with_widths(
    schema: Schema, alignment: Alignment, entities: Mapping[str, DigestEntity]
) -> Schema:
    """Return `schema` with the declared type of each integer.

    `alignment` is that of `schema` with `entities`. Where a type of the build stands for several
    declared types with different widths, it gets the narrowest type that holds them all: no valid
    value may be judged invalid. Integers without a declaration keep introspection's int, which may
    be any 64-bit word.
    """
    narrowing = _Narrowing(schema, Declarations.of(entities), alignment.source_names)
    types = {name: narrowing.type(kind) for name, kind in schema.types.items()}
    commands = {name: narrowing.command(made) for name, made in schema.commands.items()}
    return Schema(commands=commands, events=schema.events, types={**types, **narrowing.made})


@dataclass(frozen=True, slots=True)
class _Narrowing:
    """Gives the types of a build their widths; `made` holds the added types."""

    schema: Schema
    declared: Declarations
    source_names: Mapping[str, tuple[str, ...]]
    made: dict[str, Type] = field(default_factory=dict)

    def type(self, kind: Type) -> Type:
        """Return a type of the build whose members have their widths."""
        sources = self.source_names.get(kind.name, ())
        match kind:
            case Object():
                declared = [m for name in sources for m in self.declared.object(name).members]
                return self._object(kind, declared)
            case Alternate():
                declared = [m for name in sources for m in self._alternatives(name)]
                types = tuple(m.type for m in declared)
                return replace(kind, members=tuple(self._name(n, types) for n in kind.members))
            case _:
                return kind

    def command(self, command: Command) -> Command:
        """Return a command whose return value has its width."""
        entity = self.declared.entities.get(command.name)
        returns = (entity.returns,) if entity and entity.returns is not None else ()
        return replace(command, ret_type=self._name(command.ret_type, returns))

    def _object(self, kind: Object, declared: Iterable[DigestMember]) -> Object:
        types: dict[str, list[str]] = {}
        for member in declared:
            types.setdefault(member.name, []).append(member.type)
        return replace(
            kind,
            members=tuple(
                replace(member, type=self._name(member.type, types.get(member.name, ())))
                for member in kind.members
            ),
        )

    def _alternatives(self, name: str) -> tuple[DigestMember, ...]:
        entity = self.declared.entities.get(name)
        return entity.members if entity else ()

    def _name(self, found: str, declared: Iterable[str]) -> str:
        """Return the type for an item of the type `found` in the build and `declared` in source."""
        depth, kind = 0, self.schema.types[found]
        named = [name for name in declared if element_of(name) in _WIDTHS]
        most = max((name.count("[") for name in named), default=0)
        while isinstance(kind, Array) and depth < most:
            depth, kind = depth + 1, self.schema.types[kind.element]
        widths = [_WIDTHS[element_of(name)] for name in named if name.count("[") == depth]
        width = _narrowest(width for width in widths if isinstance(width, Builtin))
        if width is None or not isinstance(kind, Builtin) or kind.json_type is not JsonType.INT:
            return found
        made: Type = width
        for level in range(depth + 1):
            if self.schema.types.get(made.name, made) != made:
                # The build has another type of that name.
                return found
            self.made[made.name] = made
            if level < depth:
                made = Array(name=f"[{made.name}]", element=made.name)
        return made.name


def _narrowest(widths: Iterable[Builtin]) -> Builtin | None:
    """Return the narrowest type that holds the integers of all `widths`, or None without any."""
    wanted = tuple(dict.fromkeys(widths))
    if len(wanted) <= 1:
        return wanted[0] if wanted else None
    low = min(width.range.low for width in wanted)
    high = max(width.range.high for width in wanted)
    holding = [
        width
        for width in _WIDTHS.values()
        if isinstance(width, Builtin) and width.range.low <= low and high <= width.range.high
    ]
    return min(holding, key=lambda width: width.range.high - width.range.low, default=None)
