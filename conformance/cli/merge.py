"""The command `merge`: makes one run of shards, or of targets that were run apart."""

from __future__ import annotations

import argparse
from pathlib import Path

from conformance.cli.screen import Screen
from conformance.cli.shown import show_report
from conformance.model.errors import UsageError
from conformance.model.terms import ExitCode
from conformance.play import option_table
from conformance.play.folder_lock import FolderLock
from conformance.play.interruption import undisturbed
from conformance.play.merging import merge
from conformance.play.option import CommandName
from conformance.report.write import publish


def add(command: argparse.ArgumentParser, name: CommandName) -> None:
    """Declare the options of the command."""
    # Named like the targets of other commands, so that runs may come between options, too.
    command.add_argument(
        "targets", metavar="RUN", nargs="+", help="the report folder of a run, or its stream"
    )
    option_table.declare(name, command)
    command.set_defaults(call=_merge, several=True)


def _merge(asked: argparse.Namespace) -> int:
    folder = Path(option_table.REPORT.of(asked))
    runs = [Path(name) for name in asked.targets]
    stale_fails = option_table.STALE.of(asked) == option_table.STALE.default
    if any(folder.resolve() in (run.resolve(), run.resolve().parent) for run in runs):
        raise UsageError(
            f"{folder} is one of the runs to be merged", "Name another folder with --report."
        )
    with FolderLock(folder) as hold, undisturbed():
        summary = publish(
            merge(runs, folder, stale_fails=stale_fails), option_table.REPORT_FORMAT.of(asked)
        )
        hold.forget()
    show_report(summary, folder, Screen(), full=option_table.FULL.of(asked))
    return summary.ended.exit_code if summary.ended else ExitCode.INTERRUPTED
