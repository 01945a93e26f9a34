"""Compares the root causes of a run with known issues and with an earlier run; pure.

What was not run, or has no verdict, is never called fixed or stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Final

from conformance.knowledge.versions import VersionRange
from conformance.model.known_issue import Conditions, KnownIssue, KnownOutcome
from conformance.model.terms import NEWS, Outcome, Severity, Standing, Weight
from conformance.report.ran import Ran
from conformance.report.root_cause import RootCause
from conformance.report.stream import CauseBefore, RunStarted, TargetStarted

_HARM: Final = {
    outcome: place for place, outcome in enumerate((Outcome.FAIL, Outcome.TIMEOUT, Outcome.CRASH))
}
"""The outcomes of findings, the worst last."""
OF_NO_CASE: Final = frozenset({Standing.STALE, Standing.EXPIRED})
"""News that no broken case shows."""
_HAS: Final = "yes"
"""What a probe of the host says that finds what it looks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsItem:
    """What one defect, or one known issue, is beside what was known before.

    `target` is "" for a known issue about none. `summary` says what the build does, or did; `note`
    why the defect is known, or what there is to do. `cases` are those that show it, or did.
    """

    target: str
    standing: Standing
    fingerprint: str
    defect: str
    summary: str
    note: str
    cases: tuple[str, ...]
    weight: Weight | None = None
    severity: Severity = Severity.MUST

    @property
    def news(self) -> bool:
        """Whether somebody must look at it: a defect that breaks no more than good order is none.

        It is told all the same.
        """
        return self.standing in NEWS and self.severity is Severity.MUST


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What is known before a run: issues, and the root causes of the baseline by target."""

    started: RunStarted | None = None
    known: Sequence[KnownIssue] = ()
    causes: Mapping[str, Mapping[str, CauseBefore]] | None = None
    """By target and fingerprint; None without a baseline."""
    ran: Mapping[str, Ran] = field(default_factory=dict)
    """What the baseline ran, by target, where that is at hand."""

    @property
    def given(self) -> bool:
        """Whether anything is known: then only news count."""
        return bool(self.known) or self.causes is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """What a run shows of one target; `whole` if it had no selection and reached its end."""

    build: TargetStarted
    causes: Sequence[RootCause]
    ran: Ran
    whole: bool


def news_of(before: Before, targets: Sequence[Now]) -> tuple[NewsItem, ...]:
    """Return what the defects of a run, and all that was known before, have become; news first."""
    if not before.given:
        return ()
    items = [item for target in targets for item in _of_target(before, target)]
    items += _unmatched(before, targets)
    places = {standing: place for place, standing in enumerate(Standing)}
    return tuple(sorted(items, key=lambda item: places[item.standing]))


def expected(before: Before, build: TargetStarted) -> frozenset[tuple[str, str]]:
    """Return the defects of a target that are known, each with its rule, "" for any."""
    counting, _ = _issues_of(before, build)
    issues = {(issue.fingerprint, issue.rule) for issue in counting}
    old = (before.causes or {}).get(build.target, {})
    return frozenset(issues | {(fingerprint, "") for fingerprint in old})


def _issues_of(
    before: Before, build: TargetStarted
) -> tuple[Sequence[KnownIssue], Sequence[KnownIssue]]:
    """Return the known issues about a target: those that count, and those whose day is over."""
    host = before.started.host if before.started else {}
    day = before.started.time[:10] if before.started else ""
    fitting = [issue for issue in before.known if fits(issue.when, build, host)]
    expired = [issue for issue in fitting if issue.expires and issue.expires < day]
    return [issue for issue in fitting if issue not in expired], expired


def _of_target(before: Before, now: Now) -> Iterator[NewsItem]:
    counting, expired = _issues_of(before, now.build)
    old = (before.causes or {}).get(now.build.target, {})
    shown = {cause.finding.fingerprint for cause in now.causes}
    ran = before.ran.get(now.build.target)
    for cause in now.causes:
        fingerprint, rule = cause.finding.fingerprint, cause.finding.rule
        item = _shown(now, cause, _matching(counting, cause), old.get(fingerprint))
        if item.standing is Standing.NEW and ran is not None and not ran.kept(cause.cases, rule):
            item = replace(item, standing=Standing.NEWLY_RUN)
        yield item
    for issue in expired:
        note = f"{issue.where}: it expired on {issue.expires}: renew the date, or remove it"
        yield _about(issue, now, Standing.EXPIRED, note)
    for issue in counting:
        if not any(_matches(issue, cause) for cause in now.causes):
            yield _unseen_issue(issue, now)
    named = {issue.fingerprint for issue in counting}
    for fingerprint, was in old.items():
        if fingerprint not in shown and fingerprint not in named:
            yield _unseen_cause(was, now)


def _matches(issue: KnownIssue, cause: RootCause) -> bool:
    finding = cause.finding
    return issue.fingerprint == finding.fingerprint and issue.rule in ("", finding.rule)


def _matching(issues: Iterable[KnownIssue], cause: RootCause) -> KnownIssue | None:
    return next((issue for issue in issues if _matches(issue, cause)), None)


def _shown(
    now: Now, cause: RootCause, issue: KnownIssue | None, old: CauseBefore | None
) -> NewsItem:
    """Return what a defect is that the run shows."""
    standing, note = Standing.NEW, ""
    if issue is not None:
        standing, note = Standing.KNOWN, " ".join(filter(None, (issue.reason, issue.link)))
    elif old is not None:
        outcomes = (cause.finding.outcome, old.outcome)
        # What comes and goes does not show its harm in each run.
        steady = Outcome.INTERMITTENT not in outcomes
        more = _HARM[outcomes[0]] - _HARM[outcomes[1]] if steady else 0
        standing = Standing.WORSE if more > 0 else Standing.MILDER if more else Standing.STILL
        note = f"before: {old.summary}" if more else ""
    return NewsItem(
        target=now.build.target,
        standing=standing,
        fingerprint=cause.finding.fingerprint,
        defect=cause.finding.defect,
        summary=cause.finding.summary,
        note=note,
        cases=cause.cases,
        weight=cause.finding.weight,
        severity=cause.finding.severity,
    )


def _unseen_issue(issue: KnownIssue, now: Now) -> NewsItem:
    """Return what a known issue is that does not show."""
    if issue.outcome is KnownOutcome.MAY_FAIL:
        return _about(issue, now, Standing.COMES_AND_GOES, "")
    if now.ran.kept(issue.cases, issue.rule) or (not issue.cases and now.whole):
        note = f"{issue.where}: its cases pass: remove it"
        return _about(issue, now, Standing.STALE, note)
    return _about(issue, now, Standing.NOT_RUN, now.ran.why_open(issue.cases, issue.rule))


def _about(issue: KnownIssue, now: Now, standing: Standing, note: str) -> NewsItem:
    return NewsItem(
        target=now.build.target,
        standing=standing,
        fingerprint=issue.fingerprint,
        defect=issue.defect,
        summary=issue.reason,
        note=note,
        cases=issue.cases,
    )


def _unseen_cause(cause: CauseBefore, now: Now) -> NewsItem:
    """Return what a root cause of the baseline is that does not show."""
    standing, note = Standing.NOT_RUN, now.ran.why_open(cause.cases, cause.rule)
    if cause.outcome is Outcome.INTERMITTENT:
        standing, note = Standing.COMES_AND_GOES, ""
    elif now.ran.kept(cause.cases, cause.rule):
        standing, note = Standing.FIXED, ""
    return NewsItem(
        target=now.build.target,
        standing=standing,
        fingerprint=cause.fingerprint,
        defect=cause.defect,
        summary=cause.summary,
        note=note,
        cases=cause.cases,
        weight=cause.weight,
    )


def _unmatched(before: Before, targets: Sequence[Now]) -> Iterator[NewsItem]:
    """Yield the known issues that are about none of the targets."""
    host = before.started.host if before.started else {}
    for issue in before.known:
        if not any(fits(issue.when, now.build, host) for now in targets):
            yield NewsItem(
                target="",
                standing=Standing.UNMATCHED,
                fingerprint=issue.fingerprint,
                defect=issue.defect,
                summary=issue.reason,
                note=f"{issue.where}: no target of this run is what it is about",
                cases=issue.cases,
            )


def fits(when: Conditions, build: TargetStarted, host: Mapping[str, str]) -> bool:
    """Return whether a target is one that the conditions describe."""
    return (
        _version(build.version) in VersionRange(when.versions)
        and _any(when.package, build.package)
        and (not when.program or build.kind_of_program in when.program)
        and (not when.arch or build.arch in when.arch)
        and _any(when.machine, build.machine)
        and _any(when.accel, build.accel)
        and all(_has(host, probe) for probe in when.host)
        and (not when.targets or build.target in when.targets)
    )


def _any(globs: Sequence[str], text: str) -> bool:
    return not globs or any(fnmatchcase(text, glob) for glob in globs)


def _has(host: Mapping[str, str], probe: str) -> bool:
    name = probe.removeprefix("!")
    return (host.get(name) == _HAS) is (name == probe)


def _version(text: str) -> tuple[int, int, int]:
    major, minor, micro = (*map(int, text.split(".")), 0, 0)[:3]
    return major, minor, micro
