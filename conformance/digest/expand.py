"""Makes the schema that a digest describes, in the form in which a build would show it.

Does to declarations what introspection does: merges bases into their types, gives a union a variant
for each value of its tag, makes types of data given in place. Unlike introspection, it keeps names
and integer widths. Knows neither source nor any build.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeVar

from conformance.digest.declaration import Condition, EntityKind, Flag
from conformance.digest.digest import (
    DigestBranch,
    DigestEntity,
    DigestFeature,
    DigestMember,
    DigestValue,
)
from conformance.qapi.model import (
    INT64,
    UINT64,
    Alternate,
    Array,
    Builtin,
    Command,
    Enum,
    EnumMember,
    Event,
    IntRange,
    JsonType,
    Member,
    Object,
    Schema,
    SchemaError,
    Type,
    Variant,
)

Holds: TypeAlias = Callable[[Condition], bool]
"""Whether something with a condition is compiled in."""

EMPTY: Final = "q_empty"
"""QEMU's name for the object without members."""

_Item = TypeVar("_Item", DigestFeature, DigestMember, DigestValue, DigestBranch, DigestEntity)
_OBJECTS: Final = frozenset({EntityKind.STRUCT, EntityKind.UNION})
_WIDTHS: Final = (8, 16, 32, 64)
# QType of the schema language: the only enumeration that no file declares.
_QTYPE: Final = ("none", "qnull", "qnum", "qstring", "qdict", "qlist", "qbool")


def _integer(name: str, bounds: IntRange) -> Builtin:
    return Builtin(name=name, json_type=JsonType.INT, range=bounds)


BUILTINS: Final[Mapping[str, Type]] = {
    **{f"int{bits}": _integer(f"int{bits}", IntRange.signed(bits)) for bits in _WIDTHS},
    **{f"uint{bits}": _integer(f"uint{bits}", IntRange.unsigned(bits)) for bits in _WIDTHS},
    "int": _integer("int", INT64),
    "size": _integer("size", UINT64),
    "str": Builtin(name="str", json_type=JsonType.STRING),
    "number": Builtin(name="number", json_type=JsonType.NUMBER),
    "bool": Builtin(name="bool", json_type=JsonType.BOOLEAN),
    "null": Builtin(name="null", json_type=JsonType.NULL),
    "any": Builtin(name="any", json_type=JsonType.VALUE),
    "QType": Enum(name="QType", members=tuple(EnumMember(name=value) for value in _QTYPE)),
}
"""The built-in types, with the integers that each may have."""


def everything(condition: Condition) -> bool:
    """Accept every condition: yields everything that any build of the release can have."""
    del condition
    return True


def schema_of(
    entities: Mapping[str, DigestEntity], holds: Holds = everything, *, whole: bool = False
) -> Schema:
    """Return the schema that `entities` (one program's, of a digest) describe.

    Leaves out what has a condition that does not hold. Includes only the types that a command or
    event reaches, as introspection does, or all types with `whole`. A type that is declared nowhere
    takes any value where a member has it; as a base or branch it contributes no members, and
    `open_objects` names the types that lack them. Raises SchemaError if no schema can be made.
    """
    expansion = _Expansion(entities, holds)
    present = expansion.present(entities.values())
    commands = [expansion.command(e) for e in present if e.kind is EntityKind.COMMAND]
    events = [expansion.event(e) for e in present if e.kind is EntityKind.EVENT]
    if whole:
        declared = [e.name for e in present if e.kind not in (EntityKind.COMMAND, EntityKind.EVENT)]
        expansion.reach([*BUILTINS, *declared])
    return Schema(
        commands={each.name: each for each in commands},
        events={each.name: each for each in events},
        types=expansion.types,
    )


def open_objects(entities: Mapping[str, DigestEntity]) -> frozenset[str]:
    """Return the object types of `schema_of` that may have more members than it shows.

    These are undeclared types used as a branch or as data, and the types that extend one.
    """
    found: set[str] = set()
    for entity in entities.values():
        used = {entity.arg_type, *(branch.type for branch in entity.branches)}
        found |= {_open(name) for name in used if name is not None and name not in entities}
        base, seen = entity.base, {entity.name}
        while base is not None and base in entities and base not in seen:
            seen.add(base)
            base = entities[base].base
        if base is not None and base not in entities:
            found.add(entity.name)
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class _Expansion:
    """Makes types as they are reached; `types` holds those made so far."""

    entities: Mapping[str, DigestEntity]
    holds: Holds
    types: dict[str, Type] = field(default_factory=dict)

    def present(self, items: Iterable[_Item]) -> list[_Item]:
        """Return what is compiled in."""
        return [each for each in items if each.condition is None or self.holds(each.condition)]

    def command(self, entity: DigestEntity) -> Command:
        command = Command(
            name=entity.name,
            arg_type=self._data(entity),
            ret_type=entity.returns or EMPTY,
            allow_oob=Flag.ALLOW_OOB in entity.flags,
            features=self._features(entity.features),
        )
        if entity.returns is not None:
            self.reach([entity.returns])
        else:
            self._empty()
        return command

    def event(self, entity: DigestEntity) -> Event:
        return Event(
            name=entity.name,
            arg_type=self._data(entity),
            features=self._features(entity.features),
        )

    def reach(self, names: Iterable[str]) -> None:
        """Make the types `names` and everything that they lead to."""
        todo = list(names)
        while todo:
            name = todo.pop()
            if name not in self.types:
                self.types[name] = made = self._type(name)
                todo += parts_of(made)

    def _data(self, entity: DigestEntity) -> str:
        """Return the name of the object type that a command or event takes."""
        if entity.arg_type is not None:
            name = self._object_name(entity.arg_type)
            self.reach([name])
            return name
        if not entity.members:
            return self._empty()
        name = f"q_obj_{entity.name}-arg"
        self._add(Object(name=name, members=self._members(entity.members)))
        return name

    def _object_name(self, name: str) -> str:
        """Return the name of the object type `name`, which may be undeclared."""
        if name in self.entities:
            if self.entities[name].kind not in _OBJECTS:
                raise SchemaError(name, "stands where an object must, and is none")
            return name
        # Where data or a branch is expected, only an object will do.
        self._add(Object(name=_open(name), members=()))
        return _open(name)

    def _empty(self) -> str:
        self._add(Object(name=EMPTY, members=()))
        return EMPTY

    def _add(self, made: Object) -> None:
        self.types[made.name] = made
        self.reach(parts_of(made))

    def _type(self, name: str) -> Type:
        if name in BUILTINS:
            return BUILTINS[name]
        if name.startswith("["):
            return Array(name=name, element=name[1:-1])
        entity = self.entities.get(name)
        if entity is None:
            return Builtin(name=name, json_type=JsonType.VALUE)
        features = self._features(entity.features)
        match entity.kind:
            case EntityKind.ENUM:
                return Enum(name=name, members=self._values(entity), features=features)
            case EntityKind.ALTERNATE:
                members = tuple(dict.fromkeys(m.type for m in self.present(entity.members)))
                return Alternate(name=name, members=members, features=features)
            case EntityKind.STRUCT | EntityKind.UNION:
                return self._object(entity, features)
            case EntityKind.COMMAND | EntityKind.EVENT:
                raise SchemaError(f"{entity.module}:{entity.line}", f"{name!r} is no type")

    def _object(self, entity: DigestEntity, features: tuple[str, ...]) -> Object:
        members = self._members(self._declared(entity, ()))
        if entity.kind is not EntityKind.UNION:
            return Object(name=entity.name, members=members, features=features)
        return Object(
            name=entity.name,
            members=members,
            tag=entity.tag,
            variants=tuple(self._variants(entity, members)),
            features=features,
        )

    def _declared(self, entity: DigestEntity, inside: tuple[str, ...]) -> tuple[DigestMember, ...]:
        """Return the members of an object, the base's first."""
        if entity.name in inside:
            where = f"{entity.module}:{entity.line}"
            raise SchemaError(where, f"{entity.name!r} is its own base")
        base = None if entity.base is None else self.entities.get(entity.base)
        inherited = entity.base_members
        if base is not None:
            if base.kind not in _OBJECTS:
                where = f"{entity.module}:{entity.line}"
                raise SchemaError(where, f"the base {base.name!r} of {entity.name!r} is no object")
            inherited = self._declared(base, (*inside, entity.name))
        return inherited + entity.members

    def _variants(self, entity: DigestEntity, members: tuple[Member, ...]) -> Iterator[Variant]:
        """Yield a variant for each branch, and for each tag value without a branch."""
        tag = next((member for member in members if member.name == entity.tag), None)
        if tag is None:
            where = f"{entity.module}:{entity.line}"
            raise SchemaError(where, f"the tag {entity.tag!r} of {entity.name!r} is no member")
        values = self.entities.get(tag.type)
        present = [v.name for v in self.present(values.values)] if values else []
        for branch in self.present(entity.branches):
            # Where the tag's enumeration is undeclared, its values are not known.
            if values is None or branch.case in present:
                yield Variant(case=branch.case, type=self._object_name(branch.type))
        spoken_of = {branch.case for branch in entity.branches}
        for name in present:
            if name not in spoken_of:
                yield Variant(case=name, type=self._empty())

    def _members(self, members: Iterable[DigestMember]) -> tuple[Member, ...]:
        return tuple(
            Member(
                name=member.name,
                type=member.type,
                optional=member.optional,
                features=self._features(member.features),
            )
            for member in self.present(members)
        )

    def _values(self, entity: DigestEntity) -> tuple[EnumMember, ...]:
        return tuple(
            EnumMember(name=value.name, features=self._features(value.features))
            for value in self.present(entity.values)
        )

    def _features(self, features: Iterable[DigestFeature]) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.present(features))


def _open(name: str) -> str:
    # With a name of its own: as the type of a member, it takes any value.
    return f"q_open_{name}"


def parts_of(kind: Type) -> Iterator[str]:
    """Yield the names of the types that `kind` consists of."""
    match kind:
        case Array(element=element):
            yield element
        case Alternate(members=names):
            yield from names
        case Object(members=members, variants=variants):
            yield from (member.type for member in members)
            yield from (variant.type for variant in variants)
        case Enum() | Builtin():
            pass
