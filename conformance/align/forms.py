"""What a type is on the wire, told alike for what a source declares and for what a build shows.

Knows nothing of what is made of the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from conformance.digest.declaration import EntityKind
from conformance.digest.digest import DigestBranch, DigestEntity, DigestMember, DigestValue
from conformance.digest.expand import BUILTINS
from conformance.qapi.model import Alternate, Array, Builtin, Enum, JsonType, Object, Schema, Type

NOTHING: Final = "nothing"
"""The form of an object without members where it stands for no arguments, data or return value."""

_BUILTIN_FORMS: Final[Mapping[JsonType, str]] = {
    JsonType.STRING: "string",
    JsonType.NUMBER: "number",
    JsonType.INT: "integer",
    JsonType.BOOLEAN: "boolean",
    JsonType.NULL: "null",
    JsonType.OBJECT: "any object",
    JsonType.ARRAY: "any array",
    JsonType.VALUE: "any value",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredObject:
    """A declared object with its bases dissolved: a union if it has a `tag`.

    `origins` holds for each of its members the entity that declares it.
    """

    members: tuple[DigestMember, ...]
    origins: Mapping[str, DigestEntity]
    tag: str = ""
    branches: tuple[DigestBranch, ...] = ()


@dataclass(frozen=True, slots=True)
class Declarations:
    """The declarations of one program's schema, and what follows from them."""

    entities: Mapping[str, DigestEntity]
    owners: Mapping[str, DigestEntity]
    """The commands and events that declare a type in place, by that type's name."""

    @classmethod
    def of(cls, entities: Mapping[str, DigestEntity]) -> Declarations:
        """Return the declarations `entities`, with types for the data that they give in place."""
        owners = {
            data_name(entity): entity
            for entity in entities.values()
            if entity.kind in (EntityKind.COMMAND, EntityKind.EVENT) and entity.members
        }
        implied = {
            name: DigestEntity(
                kind=EntityKind.STRUCT,
                name=name,
                module=owner.module,
                line=owner.line,
                members=owner.members,
            )
            for name, owner in owners.items()
        }
        return cls({**entities, **implied}, owners)

    def data(self, entity: DigestEntity) -> str:
        """Return the type of a command's arguments or an event's data, "" where there are none."""
        return entity.arg_type or (data_name(entity) if entity.members else "")

    def form(self, name: str) -> str:
        """Return the form of the type `name`, "" where it rests on what is declared nowhere."""
        if name.startswith("["):
            element = self.form(name[1:-1])
            return f"array of {element}" if element else ""
        if name in BUILTINS:
            return _form(BUILTINS[name])
        entity = self.entities.get(name)
        match entity.kind if entity else None:
            case EntityKind.ENUM:
                return "enumeration"
            case EntityKind.ALTERNATE:
                return "alternate"
            case EntityKind.STRUCT | EntityKind.UNION:
                return "union" if self.object(name).tag else "object"
            case _:
                return ""

    def object(self, name: str) -> DeclaredObject:
        """Return the struct or union `name`, less what bases that are declared nowhere add."""
        found = DeclaredObject(members=(), origins={})
        for entity in self._bases(name):
            members = entity.base_members + entity.members
            found = DeclaredObject(
                members=found.members + members,
                origins={**found.origins, **{member.name: entity for member in members}},
                tag=entity.tag or found.tag,
                branches=entity.branches or found.branches,
            )
        return found

    def closed(self, name: str) -> bool:
        """Return whether all members of the struct or union `name` are declared."""
        outermost = self._bases(name)[0]
        return not outermost.base or outermost.base in self.entities

    def values(self, name: str) -> tuple[DigestValue, ...]:
        """Return the values of the enumeration `name`, none where it is declared nowhere."""
        if name in BUILTINS:
            made = BUILTINS[name]
            values = made.values if isinstance(made, Enum) else ()
            return tuple(DigestValue(name=value) for value in values)
        return self.entities[name].values if name in self.entities else ()

    def tag_values(self, union: DeclaredObject) -> tuple[DigestValue, ...]:
        """Return the values that a union's tag may have."""
        types = [member.type for member in union.members if member.name == union.tag]
        return self.values(types[0]) if types else ()

    def parts(self, name: str) -> tuple[str, ...]:
        """Return the types that the command, event or type `name` shows, arrays as elements."""
        entity = self.entities.get(name)
        if entity is None:
            return ()
        whole = self.object(name)
        named = [entity.arg_type, entity.returns]
        named += [member.type for member in whole.members]
        named += [branch.type for branch in whole.branches]
        return tuple(element_of(part) for part in named if part)

    def _bases(self, name: str) -> list[DigestEntity]:
        """Return the declaration of `name` after those that it extends, outermost base first."""
        found: list[DigestEntity] = []
        current = name
        while current in self.entities and self.entities[current] not in found:
            found.insert(0, self.entities[current])
            current = self.entities[current].base
        return found


def data_name(entity: DigestEntity) -> str:
    """Return the name of the type that data given in place get, as QEMU calls it."""
    return f"q_obj_{entity.name}-arg"


def element_of(name: str) -> str:
    """Return what arrays named `name` are arrays of, `name` itself where it is of none."""
    return name.strip("[]")


def form_of(schema: Schema, name: str) -> str:
    """Return the form of the build's type `name`."""
    arrays: list[str] = []
    kind = schema.types[name]
    while isinstance(kind, Array) and kind.name not in arrays:
        arrays.append(kind.name)
        kind = schema.types[kind.element]
    return "array of " * len(arrays) + _form(kind)


def json_class(form: str) -> str:
    """Return what tells a value of `form` from those of other branches of an alternate."""
    first = form.partition(" of ")[0]
    return {"enumeration": "string", "union": "object", "integer": "number"}.get(first, first)


def is_empty(schema: Schema, name: str) -> bool:
    """Return whether the build's type `name` is an object that has no members at all."""
    kind = schema.types[name]
    return isinstance(kind, Object) and not kind.members and kind.tag is None


def _form(kind: Type) -> str:
    match kind:
        case Builtin(json_type=json_type):
            return _BUILTIN_FORMS[json_type]
        case Enum():
            return "enumeration"
        case Alternate():
            return "alternate"
        case Object(tag=tag):
            return "object" if tag is None else "union"
        case Array():
            return "array"
