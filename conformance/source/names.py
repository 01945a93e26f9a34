"""Checks the names of a schema against the grammar that each kind of name has.

Knows the pragmas that except names from it. Which characters any name may have is checked where
definitions are read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from conformance.digest.declaration import Entity, EntityKind, SourcePlace
from conformance.source.expression import SourceError
from conformance.source.rulings import Matter, Rulings, colliding

_STEM: Final = re.compile(r"(?:__[A-Za-z0-9.-]+_)?(?:[xX]-)?")
"""What stands before the part that the grammar is about: vendor and experimental prefix."""
_CAMEL: Final = re.compile(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*")
_TYPES: Final = frozenset(EntityKind) - {EntityKind.COMMAND, EntityKind.EVENT}

MEMBERS_EXCEPTED: Final = ("member-name-exceptions", "name-case-whitelist")
COMMANDS_EXCEPTED: Final = ("command-name-exceptions",)
RETURNS_EXCEPTED: Final = ("command-returns-exceptions", "returns-whitelist")
DOCUMENTATION_EXCEPTED: Final = ("documentation-exceptions",)
"""The pragmas that list exceptions, by the names that releases have given them."""
DOC_REQUIRED: Final = "doc-required"
LISTS: Final = frozenset(
    MEMBERS_EXCEPTED + COMMANDS_EXCEPTED + RETURNS_EXCEPTED + DOCUMENTATION_EXCEPTED
)
"""All pragmas that are lists of names."""


def excepted(pragmas: Mapping[str, tuple[str, ...]], keys: Iterable[str]) -> frozenset[str]:
    """Return the names that the pragmas `keys` list."""
    return frozenset(name for key in keys for name in pragmas.get(key, ()))


def check_names(
    entities: Iterable[Entity], pragmas: Mapping[str, tuple[str, ...]], rulings: Rulings
) -> None:
    """Check all names that `entities` declare; raises SourceError.

    `entities` are those of the source, without any that simple unions imply.
    """
    members, commands = excepted(pragmas, MEMBERS_EXCEPTED), excepted(pragmas, COMMANDS_EXCEPTED)
    for entity in entities:
        _check_own(entity, commands, rulings)
        _check_parts(entity, rulings, permissive=entity.name in members)
        for names, place, what in _families(entity):
            if pair := colliding(names):
                problem = f"{what} {pair[1]!r} collides with {pair[0]!r}: both are one name in C"
                raise SourceError(place, problem)


def _check_own(entity: Entity, commands: Collection[str], rulings: Rulings) -> None:
    name, place, kind = entity.name, entity.place, entity.kind
    stem = name[_stem(name) :]
    style = ""
    if kind is EntityKind.EVENT and re.search(r"[a-z-]", stem):
        style = "has lowercase or '-'"
    elif kind is EntityKind.COMMAND and (
        re.search(r"[A-Z]", stem) or ("_" in stem and name not in commands)
    ):
        style = "has uppercase or '_'"
    elif kind in _TYPES and not _CAMEL.fullmatch(stem):
        style = "is not in CamelCase"
    if style:
        excusable = kind is EntityKind.COMMAND
        problem = f"the name {name!r} of the {kind} {style}"
        rulings.object_to(Matter.NAME_STYLE, place, problem, excusable=excusable)
    if name.endswith("Kind"):
        problem = f"{name!r}: names that end with 'Kind' are reserved"
        rulings.object_to(Matter.KIND_NAME, place, problem)


def _check_parts(entity: Entity, rulings: Rulings, *, permissive: bool) -> None:
    """Check the names of members, values and features; `permissive` is that of its pragma."""
    for name, place, what in _parts(entity):
        stem = name[_stem(name) :]
        excusable = what in ("member", "value")
        if excusable and permissive:
            continue
        if re.search(r"[A-Z]", stem) and excusable:
            rulings.refuse(place, f"the {what} {name!r} has uppercase")
        elif re.search(r"[A-Z]", stem):
            raise SourceError(place, f"the {what} {name!r} has uppercase")
        if "_" in stem:
            problem = f"the name of the {what} {name!r} has '_'"
            rulings.object_to(Matter.NAME_STYLE, place, problem, excusable=excusable)


def _parts(entity: Entity) -> Iterator[tuple[str, SourcePlace, str]]:
    word = "alternative" if entity.kind is EntityKind.ALTERNATE else "member"
    for member in entity.base_members + entity.members:
        yield member.name, member.place, word
        for feature in member.features:
            yield feature.name, member.place, "feature"
    for value in entity.values:
        yield value.name, value.place, "value"
        for feature in value.features:
            yield feature.name, value.place, "feature"
    for feature in entity.features:
        yield feature.name, entity.place, "feature"
    # The cases of other unions are values of an enumeration, and checked as such.
    if entity.kind is EntityKind.UNION and entity.tag is None:
        for branch in entity.branches:
            yield branch.case, branch.place, "member"


def _families(entity: Entity) -> Iterator[tuple[list[str], SourcePlace, str]]:
    """Yield names that stand beside each other; linking.py has those that a base adds."""
    place = entity.place
    if entity.kind is EntityKind.ALTERNATE:
        yield [member.name for member in entity.members], place, "the alternative"
    yield [value.name for value in entity.values], place, "the value"
    if entity.kind is EntityKind.UNION and entity.tag is None:
        yield [branch.case for branch in entity.branches], place, "the branch"
    if entity.kind in (EntityKind.COMMAND, EntityKind.EVENT):
        yield [member.name for member in entity.members], place, "the argument"
    for features in (entity.features, *(part.features for part in entity.parts)):
        yield [feature.name for feature in features], place, "the feature"


def _stem(name: str) -> int:
    match = _STEM.match(name)
    return match.end() if match else 0
