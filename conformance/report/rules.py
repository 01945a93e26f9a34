"""What the cases of a run show about each rule: counts for the reports' tables.

Knows neither how a report looks nor whether a build conforms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from conformance.model.terms import Outcome, Severity
from conformance.report.stream import CaseEnded, Finding, RulePlanned


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """One rule: the cases that name it or have a finding that cites it, each counted once.

    A case that passed shows all its rules kept. One with findings shows those broken that they
    cite, and nothing about its other rules, like a case without a verdict.
    """

    rule: str
    promise: str
    severity: Severity
    throughout: bool
    """Whether every message of every case is checked against it."""
    note: str
    """How it is tested besides cases, or why it is not, "" where the cases say it all."""
    passed: int
    broken: int
    open: int
    findings: int
    """The number of different findings that cite it."""

    @property
    def cases(self) -> int:
        """All its cases."""
        return self.passed + self.broken + self.open

    @property
    def kept(self) -> bool:
        """Whether it was shown kept at least once, and broken nowhere."""
        return bool(self.passed) and not self.broken


def rule_rows(
    planned: Mapping[str, RulePlanned],
    cases: Iterable[CaseEnded],
    findings: Sequence[Finding],
    ways: Iterable[Finding],
) -> tuple[RuleRow, ...]:
    """Return the row of each rule, in the order of `planned`, then the others, by id.

    `findings` are all findings, `ways` one for each way in which a defect shows.
    """
    of_case: dict[str, set[str]] = {}
    severities: dict[str, set[Severity]] = {}
    for each in findings:
        of_case.setdefault(each.case, set()).add(each.rule)
        severities.setdefault(each.rule, set()).add(each.severity)
    passed, broken, undecided = Counter[str](), Counter[str](), Counter[str]()
    for case in cases:
        amiss = of_case.get(case.case, set())
        broken.update(amiss)
        others = set(case.rules) - amiss
        (passed if case.outcome is Outcome.PASS else undecided).update(others)
    distinct = Counter(each.rule for each in ways)
    known = {*passed, *broken, *undecided}
    return tuple(
        _row(
            planned.get(rule) or _unplanned(rule, severities.get(rule, set())),
            (passed[rule], broken[rule], undecided[rule]),
            distinct[rule],
        )
        for rule in (*planned, *sorted(known - planned.keys()))
    )


def _unplanned(rule: str, severities: Collection[Severity]) -> RulePlanned:
    """Return a stand-in for a rule that only the cases of the stream mention."""
    severity = next((each for each in Severity if each in severities), Severity.MUST)
    return RulePlanned(
        target="", rule=rule, promise="", severity=severity, throughout=False, note=""
    )


def _row(planned: RulePlanned, counts: tuple[int, int, int], findings: int) -> RuleRow:
    passed, broken, undecided = counts
    return RuleRow(
        rule=planned.rule,
        promise=planned.promise,
        severity=planned.severity,
        throughout=planned.throughout,
        note=planned.note,
        passed=passed,
        broken=broken,
        open=undecided,
        findings=findings,
    )
