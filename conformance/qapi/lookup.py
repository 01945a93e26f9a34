"""Finding what a digest says of a member, where its base or its union may declare it.

Knows digests alone, and neither source nor any build.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from conformance.qapi.digest import DigestEntity, DigestMember


@dataclass(frozen=True, slots=True, kw_only=True)
class Documented:
    """A member and where the source declares it: "qapi/x.json:12"."""

    member: DigestMember
    where: str


def object_facts(
    entities: Mapping[str, DigestEntity], name: str, case: str = ""
) -> Mapping[str, Documented]:
    """Return what is documented of the members of a struct or union, its base's first.

    With `case`, those of the branch of that value of the tag too.  What no file declares has none.
    """
    return {each.member.name: each for each in _members(entities, name, case)}


def argument_facts(
    entities: Mapping[str, DigestEntity], command: str, case: str = ""
) -> Mapping[str, Documented]:
    """Return what is documented of the arguments of a command, as `object_facts` does."""
    entity = entities.get(command)
    if entity is None:
        return {}
    own = {member.name: _documented(entity, member) for member in entity.members}
    return {**object_facts(entities, entity.arg_type, case), **own}


def argument_fact(
    entities: Mapping[str, DigestEntity], command: str, path: str, case: str = ""
) -> Documented | None:
    """Return what is documented of the argument at `path` ("cache.direct"), None if nothing is."""
    facts = argument_facts(entities, command, case)
    *owners, name = path.split(".")
    for owner in owners:
        found = facts.get(owner)
        facts = object_facts(entities, found.member.type) if found else {}
    return facts.get(name)


def _members(entities: Mapping[str, DigestEntity], name: str, case: str) -> Iterator[Documented]:
    entity = entities.get(name)
    if entity is None:
        return
    yield from _members(entities, entity.base, "")
    for member in (*entity.base_members, *entity.members):
        yield _documented(entity, member)
    for branch in entity.branches:
        if branch.case == case:
            yield from _members(entities, branch.type, "")


def _documented(entity: DigestEntity, member: DigestMember) -> Documented:
    return Documented(member=member, where=f"{entity.module}:{member.line or entity.line}")
