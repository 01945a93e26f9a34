"""Cases of values that nothing promises to be taken or refused: they are answered, and QEMU lives.

Each argument is tried with the values of its kind, in a request that is accepted without.  Knows no
command by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final

from conformance.derive.argument_shapes import shape_of
from conformance.derive.commands.attempts import Attempt, likeliest
from conformance.derive.commands.base_requests import (
    SHALLOW,
    Arguments,
    arguments_of,
    requests_with,
)
from conformance.derive.commands.errors import named_instead
from conformance.derive.commands.filling import argument_at
from conformance.derive.commands.unchanged import parts
from conformance.derive.inputs import Introspected
from conformance.derive.steps import (
    ANSWERED,
    PLAIN,
    command_subject,
    supporting_step,
    supporting_steps,
)
from conformance.derive.unique import named_apart
from conformance.knowledge.arguments import ArgumentShape, ArgumentValue, Catalogue
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.valid_request import ValidRequest
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.stage import Stage
from conformance.model.terms import Absent, Aspect, JsonValue, as_object
from conformance.qapi.model import Member
from conformance.space.objects import ObjectPlace
from conformance.space.paths import Edit
from conformance.space.values import exemplar

_RULE: Final = "W35"


def value_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield a case for each string, integer and array among a command's arguments."""
    if name in SHALLOW or name in knowledge.untyped(build.version):
        return
    arguments = arguments_of(build, knowledge, name)
    for place in arguments.places:
        for member in place.members:
            shape = shape_of(build.schema, member.type)
            label = place.label_with(member)
            values = knowledge.catalogue.values(name, label, shape) if shape else ()
            if shape and values and member.name != place.tag:
                tried = _tried(arguments, place, member, shape)
                yield named_apart(_with_each(tried, member.name, label, values).case(label))
    yield from map(named_apart, _references(arguments))


def _references(arguments: Arguments) -> Iterator[Case]:
    """Yield a case for each argument that names a thing: it names the others that are there."""
    knowledge, name, version = arguments.knowledge, arguments.command.name, arguments.build.version
    if name not in knowledge.commands:
        return
    for valid in knowledge.commands[name].requests(version):
        if valid.always_fails or arguments.build.lacks.keys() & {*valid.needs}:
            continue
        whole = valid.arguments
        for reference in valid.references:
            label = ".".join(reference.at)
            own = argument_at(label, whole)
            others = [each for each in _things(valid, knowledge.catalogue) if each != own]
            named = {
                each: named_instead(whole, replace(reference, instead=each)) for each in others
            }
            values = {n: each for n, each in named.items() if not arguments.schema_error(each)}
            if isinstance(own, str) and values:
                tried = Attempt(
                    arguments_of=arguments, base=valid, way=(), arguments=whole, error=None
                )
                case = "/".join(filter(None, (valid.name, label, "another")))
                yield _Tried(tried, label, values).case(case)


def _things(valid: ValidRequest, catalogue: Catalogue) -> list[str]:
    """Return the names of what a request and its set-up make."""
    found: set[str] = set()
    for request in (*valid.setup, valid.request):
        found |= {*catalogue.names_in(request.execute, as_object(request.arguments))}
    return sorted(found)


def _tried(
    arguments: Arguments, place: ObjectPlace, member: Member, shape: ArgumentShape
) -> Attempt:
    """Return the likeliest request that has the member, an array with an element."""
    known = tuple(requests_with(arguments, place, member, apart=False))
    nearest = arguments.nearest(place.label_with(member))
    return likeliest(arguments, (*known, *nearest), place.way, _giving(arguments, member, shape))


def _giving(arguments: Arguments, member: Member, shape: ArgumentShape) -> Edit:
    schema = arguments.schema

    def given(value: JsonValue | Absent) -> JsonValue:
        whole = as_object(value)
        own = whole.get(member.name)
        if own if shape is ArgumentShape.ARRAY else own is not None:
            return whole
        return {**whole, member.name: exemplar(schema, member.type)}

    return given


def _with_each(tried: Attempt, member: str, label: str, values: Sequence[ArgumentValue]) -> _Tried:
    """Return the attempt with each value in place of a member of its object."""
    whole = as_object(tried.object)
    edited = {each.name: {**whole, member: each.like(whole[member])} for each in values}
    return _Tried(tried, label, {name: tried.with_instead(each) for name, each in edited.items()})


def each_value(case: Case) -> Iterator[Case]:
    """Yield the case with each of its values alone, behind the request that is accepted."""
    accepted, values = _apart(case)
    for value in values:
        yield replace(case, steps=(*accepted, *value), together=())


def from_value(case: Case, number: int) -> Case:
    """Return the case without its first `number` values."""
    accepted, values = _apart(case)
    steps = (step for value in values[number:] for step in value)
    return replace(case, steps=(*accepted, *steps), together=case.together[number:])


def value_at(case: Case, step: int) -> int | None:
    """Return the number of the value to which the step of that number belongs, if it does."""
    accepted, values = _apart(case)
    ends = accumulate(map(len, values), initial=len(accepted))
    begins = tuple(ends)
    found = (n for n, begin in enumerate(begins[1:]) if begins[0] <= step < begin)
    return next(found, None)


def _apart(case: Case) -> tuple[Sequence[Step], Sequence[Sequence[Step]]]:
    """Return the steps of the request that is accepted, and those of each value."""
    roles = [step.role for step in case.steps]
    least = roles.index(Role.WITNESS if Role.WITNESS in roles else Role.SUBJECT)
    least += roles[least] is Role.WITNESS
    while roles[least] is Role.CLEANUP:
        least += 1
    return case.steps[:least], tuple(parts(case.steps[least:]))


def _stage(tried: Attempt) -> Stage:
    """Return a stage for the values of a command alone, because they may leave things behind."""
    stage = tried.stage("values")
    return Stage(name=f"values/{tried.command.name}") if stage is PLAIN else stage


@dataclass(frozen=True, slots=True)
class _Tried:
    """A request, and what it is tried with in place of the argument at `label`.

    `values` are the whole arguments with each value, by what tells it from others.
    """

    attempt: Attempt
    label: str
    values: Mapping[str, JsonValue]

    def case(self, name: str) -> Case:
        """Return the case: the request itself, and then with each value."""
        tried, command = self.attempt, self.attempt.command.name
        blocked = tried.blocked(self.label)
        return Case(
            id=f"{command}/{Aspect.VALUES}/{name}",
            subject=command_subject(command),
            aspect=Aspect.VALUES,
            stage=_stage(tried),
            steps=() if blocked else tuple(self._steps()),
            # What a value left behind would be in the way of the next set-up.
            isolation=Isolation.ALONE if tried.alone or tried.base.setup else Isolation.SHARED,
            about=self.label,
            together=tuple(f"{self.label}={each}" for each in self.values),
            blocked=blocked,
        )

    def _steps(self) -> Iterator[Step]:
        """Yield the request that is accepted, and each value with its own set-up and clean-up.

        What changes the machine for good cannot come first, and is set up once.
        """
        tried = self.attempt
        subjects = (self._subject(arguments) for arguments in self.values.values())
        yield from tried.before
        if tried.alone:
            yield from subjects
            return
        yield supporting_step(tried.valid_request(self.label), Role.WITNESS, tried.success)
        yield from tried.after
        setup = tuple(supporting_steps(tried.base.setup, Role.SETUP, ANSWERED))
        cleanup = tuple(supporting_steps(tried.base.cleanup, Role.CLEANUP, ANSWERED))
        for subject in subjects:
            yield from (*setup, subject, *cleanup)

    def _subject(self, arguments: JsonValue) -> Step:
        tried = self.attempt
        request = tried.request(arguments, self.label, tried.base.request.descriptor)
        return Step(request=request, expect=ANSWERED, role=Role.SUBJECT, rule=_RULE)
