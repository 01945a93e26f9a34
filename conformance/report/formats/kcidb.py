"""KCIDB's report, version 5.3, as KernelCI's database takes it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any, Final

from conformance.model import canonical
from conformance.model.terms import Outcome
from conformance.report.formats.told import Told, ToldCase, ToldRun, ToldTarget
from conformance.report.formats.words import headline

_ORIGIN: Final = "qmpconformance"
_STATUSES: Final = {
    Told.PASSED: "PASS",
    Told.FAILED: "FAIL",
    Told.KNOWN: "FAIL",
    Told.SKIPPED: "SKIP",
    Told.ERROR: "ERROR",
}
_UNDECIDED: Final = {
    # It was run, and has no verdict.
    Outcome.VACUOUS: "DONE",
    Outcome.REFUSED_DIFFERENTLY: "DONE",
    # It was to be run, and was not.
    Outcome.NOT_RUN: "MISS",
}
_PATH: Final = re.compile(r"[^.a-zA-Z0-9_-]")
"""What the path of a test may not hold."""


def render(run: ToldRun) -> str:
    """Return the report of all targets."""
    tests: list[dict[str, Any]] = []
    incidents: list[dict[str, Any]] = []
    issues: dict[str, dict[str, Any]] = {}
    builds, checkouts = [], []
    for target in run.targets:
        time = target.run.started.time if target.run.started else ""
        build = _id("build", target.summary.build.sha256, target.name, time)
        checkouts.append({"id": build, "origin": _ORIGIN, "comment": target.name})
        builds.append(_build(target, build))
        issues.update(_issues(target))
        for case in target.cases:
            test = _test(target, case, build)
            tests.append(test)
            incidents += _incidents(case, test["id"], issues)
    return canonical.pretty(
        {
            "version": {"major": 5, "minor": 3},
            "checkouts": checkouts,
            "builds": builds,
            "tests": tests,
            "issues": [*issues.values()],
            "incidents": incidents,
        }
    )


def _build(target: ToldTarget, build: str) -> dict[str, Any]:
    facts = target.summary.build
    return {
        "id": build,
        "checkout_id": build,
        "origin": _ORIGIN,
        "comment": f"{target.name}: {facts.program} {facts.version} {facts.package}".rstrip(),
        "architecture": re.sub(r"[^a-z0-9_]", "_", facts.arch or "unknown"),
        "command": " ".join(facts.command_line),
        "status": "PASS",
    }


def _test(target: ToldTarget, case: ToldCase, build: str) -> dict[str, Any]:
    status = _STATUSES[case.told]
    if case.told is Told.SKIPPED:
        status = _UNDECIDED.get(case.ended.outcome, status)
    parts = filter(None, case.id.split("/"))
    return {
        "id": _id("test", build, case.id),
        "build_id": build,
        "origin": _ORIGIN,
        "path": ".".join(["qmp", *(_PATH.sub("_", part.replace(".", "_")) for part in parts)]),
        "comment": case.id if case.told is Told.PASSED else f"{case.id}: {headline(case)}",
        "status": status,
        "duration": round(case.ended.seconds, 3),
        "misc": {"outcome": str(case.ended.outcome), "target": target.name},
    }


def _issues(target: ToldTarget) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what is known of a target, by its fingerprint."""
    for item in target.items:
        if not item.news:
            yield (
                item.fingerprint,
                {
                    "id": _id("issue", item.fingerprint),
                    "version": 1,
                    "origin": _ORIGIN,
                    "report_subject": item.summary,
                    "culprit": {"code": True, "tool": False, "harness": False},
                    "comment": item.note or item.defect,
                },
            )


def _incidents(
    case: ToldCase, test: str, issues: dict[str, dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    for fingerprint in sorted({each.fingerprint for each in case.findings}):
        if fingerprint in issues:
            yield {
                "id": _id("incident", test, fingerprint),
                "origin": _ORIGIN,
                "issue_id": issues[fingerprint]["id"],
                "issue_version": 1,
                "test_id": test,
                "present": True,
            }


def _id(*parts: str) -> str:
    return f"{_ORIGIN}:{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:32]}"
