"""Cases of introspection asked of two processes whose fresh memory holds different bytes.

What is shown and was never set differs between them.  Knows no command and no variable by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Final

from conformance.derive.inputs import Introspected
from conformance.derive.objects.under_test import TypeUnderTest, types_under_test
from conformance.derive.steps import ACCEPTED, ANSWERED, command_subject
from conformance.judge.expect_value import Unchanged
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.growth import FreshMemory, FreshQuery, FreshSubject
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.expectation import Expectation
from conformance.model.stage import Companion, MachineSpec, Request, Stage
from conformance.model.state import StateQuery
from conformance.model.terms import Aspect

_ALIKE: Final = "X59"
_KNOWN: Final = "Q30"


def fresh_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the cases of a query: one of the build, or one of each thing that it is asked of.

    There are over a thousand of these: they are asked of in thorough runs.
    """
    for fresh in knowledge.fresh_memory:
        for query in fresh.asks:
            own = query.request.execute == name and name in build.schema.commands
            if own and (build.thorough or query.of is FreshSubject.BUILD):
                yield from _cases(build, knowledge, fresh, query)


def _cases(
    build: Introspected, knowledge: Knowledge, fresh: FreshMemory, query: FreshQuery
) -> Iterator[Case]:
    match query.of:
        case FreshSubject.BUILD:
            yield _case(fresh, query, "", _alike(query.request, 0))
        case FreshSubject.TYPES:
            for each in build.model.types:
                yield _case(fresh, query, each.name, _alike(query.naming(each.name), 0))
        case FreshSubject.DEVICES:
            for device in build.model.devices:
                yield _case(fresh, query, device.name, _alike(query.naming(device.name), 0))
        case FreshSubject.OBJECTS:
            for tested in types_under_test(build, knowledge).values():
                plain = tested.recipe.spec == MachineSpec() and not tested.recipe.broken
                if plain and not tested.blocked:
                    yield _case(fresh, query, tested.shape.name, _of_object(query, tested))


def _of_object(query: FreshQuery, tested: TypeUnderTest) -> Iterator[Step]:
    """Yield the steps that make an object in both processes, read it, and take it away."""
    valid = tested.smallest
    number = 0
    for request in (*valid.setup, valid.request):
        yield from _both(request, Role.SETUP, ACCEPTED)
        number += 2
    for item in tested.shape.listed or ():
        if not any(fnmatchcase(item.name, glob) for glob in query.ignore):
            yield from _alike(query.naming(item.name), number)
            number += 2
    for request in valid.cleanup:
        yield from _both(request, Role.CLEANUP, ANSWERED)


def _alike(request: Request, number: int) -> Iterator[Step]:
    """Yield a query of the other process, as the step `number`, and of this one."""
    yield Step(
        request=replace(request, companion=True), expect=ANSWERED, role=Role.SETUP, rule=_KNOWN
    )
    expect = Unchanged(StateQuery(request=request), number)
    yield Step(request=request, expect=expect, role=Role.SUBJECT, rule=_ALIKE)


def _both(request: Request, role: Role, expect: Expectation) -> Iterator[Step]:
    for each in (replace(request, companion=True), request):
        yield Step(request=each, expect=expect, role=role, rule=_KNOWN)


def _case(fresh: FreshMemory, query: FreshQuery, about: str, steps: Iterator[Step]) -> Case:
    name = query.request.execute
    other = Companion(spec=MachineSpec(environment=fresh.other))
    spec = MachineSpec(environment=fresh.environment, companions=(other,))
    return Case(
        id="/".join(filter(None, [f"{name}/{Aspect.INTROSPECTION}/{fresh.name}", about])),
        subject=command_subject(name),
        aspect=Aspect.INTROSPECTION,
        stage=Stage(name=f"introspection/{fresh.name}", spec=spec),
        steps=tuple(steps),
        isolation=Isolation.ALONE if query.of is FreshSubject.OBJECTS else Isolation.PURE,
        about=about,
    )
