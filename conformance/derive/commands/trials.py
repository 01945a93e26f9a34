"""One request tried with several values or in several surroundings, in one case.

Knows neither which values are tried nor why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from conformance.derive.commands.attempts import Attempt
from conformance.derive.commands.errors import ANY_CLASS
from conformance.derive.commands.filling import filled
from conformance.derive.commands.readbacks import GivenArgument, reading, shown_argument
from conformance.derive.commands.unchanged import parts
from conformance.derive.inputs import Introspected
from conformance.derive.steps import (
    ACCEPTED,
    ANSWERED,
    PLAIN,
    command_subject,
    supporting_step,
    supporting_steps,
)
from conformance.judge.expect_answer import Reject
from conformance.judge.expect_value import ReadsBack
from conformance.knowledge.argument_forms import FormPromise
from conformance.knowledge.recipes import Wish
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.stage import Awaited, Request, Stage
from conformance.model.terms import Absent, Aspect, ErrorClass, JsonValue, as_object
from conformance.space.paths import Way, value_at

ANSWER_RULE: Final = "W35"
FORM_RULE: Final = "X27"
_REFUSED: Final = Reject(frozenset(map(ErrorClass, ANY_CLASS)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a request is tried with: whole arguments, and requests right before and behind it.

    `name` tells it from others of the case.  Without a `promise`, it must be answered only.
    """

    name: str
    arguments: JsonValue
    promise: FormPromise | None = None
    setup: tuple[Request, ...] = ()
    cleanup: tuple[Request, ...] = ()

    @property
    def promised(self) -> bool:
        """Whether more is promised than an answer."""
        return self.promise is not None and self.promise.wish is not Wish.OPEN


def promised_step(request: Request, promise: FormPromise | None) -> Step:
    """Return the subject step of a request of which `promise` says what it must be answered."""
    if promise is None or promise.wish is Wish.OPEN:
        return Step(request=request, expect=ANSWERED, role=Role.SUBJECT, rule=ANSWER_RULE)
    expect = ACCEPTED if promise.wish is Wish.ACCEPT else _REFUSED
    return Step(
        request=request, expect=expect, role=Role.SUBJECT, rule=FORM_RULE, why=promise.words
    )


def each_value(case: Case) -> Iterator[Case]:
    """Yield the case with each of its values alone, behind the request that is accepted."""
    roles = [step.role for step in case.steps]
    least = roles.index(Role.WITNESS if Role.WITNESS in roles else Role.SUBJECT)
    least += roles[least] is Role.WITNESS
    while roles[least] is Role.CLEANUP:
        least += 1
    for part in parts(case.steps[least:]):
        subject = least + [step.role for step in part].index(Role.SUBJECT)
        steps = (_reading(step, subject) for step in part)
        yield replace(case, steps=(*case.steps[:least], *steps), together=())


def _reading(step: Step, subject: int) -> Step:
    """Return the step; what it reads back was given in the step `subject`."""
    if not isinstance(step.expect, ReadsBack):
        return step
    return replace(step, expect=replace(step.expect, step=subject))


def filled_all(
    build: Introspected, requests: Sequence[Request], words: Mapping[str, JsonValue]
) -> tuple[Request, ...] | None:
    """Return requests with `words` in place of `{name}` and its like.

    None if one of them names another word, or the build lacks it.
    """
    found = []
    for request in requests:
        arguments = filled(as_object(request.arguments), words)
        if isinstance(arguments, Absent) or not is_served(build, request, arguments):
            return None
        awaits = tuple(_filled(each, words) for each in request.awaits)
        found.append(replace(request.with_arguments(arguments), awaits=awaits))
    return tuple(found)


def _filled(awaited: Awaited, words: Mapping[str, JsonValue]) -> Awaited:
    data = filled(awaited.data, words)
    return replace(awaited, data={} if isinstance(data, Absent) else as_object(data))


def is_served(build: Introspected, request: Request, arguments: JsonValue) -> bool:
    """Return whether a build has the command, and its schema allows the arguments."""
    name = request.execute
    there = name in build.schema.commands and name not in build.unserved
    return there and not build.schema_error(name, as_object(arguments))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A request, and what it is tried with; `label` is the argument that it is about, if any.

    `read` is the way to the argument that is read back where it was accepted.
    """

    attempt: Attempt
    label: str
    trials: Sequence[Trial]
    read: Way = field(default=())

    def case(self, name: str, about: Mapping[str, str] | None = None) -> Case:
        """Return the case: the request itself, and then each trial."""
        tried, command = self.attempt, self.attempt.command.name
        blocked = tried.blocked(self.label)
        start = f"{self.label}=" if self.label else ""
        return Case(
            id=f"{command}/{Aspect.VALUES}/{name}",
            subject=command_subject(command),
            aspect=Aspect.VALUES,
            stage=_stage(tried),
            steps=() if blocked else tuple(self._steps()),
            # What a value left behind would be in the way of the next set-up.
            isolation=Isolation.ALONE if tried.alone or tried.base.setup else Isolation.SHARED,
            about=self.label or name,
            together=tuple(f"{start}{each.name}" for each in self.trials),
            blocked=blocked,
        )

    def _steps(self) -> Iterator[Step]:
        """Yield the request that is accepted, and each trial with its own set-up and clean-up.

        What changes the machine for good cannot come first, and is set up once.
        """
        tried, made = self.attempt, 0
        first: list[Step] = [*tried.before]
        if not tried.alone:
            first.append(
                supporting_step(tried.valid_request(self.label), Role.WITNESS, tried.success)
            )
            first += tried.after
        yield from first
        made = len(first)
        for trial in self.trials:
            part = [*self._part(trial, made)]
            yield from part
            made += len(part)

    def _part(self, trial: Trial, made: int) -> Iterator[Step]:
        """Yield the steps of a trial, behind `made` others."""
        tried = self.attempt
        base = tried.base if not tried.alone else replace(tried.base, setup=(), cleanup=())
        # What must be accepted, or refused for its own sake, needs its set-up.
        needed = ACCEPTED if trial.promised and base.known else ANSWERED
        yield from supporting_steps(base.setup, Role.SETUP, needed)
        yield from supporting_steps(trial.setup, Role.SETUP, ANSWERED)
        request = tried.request(trial.arguments, self.label, base.request.descriptor)
        yield promised_step(request, trial.promise)
        yield from self._read_back(request, made + len(base.setup) + len(trial.setup))
        yield from supporting_steps((*trial.cleanup, *base.cleanup), Role.CLEANUP, ANSWERED)

    def _read_back(self, request: Request, subject: int) -> Sequence[Step]:
        """Return the query that shows the argument of the step `subject`, if one does at once."""
        tried, way = self.attempt, self.read
        value = value_at(way, as_object(request.arguments)) if way else None
        if not isinstance(value, str | int) or request.descriptor or tried.alone:
            return ()
        given = GivenArgument(
            label=self.label,
            varied=f"{self.label}={value}",
            way=way,
            value=value,
            request=request,
        )
        of = tried.arguments_of
        shown = shown_argument(of.build, of.knowledge, given)
        if shown is None or shown.entry.needs_success or shown.entry.undo or not shown.query:
            return ()
        if shown.pattern != value:
            # Other words show the recipe's own value, or hang on whom it talks to.
            return ()
        shown = replace(shown, entry=replace(shown.entry, stays=None))
        return reading(shown, tried.base, request, supporting=subject).after


def _stage(tried: Attempt) -> Stage:
    """Return a stage for the values of a command alone, because they may leave things behind."""
    stage = tried.stage("values")
    return Stage(name=f"values/{tried.command.name}") if stage is PLAIN else stage
