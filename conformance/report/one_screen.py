"""What a run shows at its end, on one screen; the written report has the rest. Pure."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from conformance.model.counting import counted, number
from conformance.model.terms import BROKEN, Outcome, Severity, Weight
from conformance.report.news import OF_NO_CASE
from conformance.report.paint import Paint, Style
from conformance.report.result import Summary, TargetSummary
from conformance.report.root_cause import RootCause
from conformance.report.terminal import beside_lines, last_lines, warning_lines
from conformance.report.wording import OUTCOMES, build, target_verdict, visible

NARROWEST: Final = 60
_CAUSES: Final = 10
_LACKS: Final = 2
"""So many reasons of what was not tested."""
_STYLES: Final = {Severity.MUST: Style.BAD}
_DECIDED: Final = frozenset({Outcome.PASS, *BROKEN})
_TOLD: Final = (
    *(Outcome.HARNESS_ERROR, Outcome.FLAKY, Outcome.INTERMITTENT),
    *(Outcome.NOT_STARTED, Outcome.UNTESTABLE_HERE),
)
"""The outcomes that a user should look at, or can do something about."""
_STALE: Final = 5
"""So many known issues that are gone."""
_WHERE: Final = re.compile(r"\S*qemu-[\w-]+: (?:\S+:[\d*]+: )?")
"""The program and the place in its source, before the words with which it died."""
_WEIGHT: Final = max(map(len, Weight))


def render(summary: Summary, width: int = 100, *, colour: bool = False) -> str:
    """Return verdicts, news, the worst root causes and what was not tested, in a line each."""
    paint = Paint(colour)
    width = max(width, NARROWEST)
    lines = [*warning_lines(summary, width, paint)]
    for target in summary.targets:
        head = f"{visible(target.build.target)}: {visible(build(target))}"
        lines.append(paint(Style.HEAD, _cut(head, width)))
        lines += textwrap.wrap(
            target_verdict(target), width, initial_indent="  ", subsequent_indent="  "
        )
    lines += ["", *_causes(summary, width, paint), *_gone(summary, width, paint)]
    lines += _untested(summary, width)
    lines += [*beside_lines(summary), *last_lines(summary, paint)]
    return "\n".join(lines) + "\n"


def _causes(summary: Summary, width: int, paint: Paint) -> Iterator[str]:
    """Yield the worst root causes that are news, or all where nothing was known."""
    quiet = {(item.target, item.fingerprint) for item in summary.news or () if not item.news}
    shown: dict[str, RootCause] = {}
    builds: Counter[str] = Counter()
    for target in summary.targets:
        for cause in target.causes:
            name = cause.finding.fingerprint
            if (target.build.target, name) not in quiet:
                shown.setdefault(name, cause)
                builds[name] += 1
    if not shown:
        return
    worst = sorted(shown.values(), key=_place)[:_CAUSES]
    new = "New root causes" if summary.news is not None else "Root causes"
    yield paint(Style.HEAD, f"{new}, worst first")
    for cause in worst:
        yield _cause(cause, builds, len(summary.targets), width, paint)
    if len(shown) > len(worst):
        yield f"  and {number(len(shown) - len(worst))} more, which the report tells"
    yield ""


def _gone(summary: Summary, width: int, paint: Paint) -> Iterator[str]:
    """Yield the known issues that are gone, or have expired."""
    items = [item for item in summary.news or () if item.news and item.standing in OF_NO_CASE]
    if not items:
        return
    yield paint(Style.HEAD, "Known issues to look at")
    for item in items[:_STALE]:
        told = visible(f"{item.standing}: {item.note}")
        yield f"  {item.fingerprint} {_cut(told, width - len(item.fingerprint) - 3)}"
    if len(items) > _STALE:
        yield f"  and {number(len(items) - _STALE)} more, which the report tells"
    yield ""


def _place(cause: RootCause) -> tuple[bool, int]:
    finding = cause.finding
    return finding.severity is not Severity.MUST, list(Weight).index(finding.weight)


def _cause(
    cause: RootCause, builds: Mapping[str, int], targets: int, width: int, paint: Paint
) -> str:
    finding = cause.finding
    on = f" ({builds[finding.fingerprint]} of {targets} builds)" if targets > 1 else ""
    told = visible(f"{_WHERE.sub('', finding.summary)}{on} [{finding.case}]")
    head = f"{finding.fingerprint} {finding.weight:{_WEIGHT}}"
    room = width - len(head) - 3
    return f"  {paint(_STYLES.get(finding.severity, Style.DOUBT), head)} {_cut(told, room)}"


def _untested(summary: Summary, width: int) -> Iterator[str]:
    """Yield how many cases have no verdict, and what most of them lack."""
    totals = {
        outcome: count
        for outcome, count in summary.totals.items()
        if outcome not in _DECIDED and count
    }
    if not totals:
        return
    words = ", ".join(f"{number(count)} {OUTCOMES[outcome]}" for outcome, count in totals.items())
    told = f"Without a verdict: {counted(sum(totals.values()), 'case')}: {words}"
    yield from textwrap.wrap(told, width, subsequent_indent="  ")
    for reason, count in _lacks(summary.targets):
        yield _cut(f"  {number(count)} {visible(reason)}", width)
    yield ""


def _lacks(targets: Sequence[TargetSummary]) -> list[tuple[str, int]]:
    """Return the reasons that a user should look at, or can do something about, gravest first."""
    found: list[tuple[str, int]] = []
    for outcome in _TOLD:
        counts: Counter[str] = Counter()
        for target in targets:
            for reason in target.reasons:
                if reason.outcome is outcome:
                    counts[reason.reason] += reason.count
        found += counts.most_common()
    return found[:_LACKS]


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"
