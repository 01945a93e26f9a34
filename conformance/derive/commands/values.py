"""Cases of values that nothing promises to be taken or refused: they are answered, and QEMU lives.

Each argument is tried with the values of its kind, in a request that is accepted without.  Knows no
command by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from conformance.derive.commands.attempts import Attempt, likeliest
from conformance.derive.commands.base_requests import (
    SHALLOW,
    Arguments,
    nearest_first,
    requests_with,
)
from conformance.derive.commands.unchanged import parts
from conformance.derive.inputs import Introspected
from conformance.derive.steps import command_subject, supporting_step, supporting_steps
from conformance.derive.unique import named_apart
from conformance.judge.expect_answer import Answer
from conformance.knowledge.arguments import ArgumentShape, ArgumentValue
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.valid_request import ValidRequest
from conformance.model.canonical import digest
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.stage import Request
from conformance.model.terms import Absent, Aspect, JsonValue, as_object
from conformance.qapi.model import Alternate, Array, Builtin, JsonType, Member, Schema
from conformance.space.objects import ObjectPlace, object_places
from conformance.space.paths import Edit
from conformance.space.values import exemplar

_ANSWERED: Final = Answer()
_RULE: Final = "W35"


def value_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield a case for each argument of a command that is a string or an array, outermost first."""
    if name in SHALLOW or name in knowledge.untyped(build.version):
        return
    command = build.schema.commands[name]
    arguments = Arguments(build=build, knowledge=knowledge, command=command)
    bases = tuple(arguments.requests())
    through = knowledge.command(name).through
    for place in object_places(build.schema, command.arg_type, through).places:
        for member in place.members:
            shape = _shape_of(build.schema, member.type)
            label = place.label_with(member)
            values = knowledge.catalogue.values(name, label, shape) if shape else ()
            if shape and values and member.name != place.tag:
                tried = _tried(arguments, bases, place, member, shape)
                yield named_apart(_Tried(tried, member.name, label, values).case())


def _shape_of(schema: Schema, type_name: str) -> ArgumentShape | None:
    match schema.type(type_name):
        case Builtin(json_type=JsonType.STRING):
            return ArgumentShape.STRING
        case Array():
            return ArgumentShape.ARRAY
        case Alternate(members=members):
            shapes = map(_shape_of, [schema] * len(members), members)
            return ArgumentShape.STRING if ArgumentShape.STRING in shapes else None
        case _:
            return None


def _tried(
    arguments: Arguments,
    bases: Sequence[ValidRequest],
    place: ObjectPlace,
    member: Member,
    shape: ArgumentShape,
) -> Attempt:
    """Return the likeliest request that has the member, an array with an element."""
    known = tuple(requests_with(arguments, place, member, apart=False))
    nearest = nearest_first(bases, place.label_with(member))
    return likeliest(arguments, (*known, *nearest), place.way, _giving(arguments, member, shape))


def _giving(arguments: Arguments, member: Member, shape: ArgumentShape) -> Edit:
    schema = arguments.schema

    def given(value: JsonValue | Absent) -> JsonValue:
        whole = as_object(value)
        own = whole.get(member.name)
        if (own and isinstance(own, list)) or (own is not None and shape is ArgumentShape.STRING):
            return whole
        return {**whole, member.name: exemplar(schema, member.type)}

    return given


def each_value(case: Case) -> Iterator[Case]:
    """Yield the case with each of its values alone, behind the request that is accepted."""
    roles = [step.role for step in case.steps]
    least = roles.index(Role.WITNESS if Role.WITNESS in roles else Role.SUBJECT)
    least += roles[least] is Role.WITNESS
    while roles[least] is Role.CLEANUP:
        least += 1
    for part in parts(case.steps[least:]):
        yield replace(case, steps=(*case.steps[:least], *part), together=())


@dataclass(frozen=True, slots=True)
class _Tried:
    """An argument in a request, and the values in its place."""

    attempt: Attempt
    member: str
    label: str
    values: tuple[ArgumentValue, ...]

    def case(self) -> Case:
        """Return the case: the request itself, and then with each value."""
        tried, command = self.attempt, self.attempt.command.name
        blocked = tried.blocked(self.label)
        return Case(
            id=f"{command}/{Aspect.VALUES}/{self.label}",
            subject=command_subject(command),
            aspect=Aspect.VALUES,
            stage=replace(tried.stage("values"), name=f"values/{command}"),
            steps=() if blocked else tuple(self._steps()),
            isolation=Isolation.ALONE if tried.alone else Isolation.SHARED,
            about=self.label,
            together=tuple(f"{self.label}={each.name}" for each in self.values),
            blocked=blocked,
        )

    def _steps(self) -> Iterator[Step]:
        """Yield the request that is accepted, and each value with its own set-up and clean-up.

        What changes the machine for good cannot come first, and is set up once.
        """
        tried, word = self.attempt, f"w{digest([self.label])[:8]}"
        setup = tried.base.setup
        if tried.alone:
            yield from tried.before()
            yield from (self._subject(value, word) for value in self.values)
            return
        yield from tried.before()
        yield supporting_step(tried.valid_request(word), Role.WITNESS, tried.success)
        yield from tried.after()
        for value in self.values:
            yield from supporting_steps(setup, Role.SETUP, _ANSWERED)
            yield self._subject(value, word)
            yield from supporting_steps(tried.base.cleanup, Role.CLEANUP, _ANSWERED)

    def _subject(self, value: ArgumentValue, word: str) -> Step:
        tried, whole = self.attempt, as_object(self.attempt.object)
        edited = {**whole, self.member: value.like(whole[self.member])}
        asked = tried.request(tried.with_instead(edited), word)
        request = Request(asked.execute, asked.arguments, descriptor=tried.base.request.descriptor)
        return Step(request=request, expect=_ANSWERED, role=Role.SUBJECT, rule=_RULE)
