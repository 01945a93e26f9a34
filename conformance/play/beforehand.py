"""What is known before a run: known issues, and the root causes of an earlier run.

Reads the earlier run before anything in the report folder is replaced.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from conformance.judge.defect import defect_of
from conformance.judge.miss import Miss
from conformance.model.errors import UsageError
from conformance.model.fingerprint import fingerprint
from conformance.model.known_issue import KnownIssue
from conformance.model.terms import Standing
from conformance.play.records import Joined, schema_path
from conformance.prepare.campaign import Campaign
from conformance.prepare.changed import changed_subjects
from conformance.report.difference import causes_before
from conformance.report.news import Before, expected
from conformance.report.reading import read_events, read_run
from conformance.report.result import Summary, TargetSummary
from conformance.report.stream import (
    BaselineGiven,
    CauseBefore,
    Event,
    KnownGiven,
    RunStarted,
    TargetStarted,
)
from conformance.report.summary import summarise

_FILE: Final = "expected.json"
"""The defects that are known, by target: what the workers of a run read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beforehand:
    """What the targets of a run are compared with; `baselines` are by target."""

    known: tuple[KnownIssue, ...] = ()
    baselines: Mapping[str, TargetSummary] | None = None
    complete: bool = True
    recorded: Mapping[str, Sequence[Event]] | None = None
    """What an interrupted run has written down of its baseline, in its place."""

    @property
    def given(self) -> bool:
        """Whether there is anything: then only news make the run fail."""
        return bool(self.known) or (self.baselines, self.recorded) != (None, None)

    def issues(self) -> Iterator[Event]:
        """Yield the known issues, as the stream records them."""
        yield from (KnownGiven(issue=issue) for issue in self.known)

    def baseline_of(self, target: str) -> Iterator[Event]:
        """Yield the baseline of a target and its root causes, as the stream records them."""
        if self.recorded is not None:
            yield from self.recorded.get(target, ())
            return
        found = (self.baselines or {}).get(target)
        if found is None:
            return
        yield BaselineGiven(
            target=target,
            version=found.build.version,
            package=found.build.package,
            arch=found.build.arch,
            sha256=found.build.sha256,
            complete=self.complete,
        )
        yield from causes_before(target, found)

    def changed(self, campaign: Campaign, run: Path | None) -> frozenset[str]:
        """Return the subjects whose schema is not what it was in the baseline, a run."""
        old = (self.baselines or {}).get(campaign.target.name)
        if old is None or run is None or not campaign.entries():
            return frozenset()
        path = schema_path(run if run.is_dir() else run.parent, old.build.target)
        versions = old.build.version, ".".join(map(str, campaign.plan.head.version))
        return changed_subjects(path, campaign.entries(), versions)

    def before(self, started: RunStarted) -> Before:
        """Return the value that decides what is news."""
        causes = {
            target: {
                event.fingerprint: event
                for event in self.baseline_of(target)
                if isinstance(event, CauseBefore)
            }
            for target in self.recorded or self.baselines or {}
        }
        given = causes if (self.baselines, self.recorded) != (None, None) else None
        return Before(started=started, known=self.known, causes=given)


def fails(joined: Joined, beforehand: Beforehand, *, stale_fails: bool) -> bool:
    """Return whether a run, whose last event is to come, shows what makes it fail."""
    if not beforehand.given:
        return joined.broken or joined.unsettled
    return shows_news(summarise(read_events(joined.under_way)), stale_fails=stale_fails)


def shows_news(summary: Summary, *, stale_fails: bool) -> bool:
    """Return whether a run that was compared shows news that make it fail."""
    forgiven = () if stale_fails else (Standing.STALE, Standing.EXPIRED)
    return any(each.news and each.standing not in forgiven for each in summary.news or ())


class Expected:
    """The defects of targets that are known, each with the rule that it breaks, "" for any."""

    def __init__(self, by_target: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self._known = {name: {(one, rule) for one, rule in of} for name, of in by_target.items()}

    def is_known(self, target: str, miss: Miss) -> bool:
        """Return whether a miss shows a defect of a target that is known."""
        known = self._known.get(target)
        if not known:
            return False
        return self.knows(target, fingerprint(defect_of(miss)), miss.rule)

    def knows(self, target: str, name: str, rule: str) -> bool:
        """Return whether the defect of that fingerprint, against a rule, is known."""
        known = self._known.get(target, set())
        return (name, "") in known or (name, rule) in known


def write_expected(
    folder: Path, beforehand: Beforehand, started: RunStarted, builds: Sequence[TargetStarted]
) -> None:
    """Write what is known of the targets, for the workers of a run."""
    before = beforehand.before(started)
    known = {build.target: sorted(expected(before, build)) for build in builds}
    (folder / _FILE).write_text(json.dumps(known), encoding="ascii")


def read_expected(folder: Path) -> Expected:
    """Return what `write_expected` wrote; nothing is known without it."""
    path = folder / _FILE
    return Expected(json.loads(path.read_text(encoding="ascii")) if path.exists() else {})


def read_baseline(path: Path) -> Summary:
    """Return the summary of an earlier run: its folder, or its stream; raises UsageError."""
    return checked_summary(path, read_run(path))


def checked_summary(path: Path, events: Iterable[Event]) -> Summary:
    """Return the summary of the run at `path`; raises UsageError without an end or a target."""
    summary = summarise(events)
    if summary.ended is None:
        raise UsageError(
            f"{path}: this run has no end, so nothing can be compared with it",
            "Write its report first: `qmp-conformance report FOLDER`.",
        )
    if not summary.targets:
        raise UsageError(f"{path}: no target of this run was tested", "Name another run.")
    return summary


def compared(
    known: tuple[KnownIssue, ...], baseline: Summary | None, builds: Sequence[TargetStarted]
) -> Beforehand:
    """Return what each build is compared with; raises UsageError for a baseline of another program.

    A target is compared with the one of its name; if both runs have one target alone, with that.
    """
    if baseline is None:
        return Beforehand(known=known)
    old = {target.build.target: target for target in baseline.targets}
    if len(builds) == 1 and len(old) == 1:
        old = {builds[0].target: baseline.targets[0]}
    for build in builds:
        if build.target in old:
            _check(old[build.target].build, build)
    return Beforehand(
        known=known,
        baselines={build.target: old[build.target] for build in builds if build.target in old},
        complete=baseline.complete,
    )


def _check(old: TargetStarted, new: TargetStarted) -> None:
    kinds = (old.kind_of_program, old.arch), (new.kind_of_program, new.arch)
    if kinds[0] != kinds[1]:
        was, now = (" for ".join(filter(None, kind)) for kind in kinds)
        raise UsageError(
            f"the baseline of {new.target} is of another program: {was}, not {now}",
            "Name a run of the same program; `qmp-conformance diff` compares any two.",
        )
