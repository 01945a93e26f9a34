"""What validating has found, as a person and as a program read it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import conformance.report
from conformance.model.terms import ExitCode, Severity
from conformance.report.validation import complaint, render
from conformance.validate.result import (
    FileKind,
    Outcome,
    Remark,
    Unreadable,
    Validated,
    to_json,
    worst,
)

SCHEMA: dict[str, Any] = json.loads(
    (Path(conformance.report.__path__[0]) / "validation.schema.json").read_text()
)


def remark(line: int, severity: Severity = Severity.MUST, fold: str = "f") -> Remark:
    return Remark(
        line=line,
        rule="W38",
        severity=severity,
        summary=f"look returned nonsense on line {line}",
        expected="sense",
        why="What is returned makes sense. (a document, its place)",
        fold=fold,
    )


def validated(*remarks: Remark, schema: str = "the one on line 2") -> Validated:
    return Validated(
        file="a.ndjson",
        kind=FileKind.RECORDING,
        holds={"requests": 1, "replies": 1200, "events": 0},
        schema=schema,
        notes=("something of note",),
        remarks=remarks,
    )


LOST = Unreadable(file="b\n.bin", place="3:4", problem="no JSON: expecting value")
FOUND = validated(remark(3), remark(5), remark(7, Severity.INFORMATION, "g"))


def test_a_finding_says_where_what_which_rule_and_why() -> None:
    assert render([FOUND]).splitlines() == [
        "a.ndjson: a recorded dialogue",
        "  holds     1 request, 1,200 replies",
        "  schema    the one on line 2",
        "  note      something of note",
        "  a.ndjson:3: W38 (must)",
        "    happened  look returned nonsense on line 3",
        "    promised  sense",
        "    source    What is returned makes sense. (a document, its place)",
        "    and       1 time more, the last on line 5",
        "  a.ndjson:7: W38: look returned nonsense on line 7",
        "",
        "FINDINGS: 1 finding in 1 file.",
    ]


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        ([validated()], "CONFORMS: nothing is wrong in 1 of 1 file."),
        (
            [validated(remark(1, Severity.SHOULD)), validated(schema="")],
            "CONFORMS: nothing is wrong in 2 of 2 files. Values of 1 were not checked: no schema.",
        ),
        (
            [validated(), LOST],
            "CONFORMS: nothing is wrong in 1 of 2 files. 1 of 2 files could not be read.",
        ),
        ([FOUND, LOST], "FINDINGS: 1 finding in 2 files. 1 of 2 files could not be read."),
        ([LOST], "NOTHING VALIDATED: 1 of 1 file could not be read."),
    ],
)
def test_the_last_line_is_the_verdict(outcomes: list[Outcome], verdict: str) -> None:
    assert render(outcomes).splitlines()[-1] == verdict


def test_control_characters_are_spelt_out_and_colour_is_asked_for() -> None:
    assert complaint(LOST) == "b\\x0a.bin:3:4: no JSON: expecting value"
    assert "\x1b" not in render([FOUND])
    assert "\x1b[1;31m" in render([FOUND], colour=True)


def test_lines_keep_to_the_width() -> None:
    assert max(map(len, render([FOUND], 60).splitlines())) <= 60


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([], ExitCode.CONFORMS),
        ([validated(remark(1, Severity.SHOULD))], ExitCode.CONFORMS),
        ([validated(), FOUND], ExitCode.FINDINGS),
        ([LOST, FOUND], ExitCode.USAGE),
    ],
)
def test_the_worst_of_all_files_counts_and_the_json_is_as_described(
    outcomes: list[Outcome], code: ExitCode
) -> None:
    value = json.loads(json.dumps(to_json(outcomes)))

    jsonschema.Draft202012Validator(SCHEMA).validate(value)
    assert worst(outcomes) is code
    assert value["exit_code"] == int(code)
    assert len(value["files"]) == len(outcomes)
