"""The page of the published reports, from their summaries."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from reports.publish import HERE, PAGE, builds_table, neighbours
from tests.report.test_html import opened


def summary(kind: str = "system", arch: str = "x86_64", passed: int = 1) -> Any:
    build = {
        "package": "",
        "version": "10.0.13",
        "documentation": "its source",
        "kind_of_program": kind,
        "arch": arch,
    }
    return {"targets": [{"build": build, "totals": {"pass": passed, "fail": 1}, "causes": [{}]}]}


def test_each_build_has_a_row_with_its_numbers() -> None:
    assert builds_table({"q": summary(passed=1234)}).splitlines()[-1] == (
        "| [q](q/report.md) (10.0.13) | its source | 1,235 | 1,234 | 1 |"
    )


def test_a_build_is_compared_with_the_next_of_its_program_and_architecture() -> None:
    builds = {
        "old": summary(),
        "daemon": summary("storage-daemon", ""),
        "arm": summary(arch="aarch64"),
        "new": summary(),
        "newest": summary(),
        "new-daemon": summary("storage-daemon", ""),
    }

    assert list(neighbours(builds)) == [
        ("old", "new"),
        ("new", "newest"),
        ("daemon", "new-daemon"),
    ]


def test_each_published_build_is_a_target_that_anybody_can_run() -> None:
    targets = tomllib.loads((HERE / "targets.toml").read_text())["target"]

    published = {path.parent.name for path in Path(HERE).glob("*/summary.json")}
    assert {target["name"] for target in targets} == published


def test_the_page_of_all_builds_has_a_column_for_each_and_a_size_that_git_bears() -> None:
    targets = tomllib.loads((HERE / "targets.toml").read_text())["target"]
    page = HERE / PAGE

    builds = opened(page.read_text(encoding="utf-8"))["index"]["builds"]
    assert [each["name"] for each in builds] == [target["name"] for target in targets]
    assert page.stat().st_size < 6_000_000
