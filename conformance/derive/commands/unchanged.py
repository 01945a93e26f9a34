"""Cases that requests which must change nothing leave the state of their machine as it was.

Requests with like surroundings stand together in one case.  Knows no query by name.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final, TypeGuard

from conformance.derive.applicability import OFFERS, names_absent
from conformance.derive.inputs import Introspected
from conformance.derive.steps import supporting_step
from conformance.judge.expect_answer import Answer, Refused
from conformance.judge.expect_value import Unchanged
from conformance.knowledge.everything import Knowledge
from conformance.model.canonical import canonical
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.expectation import Expectation
from conformance.model.state import StateQuery
from conformance.model.terms import as_object

REFUSED: Final = Refused()
_TOGETHER: Final = 32
"""Subjects of a case: two looks at the state cost as much as some dozens of them."""
_WHY: Final = "the state of the machine is that of before the requests"


def unchanged_cases(
    build: Introspected,
    knowledge: Knowledge,
    cases: Iterable[Case],
    *,
    rule: str,
    expect: Expectation = REFUSED,
    of: str = "",
) -> Iterator[Case]:
    """Yield the cases in which the subject requests of `cases` stand between looks at the state.

    `rule` promises that they change nothing; they must be answered as `expect` says.  `of` tells
    their ids from those of others.
    """
    alike: dict[tuple[str, ...], list[Case]] = {}
    for case in cases:
        if case.plays and case.subject.name not in knowledge.state.unsettled:
            alike.setdefault(_surroundings(case), []).append(case)
    batches = [
        group[start : start + _TOGETHER]
        for group in alike.values()
        for start in range(0, len(group), _TOGETHER)
    ]
    queries = tuple(state_queries(build, knowledge)) if batches else ()
    for number, batch in enumerate(batches if queries else (), start=1):
        command, name = batch[0].subject.name, f"unchanged/{of}{number}"
        # Its own query comes last: asked first, it would hide from the others what it does.
        ordered = sorted(queries, key=lambda query: query.request.execute == command)
        made = _together(batch, ordered, rule, expect)
        yield replace(made, id=f"{command}/{made.aspect}/{name}", about=name)


def each_alone(case: Case, missed: Container[int]) -> Iterator[Case]:
    """Yield the case with each of its subject steps by itself, if they stand together.

    `missed` are the numbers of the steps that were not answered as they must be.  Of the looks at
    the state, those are left that are among them, or all.
    """
    looks = {n: step.expect for n, step in enumerate(case.steps) if _is_look(step.expect)}
    shown = [look for n, look in looks.items() if n in missed or look.step in missed]
    queries = [look.query for look in shown or looks.values()]
    marked = [n for n, step in enumerate(case.steps) if _is_subject(step)]
    before = case.steps[: marked[0] - len(looks)]
    rule = case.steps[next(iter(looks))].rule
    for number, about in zip(marked, case.together, strict=True) if case.together else ():
        steps = _watched(before, (case.steps[number],), queries, rule)
        yield replace(case, steps=steps, about=about, together=())


def state_queries(build: Introspected, knowledge: Knowledge) -> Iterator[StateQuery]:
    """Yield the queries that tell the state of a build's machines."""
    offer = OFFERS[build.program]
    for entry in knowledge.state.entries:
        name, arguments = entry.request.execute, as_object(entry.request.arguments)
        served = name in build.schema.commands and name not in build.unserved
        asked = build.version in entry.versions and not names_absent(entry.request, offer)
        if served and asked and not build.schema_error(name, arguments):
            yield entry.query


def _surroundings(case: Case) -> tuple[str, ...]:
    """Return what tells the machine and the requests before the first subject."""
    first = next(number for number, step in enumerate(case.steps) if _is_subject(step))
    requests = (step.request.text() for step in case.steps[:first])
    return (case.stage.name, case.isolation, canonical(case.stage.capabilities), *requests)


def _together(
    cases: Sequence[Case], queries: Sequence[StateQuery], rule: str, expect: Expectation
) -> Case:
    first = cases[0]
    marked = [place for place, step in enumerate(first.steps) if _is_subject(step)]
    pairs = [(step, case.about) for case in cases for step in case.steps if _is_subject(step)]
    subjects = [replace(step, expect=expect) for step, _ in pairs]
    return replace(
        first,
        # What other cases leave behind may go at any time.
        isolation=Isolation.ALONE,
        fault=None,
        together=tuple(about for _, about in pairs),
        steps=_watched(first.steps[: marked[0]], subjects, queries, rule),
    )


def _watched(
    before: Sequence[Step],
    subjects: Sequence[Step],
    queries: Sequence[StateQuery],
    rule: str,
) -> tuple[Step, ...]:
    """Return the steps with the subjects between two looks at the state."""
    looks = [(query, len(before) + number) for number, query in enumerate(queries)]
    return (
        *before,
        *(supporting_step(query.request, Role.SETUP, Answer()) for query, _ in looks),
        *subjects,
        *(_unchanged(query, step, rule) for query, step in looks),
    )


def _unchanged(query: StateQuery, step: int, rule: str) -> Step:
    expect = Unchanged(query, step)
    return Step(request=query.request, expect=expect, role=Role.CHECK, rule=rule, why=_WHY)


def _is_look(expect: Expectation) -> TypeGuard[Unchanged]:
    return isinstance(expect, Unchanged)


def _is_subject(step: Step) -> bool:
    return step.role is Role.SUBJECT
