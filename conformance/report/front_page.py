"""The two pages of a target that a reader begins with: verdict, root causes, what was looked at.

All else is in the appendix.  Pure.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator
from typing import Final

from conformance.model.counting import counted, number
from conformance.model.terms import BROKEN, Outcome, Severity
from conformance.report.markup import code, code_cell, plain, row
from conformance.report.result import TargetSummary
from conformance.report.root_cause import RootCause
from conformance.report.wording import (
    MEANINGS,
    OUTCOMES,
    accepted_commands,
    kept_sessions,
    provoked_events,
    rules_kept,
    target_verdict,
    weighed,
)

_DECIDED: Final = frozenset({Outcome.PASS, *BROKEN})
_REASONS: Final = 2
_WIDTH: Final = 160
"""The most characters of a cell: the appendix has the whole."""


def front_page(target: TargetSummary) -> Iterator[str]:
    """Yield the lines of a target's first pages."""
    yield f"## {plain(target.build.target)}"
    yield ""
    yield plain(target_verdict(target))
    yield ""
    yield from _provenance(target)
    yield from _causes(target)
    yield from _looked_at(target)
    yield from _untested(target)


def heading(target: TargetSummary) -> str:
    """Return GitHub's anchor of a target's heading."""
    # Lower case, hyphens for spaces, without other punctuation.
    kept = (each for each in target.build.target.lower() if each.isalnum() or each in "-_ ")
    return "".join(kept).replace(" ", "-")


def anchor(target: TargetSummary, cause: RootCause) -> str:
    """Return the anchor of a root cause in the appendix."""
    return f"{heading(target)}-{cause.finding.fingerprint}"


def _provenance(target: TargetSummary) -> Iterator[str]:
    facts = target.build
    yield row(["Build", ""])
    yield row([":--", ":--"])
    for name, value in (
        ("program", facts.program),
        ("version", facts.version),
        ("package", facts.package),
        ("architecture", facts.arch),
        ("SHA-256", facts.sha256),
        ("SHA-256 of its introspection", facts.schema_sha256),
        ("started by", facts.launcher),
        ("compared with", facts.documentation),
        ("command line", shlex.join(facts.command_line)),
    ):
        if value:
            yield row([name, code_cell(value)])
    yield ""


def _causes(target: TargetSummary) -> Iterator[str]:
    """Yield a row for each root cause, the worst first."""
    if not target.causes:
        return
    yield f"### {counted(len(target.causes), 'root cause')}, worst first"
    yield ""
    yield row(["Defect", "What it does", "What happens", "Rule", "Cases"])
    yield row([":--", ":--", ":--", ":--", "--:"])
    for cause in target.causes:
        finding = cause.finding
        weight = "" if finding.severity is Severity.MUST else f" ({finding.severity})"
        yield row(
            [
                f"[{code_cell(finding.fingerprint)}](#{anchor(target, cause)})",
                plain(weighed(finding)),
                plain(_cut(finding.summary)),
                plain(f"{finding.rule}{weight}"),
                number(len(cause.cases)),
            ]
        )
    yield ""


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"


def _looked_at(target: TargetSummary) -> Iterator[str]:
    told = []
    if target.commands.whole:
        told.append(accepted_commands(target.commands))
    if target.events.whole:
        told.append(provoked_events(target.events))
    if target.sessions.whole:
        told.append(kept_sessions(target.sessions))
    if any(each.cases for each in target.rules):
        told.append(rules_kept(target.rules))
    if not told:
        return
    yield "### What was looked at"
    yield ""
    yield from (f"- {plain(line)}" for line in told)
    yield ""


def _untested(target: TargetSummary) -> Iterator[str]:
    """Yield how many cases have no verdict, and the commonest reasons."""
    totals = {each: n for each, n in target.totals.items() if each not in _DECIDED and n}
    if not totals:
        return
    yield "### What was not"
    yield ""
    for outcome, count in totals.items():
        reasons = Counter({r.reason: r.count for r in target.reasons if r.outcome is outcome})
        common = "; ".join(
            f"{number(n)} {plain(_cut(reason) or 'without a reason')}"
            for reason, n in reasons.most_common(_REASONS)
        )
        told = f"- {number(count)} {code(OUTCOMES[outcome])}"
        told += f": {plain(MEANINGS[outcome])}" if outcome in MEANINGS else ""
        yield f"{told} ({common})" if common else told
    yield ""
