"""Cases that requests which must change nothing leave the state of their machine as it was.

Requests with like surroundings stand together in one case.  Knows no query by name.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import zip_longest
from typing import Final, TypeGuard

from conformance.derive.applicability import OFFERS, names_absent
from conformance.derive.inputs import Introspected
from conformance.derive.steps import supporting_step
from conformance.judge.expect_answer import Answer, Refused
from conformance.judge.expect_value import Unchanged
from conformance.knowledge.everything import Knowledge
from conformance.model.canonical import canonical
from conformance.model.case import Case, Isolation, KeptFiles, Role, Step
from conformance.model.expectation import Expectation
from conformance.model.state import StateQuery
from conformance.model.terms import as_object

REFUSED: Final = Refused()
TOGETHER: Final = 32
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
        group[start : start + TOGETHER]
        for group in alike.values()
        for start in range(0, len(group), TOGETHER)
    ]
    queries = state_queries(build, knowledge) if batches else ()
    for number, batch in enumerate(batches if queries else (), start=1):
        command, name = batch[0].subject.name, f"unchanged/{of}{number}"
        # Its own query comes last: asked first, it would hide from the others what it does.
        ordered = sorted(queries, key=lambda query: query.request.execute == command)
        made = _together(batch, ordered, rule, expect, knowledge.state.excused_files(command))
        yield replace(made, id=f"{command}/{made.aspect}/{name}", about=name)


def each_alone(case: Case, missed: Container[int], *, files: bool = False) -> Iterator[Case]:
    """Yield the case with each of its subject steps by itself, if they stand together.

    A subject step keeps its own set-up and clean-up.  `missed` are the numbers of the steps that
    were not answered as they must be.  Of the looks at the state, those are left that are among
    them, or all; none has to be where only `files` are not as they were.
    """
    looks = {n: step.expect for n, step in enumerate(case.steps) if _is_look(step.expect)}
    shown = [look for n, look in looks.items() if n in missed or look.step in missed]
    queries = [look.query for look in (shown if shown or files else looks.values())]
    first, end = min(look.step for look in looks.values()), min(looks)
    between = case.steps[first + len(looks) : end]
    last = case.steps[end]
    for part, about in zip(parts(between), case.together, strict=True) if case.together else ():
        alone = replace(case, about=about, together=())
        yield watched(alone, case.steps[:first], part, queries, rule=last.rule, why=last.why)


@lru_cache(maxsize=1)
def state_queries(build: Introspected, knowledge: Knowledge) -> tuple[StateQuery, ...]:
    """Return the queries that tell the state of a build's machines."""
    return tuple(_state_queries(build, knowledge))


def _state_queries(build: Introspected, knowledge: Knowledge) -> Iterator[StateQuery]:
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
    cases: Sequence[Case],
    queries: Sequence[StateQuery],
    rule: str,
    expect: Expectation,
    excused: tuple[str, ...],
) -> Case:
    first = cases[0]
    marked = [place for place, step in enumerate(first.steps) if _is_subject(step)]
    pairs = [(step, case.about) for case in cases for step in case.steps if _is_subject(step)]
    subjects = [replace(step, expect=expect) for step, _ in pairs]
    case = replace(
        first,
        # What other cases leave behind may go at any time.
        isolation=Isolation.ALONE,
        fault=None,
        together=tuple(about for _, about in pairs),
        kept=KeptFiles(rule=rule, excused=excused),
    )
    return watched(case, first.steps[: marked[0]], subjects, queries, rule=rule, why=_WHY)


def watched(
    case: Case,
    before: Sequence[Step],
    between: Sequence[Step],
    queries: Sequence[StateQuery],
    *,
    rule: str,
    why: str,
) -> Case:
    """Return the case with steps `between` two looks at the state, which `rule` keeps as it is."""
    looks = [(query, len(before) + number) for number, query in enumerate(queries)]
    steps = (
        *before,
        *(supporting_step(query.request, Role.SETUP, Answer()) for query, _ in looks),
        *between,
        *(look_again(query, step, rule, why) for query, step in looks),
    )
    kept = case.kept and replace(case.kept, since=len(before) + len(looks))
    return replace(case, steps=steps, kept=kept)


def look_again(query: StateQuery, step: int, rule: str, why: str) -> Step:
    """Return the step that sees a query answered as by the step `step` before."""
    expect = Unchanged(query, step)
    return Step(request=query.request, expect=expect, role=Role.CHECK, rule=rule, why=why)


def parts(steps: Sequence[Step]) -> Iterator[Sequence[Step]]:
    """Yield the subject steps of some, each with its own set-up and clean-up."""
    part: list[Step] = []
    for step, behind in zip_longest(steps, steps[1:]):
        part.append(step)
        ends = behind is None or behind.role is not Role.CLEANUP
        if step.role in (Role.SUBJECT, Role.CLEANUP) and ends:
            yield part
            part = []


def _is_look(expect: Expectation) -> TypeGuard[Unchanged]:
    return isinstance(expect, Unchanged)


def _is_subject(step: Step) -> bool:
    return step.role is Role.SUBJECT
