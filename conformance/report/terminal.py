"""The whole report for a terminal; a pure function of the summary."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from conformance.model.counting import counted, number
from conformance.model.terms import Severity
from conformance.report.cost_text import cost_words, memory_words
from conformance.report.news_text import news_lines, news_verdict
from conformance.report.paint import Paint, Style
from conformance.report.result import Reason, RunVerdict, Summary, TargetSummary
from conformance.report.root_cause import RootCause
from conformance.report.stream import Evidence, Finding
from conformance.report.table import LEGEND, table
from conformance.report.wording import (
    MEANINGS,
    OUTCOMES,
    accepted_commands,
    build,
    counts,
    ending,
    kept_sessions,
    pasted_words,
    plays,
    provoked_events,
    replay,
    resumed,
    rules_kept,
    run_verdict,
    target_verdict,
    visible,
    weighed,
)

# A table of all aspects is unreadable in fewer columns.
_NARROWEST: Final = 60
# The end of a dialogue tells most: the request at fault and its answer.
_TRANSCRIPT_LINES: Final = 4
_STDERR_LINES: Final = 3
_SUBJECTS: Final = 6
# The commonest reasons; the report in the folder has them all.
_REASONS: Final = 8
_LABEL: Final = 10
# So many ways in which a defect shows; the written report has them all.
_WAYS: Final = 4

_VERDICT_STYLES: Final = {
    RunVerdict.BROKEN: Style.BAD,
    RunVerdict.HARNESS: Style.BAD,
    RunVerdict.UNSETTLED: Style.BAD,
    RunVerdict.PARTIAL: Style.DOUBT,
    RunVerdict.NOTHING_TESTED: Style.DOUBT,
    RunVerdict.CONFORMS: Style.GOOD,
}


def render(summary: Summary, width: int = 100, *, colour: bool = False) -> str:
    """Return the report as text whose lines keep to `width` columns where possible.

    Commands to paste are never broken. With `colour`, it has ANSI sequences; only `pass` is green.
    """
    paint = Paint(colour)
    width = max(width, _NARROWEST)
    lines = [*warning_lines(summary, width, paint)]
    for target in summary.targets:
        lines += _target(target, width, paint)
    lines += warning_lines(summary, width, paint)
    if summary.news is not None:
        lines += [paint(Style.HEAD, "Beside what was known"), *news_lines(summary.news, width), ""]
    lines += [*beside_lines(summary), *last_lines(summary, paint)]
    return "\n".join(lines) + "\n"


def render_verdicts(summary: Summary, width: int = 100, *, colour: bool = False) -> str:
    """Return only the verdicts, a line for each target and one for the run."""
    paint = Paint(colour)
    lines = [*warning_lines(summary, max(width, _NARROWEST), paint)]
    lines += [
        f"{visible(target.build.target)}: {target_verdict(target)}" for target in summary.targets
    ]
    lines += last_lines(summary, paint)
    return "\n".join(lines) + "\n"


def beside_lines(summary: Summary) -> Iterator[str]:
    """Yield what is told of the run beside its verdict."""
    yield from filter(None, (memory_words(summary.ended), resumed(summary.started)))


def last_lines(summary: Summary, paint: Paint) -> Iterator[str]:
    """Yield the verdict on the run, and last what is news, where anything was known before."""
    yield paint(_VERDICT_STYLES[summary.verdict], run_verdict(summary))
    if summary.news is not None:
        style = Style.BAD if any(each.news for each in summary.news) else Style.GOOD
        yield paint(style, news_verdict(summary.news))


def warning_lines(summary: Summary, width: int, paint: Paint) -> Iterator[str]:
    """Yield that a run is partial, and why, if it is."""
    if summary.complete:
        return
    yield paint(Style.BAD, "THIS RUN IS PARTIAL")
    for reason in summary.incomplete:
        for line in textwrap.wrap(visible(reason), width - 2):
            yield f"  {line}"
    yield ""


def _target(target: TargetSummary, width: int, paint: Paint) -> Iterator[str]:
    head = f"{visible(target.build.target)}: {visible(build(target))}"
    yield paint(Style.HEAD, head)
    yield f"{visible(target.build.program)}, started by {visible(target.build.launcher)}"
    yield ""
    yield from table([row for row in target.rows if row.cells or row.note], width, paint)
    yield from (paint(Style.FAINT, line) for line in textwrap.wrap(LEGEND, width))
    yield ""
    if target.causes:
        yield paint(Style.HEAD, _causes_head(target))
        yield ""
        for place, cause in enumerate(target.causes, start=1):
            yield from _cause(place, cause, width, paint)
            yield f"     {'replay':{_LABEL}}{replay(cause.finding, target.build)}"
            yield ""
    yield from _totals(target, width, paint)
    yield f"{visible(target.build.target)}: {target_verdict(target)}"
    yield ""


def _causes_head(target: TargetSummary) -> str:
    severities = [each.finding.severity for each in target.causes]
    parts = [
        f"{number(severities.count(severity))} {severity}"
        for severity in Severity
        if severity in severities
    ]
    return f"{counted(len(severities), 'root cause')} ({', '.join(parts)}), worst first"


def cause_lines(
    cause: RootCause, target: TargetSummary, width: int, *, colour: bool = False
) -> Iterator[str]:
    """Yield what the report says of one root cause, by itself."""
    yield from _cause(1, cause, max(width, _NARROWEST), Paint(colour))
    yield f"     {'replay':{_LABEL}}{replay(cause.finding, target.build)}"


def _cause(place: int, cause: RootCause, width: int, paint: Paint) -> Iterator[str]:
    finding = cause.finding
    style = Style.BAD if finding.severity is Severity.MUST else Style.DOUBT
    kind = OUTCOMES[finding.outcome].upper()
    title = paint(style, f"{kind} {finding.severity} {finding.rule}")
    yield f"{place:3}. {title}  {visible(finding.case)}"
    yield from _labelled("defect", f"{finding.fingerprint} {weighed(finding)}", width)
    yield from _told(finding, width, paint)
    for way in cause.ways[1:_WAYS]:
        yield from _labelled("also", f"{way.summary} ({way.case})", width)
    if len(cause.ways) > _WAYS:
        more = counted(len(cause.ways) - _WAYS, "way")
        yield from _labelled("also", f"in {more} more, which the written report tells", width)
    if len(cause.cases) > 1:
        yield from _labelled("seen in", counted(len(cause.cases), "case"), width)
    if cause.pasted is not None:
        if cause.pasted.stack:
            yield from _labelled("ended in", " < ".join(cause.pasted.stack), width)
        yield from _labelled("pasted", pasted_words(cause.pasted), width)


def finding_lines(finding: Finding, width: int, *, colour: bool = False) -> Iterator[str]:
    """Yield what the report says about one finding, without its headline."""
    yield from _told(finding, max(width, _NARROWEST), Paint(colour))


def _told(finding: Finding, width: int, paint: Paint) -> Iterator[str]:
    yield from _labelled("promised", finding.expected, width)
    yield from _labelled("happened", finding.summary, width)
    yield from _labelled("source", finding.why, width)
    yield from _evidence(finding.evidence, width, paint)
    if finding.plays:
        yield from _labelled("comes", plays(finding), width)


def _labelled(label: str, text: str, width: int) -> Iterator[str]:
    margin = " " * (5 + _LABEL)
    for line in textwrap.wrap(visible(text), width - len(margin)):
        yield f"     {label:{_LABEL}}{line}"
        label = ""


def _evidence(evidence: Evidence, width: int, paint: Paint) -> Iterator[str]:
    room = width - 5 - _LABEL
    shown = [*evidence.transcript[-_TRANSCRIPT_LINES:]]
    end = ending(evidence.exit_status)
    if end:
        shown.append(f"the process {end}")
    tail = evidence.stderr.strip().splitlines()[-_STDERR_LINES:]
    shown += [f"stderr: {line}" for line in tail]
    label = "evidence"
    for line in shown:
        text = visible(line)
        text = text if len(text) <= room else text[: room - 1] + "…"
        yield f"     {label:{_LABEL}}{paint(Style.FAINT, text)}"
        label = ""


def _totals(target: TargetSummary, width: int, paint: Paint) -> Iterator[str]:
    cases = counted(sum(target.totals.values()), "case")
    yield from textwrap.wrap(f"{cases}: {counts(target.totals)}", width, subsequent_indent="  ")
    if target.commands.whole:
        yield accepted_commands(target.commands)
    if target.events.whole:
        yield provoked_events(target.events)
    if target.sessions.whole:
        yield kept_sessions(target.sessions)
    if any(each.cases for each in target.rules):
        yield from textwrap.wrap(rules_kept(target.rules), width, subsequent_indent="  ")
    if target.cost.total.seconds:
        yield cost_words(target.cost.total)
    if target.missing:
        yield paint(Style.BAD, f"{counted(target.missing, 'case')} announced and without a result")
    for outcome, group in groupby(target.reasons, key=lambda reason: reason.outcome):
        reasons = list(group)
        yield f"{OUTCOMES[outcome]}: {MEANINGS[outcome]}"
        for reason in reasons[:_REASONS]:
            yield from _reason(reason, width)
        if len(reasons) > _REASONS:
            rest = sum(reason.count for reason in reasons[_REASONS:])
            more = counted(len(reasons) - _REASONS, "more reason")
            yield f"{number(rest):>7}  for {more}, which the written report tells"
    yield ""


def _reason(reason: Reason, width: int) -> Iterator[str]:
    names = ", ".join(map(visible, reason.subjects[:_SUBJECTS]))
    more = len(reason.subjects) - _SUBJECTS
    names += f" and {more} more" if more > 0 else ""
    text = f"{visible(reason.reason) or 'no reason given'} [{names}]"
    head = f"{number(reason.count):>7}  "
    yield from textwrap.wrap(text, width, initial_indent=head, subsequent_indent=" " * len(head))
