"""Cases that requests which must change nothing leave the state of their machine as it was.

Requests with like surroundings stand together in one case.  Knows no query by name.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from itertools import zip_longest
from typing import Final, TypeAlias, TypeGuard

from conformance.derive.applicability import OFFERS, names_absent
from conformance.derive.inputs import Introspected
from conformance.derive.steps import ANSWERED, supporting_steps
from conformance.judge.expect_answer import Refused
from conformance.judge.expect_value import Unchanged
from conformance.knowledge.everything import Knowledge
from conformance.model.case import Case, Isolation, KeptFiles, Role, Step
from conformance.model.expectation import Expectation
from conformance.model.once import once
from conformance.model.stage import Stage
from conformance.model.state import StateQuery
from conformance.model.terms import as_object

REFUSED: Final = Refused()
TOGETHER: Final = 64
"""Cases whose subjects stand together: two looks at the state cost as much as some dozens."""
_BEHIND: Final = (Role.CHECK, Role.CLEANUP)
"""The roles of what stands behind a subject step and belongs to it."""
_UNCHANGED: Final = Stage(name="unchanged", kept=True)
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
    alike: dict[tuple[Hashable, ...], list[Case]] = {}
    for case in cases:
        if case.plays and case.subject.name not in knowledge.state.unsettled:
            alike.setdefault(_surroundings(case), []).append(case)
    batches = [
        group[start : start + TOGETHER]
        for group in alike.values()
        for start in range(0, len(group), TOGETHER)
    ]
    asked = bool(batches) and bool(state_queries(build, knowledge))
    for number, batch in enumerate(batches if asked else (), start=1):
        first, name = batch[0], f"unchanged/{of}{number}"
        command, before = first.subject.name, first.steps[: _first_subject(first)]
        case = replace(
            first,
            id=f"{command}/{first.aspect}/{name}",
            about=name,
            stage=_own_stage(first, before),
            # What set-up and clean-up leave behind may go at any time.
            isolation=Isolation.ALONE if before else Isolation.SHARED,
            fault=None,
            together=tuple(each.about for each in batch for _ in _subjects(each)),
            kept=KeptFiles(rule=rule, excused=knowledge.state.excused_files(command)),
        )
        subjects = [replace(step, expect=expect) for each in batch for step in _subjects(each)]
        looks = _looks_beside(build, knowledge, command, len(before), rule)
        yield watched(case, before, subjects, looks)


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
        around = looks_at(queries, first, last.rule, last.why)
        yield watched(alone, case.steps[:first], part, around)


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


def _surroundings(case: Case) -> tuple[Hashable, ...]:
    """Return what tells the machine and the requests before the first subject."""
    requests = (step.request.text() for step in case.steps[: _first_subject(case)])
    return (case.stage.name, case.isolation, case.stage.capabilities, *requests)


def _own_stage(case: Case, before: Sequence[Step]) -> Stage:
    """Return the stage of requests that change nothing: other cases leave things behind."""
    stage = case.stage
    if before:
        return stage
    if replace(stage, kept=False) == Stage(name=stage.name):
        return _UNCHANGED
    return replace(stage, name=f"{_UNCHANGED.name}/{stage.name}")


def _first_subject(case: Case) -> int:
    return next(n for n, step in enumerate(case.steps) if step.role is Role.SUBJECT)


def _subjects(case: Case) -> Iterator[Step]:
    return (step for step in case.steps if step.role is Role.SUBJECT)


Looks: TypeAlias = tuple[tuple[Step, ...], tuple[Step, ...]]
"""The steps of the first look at the state, and of the second one."""


def looks_at(queries: Sequence[StateQuery], first: int, rule: str, why: str) -> Looks:
    """Return the looks by `queries`, of which the first one starts at the step `first`."""
    asked = supporting_steps((query.request for query in queries), Role.SETUP, ANSWERED)
    again = (_AGAIN(query, first + n, rule, why) for n, query in enumerate(queries))
    return tuple(asked), tuple(again)


def _looks_beside(
    build: Introspected, knowledge: Knowledge, command: str, first: int, rule: str
) -> Looks:
    """Return the looks for requests of `command`.

    Its own query comes last: asked first, it would hide from the others what it does.
    """
    own = any(query.request.execute == command for query in state_queries(build, knowledge))
    return _shared_looks(build, knowledge)(command if own else None, first, rule)


@lru_cache(maxsize=1)
def _shared_looks(
    build: Introspected, knowledge: Knowledge
) -> Callable[[str | None, int, str], Looks]:
    """Return what makes the looks of one build, equal ones once."""
    queries = state_queries(build, knowledge)

    @cache
    def looks(last: str | None, first: int, rule: str) -> Looks:
        ordered = sorted(queries, key=lambda query: query.request.execute == last)
        return looks_at(ordered, first, rule, _WHY)

    return looks


def watched(case: Case, before: Sequence[Step], between: Sequence[Step], looks: Looks) -> Case:
    """Return the case with steps `between` two looks at the state, which must find it the same."""
    asked, again = looks
    kept = case.kept and replace(case.kept, since=len(before) + len(asked))
    return replace(case, steps=(*before, *asked, *between, *again), kept=kept)


def look_again(query: StateQuery, step: int, rule: str, why: str) -> Step:
    """Return the step that sees a query answered as by the step `step` before."""
    expect = Unchanged(query, step)
    return Step(request=query.request, expect=expect, role=Role.CHECK, rule=rule, why=why)


_AGAIN: Final = once(look_again)
"""The same: most cases have looks that start at the same step."""


def parts(steps: Sequence[Step]) -> Iterator[Sequence[Step]]:
    """Yield the subject steps of some, each with its own set-up, checks and clean-up."""
    part: list[Step] = []
    for step, behind in zip_longest(steps, steps[1:]):
        part.append(step)
        ends = behind is None or behind.role not in _BEHIND
        if step.role in (Role.SUBJECT, *_BEHIND) and ends:
            yield part
            part = []


def _is_look(expect: Expectation) -> TypeGuard[Unchanged]:
    return isinstance(expect, Unchanged)
