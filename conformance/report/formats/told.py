"""What every format tells of a run: each case in one of a few classes, and the words for it."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from conformance.model.terms import BROKEN, ExitCode, Outcome, Severity
from conformance.report.news import OF_NO_CASE, NewsItem
from conformance.report.result import Summary, TargetSummary
from conformance.report.stream import CaseEnded, Event, Finding, TargetLost
from conformance.report.summary import summarise
from conformance.report.wording import OUTCOMES

_UNDECIDED_BY: Final = frozenset({Outcome.HARNESS_ERROR, Outcome.FLAKY})
"""What the suite, or chance, did: neither the build nor the host is to blame."""


class Told(enum.StrEnum):
    """What a tool that knows five words is told of a case."""

    # Every promise of the case was seen kept.
    PASSED = "passed"
    # A promise was broken that nobody knew to be: it makes the run fail.
    FAILED = "failed"
    # A promise was broken, and that makes no run fail: it is known, or no more than good order.
    KNOWN = "known"
    # Nothing was decided.
    SKIPPED = "skipped"
    # The suite failed, or the case had different outcomes in one run.
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldCase:
    """A case; `findings` are what it shows, `why` the words for what is not passed."""

    ended: CaseEnded
    told: Told
    findings: tuple[Finding, ...]
    why: str

    @property
    def id(self) -> str:
        """The id of the case."""
        return self.ended.case


@dataclass(frozen=True, kw_only=True)
class ToldTarget:
    """A target and its cases in the order of their results."""

    name: str
    run: Summary
    summary: TargetSummary
    cases: Sequence[ToldCase]
    items: Sequence[NewsItem]
    """What its defects are beside what was known; empty where nothing was."""

    @property
    def issues(self) -> list[NewsItem]:
        """The news that no broken case shows: known issues that are gone, or expired."""
        return [item for item in self.items if item.news and item.standing in OF_NO_CASE]

    @property
    def quiet(self) -> frozenset[str]:
        """The fingerprints of what is no news."""
        return _quiet(self.items)

    def count(self, told: Told) -> int:
        """Return how many cases are in a class."""
        return self._counts.get(told, 0)

    @cached_property
    def _counts(self) -> dict[Told, int]:
        counts: dict[Told, int] = {}
        for case in self.cases:
            counts[case.told] = counts.get(case.told, 0) + 1
        return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRun:
    """One run, or several, target by target."""

    summaries: tuple[Summary, ...]
    targets: tuple[ToldTarget, ...]
    lost: tuple[TargetLost, ...]

    @property
    def suite(self) -> str:
        """The version of the suite that ran first."""
        return next((each.started.suite for each in self.summaries if each.started), "")

    @property
    def broken_off(self) -> str:
        """Why the run as a whole says less than it should, "" where it does not."""
        if self.lost:
            return f"{self.lost[0].target} is lost: {self.lost[0].what}"
        return next(filter(None, map(_broken_off, self.summaries)), "")


def _broken_off(summary: Summary) -> str:
    if summary.ended is None:
        return "the run has no end: its stream breaks off"
    if Outcome.HARNESS_ERROR in summary.totals:
        return "the suite itself failed"
    return "the run was cut short" if summary.ended.exit_code == ExitCode.INTERRUPTED else ""


def joined(runs: Mapping[str, ToldRun]) -> ToldRun:
    """Return several runs as one; where targets have one name, those of `runs` tell them apart."""
    names = Counter(target.name for run in runs.values() for target in run.targets)
    return ToldRun(
        summaries=tuple(summary for run in runs.values() for summary in run.summaries),
        targets=tuple(
            target
            if names[target.name] == 1
            else replace(target, name=name if len(run.targets) == 1 else f"{name}:{target.name}")
            for name, run in runs.items()
            for target in run.targets
        ),
        lost=tuple(lost for run in runs.values() for lost in run.lost),
    )


def told_of(events: Iterable[Event]) -> ToldRun:
    """Return what formats tell of the run whose events these are; raises UsageError."""
    cases: dict[str, dict[str, CaseEnded]] = {}
    findings: dict[tuple[str, str], list[Finding]] = {}
    lost: list[TargetLost] = []
    summary = summarise(_noted(events, cases, findings, lost))
    gated = summary.news is not None
    targets = []
    for target in summary.targets:
        name = target.build.target
        items = [item for item in summary.news or () if item.target == name]
        quiet = _quiet(items)
        targets.append(
            ToldTarget(
                name=name,
                run=summary,
                summary=target,
                cases=[
                    _told(ended, tuple(findings.get((name, ended.case), ())), quiet, gated)
                    for ended in cases.get(name, {}).values()
                ],
                items=items,
            )
        )
    return ToldRun(summaries=(summary,), targets=tuple(targets), lost=tuple(lost))


def _quiet(items: Iterable[NewsItem]) -> frozenset[str]:
    return frozenset(item.fingerprint for item in items if not item.news)


def _noted(
    events: Iterable[Event],
    cases: dict[str, dict[str, CaseEnded]],
    findings: dict[tuple[str, str], list[Finding]],
    lost: list[TargetLost],
) -> Iterator[Event]:
    """Yield the events, and note the last result of each case, and what it shows."""
    for event in events:
        if isinstance(event, CaseEnded):
            cases.setdefault(event.target, {})[event.case] = event
        elif isinstance(event, Finding):
            findings.setdefault((event.target, event.case), []).append(event)
        elif isinstance(event, TargetLost):
            lost.append(event)
        yield event


def _told(
    ended: CaseEnded, findings: tuple[Finding, ...], quiet: frozenset[str], gated: bool
) -> ToldCase:
    told = _class(ended.outcome, findings, quiet)
    if gated and ended.outcome is Outcome.FLAKY:
        # Where only news count, what has no defect to name is none.
        told = Told.SKIPPED
    shown = findings if told in (Told.FAILED, Told.KNOWN) else ()
    words = OUTCOMES[ended.outcome]
    why = "" if told is Told.PASSED else f"{words}: {ended.reason}" if ended.reason else words
    return ToldCase(ended=ended, told=told, findings=shown, why=why)


def _class(outcome: Outcome, findings: Sequence[Finding], quiet: frozenset[str]) -> Told:
    if outcome is Outcome.PASS:
        return Told.PASSED
    if outcome in BROKEN or (outcome is Outcome.INTERMITTENT and findings):
        return Told.FAILED if _counts(findings, quiet) else Told.KNOWN
    return Told.ERROR if outcome in _UNDECIDED_BY else Told.SKIPPED


def _counts(findings: Sequence[Finding], quiet: frozenset[str]) -> bool:
    """Return whether one of these makes the run fail; a case without any does."""
    must = [each for each in findings if each.severity is Severity.MUST]
    return not findings or any(each.fingerprint not in quiet for each in must)
