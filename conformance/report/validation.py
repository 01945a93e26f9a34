"""Shows what validating files has found; a pure function of the values."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from conformance.model.counting import counted, number, singular
from conformance.model.terms import Severity
from conformance.report.paint import Paint, Style
from conformance.report.wording import visible
from conformance.validate.result import FileKind, Outcome, Remark, Unreadable, Validated

_KINDS: Final = {
    FileKind.INTROSPECTION: "a saved introspection",
    FileKind.ANSWER: "an answer",
    FileKind.RECORDING: "a recorded dialogue",
    FileKind.MESSAGES: "messages as they went over the wire",
    FileKind.LOG: "a log with messages in it",
    FileKind.STREAM: "the stream of a run",
}
_LABEL: Final = 10
# With fewer columns, a label leaves no room for words.
_NARROWEST: Final = 40
_STYLES: Final = {Severity.MUST: Style.BAD, Severity.SHOULD: Style.DOUBT}


def render(outcomes: Sequence[Outcome], width: int = 100, *, colour: bool = False) -> str:
    """Return what was found, file by file, and an unmistakable last line.

    Files that could not be read are only counted.
    """
    paint = Paint(colour)
    lines: list[str] = []
    for outcome in outcomes:
        if isinstance(outcome, Validated):
            lines += [*_file(outcome, width, paint), ""]
    return "\n".join([*lines, _verdict(outcomes, paint)]) + "\n"


def complaint(outcome: Unreadable) -> str:
    """Return one line that says why a file could not be read, and where."""
    place = f"{outcome.file}:{outcome.place}" if outcome.place else outcome.file
    return visible(f"{place}: {outcome.problem}")


def _file(outcome: Validated, width: int, paint: Paint) -> Iterator[str]:
    yield paint(Style.HEAD, visible(f"{outcome.file}: {_KINDS[outcome.kind]}"))
    yield f"  {'holds':{_LABEL}}{_holds(outcome.holds)}"
    if outcome.schema:
        yield f"  {'schema':{_LABEL}}{visible(outcome.schema)}"
    for note in outcome.notes:
        yield f"  {'note':{_LABEL}}{visible(note)}"
    for severity in Severity:
        alike = [each for each in outcome.remarks if each.severity is severity]
        for first, *others in _folded(alike):
            yield from _remark(outcome.file, first, others, width, paint)


def _remark(
    file: str, remark: Remark, others: Sequence[Remark], width: int, paint: Paint
) -> Iterator[str]:
    where = visible(f"{file}:{remark.line}: ")
    more = ""
    if others:
        last = max(each.line for each in others)
        more = f"{counted(len(others), 'time')} more"
        more += f", the last on line {last}" if last != remark.line else ""
    if remark.severity is Severity.INFORMATION:
        text = f"{remark.rule}: {remark.summary}" + (f" (and {more})" if more else "")
        yield from _filled(f"  {where}", text, width, hang=4)
        return
    told = f"{remark.rule} ({remark.severity})"
    yield "  " + where + paint(_STYLES[remark.severity], told)
    texts = {"happened": remark.summary, "promised": remark.expected, "source": remark.why}
    for label, text in {**texts, "and": more}.items():
        if text:
            lead = f"    {label:{_LABEL}}"
            yield from _filled(lead, text, width, hang=len(lead))


def _filled(lead: str, text: str, width: int, *, hang: int) -> Iterator[str]:
    yield textwrap.fill(
        visible(text),
        max(width, _NARROWEST),
        initial_indent=lead,
        subsequent_indent=" " * hang,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _folded(remarks: Iterable[Remark]) -> list[list[Remark]]:
    """Return remarks grouped by what they say, in the order of the first of each group."""
    found: dict[str, list[Remark]] = {}
    for remark in remarks:
        found.setdefault(remark.fold, []).append(remark)
    return list(found.values())


def _holds(counts: Mapping[str, int]) -> str:
    told = [counted(count, singular(what)) for what, count in counts.items() if count]
    return ", ".join(told) or "nothing"


def _verdict(outcomes: Sequence[Outcome], paint: Paint) -> str:
    read = [each for each in outcomes if isinstance(each, Validated)]
    broken = [
        remark for each in read for remark in each.remarks if remark.severity is Severity.MUST
    ]
    files = counted(len(outcomes), "file")
    lost = len(outcomes) - len(read)
    unread = f" {number(lost)} of {files} could not be read." if lost else ""
    if broken:
        found = counted(len(_folded(broken)), "finding")
        return paint(Style.BAD, f"FINDINGS: {found} in {files}.{unread}")
    if not read:
        return paint(Style.DOUBT, f"NOTHING VALIDATED:{unread}")
    unchecked = sum(not each.schema for each in read)
    but = f" Values of {number(unchecked)} were not checked: no schema." if unchecked else ""
    style = Style.DOUBT if lost else Style.GOOD
    return paint(
        style, f"CONFORMS: nothing is wrong in {number(len(read))} of {files}.{but}{unread}"
    )
