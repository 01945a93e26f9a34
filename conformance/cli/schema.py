"""The commands `schema diff` and `schema digest`: words in, a text and an exit code out."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any, Final

from conformance.compat.change import ChangeClass, Comparison, to_json
from conformance.compat.comparison import compared
from conformance.digest.digest_json import digest_text
from conformance.model.canonical import pretty
from conformance.model.errors import UsageError
from conformance.model.flavour import Program
from conformance.model.terms import ExitCode
from conformance.prepare.operand import SIDES, Named, load_knowledge, read_side
from conformance.qapi.model import SchemaError
from conformance.report import compatibility
from conformance.source.digesting import read_tree

_WIDTH: Final = 100


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def add_schema(commands: Any) -> None:
    """Add the command `schema` with its own to the subparsers `commands`."""
    text = "compare schemas, and gather what the source of one says"
    parser = commands.add_parser("schema", help=text, description=_sentence(text))
    group = parser.add_subparsers(required=True, metavar="COMMAND")
    parser.set_defaults(several=True, usage=parser.format_usage())
    _add_diff(group)
    _add_digest(group)


def _add_diff(group: Any) -> None:
    text = "tell what changed from one schema to another, and what it means to clients"
    command = group.add_parser("diff", help=text, description=_sentence(text), epilog=SIDES)
    add = command.add_argument
    add("old", metavar="OLD", help="the side that clients were written for")
    add("new", metavar="NEW", help="the side that they meet")
    for which in ("old", "new"):
        add(f"--{which}-rootfs", default="", metavar="DIR",
            help=f"the root file system that the program {which.upper()} is in")  # fmt: skip
        add(f"--{which}-version", default="", metavar="VERSION",
            help=f"the version of {which.upper()} where it does not tell")  # fmt: skip
    add("--program", choices=[str(each) for each in Program], default=str(Program.SYSTEM),
        help="whose schema of a digest or source tree (default: system)")  # fmt: skip
    add("--format", choices=("text", "markdown", "json"), default="text",
        help="how to tell (default: text)")  # fmt: skip
    add("--all", action="store_true", help="in text, list what is only counted otherwise")
    add("--fail-on", choices=[str(each) for each in ChangeClass], default="",
        help="exit with 1 for a change of this class or a worse one")  # fmt: skip
    _add_output(command)
    command.set_defaults(call=_diff, targets=[], usage=command.format_usage())


def _add_digest(group: Any) -> None:
    text = "write the digest of a QEMU source tree: the facts that its schemas state"
    command = group.add_parser("digest", help=text, description=_sentence(text))
    add = command.add_argument
    add("path", metavar="PATH", help="a QEMU source tree, or one schema file")
    add("--version", default="", metavar="VERSION", help="the release, where no tree tells it")
    _add_output(command)
    command.set_defaults(call=_digest, targets=[], usage=command.format_usage())


def _add_output(command: argparse.ArgumentParser) -> None:
    command.add_argument("--output", default="", metavar="FILE", help="write there, not to stdout")


def _diff(asked: argparse.Namespace) -> int:
    if asked.targets:
        raise UsageError(f"two sides are compared, {asked.targets[0]} is too many", "Leave it out.")
    program = Program(asked.program)
    old = read_side(Named(name=asked.old, rootfs=asked.old_rootfs, version=asked.old_version,
                          program=program))  # fmt: skip
    new = read_side(Named(name=asked.new, rootfs=asked.new_rootfs, version=asked.new_version,
                          program=program))  # fmt: skip
    comparison = compared(old, new, load_knowledge(program))
    _write(_told(comparison, asked), asked.output)
    if asked.fail_on and comparison.at_least(ChangeClass(asked.fail_on)):
        return ExitCode.FINDINGS
    return ExitCode.CONFORMS


def _told(comparison: Comparison, asked: argparse.Namespace) -> str:
    match asked.format:
        case "json":
            return pretty(to_json(comparison))
        case "markdown":
            return compatibility.markdown(comparison)
        case _:
            width, colour = _WIDTH, False
            if not asked.output:
                width = shutil.get_terminal_size((_WIDTH, 24)).columns
                colour = sys.stdout.isatty()
            return compatibility.text(comparison, width, everything=asked.all, colour=colour)


def _digest(asked: argparse.Namespace) -> int:
    if asked.targets:
        raise UsageError(f"one path is enough, {asked.targets[0]} is too many", "Leave it out.")
    try:
        digest = read_tree(Path(asked.path), asked.version)
    except SchemaError as error:
        raise UsageError(str(error), "Correct the schema, or name another path.") from error
    _write(digest_text(digest), asked.output)
    return ExitCode.CONFORMS


def _write(text: str, output: str) -> None:
    if not output:
        sys.stdout.write(text)
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{output}: cannot be written: {error.strerror}", "Name another file."
        ) from error
