"""What validating a file has found, as values; knows neither reading nor judging.

`report/validation.schema.json` in the package describes their JSON.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from conformance.model.terms import ExitCode, Severity

VALIDATION_VERSION: Final = 1


class FileKind(enum.StrEnum):
    """What kind of file was recognized."""

    # The answer of query-qmp-schema, or the entries in it.
    INTROSPECTION = "introspection"
    # The answer of another command, or what it returns.
    ANSWER = "answer"
    # Our own recording: one entry for each message, with its speaker.
    RECORDING = "recording"
    # Plain messages one after the other, such as libvirt's replies.
    MESSAGES = "messages"
    # Messages between lines that are none, or behind prompts and times.
    LOG = "log"
    # The stream of events of a run, whose findings hold dialogues.
    STREAM = "stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A remark on a line of a file; only MUST breaks a promise.

    Remarks of one file with equal `fold` say the same about several lines.
    """

    line: int
    rule: str
    severity: Severity
    summary: str
    expected: str
    why: str
    """What the rule promises, and where that is written."""
    fold: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """A recognized file: its content, what its values were checked against, what was found.

    `schema` says which schema that was, "" where there was none: then values were not checked.
    """

    file: str
    kind: FileKind
    holds: Mapping[str, int] = field(default_factory=dict)
    schema: str = ""
    notes: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """The exit code for this file alone."""
        broken = any(remark.severity is Severity.MUST for remark in self.remarks)
        return ExitCode.FINDINGS if broken else ExitCode.CONFORMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A file that was not recognized: `problem`, at `place` (line:column, or "")."""

    file: str
    place: str
    problem: str

    @property
    def exit_code(self) -> ExitCode:
        """The exit code for this file alone."""
        return ExitCode.USAGE


Outcome: TypeAlias = Validated | Unreadable


def worst(outcomes: Iterable[Outcome]) -> ExitCode:
    """Return the exit code for all files."""
    return max((outcome.exit_code for outcome in outcomes), default=ExitCode.CONFORMS)


def to_json(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """Return what was found in all files as one JSON object."""
    every = tuple(outcomes)
    return {
        "validation": VALIDATION_VERSION,
        "exit_code": int(worst(every)),
        "files": [_file(each) for each in every],
    }


def _file(outcome: Outcome) -> dict[str, Any]:
    match outcome:
        case Unreadable():
            return {
                "file": outcome.file,
                "kind": None,
                "place": outcome.place,
                "problem": outcome.problem,
            }
        case Validated():
            return {
                "file": outcome.file,
                "kind": outcome.kind,
                "holds": dict(outcome.holds),
                "schema": outcome.schema,
                "notes": list(outcome.notes),
                "remarks": [_remark(remark) for remark in outcome.remarks],
            }


def _remark(remark: Remark) -> dict[str, Any]:
    return {
        "line": remark.line,
        "rule": remark.rule,
        "severity": remark.severity,
        "summary": remark.summary,
        "expected": remark.expected,
        "why": remark.why,
        "fold": remark.fold,
    }
