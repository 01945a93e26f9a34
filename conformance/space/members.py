"""The members of a command's arguments at all depths, and which of them a case tries.

Knows neither faults nor what a case expects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from conformance.model.case import Case
from conformance.model.terms import Aspect, SubjectKind
from conformance.qapi.model import Command, Schema
from conformance.space.objects import object_places

_ELEMENT: Final = ".0"
"""How ids spell the step into an array, whose elements are no members."""
_TRYING: Final = frozenset({Aspect.VALID, Aspect.INVALID})
"""The aspects whose cases are about members; others may use the same names otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgumentMembers:
    """The members of a command's arguments, by their paths as ids spell them.

    `left_out` counts the places that were not entered because their type was entered before.
    """

    labels: frozenset[str]
    left_out: int


def argument_members(
    schema: Schema, command: Command, *, shallow: bool, through: Sequence[str] = ()
) -> ArgumentMembers:
    """Return the members of the arguments; of `shallow` ones only those outside branches and
    values.

    `through` is as for object_places.
    """
    found = object_places(schema, command.arg_type, through)
    places = found.places[:1] if shallow else found.places
    return ArgumentMembers(
        labels=frozenset(place.label_with(each) for place in places for each in place.members),
        left_out=0 if shallow else found.left_out,
    )


def member_of(case: Case, members: Mapping[str, ArgumentMembers]) -> str | None:
    """Return the one member that a case of a command tries, None if it tries none.

    `members` are those of each command by its name.
    """
    if case.subject.kind is not SubjectKind.COMMAND or case.aspect not in _TRYING:
        return None
    known = members.get(case.subject.name)
    about = case.about
    while about.endswith(_ELEMENT):
        about = about.removesuffix(_ELEMENT)
    return about if known is not None and about in known.labels else None
