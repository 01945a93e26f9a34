"""Cases that tell what a build does where releases differ and no schema shows it (rule X55).

Knows no command by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.derive.commands.errors import ANY_CLASS
from conformance.derive.inputs import Introspected
from conformance.derive.steps import ACCEPTED, ANSWERED, command_subject, supporting_steps
from conformance.judge.expect_answer import Reject
from conformance.judge.expect_value import shows_value
from conformance.knowledge.behaviours import ACCEPTED as TAKEN
from conformance.knowledge.behaviours import REFUSED, Behaviour
from conformance.knowledge.everything import Knowledge
from conformance.model.blocked import unmet
from conformance.model.case import Behaves, Case, Isolation, Role, Step
from conformance.model.expectation import Expectation
from conformance.model.stage import Stage
from conformance.model.terms import Aspect, ErrorClass, JsonValue

RULE: Final = "X55"
_REFUSED: Final = Reject(frozenset(map(ErrorClass, ANY_CLASS)))


def behaviour_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield a case for each difference in behaviour between releases that the command shows.

    A build must do what its release does.  Where that is not known, the request must be answered,
    and the report tells what it did.
    """
    for behaviour in knowledge.behaviours:
        if behaviour.request.execute == name and build.version in behaviour.versions:
            steps = tuple(_steps(behaviour, behaviour.answer_of(build.version)))
            yield Case(
                id=f"{name}/{Aspect.VALID}/behaviour/{behaviour.name}",
                subject=command_subject(name),
                aspect=Aspect.VALID,
                stage=Stage(name=f"behaviour/{behaviour.name}", spec=behaviour.spec),
                steps=steps,
                # Releases leave different things behind.
                isolation=Isolation.ALONE,
                about=f"behaviour/{behaviour.name}",
                blocked=unmet(behaviour.needs, build.lacks),
                behaves=Behaves(
                    title=behaviour.title,
                    was=behaviour.was,
                    now=behaviour.now,
                    after=behaviour.after,
                    by=behaviour.by,
                    step=len(behaviour.setup) + (behaviour.read is not None),
                    path=behaviour.path,
                ),
            )


def _steps(behaviour: Behaviour, answer: JsonValue | None) -> Iterator[Step]:
    yield from supporting_steps(behaviour.setup, Role.SETUP)
    shown = behaviour.read
    expect = ACCEPTED if shown else _expected(behaviour, answer)
    rule = RULE if shown is None else "Q30"
    yield Step(
        request=behaviour.request, expect=expect, role=Role.SUBJECT, rule=rule, why=behaviour.reason
    )
    if shown is not None:
        yield Step(
            request=shown,
            expect=_expected(behaviour, answer),
            role=Role.CHECK,
            rule=RULE,
            why=behaviour.reason,
        )
    yield from supporting_steps(behaviour.cleanup, Role.CLEANUP, ANSWERED)


def _expected(behaviour: Behaviour, answer: JsonValue | None) -> Expectation:
    if answer is None:
        return ANSWERED
    if behaviour.read is not None:
        return shows_value(behaviour.path, answer)
    return {TAKEN: ACCEPTED, REFUSED: _REFUSED}[str(answer)]
