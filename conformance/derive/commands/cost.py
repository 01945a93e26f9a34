"""Cases of what a build costs: answers over more and more things, rest, memory that is lost.

Knows no command by name but those that every build has.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.derive.applicability import OFFERS, names_absent
from conformance.derive.inputs import Introspected
from conformance.derive.steps import (
    PLAIN,
    around,
    blocked_by,
    command_subject,
    stage_of,
    supporting_step,
    supporting_steps,
)
from conformance.judge.expect_answer import Answer, Ends
from conformance.judge.expect_value import Grows
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.growth import Growth
from conformance.model.case import Case, Isolation, Measure, Role, Step
from conformance.model.stage import MachineSpec, Request, Stage
from conformance.model.terms import ABSENT, Aspect, as_object

THINGS: Final = (10, 20, 40)
"""How many things there are when a query is asked: few enough to be made in a second, and enough
for a square to outgrow all that does not grow."""
FACTOR: Final = 3.0
"""How much more the second doubling may add than the first: what grows with the things adds twice
as much, what grows with their square four times."""
REST: Final = 1.0
"""Seconds in which nothing is asked: a hundred ticks of the clock of the scheduler."""
ROUNDS: Final = 8
"""How often a request is repeated, and then twice as often."""
_GROWTH: Final = "X42"
_IDLE: Final = "X41"
_MEASURED: Final = "Q30"


def growth_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield a case for each kind of things that the query `name` is asked of."""
    for growth in knowledge.growths:
        if growth.request.execute == name and _applies(build, growth):
            yield _growth_case(growth)


def _applies(build: Introspected, growth: Growth) -> bool:
    """Return whether the build has all that the case asks for."""
    offer = OFFERS[build.program]
    requests = (*growth.setup, *growth.making(1), growth.request)
    return build.version in growth.versions and all(
        each.execute in build.schema.commands
        and each.execute not in build.unserved
        and not names_absent(each, offer)
        and not build.schema_error(each.execute, as_object(each.arguments))
        for each in requests
    )


def _growth_case(growth: Growth) -> Case:
    steps = [*supporting_steps(growth.setup, Role.SETUP)]
    asked: list[int] = []
    last = 0
    for count in THINGS:
        for number in range(last + 1, count + 1):
            steps += supporting_steps(growth.making(number), Role.SETUP)
        last = count
        asked.append(len(steps))
        steps.append(supporting_step(growth.request, Role.SETUP))
    first, second, third = asked
    steps[third] = Step(
        request=growth.request,
        expect=Answer() if growth.nests else Grows((first, second), FACTOR),
        role=Role.SUBJECT,
        rule=_MEASURED if growth.nests else _GROWTH,
        why=growth.nests or growth.reason,
    )
    name = growth.request.execute
    return Case(
        id=f"{name}/{Aspect.VALID}/growth/{growth.name}",
        subject=command_subject(name),
        aspect=Aspect.VALID,
        stage=PLAIN,
        steps=tuple(steps),
        isolation=Isolation.ALONE,
        about=growth.name,
        measure=Measure(what=f"its answer, of {growth.things}", counts=THINGS, steps=tuple(asked)),
    )


def idle_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the case in which the machine `name` is asked nothing for a while."""
    probe = build.flavour.probe
    stage = PLAIN if name == PLAIN.spec.machine else _machine(name)
    step = Step(request=Request(probe, ABSENT), expect=Answer(), role=Role.SUBJECT, rule=_IDLE)
    yield Case(
        id=f"{probe}/{Aspect.VALID}/idle/{name}",
        subject=command_subject(probe),
        aspect=Aspect.VALID,
        stage=stage,
        steps=(step,),
        isolation=Isolation.ALONE,
        about=name,
        measure=Measure(what=f"machine {name}, stopped and asked nothing", rest=REST),
    )


def _machine(name: str) -> Stage:
    return Stage(name=f"idle/{name}", spec=MachineSpec(machine=name))


def leak_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the case in which a known request is repeated until the build ends.

    Only a build with a sanitizer tells then what it has lost.
    """
    if not build.sanitized or name not in knowledge.commands:
        return
    valid = knowledge.commands[name].first(build.version)
    if valid.destructive or not valid.known:
        return
    subject = Step(request=valid.request, expect=Answer(), role=Role.SUBJECT, rule=_MEASURED)
    end = Step(request=Request("quit", ABSENT), expect=Ends(), role=Role.CLEANUP, rule=_MEASURED)
    yield Case(
        id=f"{name}/{Aspect.VALID}/memory",
        subject=command_subject(name),
        aspect=Aspect.VALID,
        stage=stage_of(valid),
        steps=(*around(valid, subject, cleanup=Answer()) * ROUNDS, end),
        isolation=Isolation.ALONE,
        blocked=blocked_by(valid, build.lacks),
        measure=Measure(
            what="objects that are lost at the end, of so many rounds",
            counts=(ROUNDS, 2 * ROUNDS),
            rounds=ROUNDS,
        ),
    )
