"""A whole run, as the leading process sees it: from its options to its report."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from conformance.launch.folder import RunFolder
from conformance.model.terms import ExitCode, Outcome, starts_lost
from conformance.play.beforehand import (
    Beforehand,
    compared,
    fails,
    read_baseline,
    write_expected,
)
from conformance.play.exit_code import cut_code, exit_code, skipped
from conformance.play.head import RunPlan, StreamHead
from conformance.play.held_report import HeldReport
from conformance.play.options import Options
from conformance.play.records import Joined, told
from conformance.play.resuming import Interrupted
from conformance.play.worth import Worths, run_worths
from conformance.prepare.cache import open_cache
from conformance.prepare.campaign import Campaign, check_selection
from conformance.prepare.targets import distinct, prepare_all
from conformance.report.result import Summary
from conformance.report.stream import RunEnded, TargetLost


class Run:
    """The prepared targets of a run, and afterwards its stream.

    A context manager: what it holds on the host is removed when it is left, and even if it is not.
    On entry it takes the report folder and removes the verdict of an earlier run: from then on, the
    stream there is that of this run. Raises UsageError, with the folder unchanged, if targets have
    the same name, another run has the folder, or it cannot be written.
    """

    def __init__(
        self,
        options: Options,
        *,
        record: bool = True,
        tell: Callable[[str, str], None] = lambda target, doing: None,
    ) -> None:
        """Without `record`, nothing is run, and the report folder is left alone.

        `tell` gets the name of each target and its current step.
        """
        self._tell = tell
        self.options = options
        self.record = record
        self.campaigns: tuple[Campaign, ...] = ()
        self.lost: tuple[TargetLost, ...] = ()
        self.unfit: tuple[str, ...] = ()
        """The globs of the selection that match no case, if others do."""
        self.spent = False
        """Whether the budget of a target was used up before its last case."""
        self.ended = False
        """Whether the stream is complete; a run that is not recorded has none."""
        self.worths = Worths()
        """How much each item is worth running first."""
        self._baseline: Summary | None = None
        self._beforehand = Beforehand()
        self._codes: list[ExitCode] = []
        self._began = time.monotonic()
        self.deadline = None if options.budget is None else self._began + options.budget
        """When the budget is used up, by the clock of this host."""
        self._head = StreamHead(options, _now())
        self._held: HeldReport | None = None
        self._folder: RunFolder | None = None

    def __enter__(self) -> Run:
        self._targets = tuple(distinct(self.options.targets))
        old, report = self.options.baseline, self.options.report
        resumed = self.record and self.options.resume
        inside = old is not None and _is_in(old, report)
        # An interrupted run has replaced it, and written down what counts of it.
        if old is not None and not (inside and resumed):
            self._baseline = read_baseline(old)
        if self.record:
            self._held = HeldReport(report, resumed=resumed)
            if (left := self.left) is not None:
                self._head = StreamHead(self.options, left.started.time, left.started.resumed + 1)
            # What may not fit the targets, once they are known, is still there then.
            elif not inside:
                self.held.claim(self._head.first())
        return self

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            self._folder.close()
        if self._held is not None:
            self._held.close()

    @property
    def held(self) -> HeldReport:
        """The report folder."""
        assert self._held is not None, "only a run that is recorded has a report"
        return self._held

    @property
    def claimed(self) -> bool:
        """Whether the report folder holds the stream of this run."""
        return self._held is not None and self._held.claimed

    @property
    def left(self) -> Interrupted | None:
        """What the run that is resumed has left."""
        return self._held.left if self._held is not None else None

    def prepare(self) -> None:
        """Introspect each build once and plan its cases.

        An error while one target is prepared loses only that target. If none is left, raises the
        error of the target, or one for all of them; UsageError for a selection that matches
        nothing.
        """
        self._folder = RunFolder()
        cache = open_cache(off=not self.options.cached)
        prepared = prepare_all(
            self._targets,
            self._folder,
            cache,
            selection=self.options.selection,
            tell=self._tell,
        )
        self.campaigns, self.lost = prepared.campaigns, prepared.lost
        self._codes = prepared.codes(self.options.skip_code)
        if prepared.error is not None:
            raise prepared.error.ending(max(self._codes, default=self.options.skip_code))
        self._compare()
        self.worths = run_worths(self.campaigns, self.options, self._beforehand)
        deaths = [death.event(one.target.name) for one in self.campaigns for death in one.deaths]
        if self.left is not None:
            self._check_selection()
            self.held.go_on(self._plan, deaths, self.folder.path)
        elif self.record and not self.claimed:
            self.held.claim(self._head.first())
        if self.claimed:
            self.held.record(deaths)
        self._check_selection()

    def _check_selection(self) -> None:
        """Raise UsageError for a selection that matches nothing."""
        # A pattern may be for a target that is lost.
        self.unfit = check_selection(
            self.options.selection, self.campaigns, lenient=bool(self.lost)
        )

    @property
    def _plan(self) -> RunPlan:
        return RunPlan(
            head=self._head,
            selection=self.options.selection,
            campaigns=self.campaigns,
            lost=self.lost,
            unfit=self.unfit,
            beforehand=self._beforehand,
        )

    def _compare(self) -> None:
        """Decide what the targets are compared with; raises UsageError if that does not fit."""
        builds = [campaign.started(0) for campaign in self.campaigns]
        self._beforehand = compared(self.options.known, self._baseline, builds)
        if self.left is not None and self.options.baseline is not None and not self._baseline:
            self._beforehand = replace(self._beforehand, recorded=self.left.recorded())
        if self._beforehand.given:
            started = self._head.started(self.options.words())
            write_expected(self.folder.path, self._beforehand, started, builds)

    @property
    def folder(self) -> RunFolder:
        """The temporary folder of the run."""
        assert self._folder is not None, "a run has its folder once it is prepared"
        return self._folder

    def node_ids(self) -> frozenset[str]:
        """Return the node ids of all items that the selection makes."""
        return self._plan.every

    def plan(self, node_ids: Collection[str]) -> None:
        """Write the plan before the first case runs: the items that `node_ids` name.

        Only the first call counts, as all workers collect the same. Raises UsageError if it cannot
        be written, or if an interrupted run had other items.
        """
        if self.record:
            self.held.plan(self._plan, node_ids)

    def finish(self, *, interrupted: bool = False, failed: bool = False) -> Path:
        """Join the parts to the stream of the run and return its path.

        `interrupted`: somebody ended the run early; `failed`: the suite itself failed. Raises
        UsageError if it cannot be written.
        """

        def ended_by(joined: Joined) -> int:
            codes = [*self._codes, *([ExitCode.LAUNCH] if starts_lost(joined.counts) else [])]
            code = exit_code(
                joined.counts,
                found=fails(joined, self._beforehand, stale_fails=self.options.stale_fails),
                interrupted=interrupted,
                failed=failed,
                lost=max(codes, default=None),
                cut=cut_code(self.deadline, spent=self.spent, partial=self.options.allow_partial),
            )
            return skipped(code, joined.counts, self.options.skip_code, lost=bool(self.lost))

        return self._end(ended_by, whole=not (interrupted or failed or self.lost))

    def abandon(self, code: int) -> Path:
        """Do the same for a run without an end of its own; `code` is its exit code."""
        return self._end(lambda joined: code, whole=False)

    def _end(self, code: Callable[[Joined], int], *, whole: bool) -> Path:
        self.held.plan(self._plan)
        with self.held.joined() as joined:
            path = joined.end(_ended(joined, code(joined), self._began, whole=whole))
        self.ended = True
        return path


def _ended(joined: Joined, code: int, began: float, *, whole: bool) -> RunEnded:
    """Return the last event of a stream; `whole`: nothing but its cases can make it partial."""
    return RunEnded(
        complete=whole and not (joined.counts[Outcome.NOT_RUN] or starts_lost(joined.counts)),
        exit_code=code,
        outcomes=told(joined.counts),
        cost=joined.memory,
        seconds=round(time.monotonic() - began, 3),
        time=_now(),
    )


def _is_in(run: Path, folder: Path) -> bool:
    """Return whether a run, its folder or its stream, lies in a folder."""
    return folder.resolve() in (run.resolve(), run.resolve().parent)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
