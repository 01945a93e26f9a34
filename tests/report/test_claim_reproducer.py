"""What a claim is about is named by file and line, and what the build has instead is shown."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.model.case import Claim
from conformance.model.errors import UsageError
from conformance.model.stage import Request
from conformance.model.terms import Outcome, SubjectKind
from conformance.report.claim_reproducer import claim_signs, claim_text
from conformance.report.source_text import source_lines
from tests.conftest import QEMU
from tests.patience import PATIENCE
from tests.play.made import case
from tests.report.test_formats import finding

COMMAND = (QEMU, "-machine", "none", "-nodefaults", "-display", "none", "-S", "-qmp", "stdio")
CLAIM = Claim(
    rule="X18",
    what="qapi/run-state.json:7: example 1 of STOP",
    promised="valid by the schema",
    found="data is missing",
    fold="f",
)
MADE = case("claims")


def pasted(text: str) -> str:
    return subprocess.run(
        ["bash", "-c", text], capture_output=True, text=True, timeout=PATIENCE, check=True
    ).stdout


@pytest.mark.qemu
@pytest.mark.parametrize(
    ("kind", "name", "lines"),
    [
        (SubjectKind.EVENT, "SHUTDOWN", ["event SHUTDOWN", "    guest: builtin"]),
        (SubjectKind.COMMAND, "query-status", ["command query-status", "    running: builtin"]),
        (SubjectKind.COMMAND, "query-it", ["command query-it is not in this build"]),
    ],
)
def test_what_the_build_declares_is_printed(kind: SubjectKind, name: str, lines: list[str]) -> None:
    about = replace(MADE, subject=replace(MADE.subject, kind=kind, name=name))

    text = claim_text(about, [CLAIM], COMMAND)
    told = pasted(text).splitlines()

    assert claim_signs(about, [CLAIM]) == (f"{kind} {name}",)
    assert [line for line in lines if line not in told] == []
    assert "# In a tree of its source: sed -n 7,19p qapi/run-state.json" in text


@pytest.mark.qemu
def test_a_claim_that_the_schema_does_not_show_has_its_own_request() -> None:
    asks = (Request("object-add", {"qom-type": "no-such", "id": "made"}),)
    claim = replace(CLAIM, asks=asks, shows="'no-such'")

    told = pasted(claim_text(MADE, [claim], COMMAND))

    (sign,) = claim_signs(MADE, [claim])
    assert sign in told


SOURCE = """\
##
# @STOP:
#
# .. qmp-example::
#
#     <- { "event": "STOP",
#          "data": { "first": 1,
#                    "wrong": 2 } }
##
"""


@pytest.mark.parametrize(
    ("summary", "caret"),
    [
        ('qapi/a.json:6: example 1 of STOP: "wrong" stands there', (8, '"wrong"', 5)),
        ("qapi/a.json:6: example 1 of STOP: data.wrong is no member", (8, '"wrong"', 7)),
        ("qapi/a.json:6: example 1 of STOP: a comma is missing", (6, "# ", 0)),
    ],
    ids=["quoted", "path", "line"],
)
def test_the_source_is_quoted_with_a_caret_where_it_is_asked_for(
    tmp_path: Path, summary: str, caret: tuple[int, str, int]
) -> None:
    (tmp_path / "qapi").mkdir()
    (tmp_path / "qapi" / "a.json").write_text(SOURCE)
    number, named, length = caret

    head, *lines = source_lines(finding("f", Outcome.FAIL, summary=summary), tmp_path)

    assert head == "qapi/a.json:6"
    place = next(at for at, line in enumerate(lines) if set(line[9:].strip()) == {"^"})
    assert lines[place - 1].startswith(f"{number:6} | ")
    assert lines[place].count("^") == (length or len(lines[place - 1]) - 9)
    assert lines[place].index("^") - (length == 5) == lines[place - 1].index(named)


def test_a_tree_without_that_place_is_another_one(tmp_path: Path) -> None:
    about = finding("f", Outcome.FAIL, summary="qapi/a.json:6: example")

    with pytest.raises(UsageError, match="cannot be read"):
        source_lines(about, tmp_path)


def test_a_finding_without_a_place_quotes_nothing(tmp_path: Path) -> None:
    assert source_lines(finding("f", Outcome.FAIL, summary="it died"), tmp_path) == []
