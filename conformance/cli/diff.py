"""The commands `diff` and `trend`: runs beside each other."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Final

from conformance.cli.screen import coloured, write_out
from conformance.compat.change import Comparison
from conformance.compat.comparison import compared
from conformance.compat.meaning import ComparedSide
from conformance.model.canonical import pretty
from conformance.model.errors import UsageError
from conformance.model.terms import ExitCode
from conformance.play import option_table
from conformance.play.beforehand import read_baseline
from conformance.play.option import CommandName
from conformance.play.records import schema_path
from conformance.prepare.operand import NamedSide, load_knowledge, read_side
from conformance.report import difference_text, trend
from conformance.report.difference import difference, pairs, to_json
from conformance.report.result import Summary, TargetSummary

_WIDTH: Final = 100


def add(command: argparse.ArgumentParser, name: CommandName) -> None:
    """Declare the options of the command."""
    # Named like the targets of other commands, so that runs may come between options, too.
    text = "the report folder of a run, or its stream"
    if name is CommandName.RUN_DIFF:
        command.add_argument("targets", metavar="RUN", nargs=2, help=f"{text}: the old, the new")
        command.set_defaults(call=_diff, several=False)
    else:
        command.add_argument("targets", metavar="RUN", nargs="+", help=text)
        command.set_defaults(call=_trend, several=True)
    option_table.declare(name, command)


def _diff(asked: argparse.Namespace) -> int:
    paths = [Path(name) for name in asked.targets]
    old, new = map(read_baseline, paths)
    schemas = {now.build.target: _schemas(paths, before, now) for before, now in pairs(old, new)}
    found = difference(old, new, schemas)
    if not found.targets:
        names = ", ".join(_names(old)), ", ".join(_names(new))
        raise UsageError(
            f"no target of {paths[1]} ({names[1]}) has its name in {paths[0]} ({names[0]})",
            "Give the targets of both runs the same names: NAME=PROGRAM.",
        )
    match option_table.RUN_FORMAT.of(asked):
        case "json":
            told = pretty(to_json(found))
        case "markdown":
            told = difference_text.markdown(found)
        case _:
            width = shutil.get_terminal_size((_WIDTH, 24)).columns
            colour = coloured(sys.stdout) and not option_table.OUTPUT.of(asked)
            told = difference_text.text(found, max(width, _WIDTH), colour=colour)
    write_out(told, option_table.OUTPUT.of(asked))
    return ExitCode.FINDINGS if found.news else ExitCode.CONFORMS


def _names(run: Summary) -> list[str]:
    return [target.build.target for target in run.targets]


def _schemas(runs: list[Path], old: TargetSummary, new: TargetSummary) -> Comparison | None:
    """Return the comparison of the schemas of a target; None where one is not at hand."""
    one, other = (_schema(run, of) for run, of in zip(runs, (old, new), strict=True))
    if one is None or other is None:
        return None
    return compared(one, other, load_knowledge(new.build.kind_of_program))


def _schema(run: Path, target: TargetSummary) -> ComparedSide | None:
    folder = run if run.is_dir() else run.parent
    path = schema_path(folder, target.build.target)
    if not path.is_file():
        return None
    return read_side(NamedSide(name=str(path), version=target.build.version))


def _trend(asked: argparse.Namespace) -> int:
    found = trend.trend([read_baseline(Path(name)) for name in asked.targets])
    match option_table.RUN_FORMAT.of(asked):
        case "json":
            told = pretty(trend.to_json(found))
        case "markdown":
            told = trend.markdown(found)
        case _:
            told = trend.text(found)
    write_out(told, option_table.OUTPUT.of(asked))
    return ExitCode.CONFORMS
