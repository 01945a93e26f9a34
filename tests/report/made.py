"""The beginning, the target and the end of a run, as plain as they can be."""

from __future__ import annotations

from typing import Final

from conformance.model.flavour import Program
from conformance.report.stream import (
    STREAM_VERSION,
    CaseEnded,
    Event,
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
