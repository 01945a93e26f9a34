"""The command `report`: writes a run's report again, and runs in the formats of other tools."""

from __future__ import annotations

import argparse
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from conformance.cli.screen import Screen, write_out
from conformance.cli.shown import show_report
from conformance.model.errors import UsageError
from conformance.model.terms import ExitCode
from conformance.play import option_table
from conformance.play.folder_lock import FolderLock
from conformance.play.interruption import undisturbed
from conformance.play.option import CommandName
from conformance.play.records import end_killed
from conformance.report.formats.registry import RUN_FORMATS
from conformance.report.formats.told import ToldRun, joined, told_of
from conformance.report.reading import read_events, read_run
from conformance.report.stream import STREAM_FILE, RunEnded, RunStarted
from conformance.report.summary import summarise
from conformance.report.write import FORMATS, publish, write_files

_USUAL: Final = {"markdown": "report.md", "json": "summary.json"}
"""The formats that every run writes, and the names of their files."""


def add(command: argparse.ArgumentParser, name: CommandName) -> None:
    """Declare the options of the command."""
    # Named like the targets of other commands, so that it may come between options, too.
    command.add_argument(
        "targets",
        metavar="RUN",
        nargs="+",
        help="the report folder of a run; with --format, of several, or their streams",
    )
    option_table.declare(name, command)
    command.set_defaults(call=_report, several=True)


def _report(asked: argparse.Namespace) -> int:
    formats, output = option_table.REPORT_FORMAT.of(asked), option_table.OUTPUT.of(asked)
    runs = [Path(name) for name in asked.targets]
    if formats:
        return _write(runs, formats, output)
    if len(runs) > 1 or output:
        raise UsageError(
            "the whole report is that of one run, in its folder",
            "Name one folder, or the format to write: --format junit.",
        )
    return _again(runs[0], full=option_table.FULL.of(asked))


def _again(folder: Path, *, full: bool) -> int:
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
    show_report(summary, folder, Screen(), full=full)
    return summary.ended.exit_code if summary.ended else ExitCode.INTERRUPTED


def _ends(path: Path) -> tuple[RunStarted, bool]:
    """Return the first event of a stream and whether it is complete; raises UsageError if torn."""
    events = read_events(path)
    first = next(events, None)
    last = deque(events, maxlen=1)
    if not isinstance(first, RunStarted):
        raise UsageError(f"{path}: this is no stream of a run", "Is it whole?")
    return first, bool(last) and isinstance(last[0], RunEnded)


def _write(runs: Sequence[Path], formats: Sequence[str], output: str) -> int:
    """Write runs in other formats: one document to a file or standard output, several to a folder.

    It exits with 0 whatever they say: the documents say it to who reads them.
    """
    files = dict(_files(runs, formats))
    if len(files) == 1 and not (output and Path(output).is_dir()):
        (text,) = files.values()
        write_out(text, output)
    elif output:
        write_files(Path(output), files)
    else:
        raise UsageError(
            f"these are {len(files)} documents: {', '.join(files)}",
            "Name the folder to write them to: -o FOLDER.",
        )
    return ExitCode.CONFORMS


def _files(runs: Sequence[Path], formats: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each document."""
    told: ToldRun | None = None
    for name in dict.fromkeys(formats):
        if name in RUN_FORMATS:
            told = told or joined({str(run): told_of(read_run(run)) for run in _distinct(runs)})
            yield from RUN_FORMATS[name].files(told)
            continue
        if len(runs) > 1:
            raise UsageError(
                f"{name} is of one run, and these are {len(runs)}",
                "Name one run, or make one of them: qmp-conformance merge.",
            )
        yield _USUAL[name], FORMATS[_USUAL[name]](summarise(read_run(runs[0])))


def _distinct(runs: Sequence[Path]) -> list[Path]:
    found = list(dict.fromkeys(runs))
    if len(found) < len(runs):
        raise UsageError("a run is named twice", "Name each run once.")
    return found
