"""Turns a broken promise into a finding: evidence, and a way to reproduce it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from conformance.judge.files import beginning_text
from conformance.judge.miss import Miss
from conformance.judge.observation import Observation, Talk
from conformance.knowledge.rules import Rule
from conformance.model.case import Case, Claim
from conformance.model.ending import Ending
from conformance.model.expectation import Kind
from conformance.model.stage import SCRATCH
from conformance.model.terms import Outcome, Severity
from conformance.play.alone import Result
from conformance.play.appraisal import appraised
from conformance.play.retelling import reproduced
from conformance.play.signs import signs_of
from conformance.qapi.names import shown
from conformance.report.claim_reproducer import claim_signs
from conformance.report.stream import (
    Evidence,
    Finding,
)
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
    broken = _broken(case, miss)
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
        reproducer=reproduced(result, command_line, broken),
        signs=claim_signs(case, broken) if case.claims else signs_of(result, miss),
        plays=result.plays,
        shown=result.shown,
    )


def whole_evidence(result: Result) -> Evidence:
    """Return what was seen of a case, behind what the play beside it shows."""
    if result.seen is None and result.unready is not None:
        return whole_evidence(result.unready)
    own, beside = evidence(result.case, result.seen), result.beside
    if beside is None:
        return own
    lines = evidence(beside.case, beside.seen).transcript
    return replace(own, transcript=(*lines, *own.transcript))


def _evidence(result: Result, miss: Miss) -> Evidence:
    if result.case.claims:
        return _claimed(result.case, miss)
    seen = whole_evidence(result)
    return replace(seen, stderr=miss.stderr) if miss.stderr else seen


def _broken(case: Case, miss: Miss) -> list[Claim]:
    """Return the claims of a case that a miss is about, and that do not hold."""
    return [
        claim
        for claim in case.claims
        if (claim.fold, claim.defect) == (miss.fold, miss.defect) and claim.promised != claim.found
    ]


def _claimed(case: Case, miss: Miss) -> Evidence:
    """Return the broken claim and what its source says, as the lines of a comparison."""
    lines = [
        line
        for claim in _broken(case, miss)
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
