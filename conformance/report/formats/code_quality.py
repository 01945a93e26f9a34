"""GitLab's code quality report: an issue for each root cause that is not known."""

from __future__ import annotations

from typing import Any, Final

from conformance.model import canonical
from conformance.model.terms import Severity, Weight
from conformance.report.formats.places import place_of
from conformance.report.formats.told import ToldRun, ToldTarget
from conformance.report.root_cause import RootCause

_WEIGHTS: Final = {
    Weight.ENDS: "blocker",
    Weight.HANGS: "critical",
    Weight.WRONG: "major",
    Weight.LEAKS: "major",
    Weight.ENDS_ODDLY: "critical",
}
_LIGHT: Final = "minor"
_REMARK: Final = "info"
"""For what makes no run fail."""


def render(run: ToldRun) -> str:
    """Return the issues of all targets."""
    return canonical.pretty(
        [
            _issue(target, cause)
            for target in run.targets
            for cause in target.summary.causes
            if cause.finding.fingerprint not in target.quiet
        ]
    )


def _issue(target: ToldTarget, cause: RootCause) -> dict[str, Any]:
    finding, place = cause.finding, place_of(cause.finding)
    must = finding.severity is Severity.MUST
    return {
        "description": f"{target.name}: {finding.summary}; promised: {finding.expected}",
        "check_name": finding.rule,
        # Equal ones of two targets would be one.
        "fingerprint": f"{finding.fingerprint}:{target.name}",
        "severity": _WEIGHTS.get(finding.weight, _LIGHT) if must else _REMARK,
        "location": {"path": place.path, "lines": {"begin": place.line}},
    }
