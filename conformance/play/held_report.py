"""The report folder of a run while it has it: its lock, its id, and what is written there.

Whatever ends the process, what was written can be read, and gone on with.
"""

from __future__ import annotations

import contextlib
import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from conformance.model.errors import UsageError
from conformance.play.beforehand import read_expected
from conformance.play.folder_lock import FolderLock
from conformance.play.head import RunPlan
from conformance.play.records import (
    Joined,
    Recorder,
    clear_but,
    clear_folder,
    line_of,
    part_path,
    write_schema,
    write_stream,
)
from conformance.play.resuming import Interrupted
from conformance.report.stream import Event, RunStarted


class HeldReport:
    """A report folder that a run has; `close` gives it back.

    Raises UsageError if another run has it, if it cannot be written, or if it holds no run to be
    resumed.
    """

    def __init__(self, folder: Path, *, resumed: bool = False) -> None:
        self.folder = folder
        self.claimed = False
        """Whether the folder holds the stream of this run."""
        self.left: Interrupted | None = None
        """What the run that is resumed has left."""
        self._hold = FolderLock(folder, make=not resumed)
        self.id = secrets.token_hex(8)
        """Distinguishes the parts of this run from others; random, and so in no report."""
        self.parts = self.id
        """The word for the parts of this process: those of an interrupted run have others."""
        self._planned = False
        try:
            if resumed:
                self._find_left()
        except BaseException:
            self.close()
            raise

    def _find_left(self) -> None:
        run = self._hold.left
        try:
            self.left = Interrupted(self.folder, run)
        except UsageError:
            if run is None:
                self._hold.forget()
            raise
        self.id = run or self.id
        self.parts = f"{self.id}-{self.left.started.resumed + 1}"

    @property
    def is_over(self) -> bool:
        """Whether the run that is resumed had ended: then nothing of it is changed."""
        return self.left is not None and self.left.is_over

    def claim(self, first: RunStarted) -> None:
        """Replace the report of an earlier run by the beginning of this one's.

        A folder that cannot be written is given back.
        """
        try:
            with self._writing():
                self._hold.sign(self.id)
                self.claimed = True
                clear_folder(self.folder)
                write_stream(self.folder, [first])
        except BaseException:
            self.close()
            raise

    def go_on(self, plan: RunPlan, deaths: Iterable[Event], folder: Path) -> None:
        """Replace what the interrupted run has left by what is kept of it, and the plan.

        `deaths` are those of machines while builds were introspected; the workers read in `folder`
        what is kept. Raises UsageError, with the report unchanged, if this is not the same run. In
        this order, nothing is lost if this process is killed meanwhile.
        """
        left = self.left
        assert left is not None, "a run that is resumed has left something"
        items = left.items or plan.every
        left.check(plan.events(items))
        if left.is_over:
            return
        recorded = Counter(line_of(each).encode() for each in deaths)
        remains = left.kept(plan.cases(items), recorded)
        kept = self.part("kept")
        with self._writing():
            remains.write(kept)
            self._hold.sign(self.id)
            self.claimed = True
            self._write(plan, items)
            clear_but(self.folder, kept)
        remains.share(folder, read_expected(folder))

    def plan(self, plan: RunPlan, node_ids: Collection[str] | None = None) -> None:
        """Write the plan in place of the beginning, once: the items that `node_ids` name.

        Raises UsageError if an interrupted run had other items. Without `node_ids`, no items are
        checked.
        """
        left = self.left
        if node_ids is not None and left is not None and left.items not in (set(), node_ids):
            raise UsageError(
                f"the run in {self.folder} cannot be resumed: it had other items",
                "Choose them as they were chosen then, or leave out --resume.",
            )
        if not self._planned:
            with self._writing():
                self._write(plan, plan.every if node_ids is None else node_ids)

    def _write(self, plan: RunPlan, node_ids: Collection[str]) -> None:
        self._planned = True
        write_stream(self.folder, plan.events(node_ids))
        for campaign in plan.campaigns:
            if campaign.entries():
                write_schema(self.folder, campaign.target.name, campaign.entries())

    def record(self, events: Iterable[Event]) -> None:
        """Record what belongs to no process of its own: what happened before the first case."""
        found = [*events]
        if found:
            with self._writing(), Recorder(self.part("targets")) as recorder:
                recorder.write(found)

    def part(self, worker: str) -> Path:
        """Return where one process of the run records its events."""
        return part_path(self.folder, self.parts, worker)

    @contextlib.contextmanager
    def joined(self) -> Iterator[Joined]:
        """Yield the stream with all parts joined in; the body ends it."""
        with self._writing():
            yield Joined(self.folder, self.id)

    def forget(self) -> None:
        """Confirm the report: nothing is left in the folder to be joined later."""
        self._hold.forget()

    def close(self) -> None:
        """Give the folder back."""
        self._hold.close()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Raise UsageError if the body fails to write the report."""
        try:
            yield
        except OSError as error:
            raise UsageError(
                f"the report in {self.folder} cannot be written: {error.strerror}",
                "Make room there, or choose another folder with --report.",
            ) from error
