"""Cases of what queries tell of machines in known states, and of queries that must agree.

Knows no query and no state by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.derive.inputs import Introspected
from conformance.derive.steps import command_subject, supporting_step
from conformance.judge.expect_answer import Answer
from conformance.judge.expect_value import Agrees, Tells
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.states import Agreement, KnownAnswer, MachineState
from conformance.model.blocked import not_applicable, unmet
from conformance.model.case import Case, Isolation, LookedAt, Role, Step
from conformance.model.stage import Request, Stage
from conformance.model.terms import Aspect, JsonValue, as_object
from conformance.space.answers import fitted

_TELLS: Final = "X43"
_AGREES: Final = "X44"


def answer_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield a case for each known answer of a query, and for each query that it agrees with."""
    for state in knowledge.states.states:
        known = [each for each in state.shows if each.request.execute == name]
        fitting = [each for each in known if each.fits(build.version, build.arch)]
        for number, each in enumerate(fitting, start=1):
            about = state.name if len(fitting) == 1 else f"{state.name}/{number}"
            yield _told(build, knowledge, state, each, about)
    for agreement in knowledge.states.agreements:
        if agreement.query.request.execute == name:
            yield from _agreed(build, knowledge, agreement)


def _told(
    build: Introspected, knowledge: Knowledge, state: MachineState, known: KnownAnswer, about: str
) -> Case:
    name = known.request.execute
    answer = fitted(build.schema, build.schema.commands[name].ret_type, known.answer)
    subject = Step(
        request=known.request,
        expect=Tells(_with_facts(answer.pattern, build)),
        role=Role.SUBJECT,
        rule=_TELLS,
        why=state.reason,
    )
    looked = LookedAt(named=tuple(sorted(answer.named)), known=tuple(sorted(answer.known)))
    problem = _problem(build, knowledge, (*state.setup, known.request))
    return _case(build, state, problem, (subject,), about, looked)


def _agreed(build: Introspected, knowledge: Knowledge, agreement: Agreement) -> Iterator[Case]:
    """Yield a case for each state in which one of the two is known."""
    query, other = agreement.query, agreement.other
    both = {query.request.execute, other.request.execute}
    if other.request.execute not in build.schema.commands:
        return
    for state in knowledge.states.states:
        if both & {each.request.execute for each in state.shows}:
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
            problem = _problem(build, knowledge, (*state.setup, query.request))
            yield _case(build, state, problem, steps, f"{state.name}/{agreement.name}", None)


def _case(
    build: Introspected,
    state: MachineState,
    problem: str | None,
    steps: tuple[Step, ...],
    about: str,
    looked: LookedAt | None,
) -> Case:
    name = steps[-1].request.execute
    blocked = not_applicable(problem) or unmet(state.needs, build.lacks)
    return Case(
        id=f"{name}/{Aspect.ANSWERS}/{about}",
        subject=command_subject(name),
        aspect=Aspect.ANSWERS,
        stage=_stage(state),
        steps=() if blocked else steps,
        isolation=Isolation.PURE,
        about=about,
        blocked=blocked,
        looked=looked,
    )


def _stage(state: MachineState) -> Stage:
    return Stage(name=f"state/{state.name}", spec=state.spec, setup=state.setup)


def _problem(
    build: Introspected, knowledge: Knowledge, requests: tuple[Request, ...]
) -> str | None:
    """Return which request the build's schema does not take, None if it takes all.

    Of some commands the schema does not say all that they take.
    """
    untyped = knowledge.untyped(build.version)
    for request in requests:
        if request.execute not in build.schema.commands:
            return f"this build's schema has no command {request.execute}"
        if request.execute in untyped:
            continue
        problem = build.schema_error(request.execute, as_object(request.arguments))
        if problem:
            return f"this build's schema does not take {request.execute}: {problem}"
    return None


def _with_facts(pattern: JsonValue, build: Introspected) -> JsonValue:
    """Return a pattern with the words for facts of the build replaced by them."""
    facts: dict[str, JsonValue] = {"{arch}": build.arch or "{any}"}
    facts |= dict(zip(("{major}", "{minor}", "{micro}"), build.version, strict=False))

    def filled(value: JsonValue) -> JsonValue:
        match value:
            case dict():
                return {name: filled(each) for name, each in value.items()}
            case list():
                return [filled(each) for each in value]
            case str():
                return facts.get(value, value)
            case _:
                return value

    return filled(pattern)
