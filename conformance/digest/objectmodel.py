"""The commands and object types of a digest, each object type with all its members.

Gathers what object-add takes from the branches of one union and the bases of their types. Knows one
digest and no build.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from conformance.digest.declaration import Condition, EntityKind
from conformance.digest.digest import DefaultKind, DigestEntity, DigestFeature
from conformance.digest.lookup import DocumentedMember, documented
from conformance.model.terms import ABSENT, JsonValue

OBJECT_ADD: Final = "object-add"
VALUE: Final = DefaultKind.VALUE


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectType:
    """One object type; its members are in the order of the schema, the base's first.

    `open`: the file that declares its members is not part of the schema, so none are known.
    """

    name: str
    members: tuple[DocumentedMember, ...]
    open: bool = False
    condition: Condition | None = None
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredObjects:
    """The commands and object types, in the order of the schema."""

    commands: tuple[str, ...]
    types: tuple[ObjectType, ...]


def object_model(entities: Mapping[str, DigestEntity]) -> DeclaredObjects:
    """Return the commands of a digest's schema and the object types of its object-add.

    Before 6.0, object-add lists no types, and there are none.
    """
    commands = tuple(name for name, entity in entities.items() if entity.kind is EntityKind.COMMAND)
    return DeclaredObjects(commands=commands, types=tuple(_types(entities)))


def _types(entities: Mapping[str, DigestEntity]) -> Iterator[ObjectType]:
    command = entities.get(OBJECT_ADD)
    options = entities.get(command.arg_type) if command and command.arg_type else None
    if options is None or options.kind is not EntityKind.UNION:
        return
    tags = [member.type for member in options.base_members if member.name == options.tag]
    tag = entities.get(tags[0]) if tags else None
    if tag is None:
        return
    branches = {branch.case: branch.type for branch in options.branches}
    for value in tag.values:
        chain = tuple(_chain(branches.get(value.name), entities))
        closed = all(name in entities for name in chain)
        known = [entities[name] for name in chain] if closed else []
        yield ObjectType(
            name=value.name,
            members=tuple(_members(known, value.name)),
            open=not closed,
            condition=value.condition,
            features=_names(value.features),
        )


def _chain(name: str | None, entities: Mapping[str, DigestEntity]) -> Iterator[str]:
    """Yield the name of a type and of its bases, up to one that is not there."""
    while name is not None:
        yield name
        name = entities[name].base if name in entities else None


def _members(chain: list[DigestEntity], case: str) -> Iterator[DocumentedMember]:
    """Yield the members of a type and its bases; `chain` begins with the type itself."""
    overriding: dict[str, JsonValue] = {}
    for entity in chain:
        overriding = {**entity.base_defaults, **overriding}
    for entity in reversed(chain):
        for member in entity.members:
            default = overriding.get(member.name, member.case_defaults.get(case, ABSENT))
            known = {} if default is ABSENT else {"default": default, "default_kind": VALUE}
            yield documented(entity, member, **known)


def _names(features: tuple[DigestFeature, ...]) -> tuple[str, ...]:
    return tuple(feature.name for feature in features)
