"""CTRF, the common test report format: a test for each case, with the outcome as its raw status."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, Final

from conformance.model import canonical
from conformance.report.formats.told import Told, ToldCase, ToldRun, ToldTarget
from conformance.report.formats.words import evidence, headline

_STATUSES: Final = {
    Told.PASSED: "passed",
    Told.FAILED: "failed",
    # What failed and makes no run fail.
    Told.KNOWN: "other",
    Told.SKIPPED: "skipped",
    Told.ERROR: "failed",
}


def render(run: ToldRun) -> str:
    """Return the report of all targets."""
    tests = [_test(target, case) for target in run.targets for case in target.cases]
    counts = Counter(test["status"] for test in tests)
    start, stop = _times(run)
    return canonical.pretty(
        {
            "reportFormat": "CTRF",
            "specVersion": "0.0.0",
            "results": {
                "tool": {
                    "name": "qmp-conformance",
                    "version": run.suite,
                },
                "summary": {
                    "tests": len(tests),
                    **{name: counts[name] for name in ("passed", "failed", "skipped", "other")},
                    "pending": 0,
                    "start": start,
                    "stop": stop,
                },
                "tests": tests,
                "extra": {"incomplete": run.broken_off},
            },
        }
    )


def _test(target: ToldTarget, case: ToldCase) -> dict[str, Any]:
    test: dict[str, Any] = {
        "name": case.id,
        "status": _STATUSES[case.told],
        "rawStatus": str(case.ended.outcome),
        "duration": round(case.ended.seconds * 1000),
        "suite": [target.name, case.ended.subject, str(case.ended.aspect)],
    }
    if case.told is not Told.PASSED:
        test["message"] = headline(case)
    if case.told in (Told.FAILED, Told.ERROR):
        test["trace"] = evidence(case)
    return test


def _times(run: ToldRun) -> tuple[int, int]:
    """Return the beginning and the end in milliseconds since 1970, 0 where it has none."""
    starts = [each.started.time for each in run.summaries if each.started]
    stops = [each.ended.time for each in run.summaries if each.ended]
    start = min(map(_milliseconds, starts), default=0)
    return start, max(map(_milliseconds, stops), default=start)


def _milliseconds(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp() * 1000)
