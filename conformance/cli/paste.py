"""The command `paste`: tries the reproducers of a run in a shell, and tells the report of it."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from conformance.cli.progress import Loudness, Progress
from conformance.cli.ready import options_of
from conformance.cli.screen import Screen
from conformance.launch.target import Target
from conformance.model.counting import counted
from conformance.model.errors import UsageError
from conformance.model.terms import ExitCode
from conformance.play import option_table
from conformance.play.folder_lock import FolderLock
from conformance.play.interruption import undisturbed
from conformance.play.option import CommandName
from conformance.play.options import Options
from conformance.play.records import with_pasted
from conformance.report.reading import read_run
from conformance.report.result import Summary, TargetSummary
from conformance.report.stream import STREAM_FILE, Pasted
from conformance.report.summary import summarise
from conformance.report.write import publish


def add(command: argparse.ArgumentParser, name: CommandName) -> None:
    """Declare the arguments and options of the command."""
    command.add_argument(
        "targets", metavar="RUN", nargs=1, help="the report folder of a run that has ended"
    )
    option_table.declare(name, command)
    command.set_defaults(call=_paste, several=False)


def _paste(asked: argparse.Namespace) -> int:
    folder = Path(asked.targets[0])
    summary = summarise(read_run(folder))
    if summary.ended is None or not folder.is_dir():
        raise UsageError(f"{folder} is no report folder of a run that has ended", "Name one.")
    with FolderLock(folder, make=False) as hold:
        found = [*_found(summary, option_table.ONLY.of(asked))]
        with undisturbed():
            with_pasted(folder / STREAM_FILE, found)
            publish(folder / STREAM_FILE)
            hold.forget()
    shows = Counter(each.shows for each in found)[True]
    print(f"{shows} of {counted(len(found), 'reproducer')} show it; {folder} tells of each.")
    return ExitCode.CONFORMS if shows == len(found) else ExitCode.FINDINGS


def _found(summary: Summary, names: Sequence[str]) -> Iterator[Pasted]:
    """Yield what comes of the reproducers of the root causes with these names, "" for all."""
    # Not at the top: it loads all that plays a case, and says nothing of a wrong word.
    from conformance.play.pasted_run import pasted_causes

    screen = Screen(sys.stderr)
    progress = Progress(screen, Loudness.PLAIN if screen.is_live else Loudness.QUIET)
    for each in summary.targets:
        causes = [cause for cause in each.causes if _is_named(cause.finding.fingerprint, names)]
        if not causes:
            continue
        target, options = _target_of(each, summary)
        with screen:
            coming = pasted_causes(each, causes, target, options, progress.phase)
            for number, told in enumerate(coming, start=1):
                words = "shows it" if told.shows else f"does not show it: {told.why}"
                print(f"{number}/{len(causes)} {told.fingerprint} {told.case}: {words}", flush=True)
                yield told


def _is_named(fingerprint: str, names: Sequence[str]) -> bool:
    return not names or any(fingerprint.startswith(name) for name in names)


def _target_of(each: TargetSummary, summary: Summary) -> tuple[Target, Options]:
    """Return the target of a run, read of the words that named it there."""
    # Not at the top: that module imports this one.
    from conformance.cli.main import command_parser

    words = ["replay", "a-case", *shlex.split(each.build.spelling)]
    options, _ = options_of(command_parser(words).parse_args(words))
    if len(options.targets) != 1:
        raise UsageError(f"{each.build.spelling} names no single target", "Run it again.")
    target = replace(options.targets[0], name=each.build.target)
    thorough = summary.started is not None and "thorough" in summary.started.selection
    selection = replace(options.selection, thorough=thorough)
    return target, replace(options, selection=selection)
