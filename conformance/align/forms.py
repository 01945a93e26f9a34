"""The wire form of a type, in the same words for a declared type and a build's type.

Knows nothing of how the two are compared.
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
"""The form of an object without members, where it stands for no arguments, data or result."""

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
    """A declared object with its bases merged in: a union if it has a `tag`.

    `origins` holds the declaring entity of each member.
    """

    members: tuple[DigestMember, ...]
    origins: Mapping[str, DigestEntity]
    tag: str | None = None
    branches: tuple[DigestBranch, ...] = ()


@dataclass(frozen=True, slots=True)
class Declarations:
    """The declarations of one program's schema, and what follows from them."""

    entities: Mapping[str, DigestEntity]
    owners: Mapping[str, DigestEntity]
    """The commands and events whose data are declared in place, by the name of the implied type."""

    @classmethod
    def of(cls, entities: Mapping[str, DigestEntity]) -> Declarations:
        """Return the declarations `entities`, with types for data that are given in place."""
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

    def data(self, entity: DigestEntity) -> str | None:
        """Return the type of a command's arguments or an event's data, None if it has none."""
        return entity.arg_type or (data_name(entity) if entity.members else None)

    def form(self, name: str) -> str | None:
        """Return the form of the type `name`, None if it depends on an undeclared type."""
        if name.startswith("["):
            element = self.form(name[1:-1])
            return f"array of {element}" if element is not None else None
        if name in BUILTINS:
            return _form(BUILTINS[name])
        entity = self.entities.get(name)
        match entity.kind if entity else None:
            case EntityKind.ENUM:
                return "enumeration"
            case EntityKind.ALTERNATE:
                return "alternate"
            case EntityKind.STRUCT | EntityKind.UNION:
                return "union" if self.object(name).tag is not None else "object"
            case _:
                return None

    def object(self, name: str) -> DeclaredObject:
        """Return the struct or union `name`, without the members of undeclared bases."""
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
        return outermost.base is None or outermost.base in self.entities

    def values(self, name: str) -> tuple[DigestValue, ...]:
        """Return the values of the enumeration `name`; none if it is undeclared."""
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
        """Return the types that the command, event or type `name` shows; for arrays, their
        elements."""
        entity = self.entities.get(name)
        if entity is None:
            return ()
        whole = self.object(name)
        named = [entity.arg_type, entity.returns]
        named += [member.type for member in whole.members]
        named += [branch.type for branch in whole.branches]
        return tuple(element_of(part) for part in named if part is not None)

    def _bases(self, name: str) -> list[DigestEntity]:
        """Return the declaration of `name` behind those that it extends, outermost base first."""
        found: list[DigestEntity] = []
        current = self.entities.get(name)
        while current is not None and current not in found:
            found.insert(0, current)
            current = None if current.base is None else self.entities.get(current.base)
        return found


def data_name(entity: DigestEntity) -> str:
    """Return QEMU's name for the type of data that are given in place."""
    return f"q_obj_{entity.name}-arg"


def element_of(name: str) -> str:
    """Return the element type of arrays named `name`, or `name` if it is no array."""
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
    """Return what distinguishes a value of `form` from other branches of an alternate."""
    first = form.partition(" of ")[0]
    return {"enumeration": "string", "union": "object", "integer": "number"}.get(first, first)


def is_empty(schema: Schema, name: str) -> bool:
    """Return whether the build's type `name` is an object without members."""
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
