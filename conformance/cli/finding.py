"""The command `finding`: shows one root cause of a run, alone."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from conformance.cli.screen import Screen, coloured, write_out
from conformance.model.errors import UsageError
from conformance.model.terms import ExitCode
from conformance.play import option_table
from conformance.play.option import CommandName
from conformance.report import one_cause
from conformance.report.python_reproducer import python_text
from conformance.report.reading import read_run
from conformance.report.root_cause import RootCause
from conformance.report.source_text import source_lines
from conformance.report.summary import summarise

_WIDE: Final = 120


def add(command: argparse.ArgumentParser, name: CommandName) -> None:
    """Declare the options of the command."""
    command.add_argument(
        "name", metavar="NAME", help="the name of its defect (v1-...), or the beginning of that"
    )
    # Named like the targets of other commands, so that runs may come between options, too.
    command.add_argument(
        "targets",
        metavar="RUN",
        nargs="*",
        help="report folders of runs, or their streams (default: qmp-report)",
    )
    option_table.declare(name, command)
    command.set_defaults(call=_finding, several=True)


def _finding(asked: argparse.Namespace) -> int:
    runs = asked.targets or [option_table.REPORT.default]
    found = one_cause.find([summarise(read_run(Path(run))) for run in runs], asked.name)
    if isinstance(found, list):
        raise UsageError(
            f"no root cause of {', '.join(runs)} is {asked.name!r}",
            f"There are: {', '.join(found)}." if found else "The report lists those there are.",
        )
    output = option_table.OUTPUT.of(asked)
    tree = option_table.SOURCE.of(asked)
    quoted = source_lines(found.cause.finding, Path(tree)) if tree else []
    match option_table.FINDING_FORMAT.of(asked):
        case "markdown":
            told = one_cause.markdown(found, quoted)
        case "issue":
            told = one_cause.issue(found, quoted)
        case "sh":
            told = f"{found.cause.reproducer.rstrip()}\n"
        case "python":
            told = _python(found.cause)
        case _:
            width = min(Screen().width, _WIDE)
            told = one_cause.text(found, width, quoted, colour=coloured(sys.stdout) and not output)
    write_out(told, output)
    return ExitCode.CONFORMS


def _python(cause: RootCause) -> str:
    text = python_text(cause.reproducer)
    if text is None:
        raise UsageError(
            f"{cause.finding.fingerprint} does not show through a client of QMP",
            "The script of --format sh shows it.",
        )
    return text
