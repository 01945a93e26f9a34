"""Cases of the valid requests that follow from a command's recipe: one argument varied at a time.

Each optional argument is added, each value of an enumeration and each branch taken.  The schema
allows them all; that one succeeds is claimed only where a recipe knows it.  Ends of integers are
tried by derive/commands/ranges.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from conformance.derive.commands.attempts import Attempt, attempted, likeliest, unsure
from conformance.derive.commands.base_requests import (
    SHALLOW,
    Arguments,
    KnownVariation,
    arguments_of,
    known_variations,
    requests_with,
)
from conformance.derive.commands.readbacks import (
    GivenArgument,
    Reading,
    reading,
    shown_argument,
)
from conformance.derive.commands.siblings import MEMBERS, VALUES, Siblings
from conformance.derive.inputs import Introspected
from conformance.derive.steps import command_subject
from conformance.derive.unique import named_apart
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.valid_request import Effect, Status, ValidRequest
from conformance.model.case import Case, Isolation, Role, ShownFile, Step
from conformance.model.stage import Request
from conformance.model.terms import ABSENT, Absent, Aspect, JsonValue, as_object
from conformance.qapi.model import Builtin, Enum, JsonType, Member, Schema
from conformance.space.alternatives import Variation, variations_of
from conformance.space.integers import is_integer
from conformance.space.objects import ObjectPlace
from conformance.space.paths import Into, value_at

_VALUE, _BRANCH = "Q13", "Q19"
"""The rules of the values of an enumeration and of the branches of a union."""


def variation_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield a case for each variation of the arguments of a command, nearest first."""
    shallow = name in SHALLOW
    if name in knowledge.untyped(build.version) and not shallow:
        return
    arguments = arguments_of(build, knowledge, name)
    groups: list[Siblings] = []
    for place in arguments.places:
        made = {}
        for member in place.members:
            if not (shallow and member.name == place.tag):
                varied = _varied_members(arguments, place, member)
                tried = [(each, each.case()) for each in varied]
                yield from (named_apart(case) for _, case in tried)
                made[member] = tried
        groups += _siblings(build.schema, place, made)
    excused = knowledge.excused(name)
    for group in groups:
        yield from group.cases(excused)


def _siblings(
    schema: Schema, place: ObjectPlace, made: Mapping[Member, Sequence[tuple[_Varied, Case]]]
) -> Iterator[Siblings]:
    """Yield the values of each enumeration, and the members whose values mean the same to all.

    A string may name something that must be there, and an integer has a range.
    """
    plain: list[tuple[str, tuple[Case, ...]]] = []
    for member, tried in made.items():
        kind = schema.type(member.type)
        values: dict[str, tuple[Case, ...]] = {}
        for varied, case in tried:
            # An empty array proves nothing of its elements.
            if varied.variation.given != [] and varied.variation.rule in (_VALUE, _BRANCH):
                name = varied.variation.label
                values[name] = (*values.get(name, ()), case)
        yield Siblings(
            label=place.label_with(member),
            kind="values",
            least=VALUES,
            alternatives=tuple(values.items()),
        )
        is_boolean = isinstance(kind, Builtin) and kind.json_type is JsonType.BOOLEAN
        if member.optional and (is_boolean or isinstance(kind, Enum)):
            plain.append((member.name, tuple(case for _, case in tried)))
    label = place.label or "arguments"
    yield Siblings(label=label, kind="members", least=MEMBERS, alternatives=tuple(plain))


def _varied_members(arguments: Arguments, place: ObjectPlace, member: Member) -> Iterator[_Varied]:
    schema = arguments.schema
    nearest = arguments.nearest(place.label_with(member))
    kind = schema.type(member.type)
    if isinstance(kind, Builtin) and is_integer(kind):
        nearest = (*requests_with(arguments, place, member, apart=True), *nearest)
    for variation in variations_of(schema, place, member):
        known = tuple(known_variations(arguments, variation))
        for each in known:
            yield _of_known(arguments, each)
        if not known:
            yield _of_schema(arguments, nearest, variation)


def _of_known(arguments: Arguments, known: KnownVariation) -> _Varied:
    varied = known.variation
    made = attempted(arguments, known.valid, varied.way, varied.edit)
    return _Varied(attempt=made, variation=varied)


def _of_schema(
    arguments: Arguments, bases: Sequence[ValidRequest], variation: Variation
) -> _Varied:
    """Return the variation of a request that QEMU may refuse, which then proves nothing."""
    edit = _or_its_own if variation.for_all else _varied
    made = likeliest(arguments, bases, variation.way, partial(edit, variation))
    whole = made.base.status is Status.SUCCEEDS
    return _Varied(attempt=made if whole else unsure(made), variation=variation)


def _varied(variation: Variation, value: JsonValue | Absent) -> JsonValue:
    return variation.edit(value)


def _or_its_own(variation: Variation, value: JsonValue | Absent) -> JsonValue:
    """Return the object's own value, which is better than a stand-in for all."""
    own = as_object(value).get(variation.member, ABSENT)
    fits = type(own) is type(variation.value)
    return as_object(value) if fits else variation.edit(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Varied:
    """A variation, and its request."""

    attempt: Attempt
    variation: Variation

    def case(self) -> Case:
        """Return the case of the variation."""
        tried, label = self.attempt, self.variation.label
        command = tried.command.name
        blocked = tried.blocked(self.variation.path)
        steps, shown = ((), ()) if blocked else self._dialogue()
        return Case(
            id=f"{command}/{Aspect.VALID}/{label}",
            subject=command_subject(command),
            aspect=Aspect.VALID,
            stage=tried.stage(),
            steps=steps,
            shown=shown,
            isolation=Isolation.ALONE if tried.alone else Isolation.SHARED,
            about=self.variation.path,
            blocked=blocked,
        )

    def _dialogue(self) -> tuple[tuple[Step, ...], tuple[ShownFile, ...]]:
        """Return the steps, and the files that show the argument at the end."""
        tried, variation = self.attempt, self.variation
        request, setup = tried.valid_request(variation.label), tried.before
        read = self._reading(request, len(setup))
        subject = Step(
            request=request,
            expect=tried.success,
            role=Role.SUBJECT,
            rule=variation.rule,
            emits=read.emits,
        )
        around = (*read.before, *setup, *read.between)
        return (*around, subject, *read.after, *tried.after), read.files

    def _reading(self, request: Request, supporting: int) -> Reading:
        """Return the steps that read the argument back."""
        tried, variation = self.attempt, self.variation
        outer = variation.way[:-1] if variation.value is ABSENT else variation.way
        way = (*outer, Into(variation.member))
        value = value_at(way, as_object(request.arguments))
        if isinstance(value, Absent) or request.descriptor or tried.base.effect is Effect.END:
            return Reading()
        given = GivenArgument(
            label=variation.path, varied=variation.label, way=way, value=value, request=request
        )
        of = tried.arguments_of
        shown = shown_argument(of.build, of.knowledge, given)
        return reading(shown, tried.base, request, supporting=supporting)
