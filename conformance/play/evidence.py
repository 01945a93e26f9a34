"""Turns a broken promise into a finding: evidence, and a way to reproduce it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from conformance.judge.expect_value import answer_size
from conformance.judge.files import beginning_text
from conformance.judge.json_path import stands_at
from conformance.judge.miss import Miss
from conformance.judge.observation import Observation, Talk
from conformance.knowledge.behaviours import ACCEPTED, REFUSED
from conformance.knowledge.rules import Rule
from conformance.model.canonical import compact
from conformance.model.case import Behaves, Case, DefaultOf
from conformance.model.ending import Ending
from conformance.model.expectation import Kind
from conformance.model.stage import SCRATCH
from conformance.model.terms import ABSENT, Absent, JsonValue, Outcome, Severity
from conformance.play.alone import Result
from conformance.play.appraisal import appraised
from conformance.qapi.names import shown
from conformance.report.reproducer import reproducer
from conformance.report.stream import (
    BehaviourSeen,
    Combined,
    DefaultRead,
    Evidence,
    Finding,
    Measured,
)
from conformance.wire.framing import Message
from conformance.wire.transcript import Transcript

_PASSING: Final = re.compile(
    rb', "id": \d+|"id": \d+, |"timestamp": \{"seconds": \d+, "microseconds": \d+\}, '
    rb'|, "timestamp": \{"seconds": \d+, "microseconds": \d+\}'
    rb'|"timestamp": \{"microseconds": \d+, "seconds": \d+\}, '
)
"""What differs from run to run: requests are shown, and can be repeated, without ids."""
_PASSING_TIME: Final = re.compile(
    r'"timestamp": \{"(?:micro)?seconds": \d+, "(?:micro)?seconds": \d+\}, '
    r'|, "timestamp": \{"(?:micro)?seconds": \d+, "(?:micro)?seconds": \d+\}'
)
_OUTCOMES: Final = {Kind.CRASH: Outcome.CRASH, Kind.HANG: Outcome.TIMEOUT}
"""The outcome that a miss gives its case, unless it is `fail`."""
_LINES: Final = 40
"""How many lines of a dialogue a finding shows: a case has fewer, several have many more."""


def finding(
    target: str,
    result: Result,
    miss: Miss,
    rules: Mapping[str, Rule],
    command_line: Sequence[str],
    features: Collection[str] = (),
) -> Finding:
    """Return the finding for `miss`, with the evidence in `result`.

    `features` are those of the subject in the build's schema.
    """
    rule = rules[miss.rule]
    case = result.case
    outcome = _OUTCOMES.get(miss.kind, Outcome.FAIL)
    appraisal = appraised(case, miss, outcome, features)
    return Finding(
        target=target,
        case=case.id,
        subject_kind=case.subject.kind,
        subject=case.subject.name,
        rule=miss.rule,
        severity=Severity(rule.severity),
        outcome=Outcome.INTERMITTENT if result.plays else outcome,
        summary=shown(miss.summary),
        expected=shown(miss.expected),
        why=" ".join(filter(None, (rule.promise, miss.why, f"({rule.source})"))),
        fold=miss.fold,
        defect=shown(appraisal.defect),
        fingerprint=appraisal.fingerprint,
        weight=appraisal.weight,
        marks=appraisal.marks,
        evidence=_evidence(result, miss),
        reproducer=_reproducer(result, command_line),
        plays=result.plays,
        shown=result.shown,
    )


def whole_evidence(result: Result) -> Evidence:
    """Return what was seen of a case, behind what the play beside it shows."""
    own, beside = evidence(result.case, result.seen), result.beside
    if beside is None:
        return own
    lines = evidence(beside.case, beside.seen).transcript
    return replace(own, transcript=(*lines, *own.transcript))


def _reproducer(result: Result, command_line: Sequence[str]) -> str:
    case, before, beside = result.case, result.before, result.beside
    text = reproducer(case, before, command_line, seen=result.seen, plays=result.plays)
    if beside is None:
        return text
    alone = reproducer(beside.case, (), command_line, seen=beside.seen)
    return f"# Accepted:\n{alone}\n# Refused after a refused request:\n{text}"


def _evidence(result: Result, miss: Miss) -> Evidence:
    if result.case.claims:
        return _claimed(result.case, miss)
    seen = whole_evidence(result)
    return replace(seen, stderr=miss.stderr) if miss.stderr else seen


def default_read(target: str, result: Result, default: DefaultOf) -> DefaultRead:
    """Return the row of the table of defaults that a case has found."""
    case = result.case
    return DefaultRead(
        target=target,
        case=case.id,
        subject_kind=case.subject.kind,
        subject=case.subject.name,
        member=default.member,
        documented=_text(default.documented),
        says=default.says,
        where=default.where or "",
        declared=_text(default.declared),
        real=_text(_real(result.seen, default)),
    )


def behaviour_seen(target: str, result: Result, behaves: Behaves) -> BehaviourSeen:
    """Return what a case has seen of what releases do differently."""
    case = result.case
    return BehaviourSeen(
        target=target,
        case=case.id,
        subject_kind=case.subject.kind,
        subject=case.subject.name,
        title=behaves.title,
        was=_word(behaves.was),
        now=_word(behaves.now),
        after=behaves.after,
        by=behaves.by,
        real=_word(_answer(result.seen, behaves)),
    )


def _word(value: JsonValue | Absent) -> str:
    return value if isinstance(value, str) else _text(value)


def _answer(seen: Observation | Talk | None, behaves: Behaves) -> JsonValue | Absent:
    line = seen.replies[behaves.step] if isinstance(seen, Observation) else None
    if line is None or not isinstance(line.read, Message):
        return ABSENT
    if behaves.path:
        found: JsonValue | Absent = stands_at(line.read.value, ("return", *behaves.path))
        return found
    return REFUSED if "error" in line.read.value else ACCEPTED


def measured(target: str, result: Result) -> Iterator[Measured]:
    """Yield what a case has measured, if it does and came to its end."""
    case, seen = result.case, result.seen
    if case.measure is None or not isinstance(seen, Observation) or None in seen.replies:
        return
    measure = case.measure
    lines = [seen.replies[step] for step in measure.steps]
    values = [line.read.value for line in lines if line and isinstance(line.read, Message)]
    sizes = result.lost or tuple(answer_size(each.get("return")) for each in values)
    seconds = [seen.cpu[step] for step in measure.steps]
    seconds += [] if seen.idle is None else [seen.idle]
    yield Measured(
        target=target,
        case=case.id,
        subject_kind=case.subject.kind,
        subject=case.subject.name,
        what=measure.what,
        counts=measure.counts,
        sizes=sizes,
        seconds=tuple(round(each, 6) for each in seconds),
    )


def combined(target: str, result: Result) -> Iterator[Combined]:
    """Yield what the choices of a case came to together, if it has any."""
    if result.together is not None:
        case = result.case
        yield Combined(
            target=target,
            case=case.id,
            subject_kind=case.subject.kind,
            subject=case.subject.name,
            together=result.together,
        )


def _text(value: JsonValue | Absent) -> str:
    return "" if value is ABSENT else compact(value)


def _real(seen: Observation | Talk | None, default: DefaultOf) -> JsonValue | Absent:
    line = seen.replies[default.step] if isinstance(seen, Observation) else None
    if line is None or not isinstance(line.read, Message):
        return ABSENT
    # The verdict reports what is wrong with such a reply.
    real: JsonValue | Absent = stands_at(line.read.value, ("return", *default.path))
    return real


def _claimed(case: Case, miss: Miss) -> Evidence:
    """Return the broken claim and what its source says, as the lines of a comparison."""
    lines = [
        line
        for claim in case.claims
        if claim.fold == miss.fold and claim.promised != claim.found
        for line in (
            f"   {claim.what}",
            f"-  {claim.promised}" + ("" if claim.where is None else f"    ({claim.where})"),
            f"+  {claim.found}",
        )
    ]
    return Evidence(transcript=tuple(lines[:_LINES]))


def evidence(case: Case, seen: Observation | Talk | None) -> Evidence:
    """Return what was seen: the dialogue without ids and timestamps, and the end of the process."""
    if seen is None:
        return Evidence(transcript=())
    if isinstance(seen, Talk):
        return _told(seen)
    record = Transcript()
    for step, line in zip(case.steps, seen.replies, strict=True):
        record.sent(step.request.text().encode())
        if line is None:
            break
        record.received(_PASSING.sub(b"", line.data))
    for line in (*seen.events, *seen.strays):
        record.received(_PASSING.sub(b"", line.data))
    return _with_end((*record.lines(_LINES), *_of_files(seen)), seen.death)


def _of_files(seen: Observation) -> Iterator[str]:
    """Yield a line for each file that is not as it was."""
    for name, old, new in seen.files.changes() if seen.files else ():
        yield f"   {SCRATCH}/{name}: {old or 'nothing'} before, {new or 'nothing'} after"
    for name, holds in sorted((seen.contents or {}).items()):
        yield f"   {SCRATCH}/{name}: {beginning_text(holds)}"


def _told(seen: Talk) -> Evidence:
    """Return the last lines of an exchange: its ids are the same in every run."""
    lines = [_PASSING_TIME.sub("", line) for line in seen.transcript[-_LINES:]]
    return _with_end(tuple(lines), seen.death)


def _with_end(transcript: tuple[str, ...], death: Ending | None) -> Evidence:
    return Evidence(
        transcript=transcript,
        exit_status=death.status if death else None,
        stderr=death.stderr if death else "",
    )
