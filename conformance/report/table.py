"""The table of subjects by aspects for a terminal; knows nothing of findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from conformance.report.paint import Paint, Style
from conformance.report.result import Counts, Row, shown_aspects
from conformance.report.wording import number, visible
from conformance.terms import BROKEN, Outcome, SubjectKind

LETTERS: Final = {
    Outcome.FAIL: "F",
    Outcome.CRASH: "C",
    Outcome.TIMEOUT: "T",
    Outcome.HARNESS_ERROR: "H",
    Outcome.FLAKY: "~",
    Outcome.VACUOUS: "V",
    Outcome.UNTESTABLE_HERE: "U",
    Outcome.NOT_RUN: "N",
}
"""How a count of each outcome is marked; one of `pass` bears no mark."""

LEGEND: Final = (
    "12 passed; F fail, C crash, T timeout, H harness error, ~ flaky, V vacuous, "
    "U untestable, N not run"
)

# What a cell says whose cases all came to the same end without a verdict.
_ALONE: Final = {
    Outcome.NOT_APPLICABLE: "n/a",
    Outcome.UNTESTABLE_HERE: "untestable",
    Outcome.VACUOUS: "vacuous",
    Outcome.NOT_RUN: "not run",
}
_HEADINGS: Final = {
    SubjectKind.COMMAND: "Commands",
    SubjectKind.OBJECT_TYPE: "Object types",
    SubjectKind.EVENT: "Events",
}
_GAP: Final = "  "
_TITLE: Final = 6
"""Characters of a column's title that are shown however narrow the terminal is."""


def table(rows: Sequence[Row], width: int, paint: Paint) -> Iterator[str]:
    """Yield the lines of the table, subjects cut so that it fits `width` columns if it can."""
    aspects = shown_aspects(rows)
    cells = [[_cell(row.cells.get(aspect, {})) for aspect in aspects] for row in rows]
    longest = max([len("subject"), *(len(visible(row.subject)) for row in rows)])
    inner = [
        max([_TITLE, *(len(line[column][0]) for line in cells)]) for column in range(len(aspects))
    ]
    widths = [max(size, len(title)) for size, title in zip(inner, aspects, strict=True)]
    if longest + sum(widths) + len(_GAP) * len(widths) > width:
        # Titles give way before subjects do: their beginnings tell them apart.
        widths = inner
    rest = width - sum(widths) - len(_GAP) * len(widths)
    subject = max(min(longest, rest), len("subject"))
    titles = (f"{_cut(aspect, size):>{size}}" for aspect, size in zip(aspects, widths, strict=True))
    yield paint(Style.HEAD, _GAP.join([f"{'subject':{subject}}", *titles]))
    kind = None
    for row, line in zip(rows, cells, strict=True):
        if row.kind is not kind:
            kind = row.kind
            yield paint(Style.HEAD, _HEADINGS[kind])
        name = f"{_cut(visible(row.subject), subject):{subject}}"
        if row.cells:
            shown = (
                paint(style, f"{text:>{size}}")
                for (text, style), size in zip(line, widths, strict=True)
            )
            yield _GAP.join([name, *shown]).rstrip()
        else:
            note = _cut(visible(row.note) or "no case", max(width - subject - len(_GAP), 20))
            yield name + _GAP + paint(Style.FAINT, note)


def _cell(counts: Counts) -> tuple[str, Style]:
    told = {outcome: count for outcome, count in counts.items() if outcome in LETTERS}
    passed = counts.get(Outcome.PASS, 0)
    if not passed and len(counts) == 1:
        (only,) = counts
        if only in _ALONE:
            return _ALONE[only], _style(counts)
    marks = [number(passed)] if passed else []
    marks += [
        f"{number(told[outcome])}{LETTERS[outcome]}" for outcome in LETTERS if outcome in told
    ]
    return " ".join(marks), _style(counts)


def _style(counts: Counts) -> Style:
    if any(outcome in BROKEN or outcome is Outcome.HARNESS_ERROR for outcome in counts):
        return Style.BAD
    if any(outcome in counts for outcome in (Outcome.FLAKY, Outcome.VACUOUS, Outcome.NOT_RUN)):
        return Style.DOUBT
    if Outcome.PASS in counts:
        # Untestable cases beside passed ones: not the whole promise was seen kept.
        return Style.DOUBT if Outcome.UNTESTABLE_HERE in counts else Style.GOOD
    return Style.FAINT


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
