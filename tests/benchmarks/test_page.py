"""The benchmark of the page comes to its end, and counts what it says."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks import page
from conformance.report.stream import STREAM_FILE, to_json
from tests.report.conftest import RunMaker, make_run

__all__ = ["make_run"]


def test_the_page_of_a_run_that_stands_for_several_is_measured(
    tmp_path: Path, make_run: RunMaker
) -> None:
    events = make_run(targets=1, cases=400)
    lines = (f"{json.dumps(to_json(event))}\n" for event in events)
    (tmp_path / STREAM_FILE).write_text("".join(lines), encoding="utf-8")

    told = page.measure([tmp_path], 3, 1)

    assert (told.builds, told.results) == (3, 1200)
    assert told.size > 50_000
    assert "| results of cases | 1,200 |" in page.table(told)
