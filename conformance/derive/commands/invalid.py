"""Cases of invalid arguments of a command: one fault at a time, at every depth.

The request without the fault comes from a recipe, else from the schema: one from the schema may be
refused too, and then the case shows nothing.  derive/commands/ranges.py tries ranges of integers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from conformance.derive.commands.attempts import Attempt, likeliest
from conformance.derive.commands.base_requests import (
    SHALLOW,
    Arguments,
    arguments_of,
    requests_with,
)
from conformance.derive.commands.unchanged import unchanged_cases
from conformance.derive.inputs import Introspected
from conformance.derive.steps import command_subject
from conformance.derive.unique import named_apart
from conformance.judge.expect_answer import Reject
from conformance.knowledge.everything import Knowledge
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.errors import HarnessError
from conformance.model.terms import Absent, Aspect, JsonValue, as_object
from conformance.qapi.model import Member, Schema
from conformance.space.faults import (
    Fault,
    member_faults,
    no_objects,
    together_by_string,
    unknown_members,
)
from conformance.space.objects import ObjectPlace
from conformance.space.values import exemplar

_REFUSED: Final = Reject()
_OF_RANGES: Final = "huge"
"""The faults of an integer's size: ranges.py tries them for its actual width."""


def invalid_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the cases of invalid requests of a command, outermost faults first.

    Faults of one member share a case if the request is destructive.
    """
    if name in knowledge.untyped(build.version) and name not in SHALLOW:
        return
    arguments = arguments_of(build, knowledge, name)
    made = []
    for place in arguments.places:
        for case in _object_cases(arguments, place):
            made.append(case)
            yield named_apart(case)
    yield from map(named_apart, unchanged_cases(build, knowledge, made, rule="W65"))


def _object_cases(arguments: Arguments, place: ObjectPlace) -> Iterator[Case]:
    """Yield the faults of one object as such, then those of its members."""
    schema = arguments.schema
    as_it_is = likeliest(arguments, arguments.nearest(place.label), place.way, _as_it_is)
    tried = _EditedObject(attempt=as_it_is, place=place)
    yield from tried.cases(place.label, partial(_faults_of, schema, place), "members")
    for member in place.members:
        label = place.label_with(member)
        known = tuple(requests_with(arguments, place, member, apart=False))
        edit = partial(_with_member, schema, member)
        made = likeliest(arguments, (*known, *arguments.nearest(label)), place.way, edit)
        tried = _EditedObject(attempt=made, place=place)
        yield from tried.cases(label, partial(_faults_of_member, schema, member))


def _as_it_is(value: JsonValue | Absent) -> JsonValue:
    return as_object(value)


def _with_member(
    schema: Schema, member: Member, value: Mapping[str, JsonValue]
) -> Mapping[str, JsonValue]:
    if member.name in value:
        return value
    return {**value, member.name: exemplar(schema, member.type)}


def _faults_of_member(schema: Schema, member: Member, value: JsonValue) -> Iterator[Fault]:
    return member_faults(schema, member, as_object(value), within=False, named=False)


def _faults_of(
    schema: Schema, place: ObjectPlace, value: Mapping[str, JsonValue]
) -> Iterator[Fault]:
    yield from unknown_members(value)
    if not place.way:
        yield from no_objects("W23")
    if place.foreign is not None and place.foreign.name not in value:
        more = {**value, place.foreign.name: exemplar(schema, place.foreign.type)}
        text = f"{place.foreign.name} belongs to another branch"
        yield Fault(label="foreign-member", value=more, rule="Q20", text=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class _EditedObject:
    """One object in the arguments of a valid request, for making faults."""

    attempt: Attempt
    place: ObjectPlace

    def cases(
        self, label: str, faults: Callable[[JsonValue], Iterator[Fault]], together: str = "faults"
    ) -> Iterator[Case]:
        """Yield a case for each fault that `faults` makes in the object, with ids below `label`.

        If the faults must share a case, its name is `together`.
        """
        tried, command = self.attempt, self.attempt.command.name
        made = faults(tried.object)
        found = [fault for fault in made if fault.label.split("/")[-1] != _OF_RANGES]
        if not found:
            return
        groups = [found] if tried.alone else together_by_string(found)
        blocked, stage = tried.blocked(label), tried.stage()
        for group in groups:
            name = together if tried.alone and len(group) > 1 else group[0].label
            name = "/".join(filter(None, (label, name)))
            yield Case(
                id=f"{command}/{Aspect.INVALID}/{name}",
                subject=command_subject(command),
                aspect=Aspect.INVALID,
                stage=stage,
                steps=() if blocked else tuple(self._steps(name, group)),
                isolation=Isolation.ALONE if tried.alone else Isolation.SHARED,
                about=label,
                fault="; ".join(dict.fromkeys(fault.text for fault in group)),
                blocked=blocked,
            )

    def _steps(self, name: str, faults: Sequence[Fault]) -> Iterator[Step]:
        """Yield the refusals, and the same request without a fault."""
        tried = self.attempt
        yield from tried.before
        for fault in faults:
            arguments = tried.with_instead(fault.value)
            self._check_invalid(fault, arguments)
            request = tried.request(arguments, name)
            yield Step(request=request, expect=_REFUSED, role=Role.SUBJECT, rule=fault.rule)
        yield tried.witness(name)
        yield from tried.after

    def _check_invalid(self, fault: Fault, arguments: JsonValue) -> None:
        if not self.attempt.arguments_of.schema_error(arguments):
            command = self.attempt.command.name
            raise HarnessError(
                f"{command}: {fault.text} at {self.place.label!r} is valid by the schema",
                "This is a defect of the suite: please report it.",
            )
