"""The stream of events of a run, as values: the only source of every report.

Each event is one JSON object on one line of `events.ndjson`; `reports/stream.schema.json` in the
package describes them.  Times stand in members named `time` and `seconds` and nowhere else, so
that two runs of one build differ there alone.  Knows neither how a run works nor how it is shown.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from conformance.terms import Aspect, Outcome, Severity, SubjectKind

STREAM_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """The first event: who runs what, with what."""

    kind: ClassVar[str] = "run-started"
    stream: int
    suite: str
    seed: int
    selection: tuple[str, ...]
    host: Mapping[str, str]
    """Host capabilities by name of the probe: "yes", or why not."""
    time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetStarted:
    """A build under test: what it is and how it is started."""

    kind: ClassVar[str] = "target-started"
    target: str
    program: str
    version: str
    package: str
    arch: str
    sha256: str
    schema_sha256: str
    launcher: str
    command_line: tuple[str, ...]
    cases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPlanned:
    """A subject that keeps a row in the report, also where the build does not have it.

    `note` says why there is nothing to test, else "".
    """

    kind: ClassVar[str] = "row-planned"
    target: str
    subject_kind: SubjectKind
    subject: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was seen: the dialogue, and the end of the process if it ended."""

    transcript: tuple[str, ...]
    """Lines as they went over the wire, each led by "-> " (sent) or "<- " (received)."""
    exit_status: int | None = None
    stderr: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A broken promise of a build."""

    kind: ClassVar[str] = "finding"
    target: str
    case: str
    subject_kind: SubjectKind
    subject: str
    rule: str
    severity: Severity
    outcome: Outcome
    summary: str
    """One sentence: what the build did."""
    expected: str
    """One sentence: what it promised."""
    why: str
    """Where the promise stands."""
    fold: str
    """Findings of one target with equal `fold` are one finding seen in several cases."""
    evidence: Evidence
    reproducer: str
    """Shell text: QEMU's command line and the lines to send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEnded:
    """What became of a case."""

    kind: ClassVar[str] = "case-ended"
    target: str
    case: str
    subject_kind: SubjectKind
    subject: str
    aspect: Aspect
    outcome: Outcome
    reason: str
    rules: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """The last event: whether the run is whole, and what it returns to the shell."""

    kind: ClassVar[str] = "run-ended"
    complete: bool
    exit_code: int
    outcomes: Mapping[str, int]
    seconds: float
    time: str


Event = RunStarted | TargetStarted | RowPlanned | Finding | CaseEnded | RunEnded

_KINDS: dict[str, type[Any]] = {
    cls.kind: cls for cls in (RunStarted, TargetStarted, RowPlanned, Finding, CaseEnded, RunEnded)
}
_WORDS: dict[str, type[Any]] = {
    "severity": Severity,
    "outcome": Outcome,
    "aspect": Aspect,
    "subject_kind": SubjectKind,
}


def to_json(event: Event) -> dict[str, Any]:
    """Return `event` as a JSON object whose member `event` names its kind."""
    return {"event": event.kind, **dataclasses.asdict(event)}


def from_json(value: Mapping[str, Any]) -> Event:
    """Return the event that `to_json` made `value` of.

    Raises KeyError or ValueError where it is none.
    """
    cls = _KINDS[value["event"]]
    members: dict[str, Any] = {}
    for name, member in value.items():
        if name == "event":
            continue
        if name in _WORDS:
            member = _WORDS[name](member)
        elif name == "evidence":
            member = Evidence(**{k: _frozen(v) for k, v in member.items()})
        members[name] = _frozen(member)
    event: Event = cls(**members)
    return event


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
