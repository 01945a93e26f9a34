"""Cases of known requests in states that others brought about: each is answered, and QEMU lives.

A request stands with its own set-up, and names things of the state in place of its own.  What is
refused leaves what it found.  Knows no state and no command by name.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import PurePath
from typing import Final

from conformance.derive.applicability import OFFERS
from conformance.derive.commands.known_states import blocked_state, stage_of_state, with_facts
from conformance.derive.commands.state_requests import MOST, AskedIn, StateRequests
from conformance.derive.commands.unchanged import state_queries
from conformance.derive.inputs import Introspected
from conformance.derive.steps import ANSWERED, blocked_by, command_subject, supporting_steps
from conformance.judge.expect_answer import Ends, Reject
from conformance.judge.expect_state import Reached
from conformance.judge.expect_value import UnchangedIfRefused
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.states import KnownAnswer, MachineState
from conformance.knowledge.valid_request import Effect
from conformance.model.blocked import Blocked
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.stage import MachineSpec
from conformance.model.state import StateQuery
from conformance.model.terms import (
    Aspect,
    ErrorClass,
    JsonValue,
    Outcome,
)
from conformance.space.answers import fitted

SAMPLED: Final = 24
"""Of the commands that a state is not about, one in so many is asked in it."""
_REFUSED_IN: Final = 8
"""One in so many states is where a command's requests that must be refused are asked."""
_LASTING_IN: Final = 4
"""One in so many states is where a command is asked that changes a machine for good."""
_LEADING_OUT: Final = 3
"""The most requests of a command that leads out of a state: each has a machine of its own."""
_ANSWERED: Final = "W35"
_LEFT: Final = "W65"
_FORBIDDEN: Final = "X27"
_ENDS: Final = "Q30"
_TELLS: Final = "X43"
_SAME: Final = "a refused request leaves what it found"
_ANY_CLASS: Final = frozenset(ErrorClass)
_ENDING: Final = (Effect.END, Effect.COMPLETES)


def state_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield a case for each known state in which a command is asked."""
    for ground in _grounds(build, knowledge):
        yield from ground.cases(name)


@lru_cache(maxsize=1)
def _grounds(build: Introspected, knowledge: Knowledge) -> tuple[_Ground, ...]:
    """Return the states in which a build's commands are asked."""
    modules: dict[str, str] = {}
    if build.facts is not None:
        for name, entity in build.facts.entities.items():
            modules[name] = PurePath(entity.module).stem
    offer = OFFERS[build.program]
    return tuple(
        _Ground(build=build, knowledge=knowledge, state=state, modules=modules)
        for state in knowledge.states.for_depth(thorough=build.thorough)
        if state.about and (offer.machines or state.spec == _without_machine(state.spec))
    )


def _without_machine(spec: MachineSpec) -> MachineSpec:
    """Return what a program without machines can have of a machine."""
    return replace(spec, machine=MachineSpec().machine, accel="", args=())


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """A known state of a build in which its commands are asked."""

    build: Introspected
    knowledge: Knowledge
    state: MachineState
    modules: Mapping[str, str]

    def cases(self, name: str) -> Iterator[Case]:
        """Yield the cases of a command in the state.

        Of a state that the build cannot be brought into, the query that would prove it has one.
        """
        if self._blocked:
            if any(each.request.execute == name for each in self._proofs):
                yield self._case(name, (), self._blocked)
            return
        about = self._is_about(name)
        drawn = about or self.build.thorough or self._falls_to(name, SAMPLED)
        if not (self._proofs and drawn) or self._is_omitted(name):
            return
        asked = [*islice(self._asked_of(name, about=about), MOST)]
        effects = {each.effect for each in asked}
        if self.state.leads_out(name) or not effects.isdisjoint(_ENDING):
            for each in asked[:_LEADING_OUT]:
                case = self._case(name, (each,))
                way = "" if each is asked[0] else f"/{each.label.replace(' ', '/')}"
                yield replace(case, id=f"{case.id}{way}", isolation=Isolation.ALONE)
        elif effects <= {Effect.NONE}:
            if asked or about:
                yield self._case(name, asked, None if asked else self._why_not(name))
        elif self.build.thorough or name in self.state.asks or self._falls_to(name, _LASTING_IN):
            yield replace(self._case(name, asked), isolation=Isolation.ALONE)

    def _case(self, name: str, asked: Sequence[AskedIn], blocked: Blocked | None = None) -> Case:
        return Case(
            id=f"{name}/{Aspect.STATES}/{self.state.name}",
            subject=command_subject(name),
            aspect=Aspect.STATES,
            stage=stage_of_state(self.state),
            steps=() if blocked else tuple(self._steps(name, asked)),
            blocked=blocked,
            ground=self.state.name,
            together=tuple(each.label for each in asked) if len(asked) > 1 else (),
        )

    @cached_property
    def _blocked(self) -> Blocked | None:
        return blocked_state(self.build, self.knowledge, self.state)

    @cached_property
    def _proofs(self) -> tuple[Step, ...]:
        """The queries that prove that the state was reached."""
        state, build = self.state, self.build
        return tuple(
            Step(
                request=each.request,
                expect=Reached(self._pattern(each)),
                role=Role.SETUP,
                rule=_TELLS,
                why=state.reason,
            )
            for each in state.shows
            if each.proves
            and each.fits(build.version, build.arch)
            and each.request.execute in build.schema.commands
        )

    def _pattern(self, known: KnownAnswer) -> JsonValue:
        """Return what a query tells in the state, as far as the build's schema has it."""
        schema = self.build.schema
        answer = fitted(schema, schema.commands[known.request.execute].ret_type, known.answer)
        return with_facts(answer.pattern, self.build)

    @cached_property
    def _looks(self) -> tuple[StateQuery, ...]:
        """The queries that prove the state, none if they change by themselves."""
        if self.state.moves:
            return ()
        known = {each.request.text(): each for each in state_queries(self.build, self.knowledge)}
        asked = (step.request for step in self._proofs)
        return tuple(known.get(each.text(), StateQuery(request=each)) for each in asked)

    def _asked_of(self, name: str, *, about: bool) -> Iterator[AskedIn]:
        """Return the requests of a command: the first alone, where it is one of a sample."""
        requests = StateRequests(build=self.build, knowledge=self.knowledge, state=self.state)
        if not about and not self.build.thorough:
            return islice(requests.own_of(name), 1)
        drawn = self._falls_to(f"refusals of {name}", _REFUSED_IN)
        return requests.of(name, refusals=drawn or self.build.thorough)

    def _is_about(self, name: str) -> bool:
        if self.modules.get(name) in self.state.about or name in self.state.asks:
            return True
        recipe = self.knowledge.command(name)
        return any(self.state.things_of(each.to) for each in recipe.references)

    def _is_omitted(self, name: str) -> bool:
        return self.knowledge.states.why_unasked(name, self.state.name) is not None

    def _falls_to(self, what: str, often: int) -> bool:
        """Return whether the state is the one in so many that has something, on every build."""
        return zlib.crc32(f"{what} {self.state.name}".encode()) % often == 0

    def _why_not(self, name: str) -> Blocked:
        if name not in self.knowledge.commands:
            return _untried("no request of it is known to succeed")
        first = self.knowledge.commands[name].first(self.build.version)
        blocked = blocked_by(first, self.build.lacks)
        return blocked or _untried("its known requests need another machine than the state's")

    def _steps(self, name: str, asked: Sequence[AskedIn]) -> Iterator[Step]:
        """Yield the steps: what proves the state, and then each request among its own.

        What a request that was refused had found is looked at before and after it.  QEMU answers at
        the end: what it dies of may come behind an answer.
        """
        yield from self._proofs
        number = len(self._proofs)
        only_asks = self.knowledge.state.only_asks(name)
        queries = () if only_asks or not self._is_about(name) else self._looks
        looks = [*supporting_steps((one.request for one in queries), Role.SETUP, ANSWERED)]
        lasting = any(each.effect is not Effect.NONE for each in asked)
        refused: tuple[int, ...] = ()
        for each in asked:
            before = [*supporting_steps(each.setup, Role.SETUP, ANSWERED), *looks]
            first = number + len(each.setup)
            subject = number + len(before)
            ends = each.effect is Effect.END
            refused = (*refused, subject) if lasting else (subject,)
            after = [] if ends else [_left(q, first + n, refused) for n, q in enumerate(queries)]
            after += supporting_steps(each.cleanup, Role.CLEANUP, ANSWERED)
            yield from (*before, self._subject(each), *after)
            number = subject + 1 + len(after)
        if not any(each.effect is Effect.END for each in asked):
            asked_last = (proof.request for proof in self._proofs)
            yield from supporting_steps(asked_last, Role.CLEANUP, ANSWERED)

    def _subject(self, asked: AskedIn) -> Step:
        request = asked.request
        why = self.state.forbidden(request.execute, self.build.version, asked.named)
        if why is not None:
            return Step(
                request=request,
                expect=Reject(_ANY_CLASS),
                role=Role.SUBJECT,
                rule=_FORBIDDEN,
                why=why,
            )
        if asked.effect is Effect.END:
            return Step(request=request, expect=Ends(), role=Role.SUBJECT, rule=_ENDS)
        return Step(request=request, expect=ANSWERED, role=Role.SUBJECT, rule=_ANSWERED)


def _untried(reason: str) -> Blocked:
    return Blocked(outcome=Outcome.UNTRIED, reason=reason)


def each_request(case: Case) -> Iterator[Case]:
    """Yield the case with each of its requests alone in the state."""
    proofs = sum(isinstance(step.expect, Reached) for step in case.steps)
    start = proofs
    for end in range(proofs + 1, len(case.steps) + 1):
        if end == len(case.steps) or _begins(case.steps[end - 1], case.steps[end]):
            part = [_moved(step, start - proofs) for step in case.steps[start:end]]
            yield replace(case, steps=(*case.steps[:proofs], *part), together=())
            start = end


def _begins(before: Step, step: Step) -> bool:
    """Return whether `step` is the first of a request's own."""
    return step.role in (Role.SETUP, Role.SUBJECT) and before.role is not Role.SETUP


def _moved(step: Step, by: int) -> Step:
    expect = step.expect
    if not isinstance(expect, UnchangedIfRefused):
        return step
    moved = replace(expect, step=expect.step - by, subjects=(expect.subjects[-1] - by,))
    return replace(step, expect=moved)


def _left(query: StateQuery, step: int, requests: tuple[int, ...]) -> Step:
    """Return the step that sees a query answered as before, if all those steps were refused."""
    expect = UnchangedIfRefused(query, step, requests)
    return Step(request=query.request, expect=expect, role=Role.CHECK, rule=_LEFT, why=_SAME)
