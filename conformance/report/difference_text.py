"""Shows what differs between two runs: text for a terminal, or Markdown; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from conformance.model.counting import counted, number
from conformance.report.difference import (
    CaseChange,
    RunDifference,
    SubjectChanges,
    TargetDifference,
)
from conformance.report.markup import block, folded, plain
from conformance.report.news_text import news_lines, news_markdown, news_verdict
from conformance.report.paint import Paint, Style
from conformance.report.stream import TargetStarted
from conformance.report.wording import visible

MEANINGS: Final = {
    CaseChange.BROKEN: "passed, and break a promise now",
    CaseChange.MENDED: "broke a promise, and pass now",
    CaseChange.FLAKY: "came out otherwise when tried again",
    CaseChange.CHANGED: "have another outcome",
    CaseChange.NO_LONGER_RUN: "were run in the old run alone: nothing is said of them",
    CaseChange.NEWLY_RUN: "were run in the new run alone",
}
"""What each change of cases means."""
_CASES: Final = 5
_MANY: Final = 200


def text(found: RunDifference, width: int, *, colour: bool = False) -> str:
    """Return the difference as text of `width` columns where the content allows."""
    paint = Paint(colour)
    lines: list[str] = []
    for target in found.targets:
        lines.append(paint(Style.HEAD, _head(target)))
        lines += ["Root causes", *news_lines(target.items, width)]
        lines += _cases(target)
        lines += _joined(target.joined)
        lines.append("")
    lines += [f"{visible(each)} has no counterpart" for each in found.unpaired]
    items = [item for target in found.targets for item in target.items]
    lines.append(paint(Style.BAD if found.news else Style.GOOD, news_verdict(items)))
    return "\n".join(lines) + "\n"


def _head(target: TargetDifference) -> str:
    return f"{visible(_build(target.old))} -> {visible(_build(target.new))}"


def _build(build: TargetStarted) -> str:
    package = f" ({build.package})" if build.package else ""
    return f"{build.target} {build.version}{package}" + (f" {build.arch}" if build.arch else "")


def _cases(target: TargetDifference) -> Iterator[str]:
    yield f"Cases: {number(target.alike)} as before"
    for change, cases in target.cases.items():
        yield f"{number(len(cases)):>7} {MEANINGS[change]}"
        if change in (CaseChange.NO_LONGER_RUN, CaseChange.NEWLY_RUN):
            continue
        yield from (f"          {visible(case)}" for case in cases[:_CASES])
        if len(cases) > _CASES:
            yield f"          and {number(len(cases) - _CASES)} more"


def _joined(joined: SubjectChanges | None) -> Iterator[str]:
    if joined is None:
        yield "Schemas: not compared, one of the runs has none at hand"
        return
    yield "Subjects, by what changed"
    for names, what in _parts(joined):
        listed = ", ".join(map(visible, names[:8])) + (", ..." if len(names) > 8 else "")
        yield f"{number(len(names)):>7} {what}" + (f": {listed}" if names else "")
    yield f"{number(joined.neither):>7} neither"


def _parts(joined: SubjectChanges) -> Sequence[tuple[Sequence[str], str]]:
    return (
        (joined.both, "schema and behaviour"),
        (joined.behaviour, "behaviour alone"),
        (joined.schema, "schema alone"),
    )


def markdown(found: RunDifference) -> str:
    """Return the difference as GitHub-flavoured Markdown."""
    items = [item for target in found.targets for item in target.items]
    lines = ["# What is new", "", f"**{plain(news_verdict(items))}**", ""]
    for target in found.targets:
        lines += [f"{plain(_build(target.old))} → {plain(_build(target.new))}", ""]
        lines += news_markdown(target.items)
        lines += _case_section(target)
        lines += _schema_section(target.joined)
    lines += [f"- {plain(each)} has no counterpart" for each in found.unpaired]
    return "\n".join(lines).rstrip("\n") + "\n"


def _case_section(target: TargetDifference) -> Iterator[str]:
    yield "## Cases"
    yield ""
    yield f"{counted(target.alike, 'case')} came out as before."
    yield ""
    for change, cases in target.cases.items():
        shown = [*block(cases[:_MANY])]
        if len(cases) > _MANY:
            shown += ["", f"and {number(len(cases) - _MANY)} more"]
        yield from folded(f"{counted(len(cases), 'case')}: {MEANINGS[change]}", shown)


def _schema_section(joined: SubjectChanges | None) -> Iterator[str]:
    yield "## Schema and behaviour"
    yield ""
    if joined is None:
        yield "The schemas were not compared: one of the runs has none at hand."
        yield ""
        return
    for names, what in _parts(joined):
        listed = f": {', '.join(map(plain, names))}" if names else ""
        yield f"- {number(len(names))} {what}{listed}"
    yield f"- {number(joined.neither)} neither"
    yield ""
