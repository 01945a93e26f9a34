"""The beginning, the target and the end of a run, as plain as they can be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from conformance.model.fingerprint import fingerprint
from conformance.model.flavour import Program
from conformance.model.known_issue import Conditions, KnownIssue, KnownOutcome
from conformance.model.terms import Aspect, Outcome, Severity, SubjectKind, Weight
from conformance.report.stream import (
    STREAM_VERSION,
    CaseEnded,
    Event,
    Evidence,
    Finding,
    KnownGiven,
    RunEnded,
    RunStarted,
    TargetStarted,
)

STARTED: Final = RunStarted(
    stream=STREAM_VERSION, suite="0.1.0", seed=0, selection=(), host={}, time="t"
)
ENDED: Final = RunEnded(complete=True, exit_code=0, outcomes={}, seconds=1.0, time="t")


def made_target(cases: int, name: str = "t") -> TargetStarted:
    """Return a target of so many cases."""
    return TargetStarted(
        target=name,
        spelling="p",
        program="p",
        version="10.0",
        package="",
        arch="x86_64",
        sha256="",
        schema_sha256="",
        launcher="direct",
        documentation="",
        command_line=(),
        cases=cases,
        kind_of_program=Program.SYSTEM,
        machine="none",
        accel="",
    )


def whole_run(*events: Event) -> list[Event]:
    """Return `events` as those of the only target of a run, which is whole."""
    cases = sum(isinstance(event, CaseEnded) for event in events)
    return [STARTED, made_target(cases), *events, ENDED]


def made_case(name: str, outcome: Outcome, **more: Any) -> CaseEnded:
    """Return the result of a case of `stop`, with a rule that its finding breaks."""
    made = CaseEnded(
        target="t",
        case=name,
        subject_kind=SubjectKind.COMMAND,
        subject="stop",
        aspect=Aspect.VALID,
        outcome=outcome,
        reason="",
        rules=("X17",),
        seconds=0.25,
    )
    return replace(made, **more)


def made_finding(name: str, defect: str, outcome: Outcome = Outcome.FAIL, **more: Any) -> Finding:
    """Return what a case of `stop` shows of a defect."""
    made = Finding(
        target="t",
        case=name,
        subject_kind=SubjectKind.COMMAND,
        subject="stop",
        rule="X17",
        severity=Severity.MUST,
        outcome=outcome,
        summary=f"{defect} is wrong",
        expected="it is right",
        why="All is right. (qapi/run-state.json, stop (10.0.13: lines 30-31))",
        fold=defect,
        defect=defect,
        fingerprint=fingerprint(defect),
        weight=Weight.WRONG,
        evidence=Evidence(transcript=()),
        reproducer="qemu-system-x86_64 -qmp stdio",
    )
    return replace(made, **more)


def made_issue(defect: str, **more: Any) -> KnownGiven:
    """Return that a defect is known, which a case of `stop` shows."""
    made = KnownIssue(
        where="known.toml:1",
        fingerprint=fingerprint(defect),
        rule="",
        defect=defect,
        reason="we know",
        link="",
        expires="",
        outcome=KnownOutcome.FAILS,
        cases=(f"stop/valid/{defect}",),
        when=Conditions(),
    )
    return KnownGiven(issue=replace(made, **more))
