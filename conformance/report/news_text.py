"""Tells what is new beside known issues and an earlier run: for a terminal, and as Markdown."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from conformance.model.counting import counted, number
from conformance.model.terms import Standing
from conformance.report.markup import code_cell, folded, plain, row
from conformance.report.news import NewsItem
from conformance.report.wording import visible

MEANINGS: Final = {
    Standing.NEW: "neither known nor in the baseline",
    Standing.WORSE: "in the baseline, and does more harm now",
    Standing.STALE: "a known issue whose cases pass",
    Standing.EXPIRED: "a known issue whose day is over",
    Standing.NEWLY_RUN: "not in the baseline, which had no verdict on its cases",
    Standing.MILDER: "in the baseline, and does less harm now",
    Standing.STILL: "in the baseline, and still there",
    Standing.KNOWN: "a known issue that shows",
    Standing.FIXED: "in the baseline, and its cases pass",
    Standing.COMES_AND_GOES: "not seen, and it comes and goes",
    Standing.NOT_RUN: "not seen, and nothing shows that it is gone",
    Standing.UNMATCHED: "a known issue about none of the targets",
}
"""Each standing in words."""
_SHOWN: Final = frozenset({Standing.STILL, Standing.KNOWN})
_QUIET: Final = _SHOWN | {Standing.UNMATCHED}
"""What a reader expects: it is counted, and the written report lists it."""
_LISTED: Final = 20
"""So many items of a standing a terminal shows."""


def news_lines(items: Sequence[NewsItem], width: int) -> Iterator[str]:
    """Yield the lines for a terminal."""
    several = len({item.target for item in items} - {""}) > 1
    for standing in Standing:
        group = [item for item in items if item.standing is standing]
        if not group:
            continue
        yield f"{number(len(group)):>5} {standing}: {MEANINGS[standing]}"
        if standing in _QUIET:
            continue
        for item in group[:_LISTED]:
            yield from _item(item, width, named=several)
        if len(group) > _LISTED:
            yield f"      and {number(len(group) - _LISTED)} more, which the written report lists"


def _item(item: NewsItem, width: int, *, named: bool) -> Iterator[str]:
    target = f"{item.target}: " if item.target and named else ""
    head = f"      {item.fingerprint} {visible(target)}"
    cases = f" [{item.cases[0]}]" if item.cases else ""
    note = f" ({item.note})" if item.note else ""
    yield from textwrap.wrap(
        visible(f"{item.summary}{cases}{note}"),
        width,
        initial_indent=head,
        subsequent_indent=" " * 8,
    )


def news_markdown(items: Sequence[NewsItem]) -> Iterator[str]:
    """Yield the section of the written report."""
    yield "## News"
    yield ""
    counts = Counter(item.standing for item in items)
    for standing in Standing:
        if counts[standing]:
            yield f"- {number(counts[standing])} {standing}: {MEANINGS[standing]}"
    yield ""
    loud = [item for item in items if item.standing not in _QUIET]
    if loud:
        yield from _table(loud)
        yield ""
    # Files of known issues hold those of many builds: what is about others is counted above.
    shown = [item for item in items if item.standing in _SHOWN]
    if shown:
        yield from folded(f"{number(len(shown))} known, or still there", [*_table(shown)])


def _table(items: Sequence[NewsItem]) -> Iterator[str]:
    yield row(["", "Defect", "Target", "What", "Case", "Note"])
    yield row([":--"] * 6)
    for item in items:
        yield row(
            [
                str(item.standing),
                code_cell(item.fingerprint),
                plain(item.target),
                plain(item.summary),
                code_cell(item.cases[0]) if item.cases else "",
                plain(item.note),
            ]
        )


def news_verdict(items: Sequence[NewsItem]) -> str:
    """Return the news of a run in one line."""
    counts = Counter(item.standing for item in items)
    loud = [standing for standing in Standing if counts[standing] and standing not in _SHOWN]
    shown = counts[Standing.KNOWN] + counts[Standing.STILL]
    known = f"{counted(shown, 'root cause')} known or still there"
    told = [f"{number(counts[standing])} {standing}" for standing in loud]
    head = "NEWS" if any(item.news for item in items) else "NOTHING NEW"
    return f"{head}: {', '.join([*told, known])}."
