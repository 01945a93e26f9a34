"""Cases of when a command may run: in negotiation mode, out of band, and in preconfig.

Introspection shows allow-oob; only the source shows allow-preconfig.  No command but
qmp_capabilities runs in negotiation mode.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from conformance.derive.inputs import Introspected
from conformance.derive.steps import (
    around,
    blocked_by,
    command_subject,
    success_of,
    supporting_step,
    supporting_steps,
    witness,
)
from conformance.judge.expect_answer import Accept, Answer, Known, Reject, Understood
from conformance.judge.expect_value import Repeats
from conformance.knowledge.commands import CommandRecipe
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.valid_request import Effect, ValidRequest
from conformance.model.blocked import Blocked, untried
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.expectation import Expectation
from conformance.model.stage import NEGOTIATION, OUT_OF_BAND, MachineSpec, Request, Stage
from conformance.model.terms import ABSENT, Aspect, ErrorClass
from conformance.qapi.model import Command, Object
from conformance.space.faults import UNKNOWN

NO_RECIPE: Final = "no recipe for a request that succeeds"
"""Why the gates of a command with mandatory arguments cannot be tried."""
_UNKNOWN_COMMAND: Final = Reject(frozenset({ErrorClass.COMMAND_NOT_FOUND}))
_ANY_REFUSAL: Final = Reject(frozenset(ErrorClass))
_GREETED: Final = Stage(name="gates", capabilities=None, kept=True)
_NEGOTIATE: Final = Request(NEGOTIATION, ABSENT)
_OPEN: Final = _GREETED.beyond(_NEGOTIATE)
_OUT_OF_BAND: Final = Stage(name="gates/oob", capabilities=("oob",), kept=True)
_EARLY: Final = Stage(name="gates/preconfig", kept=True)


def gate_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the cases of when a command may run.

    There is a preconfig case only if the release's source is known.
    """
    schema = build.schema
    recipes = knowledge.commands.values()
    completing = next(
        (r for r in recipes if r.effect is Effect.COMPLETES and r.name in schema.commands), None
    )
    gated = _gated(build, knowledge.commands.get(name), schema.commands[name])
    if name == NEGOTIATION:
        yield from _negotiating(gated)
    else:
        yield _before_negotiation(gated)
        yield _not_negotiated(gated)
        yield from _out_of_band(gated)
    if completing is not None:
        completion = completing.first(build.version)
        yield from _before_completion(gated, completion, build.preconfig_flags.get(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gated:
    """A command with a request that succeeds, or why there is none."""

    command: Command
    valid: ValidRequest
    isolation: Isolation
    fails_in_preconfig: str = ""
    blocked: Blocked | None = None

    @property
    def accept(self) -> Expectation:
        return success_of(self.valid)

    def request(self, key: str = "execute") -> Request:
        return replace(self.valid.request, key=key)

    def stage(self, stage: Stage, more: tuple[str, ...] = ()) -> Stage:
        """Return `stage` with the machine of the command's recipe, and `more` arguments."""
        own = self.valid.spec
        spec = own if set(more) <= set(own.args) else replace(own, args=(*own.args, *more))
        if own == MachineSpec():
            return replace(stage, spec=spec)
        return replace(stage, name=f"{stage.name}/{self.command.name}", spec=spec, kept=False)

    def around(self, *steps: Step) -> tuple[Step, ...]:
        """Return the steps between the recipe's set-up and clean-up."""
        return around(self.valid, *steps)

    def case(
        self, name: str, stage: Stage, steps: tuple[Step, ...], fault: str | None = None
    ) -> Case:
        return Case(
            id=f"{self.command.name}/{Aspect.GATES}/{name}",
            subject=command_subject(self.command.name),
            aspect=Aspect.GATES,
            stage=stage,
            steps=steps,
            isolation=self.isolation,
            about=name,
            fault=fault,
            blocked=self.blocked,
        )


def _gated(build: Introspected, recipe: CommandRecipe | None, command: Command) -> _Gated:
    """Return the command with its request; without a recipe, one without arguments.

    A command that returns nothing may change the machine: only a recipe says that it does not.
    """
    made = CommandRecipe(name=command.name) if recipe is None else recipe
    valid = made.first(build.version)
    returns = build.schema.types[command.ret_type]
    silent = isinstance(returns, Object) and not returns.members and returns.tag is None
    isolation = Isolation.PURE if recipe is None else Isolation.SHARED
    if valid.destructive or (recipe is None and silent):
        isolation = Isolation.ALONE
    problem = build.schema_error(command.name, valid.arguments)
    blocked = untried(f"{NO_RECIPE}: {problem}" if problem else None)
    return _Gated(
        command=command,
        valid=valid,
        isolation=isolation,
        fails_in_preconfig=made.fails_in_preconfig,
        blocked=blocked or blocked_by(valid, build.lacks),
    )


def _before_negotiation(gated: _Gated) -> Case:
    """Return the case that the command is unknown in negotiation mode, and known in command mode.

    An unknown argument shows that the command is known without running it.
    """
    name = gated.command.name
    known = Step(request=Request(name, {UNKNOWN: 1}), expect=Known(), role=Role.CHECK, rule="Q42")
    steps = (
        _subject(gated.request(), _UNKNOWN_COMMAND, "W56"),
        supporting_step(_NEGOTIATE, Role.PASSAGE),
        known,
    )
    pure = replace(gated, isolation=Isolation.PURE, blocked=None)
    return pure.case("before-negotiation", _GREETED, steps, fault="before the negotiation")


def _not_negotiated(gated: _Gated) -> Case:
    steps = _refused(gated, gated.request(OUT_OF_BAND), "W34")
    stage = gated.stage(_OPEN)
    return gated.case("oob-not-negotiated", stage, steps, fault="oob is not negotiated")


def _out_of_band(gated: _Gated) -> Iterator[Case]:
    stage = gated.stage(_OUT_OF_BAND)
    outside, inside = gated.request(OUT_OF_BAND), gated.request()
    if not gated.command.allow_oob:
        steps = _refused(gated, outside, "W33")
        yield gated.case("out-of-band", stage, steps, fault="out of band without allow-oob")
        return
    for name, rule, first, then in (
        ("out-of-band", "W33", inside, outside),
        ("in-band", "Q34", outside, inside),
    ):
        accepted = gated.around(_subject(then, gated.accept, rule))
        # A destructive request runs only once on a machine.
        twice = not gated.valid.destructive
        before = gated.around(supporting_step(first, Role.SETUP)) if twice else ()
        yield gated.case(name, stage, (*before, *accepted))


def _refused(gated: _Gated, request: Request, rule: str) -> tuple[Step, ...]:
    """Return a refusal that changes nothing, with the in-band request as the witness."""
    looks = tuple(supporting_steps(gated.valid.queries, Role.SETUP))
    first = len(gated.valid.setup)
    same = tuple(
        replace(look, expect=Repeats(first + number), role=Role.CHECK, rule=rule)
        for number, look in enumerate(looks)
    )
    refused = _subject(request, Reject(), rule)
    return gated.around(*looks, refused, *same, witness(gated.valid))


def _before_completion(
    gated: _Gated, completing: ValidRequest, allowed: bool | None
) -> Iterator[Case]:
    """Yield the preconfig cases; `completing` ends preconfig."""
    name, effect = gated.command.name, gated.valid.effect
    own = effect is Effect.COMPLETES
    if own:
        yield from _completion(gated)
    if allowed is None:
        return
    early = replace(_EARLY, capabilities=None) if name == NEGOTIATION else _EARLY
    stage = gated.stage(early, completing.spec.args)
    if allowed and gated.fails_in_preconfig:
        let_in = _subject(gated.request(), Understood(), "Q36", gated.fails_in_preconfig)
        steps = (let_in, *_completed(gated, completing, gated.accept))
        yield gated.case("preconfig", stage, steps)
    elif allowed:
        first = gated.around(_subject(gated.request(), gated.accept, "Q36"))
        last = own or effect is Effect.END or name == NEGOTIATION
        # Whether it is accepted later matters only if it is refused now.  What it or its set-up
        # leaves behind is still there then.
        bare = replace(gated, valid=replace(gated.valid, setup=(), cleanup=()))
        again = bare if gated.isolation is Isolation.ALONE else gated
        steps = first if last else (*first, *_completed(again, completing, Answer()))
        yield gated.case("preconfig", stage, steps)
    else:
        refused = _subject(gated.request(), Reject(), "Q36")
        steps = (refused, *_completed(gated, completing, gated.accept))
        fault = "before the machine is complete, without allow-preconfig"
        yield gated.case("preconfig", stage, steps, fault=fault)


def _completed(gated: _Gated, completing: ValidRequest, expect: Expectation) -> tuple[Step, ...]:
    """Return the steps that end preconfig and then run the command."""
    passage = completing.request
    return (
        supporting_step(passage, Role.PASSAGE),
        *gated.around(replace(witness(gated.valid), expect=expect)),
    )


def _completion(gated: _Gated) -> Iterator[Case]:
    """Yield the cases that preconfig can be ended once, and only if it was asked for."""
    again = gated.around(
        supporting_step(gated.request(), Role.SETUP), _subject(gated.request(), Reject(), "Q37")
    )
    yield gated.case("twice", gated.stage(_EARLY), again, fault="the machine is complete")
    never = (_subject(gated.request(), Reject(), "Q37"),)
    pure = replace(gated, isolation=Isolation.PURE)
    yield pure.case("without-preconfig", _OPEN, never, fault="the machine is complete")


def _negotiating(gated: _Gated) -> Iterator[Case]:
    """Yield the cases of the command that ends the negotiation."""
    alone = replace(gated, isolation=Isolation.ALONE)
    again = _subject(gated.request(), _ANY_REFUSAL, "W60")
    first = _subject(gated.request(), Accept(), "W60")
    yield alone.case("negotiation", _GREETED, (first, again), fault="negotiated already")
    steps = _refused(gated, gated.request(OUT_OF_BAND), "W34")
    yield alone.case("oob-not-negotiated", _GREETED, steps, fault="oob is not negotiated")


def _subject(request: Request, expect: Expectation, rule: str, why: str = "") -> Step:
    return Step(request=request, expect=expect, role=Role.SUBJECT, rule=rule, why=why)
