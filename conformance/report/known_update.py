"""Makes known issues of what runs have found, and tells which of a file are gone; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from conformance.model.known_issue import Conditions, KnownIssue, KnownOutcome
from conformance.model.terms import Outcome, Standing
from conformance.report.news import Before, NewsItem, fits, news_of
from conformance.report.result import Summary, TargetSummary
from conformance.report.root_cause import RootCause
from conformance.report.summary import now_of

_CASES: Final = 3
"""So many cases are written into an entry: they tell whether it is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryTexts:
    """What a user says of new entries; `reason` "" writes what the build did."""

    reason: str = ""
    link: str = ""
    expires: str = ""


def new_issues(
    known: Sequence[KnownIssue], runs: Sequence[Summary], given: EntryTexts
) -> tuple[KnownIssue, ...]:
    """Return an entry for each root cause of runs that no known issue is about, worst first.

    An entry is about one minor release and one kind of program, on the architectures that show it.
    """
    found: dict[tuple[str, str, str, tuple[str, ...]], KnownIssue] = {}
    for run in runs:
        host = run.started.host if run.started else {}
        for target in run.targets:
            for cause in target.causes:
                if any(
                    issue.fingerprint == cause.finding.fingerprint
                    and issue.rule in ("", cause.finding.rule)
                    and fits(issue.when, target.build, host)
                    for issue in known
                ):
                    continue
                issue = _issue(target, cause, given)
                key = (issue.fingerprint, issue.rule, issue.when.versions, issue.when.program)
                found[key] = _joined(found[key], issue) if key in found else issue
    return tuple(found.values())


def _issue(target: TargetSummary, cause: RootCause, given: EntryTexts) -> KnownIssue:
    finding, build = cause.finding, target.build
    # One case of each way, then others: what mends one way need not mend another.
    cases = dict.fromkeys((*(way.case for way in cause.ways), *cause.cases))
    return KnownIssue(
        where="",
        fingerprint=finding.fingerprint,
        rule=finding.rule,
        defect=finding.defect,
        reason=given.reason or f"{finding.summary}; promised: {finding.expected}",
        link=given.link,
        expires=given.expires,
        outcome=KnownOutcome.MAY_FAIL
        if finding.outcome is Outcome.INTERMITTENT
        else KnownOutcome.FAILS,
        cases=tuple(cases)[:_CASES],
        when=Conditions(
            versions=_minor(build.version),
            program=(build.kind_of_program,),
            arch=(build.arch,) if build.arch else (),
        ),
    )


def _joined(one: KnownIssue, other: KnownIssue) -> KnownIssue:
    """Return one entry for two that differ by architecture."""
    arches = tuple(sorted({*one.when.arch, *other.when.arch}))
    may = KnownOutcome.MAY_FAIL in (one.outcome, other.outcome)
    return replace(
        one,
        outcome=KnownOutcome.MAY_FAIL if may else one.outcome,
        when=replace(one.when, arch=arches),
    )


def _minor(version: str) -> str:
    """Return the range of the releases that differ from `version` in the last number alone."""
    major, minor = (*map(int, version.split(".")), 0)[:2]
    return f">={major}.{minor},<{major}.{minor + 1}"


def gone(known: Sequence[KnownIssue], runs: Sequence[Summary]) -> Iterator[int]:
    """Yield the numbers of the known issues that a run shows to be gone, and none shows."""
    for number, issue in enumerate(known):
        standings = {item.standing for run in runs for item in _news(issue, run)}
        if Standing.STALE in standings and Standing.KNOWN not in standings:
            yield number


def _news(issue: KnownIssue, run: Summary) -> Iterator[NewsItem]:
    """Yield what the issue is in each target of a run."""
    before = Before(started=run.started, known=[issue])
    targets = [now_of(run.started, target) for target in run.targets]
    yield from (item for item in news_of(before, targets) if item.fingerprint == issue.fingerprint)
