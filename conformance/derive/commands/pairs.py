"""Cases of what a command's arguments come to in pairs; knows no command by name.

Each known request is made once for every way in which it agrees with the schema's branches.  What
can be added to it or changed in it is tried alone; what is accepted is then combined while the
cases are played (derive/combining.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from conformance.derive.combining import NEEDS, TriedChoice, choices_tried
from conformance.derive.commands.base_requests import (
    SHALLOW,
    Arguments,
    arguments_of,
    known_variations,
)
from conformance.derive.inputs import Introspected
from conformance.derive.steps import command_subject
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.valid_request import Status, ValidRequest
from conformance.model.blocked import unmet
from conformance.model.canonical import digest
from conformance.model.case import Case
from conformance.model.stage import NEGOTIATION, Stage
from conformance.model.terms import ABSENT, Aspect, JsonValue, as_object
from conformance.qapi.model import Builtin, Member
from conformance.space.alternatives import Variation, variations_of
from conformance.space.integers import is_integer
from conformance.space.objects import ObjectPlace
from conformance.space.paths import contradicts, edited, value_at

_LABEL: Final = 60
"""How long the name of a request is at most."""


def pair_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield a case for each known request of a command that has two arguments to choose.

    One that changes its machine for good has none: each pair would need a machine.
    """
    if name in SHALLOW or name == NEGOTIATION or name in knowledge.untyped(build.version):
        return
    arguments = arguments_of(build, knowledge, name)
    for branches, base in _bases(arguments):
        choices = tuple(_choices(arguments, base))
        if len({choice.axis for choice in choices}) > 1:
            label = _label(branches)
            yield _case(build, base, label, choices)


def _bases(arguments: Arguments) -> Iterator[tuple[Sequence[str], ValidRequest]]:
    """Yield the first known request for each set of branches, with these."""
    found: set[tuple[str, ...]] = set()
    nearest = arguments.nearest("")
    for base in sorted(nearest, key=lambda each: each.status is not Status.SUCCEEDS):
        if base.destructive or not base.known or arguments.schema_error(base.arguments):
            continue
        branches = tuple(_branches(arguments, base.arguments))
        if branches not in found:
            found.add(branches)
            yield branches, base


def _branches(arguments: Arguments, whole: Mapping[str, JsonValue]) -> Iterator[str]:
    """Yield the branches that a request takes, as ids spell them."""
    for place in arguments.places:
        if place.tag is not None:
            case = as_object(value_at(place.way, whole)).get(place.tag)
            if isinstance(case, str):
                yield f"{place.label}.{place.tag}:{case}".lstrip(".")


def _choices(arguments: Arguments, base: ValidRequest) -> Iterator[TriedChoice]:
    """Yield what can be added to a request or changed in it, with the whole arguments."""
    arg_type = arguments.command.arg_type
    for place in arguments.places:
        if contradicts(place.way, base.arguments):
            continue
        for member in place.members:
            path = place.label_with(member)
            if arguments.omitted(path) is None:
                for variation in _variations(arguments, place, member):
                    if _fits(arguments, base, variation):
                        way, edit, own = variation.way, variation.edit, base.arguments
                        whole = edited(arguments.schema, arg_type, way, edit, own)
                        if whole != own:
                            axis = variation.path if variation.value is not ABSENT else path
                            yield TriedChoice(axis=axis, label=variation.label, arguments=whole)


def _fits(arguments: Arguments, base: ValidRequest, variation: Variation) -> bool:
    """Return whether a variation is for a request.

    A value that stands for all replaces none: it may be what the clean-up names.  One that needs
    another machine to succeed is not for this one.
    """
    if contradicts(variation.way, base.arguments):
        return False
    if arguments.knowledge.catalogue.omits(base.command, variation.label):
        return False
    own = as_object(value_at(variation.way, base.arguments)).get(variation.member, ABSENT)
    if variation.for_all and own is not ABSENT and type(own) is not int:
        return False
    known = next(known_variations(arguments, variation), None)
    return known is None or (known.valid.spec == base.spec and not known.valid.destructive)


def _variations(arguments: Arguments, place: ObjectPlace, member: Member) -> Iterator[Variation]:
    """Yield the variations of a member, with values and ends that recipes know."""
    kind = arguments.schema.type(member.type)
    integer = isinstance(kind, Builtin) and is_integer(kind)
    for variation in variations_of(arguments.schema, place, member):
        known = _known_values(arguments, variation, integer=integer) if variation.for_all else {}
        give = partial(replace, variation)
        yield from (give(label=f"{variation.path}={n}", value=v) for n, v in known.items())
        if not known:
            yield variation


def _known_values(
    arguments: Arguments, variation: Variation, *, integer: bool
) -> Mapping[str, JsonValue]:
    """Return values of an argument that recipes know, by what to call them."""
    for recipe in arguments.recipes_at(variation.path):
        if integer:
            limits = recipe.limit(variation.path)
            ends = {"least": limits.least, "greatest": limits.greatest}
            known = {name: end for name, end in ends.items() if end is not None}
            if known and not (limits.open or limits.omit):
                return known
        values = recipe.values_at(variation.path)
        if values:
            return {"given": values[0]}
    return {}


def _label(branches: Sequence[str]) -> str:
    """Return what tells a request from the command's others."""
    label = ",".join(branches) or "arguments"
    if len(label) <= _LABEL:
        return label
    return f"{branches[0]}~{digest([label])[:6]}"


def _case(
    build: Introspected, base: ValidRequest, label: str, choices: Sequence[TriedChoice]
) -> Case:
    command = base.command
    blocked = unmet(NEEDS, build.lacks)
    case = Case(
        id=f"{command}/{Aspect.PAIRS}/{label}",
        subject=command_subject(command),
        aspect=Aspect.PAIRS,
        stage=Stage(name=f"{Aspect.PAIRS}/{command}{base.spec.mark}", spec=base.spec),
        steps=(),
        about=label,
        blocked=blocked,
    )
    return case if blocked else choices_tried(case, base, choices)
