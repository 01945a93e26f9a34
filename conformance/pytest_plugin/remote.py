"""Workers of pytest-xdist on other hosts: what they are sent, and what they record there.

They see no file of the leading host. What was prepared goes to them when they start; what they
record comes back with the report of each item, so that a lost host costs the item in its hands.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from conformance.launch.build import is_same
from conformance.play.held_report import HeldReport
from conformance.play.options import Options
from conformance.prepare.campaign import Campaign
from conformance.prepare.selection import Selection

FILES: Final = "qmp_files"
LEFT: Final = "qmp_left"
_SELECTION: Final = "qmp_selection"
_RECORDED: Final = "qmp_recorded"
"""The attribute of a report with what the item has added to the part of its worker."""


def is_remote(node: Any) -> bool:
    """Return whether a worker runs on another host, or seems to."""
    return not node.gateway.spec.popen


def sent(folder: Path, deadline: float | None, selection: Selection) -> dict[str, Any]:
    """Return what a worker on another host needs: files, the seconds left, and the selection."""
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    left = None if deadline is None else max(0.0, deadline - time.monotonic())
    chosen = ([*selection.globs], [*selection.shard], selection.thorough, selection.searching)
    return {FILES: files, LEFT: left, _SELECTION: chosen}


def options_sent(given: Mapping[str, Any]) -> Options:
    """Return the options of a worker on another host: it has no use for the others."""
    globs, (number, count), thorough, searching = given[_SELECTION]
    selection = Selection(
        globs=tuple(globs), shard=(number, count), thorough=thorough, searching=searching
    )
    return Options(targets=(), report=Path(), selection=selection)


class Outpost:
    """The folder of a worker on another host; `close` removes it."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="qmp-worker-"))
        for name, data in given[FILES].items():
            (self.folder / name).write_bytes(data)
        left = given[LEFT]
        self.deadline = None if left is None else time.monotonic() + left
        """When the budget of the run is used up, by the clock of this host."""
        self.part = self.folder / "part.ndjson"
        self._read = 0

    def check(self, campaigns: Iterable[Campaign]) -> None:
        """Raise pytest.UsageError unless this host has the builds that were prepared."""
        for campaign in campaigns:
            target = campaign.target
            if target.image or not is_same(target, campaign.plan.head.sha256):
                raise pytest.UsageError(
                    f"{target.program} of {target.name} is not the same on this host\n"
                    "  Give all hosts the same builds, at the same paths; a container image is "
                    "only on the leading one."
                )

    def attach(self, report: pytest.TestReport) -> None:
        """Give a report what was recorded since the last one."""
        with self.part.open("rb") as file:
            file.seek(self._read)
            data = file.read()
        self._read += len(data)
        setattr(report, _RECORDED, data.decode("ascii"))

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def keep(held: HeldReport, report: pytest.TestReport) -> None:
    """Append what came with the report of a worker on another host to its part."""
    recorded = getattr(report, _RECORDED, None)
    if recorded:
        worker = getattr(report, "node", None)
        with held.part(worker.gateway.id if worker else "main").open("ab") as file:
            file.write(recorded.encode("ascii"))
