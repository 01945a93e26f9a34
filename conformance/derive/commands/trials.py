"""One request tried with several values or in several surroundings, in one case.

Knows neither which values are tried nor why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from conformance.derive.commands.attempts import Attempt
from conformance.derive.commands.errors import ANY_CLASS
from conformance.derive.commands.filling import filled
from conformance.derive.commands.readbacks import (
    GivenArgument,
    ShownArgument,
    reading,
    shown_argument,
)
from conformance.derive.commands.unchanged import parts
from conformance.derive.inputs import Introspected
from conformance.derive.steps import (
    ACCEPTED,
    ANSWERED,
    command_subject,
    own_stage,
    supporting_step,
    supporting_steps,
)
from conformance.judge.expect_answer import Reject
from conformance.judge.expect_value import ReadsBack, UnchangedIfRefused
from conformance.knowledge.argument_forms import FormPromise
from conformance.knowledge.recipes import Wish
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.stage import Awaited, Request, Stage
from conformance.model.state import StateQuery
from conformance.model.terms import Absent, Aspect, ErrorClass, JsonValue, as_object
from conformance.space.paths import Way, value_at

ANSWER_RULE: Final = "W35"
FORM_RULE: Final = "X27"
_NO_EFFECT: Final = "W65"
HELD: Final = "held"
"""What the cases of things in use are about: a fault in one use may show in several of them."""
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
    before, trials = _divided(case)
    for part in trials:
        yield replace(case, steps=_joined(before, [part]), together=())


def values_from(case: Case, first: int) -> Case | None:
    """Return the case with its values from the number `first` on, None if there is none."""
    before, trials = _divided(case)
    if first >= len(trials):
        return None
    left = case.together[first:]
    return replace(case, steps=_joined(before, trials[first:]), together=left)


def value_of(case: Case, step: int) -> int | None:
    """Return the number of the value to which the step of that number belongs, None if to none."""
    before, trials = _divided(case)
    end = len(before)
    for number, part in enumerate(trials):
        end += len(part)
        if len(before) <= step < end:
            return number
    return None


def _divided(case: Case) -> tuple[Sequence[Step], Sequence[Sequence[Step]]]:
    """Return the steps before the values of a case, and those of each value."""
    roles = [step.role for step in case.steps]
    least = roles.index(Role.WITNESS if Role.WITNESS in roles else Role.SUBJECT)
    least += roles[least] is Role.WITNESS
    while roles[least] in (Role.CLEANUP, Role.CHECK):
        least += 1
    return case.steps[:least], [*parts(case.steps[least:])]


def _joined(before: Sequence[Step], trials: Sequence[Sequence[Step]]) -> tuple[Step, ...]:
    """Return the steps of some values, each looking at its own step and at the last look."""
    made = [*before]
    for part in trials:
        subject = len(made) + [step.role for step in part].index(Role.SUBJECT)
        look = len(made) - 1
        made += [_about(step, subject, look) for step in part]
    return tuple(made)


def _about(step: Step, subject: int, look: int) -> Step:
    """Return the step; what it looks at was given in the step `subject`, and seen in `look`."""
    match step.expect:
        case ReadsBack() as expect:
            return replace(step, expect=replace(expect, step=subject))
        case UnchangedIfRefused() as expect:
            return replace(step, expect=replace(expect, step=look, subjects=(subject,)))
        case _:
            return step


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
        whole = request.with_arguments(arguments)
        awaits = tuple(_filled(each, words) for each in whole.awaits)
        found.append(replace(whole, awaits=awaits) if awaits else whole)
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
class _Around:
    """The steps around each trial: its set-up, where it is needed and where it may fail."""

    needed: tuple[Step, ...] = ()
    setup: tuple[Step, ...] = ()
    cleanup: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A request, and what it is tried with; `label` is the argument that it is about, if any.

    `read` is the way to the argument that is read back where it was accepted; `look` shows the
    things that the request makes, which stay as they are where it was refused.
    """

    attempt: Attempt
    label: str
    trials: Sequence[Trial]
    read: Way = ()
    look: StateQuery | None = None

    def case(self, name: str) -> Case:
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
            about=self.label or HELD,
            together=tuple(f"{start}{each.name}" for each in self.trials),
            blocked=blocked,
        )

    def _steps(self) -> Iterator[Step]:
        """Yield the request that is accepted, and each trial with its own set-up and clean-up.

        What changes the machine for good cannot come first, and is set up once.
        """
        tried = self.attempt
        first: list[Step] = [*tried.before]
        if not tried.alone:
            first.append(tried.witness(self.label))
            first += tried.after
        if self.look is not None:
            first.append(supporting_step(self.look.request, Role.CHECK, ANSWERED))
        yield from first
        made, around = len(first), self._around()
        # What shows one value of an argument shows the others.
        readable = self._shown(tried.valid_request(self.label)) is not None
        for trial in self.trials:
            part = self._part(trial, around, made, readable=readable)
            if self.look is not None:
                subject = len(around.setup) + len(trial.setup)
                part.append(_again(self.look, made - 1, made + subject))
            yield from part
            made += len(part)

    def _around(self) -> _Around:
        """Return the set-up and the clean-up of each trial; a machine for itself has neither."""
        base = self.attempt.base
        if self.attempt.alone:
            return _Around()
        return _Around(
            needed=tuple(supporting_steps(base.setup, Role.SETUP, ACCEPTED)),
            setup=tuple(supporting_steps(base.setup, Role.SETUP, ANSWERED)),
            cleanup=tuple(supporting_steps(base.cleanup, Role.CLEANUP, ANSWERED)),
        )

    def _part(self, trial: Trial, around: _Around, made: int, *, readable: bool) -> list[Step]:
        """Return the steps of a trial, behind `made` others."""
        tried = self.attempt
        # What must be accepted, or refused for its own sake, needs its set-up.
        needs = trial.promised and tried.base.known
        before = around.needed if needs else around.setup
        if trial.setup:
            before = (*before, *supporting_steps(trial.setup, Role.SETUP, ANSWERED))
        request = tried.request(trial.arguments, self.label, tried.base.request.descriptor)
        part = [*before, promised_step(request, trial.promise)]
        if readable:
            part += self._read_back(request, made + len(before))
        if trial.cleanup:
            part += supporting_steps(trial.cleanup, Role.CLEANUP, ANSWERED)
        return [*part, *around.cleanup]

    def _read_back(self, request: Request, subject: int) -> Sequence[Step]:
        """Return the query that shows the argument of the step `subject`, if one does at once."""
        shown = self._shown(request)
        # Nothing, 0 and no text, may be told by nothing.
        if shown is None or not shown.pattern:
            return ()
        return reading(shown, self.attempt.base, request, supporting=subject).after

    def _shown(self, request: Request) -> ShownArgument | None:
        """Return what shows the argument of a request, as it must read back."""
        tried, way = self.attempt, self.read
        if not way or tried.alone or request.descriptor:
            return None
        value = value_at(way, as_object(request.arguments))
        if not isinstance(value, str | int):
            return None
        varied = f"{self.label}={value}"
        given = GivenArgument(
            label=self.label, varied=varied, way=way, value=value, request=request
        )
        of = tried.arguments_of
        shown = shown_argument(of.build, of.knowledge, given)
        if shown is None or shown.entry.needs_success or shown.entry.undo or not shown.query:
            return None
        # Other words show the recipe's own value, or hang on whom it talks to.
        if shown.pattern != value:
            return None
        rounded = of.knowledge.catalogue.rounded(tried.command.name, self.label, value)
        return replace(shown, pattern=rounded, entry=replace(shown.entry, stays=None))


def _again(look: StateQuery, before: int, subject: int) -> Step:
    """Return the step that sees what the step `before` saw, if the step `subject` was refused."""
    return Step(
        request=look.request,
        expect=UnchangedIfRefused(look, before, (subject,)),
        role=Role.CHECK,
        rule=_NO_EFFECT,
        why="the things of this kind are those of before the request",
    )


def _stage(tried: Attempt) -> Stage:
    """Return a stage for the values of a command alone, because they may leave things behind."""
    stage = tried.stage()
    own = own_stage(tried.command.name, stage.spec).name
    return replace(stage, name=f"{Aspect.VALUES}/{own}", kept=False)
