"""A finding that a new run of a published build does not find again is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reports.lost_findings import main

FINDING = {"case": "a/valid/x", "cases": ["a/valid/x", "a/valid/y"], "fold": "f", "summary": "s"}
EXAMPLE = {"case": "a/examples/1", "cases": ["a/examples/1"], "fold": "e", "summary": "s"}


def _ended(case: str, outcome: str = "pass", reason: str = "") -> dict[str, Any]:
    return {"event": "case-ended", "case": case, "outcome": outcome, "reason": reason}


@pytest.fixture
def compare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(published: list[Any], events: list[Any]) -> tuple[int, str]:
        (tmp_path / "summary.json").write_text(json.dumps({"targets": [{"findings": published}]}))
        text = "".join(f"{json.dumps(event)}\n" for event in events)
        (tmp_path / "events.ndjson").write_text(text)
        code = main([str(tmp_path), str(tmp_path)])
        return code, capsys.readouterr().out

    return run


@pytest.mark.parametrize(
    "found",
    [
        {"event": "finding", "case": "b/valid/z", "fold": "f"},
        {"event": "finding", "case": "a/valid/y", "fold": "other words"},
        _ended("a/valid/y", "intermittent", "known to be broken in some plays"),
    ],
    ids=["same defect", "same case", "comes and goes"],
)
def test_what_is_found_again_is_not_lost(compare: Any, found: dict[str, Any]) -> None:
    code, text = compare([FINDING], [found, _ended("a/valid/x")])

    assert code == 0
    assert text.startswith("0 of the findings")


def test_what_is_not_found_again_is_named_with_what_became_of_its_case(compare: Any) -> None:
    code, text = compare([FINDING], [_ended("a/valid/x", "untried", "no recipe")])

    assert code == 1
    assert text.startswith("lost: a/valid/x: s\n    now untried: no recipe\n1 of")


def test_a_case_that_is_gone_does_not_take_its_finding_along(compare: Any) -> None:
    assert "no such case any more" in compare([FINDING], [])[1]


def test_examples_count_where_the_source_was_at_hand(compare: Any) -> None:
    other = _ended("b/examples/1")

    assert compare([EXAMPLE], [])[0] == 0
    assert compare([EXAMPLE], [other])[0] == 1
