"""The command `validate`: checks files, and prints text or JSON."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from conformance.cli.screen import coloured
from conformance.knowledge.arguments import load_unchecked
from conformance.knowledge.rules import load_rules
from conformance.model.canonical import pretty
from conformance.model.flavour import Program
from conformance.play.option import CommandName
from conformance.play.option_table import (
    ANSWERED,
    SCHEMA_PROGRAM,
    VALIDATE_FORMAT,
    VALIDATE_SCHEMA,
    declare,
)
from conformance.prepare.named_schema import schema_named
from conformance.report.validation import complaint, render
from conformance.validate import result as validation
from conformance.validate.by_line import no_progress
from conformance.validate.offline import UNDERSTOOD, FileValidator
from conformance.validate.result import Unreadable


def add(command: argparse.ArgumentParser, name: CommandName) -> None:
    """Declare the options of the command."""
    command.epilog = UNDERSTOOD
    # Named like the targets of other commands, so that files may come between options, too.
    command.add_argument("targets", metavar="FILE", nargs="+", help="what to check")
    declare(name, command)
    command.set_defaults(call=_validate, several=True)


def _validate(asked: argparse.Namespace) -> int:
    schema, program = VALIDATE_SCHEMA.of(asked), Program(SCHEMA_PROGRAM.of(asked))
    validator = FileValidator(
        rules=load_rules(),
        unchecked=load_unchecked(),
        given=schema_named(schema, program) if schema else None,
        answered=ANSWERED.of(asked),
        tell=_Told() if sys.stderr.isatty() else no_progress,
    )
    outcomes = [validator.validate(Path(name)) for name in asked.targets]
    for outcome in outcomes:
        if isinstance(outcome, Unreadable):
            print(f"qmp-conformance: {complaint(outcome)}\n  {UNDERSTOOD}", file=sys.stderr)
    if VALIDATE_FORMAT.of(asked) == "json":
        print(pretty(validation.to_json(outcomes)), end="")
    elif not all(isinstance(outcome, Unreadable) for outcome in outcomes):
        width = shutil.get_terminal_size((100, 24)).columns
        print(render(outcomes, width, colour=coloured(sys.stdout)), end="")
    return validation.worst(outcomes)


class _Told:
    """Shows on a terminal how much of a large file was judged, whenever a percent is done."""

    def __init__(self) -> None:
        self._shown = -1

    def __call__(self, done: int, of: int) -> None:
        percent = 100 * done // max(of, 1)
        if percent != self._shown:
            self._shown = percent
            end = "\n" if done >= of else ""
            print(f"\r{percent:3d} % of {of >> 20} MiB", end=end, file=sys.stderr, flush=True)
