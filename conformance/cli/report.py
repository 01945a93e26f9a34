"""The command `report`: writes the report of a run again, from its folder."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections import deque
from pathlib import Path

from conformance.model.errors import UsageError
from conformance.model.terms import ExitCode
from conformance.play.folder_lock import FolderLock
from conformance.play.interruption import undisturbed
from conformance.play.records import end_killed
from conformance.report.reading import read_events
from conformance.report.stream import STREAM_FILE, RunEnded, RunStarted
from conformance.report.terminal import render
from conformance.report.write import publish


def add(command: argparse.ArgumentParser, name: str) -> None:
    """Declare the options of the command."""
    # Named like the targets of other commands, so that it may come between options, too.
    command.add_argument("targets", metavar="FOLDER", nargs=1, help="the folder of the report")
    command.set_defaults(call=_report, several=False)


def _report(asked: argparse.Namespace) -> int:
    folder = Path(asked.targets[0])
    path = folder / STREAM_FILE
    if not path.is_file():
        raise UsageError(
            f"{folder} holds no {STREAM_FILE}", "Name the report folder of a run, finished or not."
        )
    with FolderLock(folder, make=False) as hold:
        started, ended = _ends(path)
        with undisturbed():
            if not ended:
                end_killed(folder, hold.left, started.time)
            summary = publish(path)
            hold.forget()
    width = shutil.get_terminal_size((100, 24)).columns
    print(render(summary, min(max(width, 100), 120), colour=sys.stdout.isatty()), end="")
    print(f"Report: {folder}")
    return summary.ended.exit_code if summary.ended else ExitCode.INTERRUPTED


def _ends(path: Path) -> tuple[RunStarted, bool]:
    """Return the first event of a stream and whether it is complete; raises UsageError if torn."""
    events = read_events(path)
    first = next(events, None)
    last = deque(events, maxlen=1)
    if not isinstance(first, RunStarted):
        raise UsageError(f"{path}: this is no stream of a run", "Is it whole?")
    return first, bool(last) and isinstance(last[0], RunEnded)
