"""What a case's dialogue shows besides its verdict: accepted requests, and names in refusals.

Makes no findings: these are counts for the reader of a report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from conformance.judge.expect_answer import Answer, Ends, Reject
from conformance.judge.expect_value import Confirms, ReadsBack
from conformance.judge.observation import Line, Observation, Talk
from conformance.model.case import READS_BACK, Case, Role, Step
from conformance.model.terms import Outcome, SubjectKind
from conformance.play.alone import Result
from conformance.wire.framing import Message

_OWN: Final = frozenset({Role.SUBJECT, Role.WITNESS})
"""The roles of the requests that a case is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFacts:
    """See stream.CaseEnded."""

    accepted: bool = False
    looked: bool = False
    refused: int = 0
    named: int = 0


def answers_of(result: Result, member: str | None) -> AnswerFacts:
    """Return what the replies of a case about `member` show; None for no member."""
    case, seen = result.case, result.seen
    if not isinstance(seen, Observation):
        return AnswerFacts()
    passed = result.verdict.outcome is Outcome.PASS
    pairs = [(step, _content(line)) for step, line in _own(case, seen)]
    refusals = [
        content["error"]
        for step, content in pairs
        if isinstance(step.expect, Reject) and "error" in content
    ]
    accepted = any(
        "return" in content or (passed and not content and isinstance(step.expect, Ends))
        for step, content in pairs
        if not isinstance(step.expect, Reject | Answer)
    )
    if member is None:
        return AnswerFacts(accepted=accepted)
    named = sum(_names(error, member) for error in refusals)
    looked = accepted and _is_looked_at(case, seen)
    return AnswerFacts(accepted=accepted, looked=looked, refused=len(refusals), named=named)


def event_names(result: Result) -> frozenset[str]:
    """Return the names of the events that came while the case was played."""
    match result.seen:
        case None:
            lines: tuple[Line, ...] = ()
        case Observation(events=lines):
            pass
        case Talk(heard=heard):
            lines = tuple(line for each in heard for line in each.lines)
    found = (_content(line).get("event") for line in lines)
    return frozenset(name for name in found if isinstance(name, str))


def _is_looked_at(case: Case, seen: Observation) -> bool:
    """Return whether a query, an event or a file was to show what was given."""
    if case.shown and seen.contents is not None:
        return True
    return any(_reads_back(step, line) for step, line in _pairs(case, seen))


def _reads_back(step: Step, line: Line | None) -> bool:
    shows = isinstance(step.expect, ReadsBack | Confirms)
    tells = any(each.rule == READS_BACK for each in step.emits)
    return (shows or tells) and "return" in _content(line)


def _pairs(case: Case, seen: Observation) -> Iterator[tuple[Step, Line | None]]:
    """Yield the steps of a case that were seen, each with its reply."""
    steps = case.steps
    if len(steps) != len(seen.replies):
        # Of a case that was cut at its passages, only the last part was seen.
        steps = case.parts()[-1].steps
    yield from zip(steps, seen.replies, strict=True)


def _own(case: Case, seen: Observation) -> Iterator[tuple[Step, Line | None]]:
    """Yield the steps about the case's own subject, each with its reply."""
    command = case.subject.name if case.subject.kind is SubjectKind.COMMAND else None
    for step, line in _pairs(case, seen):
        if step.role in _OWN and (command is None or step.request.execute == command):
            yield step, line


def _content(line: Line | None) -> Mapping[str, Any]:
    if line is None or not isinstance(line.read, Message):
        return {}
    return line.read.value


def _names(error: Any, member: str) -> bool:
    """Return whether a refusal's text has the member's own name as a word in it."""
    text = error.get("desc") if isinstance(error, Mapping) else None
    name = re.escape(member.rpartition(".")[2])
    return isinstance(text, str) and re.search(rf"(?<![\w-]){name}(?![\w-])", text) is not None
