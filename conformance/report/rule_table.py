"""The table of the published report that has a row for each rule, as Markdown.

Knows nothing of subjects.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from conformance.model.counting import counted, number
from conformance.report.markup import folded, plain, row
from conformance.report.rules import RuleRow
from conformance.report.wording import rules_kept

_LEGEND: Final = (
    "**Passed**: cases about the rule that passed, and so have shown it kept. **Broken**: cases "
    "with a finding that cites it. **No verdict**: cases about it that were not judged, or that "
    "broke another rule first. **Findings**: those that cite it, equal ones counted once. Against "
    "a rule with a \N{DAGGER} every message of every case is held as well."
)
_HEADS: Final = ("Rule", "Promise", "Severity", "Passed", "Broken", "No verdict", "Findings")


def rules(rows: Sequence[RuleRow]) -> Iterator[str]:
    """Yield the section about rules; nothing without rules."""
    if not rows:
        return
    shown = [each for each in rows if each.cases]
    yield "### Rules"
    yield ""
    yield f"{rules_kept(rows)}."
    yield ""
    if shown:
        yield _LEGEND
        yield ""
        yield row(_HEADS)
        yield row([":--", ":--", ":--", *["--:"] * (len(_HEADS) - 3)])
        yield from map(_row, shown)
        yield ""
    others = [each for each in rows if not each.cases]
    if others:
        names = f"{counted(len(others), 'rule')} without a case in this run"
        heads = [row(["Rule", "Promise", "Why"]), row([":--"] * 3)]
        yield from folded(names, [*heads, *map(_without, others)])


def _row(each: RuleRow) -> str:
    name = each.rule + (" \N{DAGGER}" if each.throughout else "")
    broken = f"**{number(each.broken)}**" if each.broken else ""
    return row(
        [
            plain(name),
            plain(each.promise),
            str(each.severity),
            f"{number(each.passed)} ✓" if each.passed else "",
            broken,
            number(each.open) if each.open else "",
            number(each.findings) if each.findings else "",
        ]
    )


def _without(each: RuleRow) -> str:
    if each.throughout:
        why = "every message of every case is held against it"
    else:
        why = each.note or "no case of it was run"
    return row([plain(each.rule), plain(each.promise), plain(why)])
