"""What validating a file has found, as values; knows neither how files are read nor judged.

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
    """What sort of file was understood."""

    # The answer of query-qmp-schema, or the entries in it.
    INTROSPECTION = "introspection"
    # A recording of ours: one entry for each message, with who spoke.
    RECORDING = "recording"
    # Messages one behind the other, as they went over the wire; libvirt's replies are such.
    MESSAGES = "messages"
    # The stream of events of a run, whose findings hold dialogues.
    STREAM = "stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something to say of a line of a file; only MUST breaks a promise.

    Remarks of one file with equal `fold` say the same of several lines.
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
    """A file that was understood: what it holds, what values were held against, what was found.

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
        """What this file alone makes the command return."""
        broken = any(remark.severity is Severity.MUST for remark in self.remarks)
        return ExitCode.FINDINGS if broken else ExitCode.CONFORMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A file that was not understood: `problem`, at `place` (line:column, or "")."""

    file: str
    place: str
    problem: str

    @property
    def exit_code(self) -> ExitCode:
        """What this file alone makes the command return."""
        return ExitCode.USAGE


Outcome: TypeAlias = Validated | Unreadable


def worst(outcomes: Iterable[Outcome]) -> ExitCode:
    """Return what the command returns for all of its files."""
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
