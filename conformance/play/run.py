"""A whole run, as the leading process sees it: from its options to its report."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from conformance.launch.folder import RunFolder
from conformance.model.errors import UsageError
from conformance.model.terms import ExitCode, Outcome, starts_lost
from conformance.play.beforehand import (
    Beforehand,
    compared,
    read_baseline,
    shows_news,
    write_expected,
)
from conformance.play.exit_code import cut_code, exit_code
from conformance.play.folder_lock import FolderLock
from conformance.play.head import StreamHead, planned_items, planned_stream
from conformance.play.options import Options
from conformance.play.records import (
    Joined,
    Recorder,
    clear_folder,
    part_path,
    told,
    write_schema,
    write_stream,
)
from conformance.play.worth import run_worths
from conformance.prepare.cache import open_cache
from conformance.prepare.campaign import Campaign, check_selection
from conformance.prepare.groups import groups, node_id
from conformance.prepare.targets import distinct, prepare_all
from conformance.report.result import Summary
from conformance.report.stream import (
    RunEnded,
    TargetLost,
)


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
        self.id = secrets.token_hex(8)
        """Distinguishes the parts of this run from others; random, and so in no report."""
        self.campaigns: tuple[Campaign, ...] = ()
        self.lost: tuple[TargetLost, ...] = ()
        self.unfit: tuple[str, ...] = ()
        """The globs of the selection that match no case, if others do."""
        self.ended = False
        """Whether the stream is complete; a run that is not recorded has none."""
        self.worth: dict[str, int] = {}
        """How much each item is worth running first, the first ones 0, if there is a budget."""
        self.claimed = False
        """Whether the report folder holds the stream of this run."""
        self._baseline: Summary | None = None
        self._beforehand = Beforehand()
        self._codes: list[ExitCode] = []
        self._planned = False
        self._began = time.monotonic()
        self.deadline = None if options.budget is None else self._began + options.budget
        """When the budget is used up, by the clock of this host."""
        self._head = StreamHead(options, _now())
        self._hold: FolderLock | None = None
        self._folder: RunFolder | None = None

    def __enter__(self) -> Run:
        self._targets = tuple(distinct(self.options.targets))
        old = self.options.baseline
        self._baseline = read_baseline(old) if old is not None else None
        if self.record:
            self._hold = FolderLock(self.options.report)
            try:
                # What may not fit the targets, once they are known, is still there then.
                if old is None or not _is_in(old, self.options.report):
                    self._claim()
            except BaseException:
                self._hold.close()
                raise
        return self

    def _claim(self) -> None:
        """Replace the report of an earlier run by the beginning of this one's."""
        assert self._hold is not None, "only a run that is recorded has a folder"
        with _writing(self.options.report):
            self._hold.sign(self.id)
            self.claimed = True
            clear_folder(self.options.report)
            write_stream(self.options.report, [self._head.first()])

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            self._folder.close()
        if self._hold is not None:
            self._hold.close()

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
        self._codes = [error.exit_code for error in prepared.errors]
        if prepared.error is not None:
            raise prepared.error
        self._compare()
        if self.options.budget is not None:
            self.worth = run_worths(self.campaigns, self.options, self._beforehand)
        if self.record and not self.claimed:
            self._claim()
        if self.record:
            _record_deaths(self.options.report, self.id, self.campaigns)
        # A pattern may be for a target that is lost.
        self.unfit = check_selection(
            self.options.selection, self.campaigns, lenient=bool(self.lost)
        )

    def _compare(self) -> None:
        """Decide what the targets are compared with; raises UsageError if that does not fit."""
        builds = [campaign.started(0) for campaign in self.campaigns]
        self._beforehand = compared(self.options.known, self._baseline, builds)
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
        return frozenset(
            node_id(campaign, group)
            for campaign in self.campaigns
            for group in groups(campaign, self.options.selection)
        )

    def plan(self, node_ids: Collection[str]) -> None:
        """Write the plan before the first case runs: the items that `node_ids` name.

        Only the first call counts, as all workers collect the same. Raises UsageError if it cannot
        be written.
        """
        if self._planned or not self.record:
            return
        self._planned = True
        every = self.node_ids()
        left_out = len(every) - len(every.intersection(node_ids))
        planned = [
            (campaign, [*planned_items(campaign, self.options.selection, node_ids)])
            for campaign in self.campaigns
        ]
        with _writing(self.options.report):
            started = self._head.started(self._head.words(self.unfit, len(every), left_out))
            events = planned_stream(started, self._beforehand, planned, self.lost)
            write_stream(self.options.report, events)
            for campaign in self.campaigns:
                if campaign.entries():
                    write_schema(self.options.report, campaign.target.name, campaign.entries())

    def finish(self, *, interrupted: bool = False, failed: bool = False) -> Path:
        """Join the parts to the stream of the run and return its path.

        `interrupted`: somebody ended the run early; `failed`: the suite itself failed. Raises
        UsageError if it cannot be written.
        """

        def code(joined: Joined) -> ExitCode:
            codes = [*self._codes, *([ExitCode.LAUNCH] if starts_lost(joined.counts) else [])]
            return exit_code(
                joined.counts,
                found=shows_news(joined, stale_fails=self.options.stale_fails)
                if self._beforehand.given
                else joined.broken or joined.unsettled,
                interrupted=interrupted,
                failed=failed,
                lost=max(codes, default=None),
                cut=cut_code(self.deadline, partial=self.options.allow_partial),
            )

        return self._end(code, whole=not (interrupted or failed or self.lost))

    def abandon(self, code: ExitCode) -> Path:
        """Do the same for a run without an end of its own; `code` is its exit code."""
        return self._end(lambda joined: code, whole=False)

    def _end(self, code: Callable[[Joined], ExitCode], *, whole: bool) -> Path:
        self.plan(self.node_ids())
        with _writing(self.options.report):
            joined = Joined(self.options.report, self.id)
            whole = whole and not (joined.counts[Outcome.NOT_RUN] or starts_lost(joined.counts))
            path = joined.end(
                RunEnded(
                    complete=whole,
                    exit_code=code(joined),
                    outcomes=told(joined.counts),
                    seconds=round(time.monotonic() - self._began, 3),
                    time=_now(),
                )
            )
        self.ended = True
        return path

    def forget(self) -> None:
        """Confirm the report: nothing is left in the folder to be joined later."""
        if self._hold is not None:
            self._hold.forget()


def _record_deaths(report: Path, run: str, campaigns: Sequence[Campaign]) -> None:
    """Record the machines that died while builds were introspected."""
    deaths = [death.event(each.target.name) for each in campaigns for death in each.deaths]
    if deaths:
        with Recorder(part_path(report, run, "targets")) as recorder:
            recorder.write(deaths)


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Raise UsageError if the body fails to write the report in `folder`."""
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"the report in {folder} cannot be written: {error.strerror}",
            "Make room there, or choose another folder with --report.",
        ) from error


def _is_in(run: Path, folder: Path) -> bool:
    """Return whether a run, its folder or its stream, lies in a folder."""
    return folder.resolve() in (run.resolve(), run.resolve().parent)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
