"""The words with which all formats tell of a case that is not passed."""

from __future__ import annotations

from conformance.report.formats.told import ToldCase
from conformance.report.stream import Finding


def headline(case: ToldCase) -> str:
    """Return in one line what a case shows, or why it decides nothing."""
    if not case.findings:
        return case.why
    first, *more = case.findings
    return f"{first.summary}{f' (and {len(more)} more)' if more else ''}"


def evidence(case: ToldCase) -> str:
    """Return all that a case shows, in paragraphs: promises, evidence, reproducer."""
    return "\n\n".join(map(_finding, case.findings)) or case.why


def _finding(finding: Finding) -> str:
    evidence = finding.evidence
    lines = [
        f"{finding.summary}",
        f"expected: {finding.expected}",
        f"promised: {finding.why}",
        f"rule: {finding.rule} ({finding.severity}); defect: {finding.fingerprint}",
    ]
    if evidence.exit_status is not None:
        lines.append(f"exit status: {evidence.exit_status}")
    if evidence.stderr:
        lines += ["standard error:", evidence.stderr.rstrip()]
    lines += ["", "To see it:", "", finding.reproducer.rstrip()]
    return "\n".join(lines)
