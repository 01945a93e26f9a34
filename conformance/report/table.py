"""The table of subjects by aspects for a terminal; knows nothing of findings."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from conformance.model.counting import counted, number
from conformance.model.terms import BROKEN, Aspect, Outcome, SubjectKind
from conformance.report.paint import Paint, Style
from conformance.report.result import Counts, SubjectRow, shown_aspects
from conformance.report.wording import visible

LETTERS: Final = {
    Outcome.FAIL: "F",
    Outcome.CRASH: "C",
    Outcome.TIMEOUT: "T",
    Outcome.HARNESS_ERROR: "H",
    Outcome.INTERMITTENT: "I",
    Outcome.FLAKY: "~",
    Outcome.REFUSED_DIFFERENTLY: "D",
    Outcome.VACUOUS: "V",
    Outcome.UNTESTABLE_HERE: "U",
    Outcome.UNTRIED: "-",
    Outcome.BLOCKED_BY_FINDING: "B",
    Outcome.NOT_STARTED: "S",
    Outcome.NOT_RUN: "N",
}
"""The mark behind a count of each outcome; `pass` has none."""

LEGEND: Final = (
    "12 passed; F fail, C crash, T timeout, I intermittent, H harness error, ~ flaky, D refused "
    "differently, V vacuous, U untestable, - untried, B blocked by a finding, S not started, N not "
    "run, + and some without a verdict"
)

# The content of a cell whose cases all have the same outcome without a verdict.
_ALONE: Final = {
    Outcome.NOT_APPLICABLE: "n/a",
    Outcome.UNTESTABLE_HERE: "untestable",
    Outcome.UNTRIED: "untried",
    Outcome.BLOCKED_BY_FINDING: "blocked",
    Outcome.NOT_STARTED: "not started",
    Outcome.REFUSED_DIFFERENTLY: "differently",
    Outcome.VACUOUS: "vacuous",
    Outcome.NOT_RUN: "not run",
}
_HEADINGS: Final = {
    SubjectKind.COMMAND: "Commands",
    SubjectKind.OBJECT_TYPE: "Object types",
    SubjectKind.DEVICE_TYPE: "Device types",
    SubjectKind.EVENT: "Events",
    SubjectKind.PROTOCOL: "Protocol",
}
_GAP: Final = "  "
_ROWS: Final = 40
"""How many rows with cases a reader can take in; more are condensed."""
_AMISS: Final = frozenset(
    {*BROKEN, Outcome.INTERMITTENT, Outcome.HARNESS_ERROR, Outcome.FLAKY, Outcome.NOT_STARTED}
)
_UNTESTED: Final = frozenset(
    {Outcome.UNTESTABLE_HERE, Outcome.UNTRIED, Outcome.BLOCKED_BY_FINDING, Outcome.NOT_STARTED}
)
_QUIET: Final = frozenset(
    {Outcome.REFUSED_DIFFERENTLY, Outcome.VACUOUS, Outcome.NOT_RUN, *_UNTESTED}
)
"""What a cell may leave out where there is no room: the written report has it."""
_DOUBTFUL: Final = frozenset(
    {
        *(Outcome.INTERMITTENT, Outcome.FLAKY, Outcome.REFUSED_DIFFERENTLY),
        *(Outcome.VACUOUS, Outcome.NOT_RUN),
    }
)
_SUBJECT: Final = 24
"""How many characters of a subject distinguish it from others."""
_TITLE: Final = 6
"""How many characters of a column's title are shown on any terminal."""


class _Detail(enum.IntEnum):
    """How much a cell tells; the written report has the rest."""

    # Every outcome.
    ALL = enum.auto()
    # Without those that say no more than that nothing was seen.
    LOUD = enum.auto()
    # Where a promise is broken, that alone.
    AMISS = enum.auto()


def table(rows: Sequence[SubjectRow], width: int, paint: Paint) -> Iterator[str]:
    """Yield the lines of a table for each kind of subject, in `width` columns if possible.

    If there are more rows than a reader can take in, those of a kind without problems are summed up
    in one.
    """
    rows = condensed(rows)
    for kind in dict.fromkeys(row.kind for row in rows):
        yield from _table(_HEADINGS[kind], [row for row in rows if row.kind is kind], width, paint)


def _table(heading: str, rows: Sequence[SubjectRow], width: int, paint: Paint) -> Iterator[str]:
    aspects = shown_aspects(rows)
    longest = max([len(heading), *(len(visible(row.subject)) for row in rows)])
    for detail in _Detail:
        cells = [[_cell(row.cells.get(each, {}), detail) for each in aspects] for row in rows]
        inner = [
            max([_TITLE, *(len(line[column][0]) for line in cells)])
            for column in range(len(aspects))
        ]
        # Titles are cut before subjects: their beginnings distinguish them.
        full = [max(size, len(title)) for size, title in zip(inner, aspects, strict=True)]
        widths = next((sizes for sizes in (full, inner) if _room(sizes, width) >= longest), inner)
        if _room(widths, width) >= min(longest, _SUBJECT):
            break
    subject = max(min(longest, _room(widths, width)), len(heading))
    titles = (f"{_cut(aspect, size):>{size}}" for aspect, size in zip(aspects, widths, strict=True))
    yield paint(Style.HEAD, _GAP.join([f"{heading:{subject}}", *titles]))
    for row, line in zip(rows, cells, strict=True):
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


def condensed(rows: Sequence[SubjectRow]) -> list[SubjectRow]:
    """Return `rows`; if there are too many, with one row for all those without problems."""
    if sum(bool(row.cells) for row in rows) <= _ROWS:
        return list(rows)
    shown = []
    for kind in dict.fromkeys(row.kind for row in rows):
        own = [row for row in rows if row.kind is kind]
        amiss = [row for row in own if any(_AMISS & cell.keys() for cell in row.cells.values())]
        others = [row for row in own if row not in amiss]
        shown += amiss
        if others:
            name = counted(len(others), "other")
            shown.append(SubjectRow(kind=kind, subject=name, note="", cells=_summed(others)))
    return shown


def _summed(rows: Sequence[SubjectRow]) -> dict[Aspect, Counts]:
    sums: dict[Aspect, Counter[Outcome]] = {}
    for row in rows:
        for aspect, counts in row.cells.items():
            sums.setdefault(aspect, Counter()).update(counts)
    return {
        aspect: {outcome: found[outcome] for outcome in Outcome if outcome in found}
        for aspect, found in sums.items()
    }


def _room(widths: Sequence[int], width: int) -> int:
    return width - sum(widths) - len(_GAP) * len(widths)


def _cell(counts: Counts, detail: _Detail) -> tuple[str, Style]:
    told = {outcome: count for outcome, count in counts.items() if outcome in LETTERS}
    passed = counts.get(Outcome.PASS, 0)
    if detail is _Detail.AMISS and told.keys() & _AMISS:
        amiss = (outcome for outcome in LETTERS if outcome in told.keys() & _AMISS)
        return " ".join(f"{number(told[each])}{LETTERS[each]}" for each in amiss), _style(counts)
    if not passed and len(counts) == 1:
        (only,) = counts
        if only in _ALONE:
            return _ALONE[only], _style(counts)
    marks = [number(passed)] if passed else []
    quiet = _QUIET if detail > _Detail.ALL else frozenset()
    few = [outcome for outcome in LETTERS if outcome in told.keys() - quiet]
    marks += [f"{number(told[outcome])}{LETTERS[outcome]}" for outcome in few]
    more = "+" if len(few) < len(told) else ""
    return " ".join(marks) + more, _style(counts)


def _style(counts: Counts) -> Style:
    if any(outcome in BROKEN or outcome is Outcome.HARNESS_ERROR for outcome in counts):
        return Style.BAD
    if counts.keys() & _DOUBTFUL:
        return Style.DOUBT
    if Outcome.PASS in counts:
        # Untested cases besides passed ones: the promise was not seen kept as a whole.
        return Style.DOUBT if counts.keys() & _UNTESTED else Style.GOOD
    return Style.FAINT


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
