"""Finds what a digest says about a member that its base or its union may declare.

Knows neither source nor any build.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.digest.declaration import Condition
from conformance.digest.digest import DefaultKind, DigestEntity, DigestMember
from conformance.model.terms import ABSENT, Absent, JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentedMember:
    """One member of an object type or argument as the schema's source documents it.

    `type` is the QAPI type's name, in brackets for an array ("[uint16]"). `default` is the
    documented value (on a POSIX host), or ABSENT where the text gives none or only prose. `where`
    is the file and line: "qapi/x.json:12".
    """

    name: str
    type: str
    optional: bool = False
    default: JsonValue | Absent = ABSENT
    default_kind: DefaultKind = DefaultKind.NONE
    where: str
    condition: Condition | None = None
    features: tuple[str, ...] = ()


def documented(entity: DigestEntity, member: DigestMember, **changes: Any) -> DocumentedMember:
    """Return what is documented of a member of `entity`, with overrides for known facts."""
    facts: dict[str, Any] = {
        "default": member.default,
        "default_kind": member.default_kind,
        **changes,
    }
    return DocumentedMember(
        name=member.name,
        type=member.type,
        optional=member.optional,
        where=f"{entity.module}:{member.line or entity.line}",
        condition=member.condition,
        features=tuple(feature.name for feature in member.features),
        **facts,
    )


def object_facts(
    entities: Mapping[str, DigestEntity], name: str | None, case: str | None = None
) -> Mapping[str, DocumentedMember]:
    """Return what is documented of the members of a struct or union, its base's first.

    With `case`, includes those of the branch for that value of the tag. An undeclared type has
    none.
    """
    return {each.name: each for each in _members(entities, name, case)}


def argument_facts(
    entities: Mapping[str, DigestEntity], command: str, case: str | None = None
) -> Mapping[str, DocumentedMember]:
    """Return what is documented of the arguments of a command, as `object_facts` does."""
    entity = entities.get(command)
    if entity is None:
        return {}
    own = {member.name: documented(entity, member) for member in entity.members}
    return {**object_facts(entities, entity.arg_type, case), **own}


def argument_fact(
    entities: Mapping[str, DigestEntity], command: str, path: str, case: str | None = None
) -> DocumentedMember | None:
    """Return what is documented of the argument at `path` ("cache.direct"), or None."""
    facts = argument_facts(entities, command, case)
    *owners, name = path.split(".")
    for owner in owners:
        found = facts.get(owner)
        facts = object_facts(entities, found.type) if found else {}
    return facts.get(name)


def _members(
    entities: Mapping[str, DigestEntity], name: str | None, case: str | None
) -> Iterator[DocumentedMember]:
    if name is None or name not in entities:
        return
    entity = entities[name]
    yield from _members(entities, entity.base, None)
    for member in (*entity.base_members, *entity.members):
        yield documented(entity, member)
    for branch in entity.branches:
        if branch.case == case:
            yield from _members(entities, branch.type, None)
