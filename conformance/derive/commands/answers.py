"""Cases of what queries tell of machines in known states, and of queries that must agree.

Knows no query and no state by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from conformance.derive.commands.known_states import blocked_state, stage_of_state, with_facts
from conformance.derive.inputs import Introspected
from conformance.derive.steps import command_subject, supporting_step
from conformance.judge.expect_answer import Answer
from conformance.judge.expect_value import Agrees, Tells
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.states import KnownAnswer, MachineState, QueryAgreement
from conformance.model.blocked import not_applicable
from conformance.model.case import Case, Isolation, LookedAt, Role, Step
from conformance.model.terms import Aspect
from conformance.space.answers import fitted

_MORE: Final = "its target adds a machine or arguments, so that nobody knows what queries tell"
_TELLS: Final = "X43"
_AGREES: Final = "X44"


def answer_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield a case for each known answer of a query, and for each query that it agrees with."""
    agreements = [
        each
        for each in knowledge.states.agreements
        if each.query.request.execute == name
        and each.other.request.execute in build.schema.commands
    ]
    for state in knowledge.states.for_depth(thorough=build.thorough):
        known = [each for each in state.shows if each.request.execute == name]
        fitting = [each for each in known if each.fits(build.version, build.arch)]
        if not fitting:
            continue
        asked = _Asked(build=build, knowledge=knowledge, state=state)
        for number, each in enumerate(fitting, start=1):
            yield asked.told(each, "" if len(fitting) == 1 else f"/{number}")
    for agreement in agreements:
        both = {name, agreement.other.request.execute}
        for state in knowledge.states.for_depth(thorough=build.thorough):
            if both & {each.request.execute for each in state.shows}:
                asked = _Asked(build=build, knowledge=knowledge, state=state)
                yield asked.agreed(agreement)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A build in one of the known states, in which queries are asked."""

    build: Introspected
    knowledge: Knowledge
    state: MachineState

    def told(self, known: KnownAnswer, which: str) -> Case:
        """Return the case of a known answer, one of several with `which` of them."""
        build, request = self.build, known.request
        returns = build.schema.commands[request.execute].ret_type
        answer = fitted(build.schema, returns, known.answer)
        subject = Step(
            request=request,
            expect=Tells(with_facts(answer.pattern, build)),
            role=Role.SUBJECT,
            rule=_TELLS,
            why=self.state.reason,
        )
        case = self._case((subject,), f"{self.state.name}{which}", only_bare=True)
        looked = LookedAt(named=tuple(sorted(answer.named)), known=tuple(sorted(answer.known)))
        return replace(case, looked=looked)

    def agreed(self, agreement: QueryAgreement) -> Case:
        """Return the case of two queries that agree."""
        query, other = agreement.query, agreement.other
        steps = (
            supporting_step(other.request, Role.SETUP, Answer()),
            Step(
                request=query.request,
                expect=Agrees(query.at, 0, other.at, part=agreement.part),
                role=Role.SUBJECT,
                rule=_AGREES,
                why=agreement.reason,
            ),
        )
        return self._case(steps, f"{self.state.name}/{agreement.name}")

    def _case(self, steps: tuple[Step, ...], about: str, *, only_bare: bool = False) -> Case:
        state, name = self.state, steps[-1].request.execute
        more = _MORE if only_bare and not self.build.bare else None
        blocked = not_applicable(more) or blocked_state(self.build, self.knowledge, state)
        return Case(
            id=f"{name}/{Aspect.ANSWERS}/{about}",
            subject=command_subject(name),
            aspect=Aspect.ANSWERS,
            stage=stage_of_state(state),
            steps=() if blocked else steps,
            isolation=Isolation.PURE,
            about=about,
            ground=state.name,
            blocked=blocked,
        )
