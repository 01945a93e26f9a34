"""Adds implied entities of a schema, and checks that its entities fit together.

Knows nothing of files but the places that entities carry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from conformance.digest.declaration import (
    DeclaredBranch,
    DeclaredMember,
    DeclaredValue,
    Entity,
    EntityKind,
    SourcePlace,
)
from conformance.source.alternates import BUILTIN_TYPES, OBJECTS, AlternateCheck
from conformance.source.expression import SourceError
from conformance.source.names import RETURNS_EXCEPTED, excepted
from conformance.source.rulings import Matter, Rulings, identifier_of

_TYPES: Final = OBJECTS | {EntityKind.ENUM, EntityKind.ALTERNATE}
_BIT_SET: Final = 64
"""The features that a schema may have: generated code has a 64-bit set of them."""
_STANDARD: Final = ("deprecated", "unstable")
"""The features that every schema has, and no type."""


def element_of(type_name: str) -> str:
    """Return the name of the type that `type_name` uses: for an array, that of its elements."""
    return type_name[1:-1] if type_name.startswith("[") else type_name


def with_implied(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """Return `entities` with those that simple unions imply, each right before the union.

    On the wire, a union without discriminator has the tag "type", of an enumeration of its own, and
    each branch is an object with the one member "data".
    """
    entities = tuple(entities)
    conditions = {entity.name: entity.condition for entity in entities}
    wrapped: set[str] = set()
    done: list[Entity] = []
    for entity in entities:
        if entity.kind is not EntityKind.UNION or entity.tag is not None:
            done.append(entity)
            continue
        done.append(_implied_enum(entity))
        for branch in entity.branches:
            if branch.type not in wrapped:
                wrapped.add(branch.type)
                wrapper = _implied_wrapper(branch, entity.place)
                condition = conditions.get(element_of(branch.type))
                done.append(replace(wrapper, condition=condition))
        done.append(_tagged(entity))
    return tuple(done)


def _implied_enum(union: Entity) -> Entity:
    values = tuple(
        DeclaredValue(name=branch.case, condition=branch.condition, place=branch.place)
        for branch in union.branches
    )
    return Entity(
        kind=EntityKind.ENUM,
        name=f"{union.name}Kind",
        condition=union.condition,
        values=values,
        place=union.place,
    )


def _wrapper_name(type_name: str) -> str:
    listed = "List" if type_name.startswith("[") else ""
    return f"q_obj_{element_of(type_name)}{listed}-wrapper"


def _implied_wrapper(branch: DeclaredBranch, place: SourcePlace) -> Entity:
    member = DeclaredMember(name="data", type=branch.type, place=branch.place)
    name = _wrapper_name(branch.type)
    return Entity(kind=EntityKind.STRUCT, name=name, members=(member,), place=place)


def _tagged(union: Entity) -> Entity:
    tag = DeclaredMember(name="type", type=f"{union.name}Kind", place=union.place)
    branches = tuple(replace(branch, type=_wrapper_name(branch.type)) for branch in union.branches)
    return replace(union, tag=tag.name, base_members=(tag,), branches=branches)


def check_links(
    entities: Iterable[Entity],
    pragmas: Mapping[str, tuple[str, ...]],
    rulings: Rulings,
    *,
    is_whole: bool,
) -> tuple[str, ...]:
    """Return the types that are used and not declared; raises SourceError for misfits.

    If the schema `is_whole`, such types are errors; otherwise, what depends on them is not checked.
    """
    linker = _Linker(entities, pragmas, rulings, is_whole=is_whole)
    linker.check()
    check_features(linker.entities.values(), rulings)
    return tuple(sorted(linker.open_names))


def check_features(entities: Iterable[Entity], rulings: Rulings) -> None:
    """Check where features stand, and how many there are; raises SourceError."""
    names = dict.fromkeys(_STANDARD)
    for entity in entities:
        for feature in entity.features if entity.kind in _TYPES else ():
            problem = f"types cannot have the feature {feature.name!r}"
            if feature.name == "deprecated":
                raise SourceError(entity.place, problem)
            if feature.name == "unstable":
                rulings.object_to(Matter.UNSTABLE_TYPE, entity.place, problem)
        for features in (entity.features, *(part.features for part in entity.parts)):
            for feature in features:
                names[feature.name] = None
                if len(names) > _BIT_SET:
                    problem = f"{feature.name!r} is one feature more than the {_BIT_SET} allowed"
                    rulings.object_to(Matter.FEATURE_COUNT, entity.place, problem)


class _Linker:
    """Checks the entities of one schema against each other."""

    def __init__(
        self,
        entities: Iterable[Entity],
        pragmas: Mapping[str, tuple[str, ...]],
        rulings: Rulings,
        *,
        is_whole: bool,
    ) -> None:
        self._is_whole = is_whole
        self._any_returns = excepted(pragmas, RETURNS_EXCEPTED)
        self._rulings = rulings
        self.entities: dict[str, Entity] = {}
        for entity in entities:
            if entity.name in BUILTIN_TYPES:
                raise SourceError(entity.place, f"{entity.name!r} is the name of a built-in type")
            if (other := self.entities.setdefault(entity.name, entity)) is not entity:
                problem = f"{entity.name!r} is already declared at {other.place}"
                raise SourceError(entity.place, problem)
        self._flat: dict[str, Mapping[str, DeclaredMember] | None] = {}
        self.open_names: set[str] = set()

    def check(self) -> None:
        for entity in self.entities.values():
            for type_name, place in _used_types(entity):
                self._check_type(element_of(type_name), place)
        for entity in self.entities.values():
            if entity.base is not None:
                self._check_base(entity, entity.base)
            if entity.arg_type is not None:
                self._check_arguments(entity, entity.arg_type)
            if entity.returns is not None:
                self._check_returns(entity, entity.returns)
        alternates = AlternateCheck(
            entities=self.entities, open_names=self.open_names, rulings=self._rulings
        )
        for entity in self.entities.values():
            if entity.kind in OBJECTS:
                self._members(entity)
            if entity.kind is EntityKind.UNION:
                self._check_union(entity)
            elif entity.kind is EntityKind.ALTERNATE:
                alternates.check(entity)
            elif entity.kind in (EntityKind.COMMAND, EntityKind.EVENT) and not entity.boxed:
                self._check_conditions(entity)

    def _check_type(self, name: str, place: SourcePlace) -> None:
        """Record the type as open if it is not declared, or raise SourceError."""
        if name in BUILTIN_TYPES:
            return
        entity = self.entities.get(name)
        if entity is None and self._is_whole:
            raise SourceError(place, f"the type {name!r} is declared nowhere")
        if entity is None:
            self.open_names.add(name)
        elif entity.kind not in _TYPES:
            raise SourceError(place, f"{name!r} is no type but declared as {entity.kind}")

    def _is_open(self, name: str | None) -> bool:
        return name in self.open_names

    def _check_base(self, entity: Entity, name: str) -> None:
        base = self.entities.get(name)
        if not self._is_open(name) and (base is None or base.kind is not EntityKind.STRUCT):
            raise SourceError(entity.place, f"the base {name!r} is no struct")

    def _check_arguments(self, entity: Entity, name: str) -> None:
        used = self.entities.get(name)
        if self._is_open(name):
            return
        if used is None or used.kind not in OBJECTS:
            raise SourceError(entity.place, f"'data' names {name!r}, which is no object")
        if used.kind is EntityKind.UNION and not entity.boxed:
            problem = f"'data' names the union {name!r}, which needs 'boxed'"
            raise SourceError(entity.place, problem)

    def _check_returns(self, command: Entity, type_name: str) -> None:
        name = element_of(type_name)
        used = self.entities.get(name)
        if self._is_open(name) or command.name in self._any_returns:
            return
        if used is None or used.kind not in OBJECTS:
            problem = (
                f"'returns' names {type_name!r}, which is neither an object nor a list of such"
            )
            self._rulings.refuse(command.place, problem)

    def _check_conditions(self, entity: Entity) -> None:
        """Check that no argument of a command or event that is not boxed is conditional."""
        members: Iterable[DeclaredMember] = entity.members
        used = self.entities.get(entity.arg_type or "")
        if used is not None:
            members = (self._members(used) or {}).values()
        for member in members:
            if member.condition is not None:
                problem = f"the argument {member.name!r} has a condition, which needs 'boxed'"
                self._rulings.object_to(Matter.CONDITIONAL_ARGUMENT, entity.place, problem)

    def _members(self, entity: Entity) -> Mapping[str, DeclaredMember] | None:
        """Return the members that all values of an object have, or None if some are not known.

        The keys are their names in C.
        """
        for link in reversed(self._unread_bases(entity)):
            inherited = {} if link.base is None else self._flat.get(link.base, {})
            members = dict(inherited or {})
            for member in link.base_members + link.members:
                key = identifier_of(member.name)
                if (other := members.get(key)) is not None:
                    raise SourceError(member.place, _collision(link, member, other))
                members[key] = member
            is_known = inherited is not None and not self._is_open(link.base)
            self._flat[link.name] = members if is_known else None
        return self._flat[entity.name]

    def _unread_bases(self, entity: Entity) -> list[Entity]:
        """Return `entity`, its base, and so on, up to one whose members are known already."""
        chain: dict[str, Entity] = {}
        current: Entity | None = entity
        while current is not None and current.name not in self._flat:
            if current.name in chain:
                path = " -> ".join((*chain, current.name))
                raise SourceError(current.place, f"the struct is its own base: {path}")
            chain[current.name] = current
            current = None if current.base is None else self.entities.get(current.base)
        return list(chain.values())

    def _check_union(self, union: Entity) -> None:
        common = self._members(union)
        if common is None:
            return
        values = self._tag_values(union, common)
        if not union.branches and not values and values is not None:
            raise SourceError(union.place, f"the union {union.name!r} has no branches")
        for branch in union.branches:
            if values is not None and branch.case not in values:
                problem = f"the tag {union.tag!r} has no value {branch.case!r}"
                raise SourceError(branch.place, problem)
            if self._is_open(branch.type):
                continue
            used = self.entities.get(branch.type)
            if used is None or used.kind not in OBJECTS:
                problem = f"the type {branch.type!r} of branch {branch.case!r} is no object"
                raise SourceError(branch.place, problem)
            self._check_disjoint(branch, used, common, (union.name,))

    def _check_disjoint(
        self,
        branch: DeclaredBranch,
        used: Entity,
        common: Mapping[str, DeclaredMember],
        outer: tuple[str, ...],
    ) -> None:
        """Check the members of a branch, and of its branches, against those around it."""
        if used.name in outer:
            raise SourceError(branch.place, f"the union contains itself: {used.name!r}")
        own = self._members(used) or {}
        for key, member in own.items():
            if key in common:
                name = member.name
                problem = f"the member {name!r} of branch {branch.case!r} is one of the base too"
                raise SourceError(branch.place, problem)
        for inner in used.branches:
            there = self.entities.get(inner.type)
            if there is not None and there.kind in OBJECTS:
                self._check_disjoint(branch, there, {**common, **own}, (*outer, used.name))

    def _tag_values(
        self, union: Entity, common: Mapping[str, DeclaredMember]
    ) -> frozenset[str] | None:
        """Return the values that the tag may have, or None if its type is not known."""
        tag = None if union.tag is None else common.get(identifier_of(union.tag))
        if tag is None or tag.name != union.tag:
            raise SourceError(
                union.place, f"the discriminator {union.tag!r} is no member of the base"
            )
        if tag.optional or tag.condition is not None:
            problem = f"the discriminator {union.tag!r} must always be there"
            raise SourceError(tag.place, problem)
        if self._is_open(tag.type) or tag.type == "QType":
            return None
        used = self.entities.get(tag.type)
        if used is None or used.kind is not EntityKind.ENUM:
            raise SourceError(tag.place, f"the discriminator {union.tag!r} is of no enumeration")
        return frozenset(value.name for value in used.values)


def _collision(owner: Entity, member: DeclaredMember, other: DeclaredMember) -> str:
    if member.name != other.name:
        return f"the member {member.name!r} collides with {other.name!r}: both are one name in C"
    return f"the base of {owner.name!r} has a member {member.name!r} too"


def _used_types(entity: Entity) -> Iterator[tuple[str, SourcePlace]]:
    """Yield the types that a declaration names, and where."""
    for member in entity.base_members + entity.members:
        yield member.type, member.place
    for branch in entity.branches:
        yield branch.type, branch.place
    for name in (entity.base, entity.arg_type, entity.returns):
        if name:
            yield name, entity.place
