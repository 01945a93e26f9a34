"""The command `validate`: words and files in, text or JSON and an exit code out."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from conformance.knowledge.rules import load_rules
from conformance.knowledge.untyped_arguments import load_unchecked
from conformance.model.canonical import pretty
from conformance.prepare.named_schema import schema_named
from conformance.report.validation import complaint, render
from conformance.validate import result as validation
from conformance.validate.offline import UNDERSTOOD, Validator
from conformance.validate.result import Unreadable


def add(command: argparse.ArgumentParser, name: str) -> None:
    """Declare the options of the command."""
    command.epilog = UNDERSTOOD
    declare = command.add_argument
    # Called as what the other commands name, so that files may stand among the options too.
    declare("targets", metavar="FILE", nargs="+", help="what to check")
    declare("--schema", default="", metavar="SCHEMA",
        help="what holds for dialogues without a schema of their own: a saved introspection, or "
        "the release (10.0) of a digest that comes with the suite")  # fmt: skip
    declare(
        "--format", choices=("text", "json"), default="text", help="how to tell (default: text)"
    )
    command.set_defaults(call=_validate, several=True)


def _validate(asked: argparse.Namespace) -> int:
    validator = Validator(
        rules=load_rules(),
        unchecked=load_unchecked(),
        given=schema_named(asked.schema) if asked.schema else None,
    )
    outcomes = [validator.validate(Path(name)) for name in asked.targets]
    for outcome in outcomes:
        if isinstance(outcome, Unreadable):
            print(f"qmp-conformance: {complaint(outcome)}\n  {UNDERSTOOD}", file=sys.stderr)
    if asked.format == "json":
        print(pretty(validation.to_json(outcomes)), end="")
    elif not all(isinstance(outcome, Unreadable) for outcome in outcomes):
        width = shutil.get_terminal_size((100, 24)).columns
        print(render(outcomes, width, colour=sys.stdout.isatty()), end="")
    return validation.worst(outcomes)
