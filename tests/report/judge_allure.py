"""Holds what Allure read of a run against its stream.

    python -m tests.report.judge_allure RESULTS REPORT RUN

RESULTS is what pytest --alluredir wrote, REPORT what allure generate made of it, and RUN the report
folder.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any, Final

from conformance.report.formats.told import Told, ToldRun, told_of
from conformance.report.reading import read_run
from conformance.report.stream import ItemPlanned

_STEPS: Final = {
    Told.PASSED: "passed",
    Told.FAILED: "failed",
    Told.KNOWN: "skipped",
    Told.SKIPPED: "skipped",
    Told.ERROR: "broken",
}


def results_of(folder: Path) -> list[dict[str, Any]]:
    """Return the results in a folder."""
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*-result.json"))]


def steps(results: list[dict[str, Any]]) -> dict[str, str]:
    """Return the status of each case."""
    return {step["name"]: step["status"] for each in results for step in each.get("steps", ())}


def expected_steps(run: ToldRun) -> dict[str, str]:
    """Return the status that each case of a stream should have."""
    return {case.id: _STEPS[case.told] for target in run.targets for case in target.cases}


def expected_statuses(run: Path) -> dict[str, str]:
    """Return the status that each item of a stream should have."""
    told = told_of(read_run(run))
    # The cases of an item are the next ones of its target, in the order of the items.
    coming = {target.name: iter(target.cases) for target in told.targets}
    return {
        event.item: _status([case.told for case in islice(coming[event.target], event.cases)])
        for event in read_run(run)
        if isinstance(event, ItemPlanned) and event.cases
    }


def _status(cases: list[Told]) -> str:
    for told in (Told.FAILED, Told.ERROR, Told.KNOWN):
        if told in cases:
            return _STEPS[told]
    return "passed" if Told.PASSED in cases else "skipped"


def main(words: list[str]) -> None:
    """Compare, and fail where the counts differ."""
    results, report, run = map(Path, words)
    told, found = told_of(read_run(run)), results_of(results)
    assert steps(found) == expected_steps(told)
    statuses = Counter(expected_statuses(run).values())
    assert Counter(each["status"] for each in found) == statuses
    stats = json.loads((report / "summary.json").read_text())["stats"]
    assert stats == {"total": len(found), **statuses}, f"{stats}: {statuses}"
    groups = json.loads((report / "widgets/default/categories.json").read_text())["nodes"]
    shown = [each["name"] for each in groups.values() if each["type"] == "category"]
    assert "Breaks a promise" in shown, shown
    print(f"Allure has {len(found)} results of {len(steps(found))} cases: {dict(statuses)}")


if __name__ == "__main__":
    main(sys.argv[1:])
