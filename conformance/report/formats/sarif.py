"""SARIF 2.1.0, as GitHub's code scanning reads it: a result for each root cause."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conformance.model import canonical
from conformance.model.terms import ExitCode, Severity, Standing
from conformance.report.formats.places import place_of
from conformance.report.formats.told import ToldRun, ToldTarget
from conformance.report.news import NewsItem
from conformance.report.root_cause import RootCause

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final = {
    Severity.MUST: "error",
    Severity.SHOULD: "warning",
    Severity.INFORMATION: "note",
}
_BASELINE: Final = {
    Standing.NEW: "new",
    Standing.NEWLY_RUN: "new",
    Standing.WORSE: "updated",
    Standing.MILDER: "updated",
    Standing.STILL: "unchanged",
    Standing.KNOWN: "unchanged",
}
_FINGERPRINT: Final = "qmpDefect/v1"


def render(run: ToldRun) -> str:
    """Return a log with a run for each target."""
    return canonical.pretty(
        {
            "$schema": _SCHEMA,
            "version": "2.1.0",
            "runs": [_run(target) for target in run.targets],
        }
    )


def _run(target: ToldTarget) -> dict[str, Any]:
    causes = target.summary.causes
    items = {item.fingerprint: item for item in target.items}
    rules = sorted({cause.finding.rule for cause in causes})
    promises = {rule.rule: rule.promise for rule in target.summary.rules}
    started, ended = target.run.started, target.run.ended
    incomplete = target.run.incomplete
    return {
        "tool": {
            "driver": {
                "name": "qmp-conformance",
                "version": started.suite if started else "",
                "rules": [
                    {"id": rule, "shortDescription": {"text": promises.get(rule) or rule}}
                    for rule in rules
                ],
            }
        },
        # One alert for a defect on each build.
        "automationDetails": {"id": f"qmp-conformance/{target.name}/"},
        "invocations": [
            {
                "executionSuccessful": not incomplete,
                "exitCode": ended.exit_code if ended else ExitCode.INTERRUPTED,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": text}} for text in incomplete
                ],
            }
        ],
        "results": [
            _result(cause, rules, target, items.get(cause.finding.fingerprint)) for cause in causes
        ],
    }


def _result(
    cause: RootCause, rules: list[str], target: ToldTarget, item: NewsItem | None
) -> dict[str, Any]:
    finding, place = cause.finding, place_of(cause.finding)
    region = {"startLine": place.line}
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rules.index(finding.rule),
        "level": _LEVELS[finding.severity],
        "message": {"text": "\n".join(_told(cause, target))},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": place.path, "uriBaseId": "QEMU"},
                    "region": region,
                },
                "logicalLocations": [{"fullyQualifiedName": case} for case in cause.cases[:_CASES]],
            }
        ],
        "partialFingerprints": {_FINGERPRINT: finding.fingerprint},
        "properties": {"weight": finding.weight, "tags": [*finding.marks]},
    }
    if item is not None:
        result["baselineState"] = _BASELINE.get(item.standing, "unchanged")
        if item.standing is Standing.KNOWN:
            result["suppressions"] = [{"kind": "external", "justification": item.note}]
    return result


_CASES: Final = 20
"""The most cases of a root cause that a result names: the report has them all."""


def _told(cause: RootCause, target: ToldTarget) -> Iterator[str]:
    finding, build = cause.finding, target.summary.build
    yield f"{finding.summary}."
    yield f"Promised: {finding.expected}. {finding.why}"
    yield f"Build: {build.program} {build.version} {build.package}".rstrip()
    yield f"Case: {finding.case}, and {len(cause.cases) - 1} more"
    yield ""
    yield finding.reproducer
