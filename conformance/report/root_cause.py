"""Folds the findings of a build into root causes, by the names of their defects; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from conformance.model.terms import Mark, Outcome, Severity, Weight
from conformance.report.stream import Finding, Pasted

_WORST: Final = {Outcome.CRASH: 0, Outcome.TIMEOUT: 1, Outcome.FAIL: 2}
_WEIGHTS: Final = {weight: place for place, weight in enumerate(Weight)}
_STRICTEST: Final = {severity: place for place, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RootCause:
    """One defect of a build, and all that shows it."""

    ways: tuple[Finding, ...]
    """One finding for each way in which it shows, the worst first."""
    cases: tuple[str, ...]
    """The ids of all cases that show it, sorted."""
    pasted: Pasted | None = None
    """What came of its smallest reproducer in a shell, None if that was not tried."""

    @property
    def reproducer(self) -> str:
        """Shell text that shows it: the smallest that was seen to, else that of its finding."""
        shows = self.pasted is not None and self.pasted.shows
        return self.pasted.reproducer if self.pasted and shows else self.finding.reproducer

    @property
    def signs(self) -> tuple[str, ...]:
        """What that prints that shows it."""
        shows = self.pasted is not None and self.pasted.shows
        return self.pasted.signs if self.pasted and shows else self.finding.signs

    @property
    def finding(self) -> Finding:
        """The worst of its findings; among equals, the one whose case id comes first."""
        return self.ways[0]

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects that show it, sorted."""
        return tuple(sorted({case.partition("/")[0] for case in self.cases}))


def causes_of(
    findings: Iterable[Finding], pasted: Mapping[str, Pasted] = MappingProxyType({})
) -> tuple[RootCause, ...]:
    """Return the defects that findings of one build show, worst first.

    `pasted` is what came of reproducers, by fingerprint.
    """
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.fingerprint, []).append(finding)
    causes = [
        RootCause(
            ways=_ways(group),
            cases=tuple(sorted({each.case for each in group})),
            pasted=pasted.get(name),
        )
        for name, group in groups.items()
    ]
    return tuple(sorted(causes, key=lambda each: badness(each.finding)))


def _ways(group: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the worst finding of each way in which one defect shows, worst first."""
    ways: dict[str, Finding] = {}
    for finding in sorted(group, key=badness):
        # Without a fold, a finding stands for its own case alone.
        ways.setdefault(finding.fold or f"case {finding.case}", finding)
    return tuple(ways.values())


def badness(finding: Finding) -> tuple[bool, int, int, bool, int, str, str, str, str]:
    """Return what sorts findings, the worst first."""
    return (
        finding.severity is not Severity.MUST or Mark.INTENDED in finding.marks,
        _WEIGHTS[finding.weight],
        _WORST.get(finding.outcome, len(_WORST)),
        bool(finding.marks),
        _STRICTEST[finding.severity],
        finding.rule,
        finding.case,
        finding.fold,
        finding.summary,
    )
