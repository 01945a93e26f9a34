"""The commands below `schema`; those that compare and digest are here."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from conformance.cli import source_check
from conformance.cli.command_line import sentence
from conformance.cli.json_schema import add_json_schema
from conformance.cli.screen import coloured, write_out
from conformance.compat.change import ChangeClass, Comparison, to_json
from conformance.compat.comparison import compared
from conformance.digest.declaration import Source
from conformance.digest.digest_json import digest_text
from conformance.model.canonical import pretty
from conformance.model.errors import UsageError
from conformance.model.flavour import Program
from conformance.model.terms import ExitCode
from conformance.play import option_table
from conformance.play.option import CommandName
from conformance.prepare.operand import SIDES, NamedSide, load_knowledge, read_side
from conformance.qapi.model import SchemaError
from conformance.report import compatibility
from conformance.source.digesting import digest_of, read_sources, version_in
from conformance.source.lint import LintKind, lint

_CORRECT: Final = "Correct the schema, or name another path; of a part of one, take --partial."
_WIDTH: Final = 100


def add(parser: argparse.ArgumentParser, name: str) -> None:
    """Declare the commands of `schema` and their options."""
    group = parser.add_subparsers(required=True, metavar="COMMAND")
    parser.set_defaults(several=True)
    _add_diff(group)
    _add_digest(group)
    add_json_schema(group)
    _add_lint(group)


def _add_diff(group: Any) -> None:
    text = "show what changed between two schemas, and what it means to clients"
    command = group.add_parser("diff", help=text, description=sentence(text), epilog=SIDES)
    add = command.add_argument
    add("old", metavar="OLD", help="the side that clients were written for")
    add("new", metavar="NEW", help="the side that they meet")
    option_table.declare(CommandName.DIFF, command)
    command.set_defaults(call=_diff, targets=[], usage=command.format_usage())


def _add_digest(group: Any) -> None:
    text = "write the digest of a QEMU source tree: the facts that its schemas state"
    command = group.add_parser("digest", help=text, description=sentence(text))
    command.add_argument("path", metavar="PATH", help="a QEMU source tree, or one schema file")
    option_table.declare(CommandName.DIGEST, command)
    command.set_defaults(call=_digest, targets=[], usage=command.format_usage())


def _add_lint(group: Any) -> None:
    text = "check a QEMU source tree: its schemas, and whether their documentation fits"
    command = group.add_parser("lint", help=text, description=sentence(text))
    command.add_argument("path", metavar="PATH", help="a QEMU source tree, or one schema file")
    option_table.declare(CommandName.LINT, command)
    command.set_defaults(call=_lint, targets=[], usage=command.format_usage())


def _diff(asked: argparse.Namespace) -> int:
    if asked.targets:
        raise UsageError(f"two sides are compared, {asked.targets[0]} is too many", "Leave it out.")
    program = Program(option_table.SCHEMA_PROGRAM.of(asked))
    old, new = (
        read_side(
            NamedSide(
                name=name,
                rootfs=rootfs.of(asked),
                version=version.of(asked),
                program=program,
                partial=option_table.PARTIAL.of(asked),
            )
        )
        for name, rootfs, version in (
            (asked.old, option_table.OLD_ROOTFS, option_table.OLD_VERSION),
            (asked.new, option_table.NEW_ROOTFS, option_table.NEW_VERSION),
        )
    )
    comparison = compared(old, new, load_knowledge(program))
    write_out(_told(comparison, asked), option_table.OUTPUT.of(asked))
    fail_on = option_table.FAIL_ON.of(asked)
    if fail_on and comparison.at_least(ChangeClass(fail_on)):
        return ExitCode.FINDINGS
    return ExitCode.CONFORMS


def _told(comparison: Comparison, asked: argparse.Namespace) -> str:
    match option_table.DIFF_FORMAT.of(asked):
        case "json":
            return pretty(to_json(comparison))
        case "markdown":
            return compatibility.markdown(comparison)
        case _:
            width, colour = _WIDTH, False
            if not option_table.OUTPUT.of(asked):
                width = shutil.get_terminal_size((_WIDTH, 24)).columns
                colour = coloured(sys.stdout)
            everything = option_table.ALL_CHANGES.of(asked)
            return compatibility.text(comparison, width, everything=everything, colour=colour)


def _digest(asked: argparse.Namespace) -> int:
    sources = _sources(asked)
    version = version_in(Path(asked.path), option_table.DIGEST_VERSION.of(asked))
    write_out(digest_text(digest_of(version, sources)), option_table.OUTPUT.of(asked))
    for line in source_check.beside(sources.values(), lint(sources.values())):
        print(f"qmp-conformance: {line}", file=sys.stderr)
    return ExitCode.CONFORMS


def _lint(asked: argparse.Namespace) -> int:
    sources = _sources(asked)
    found = lint(sources.values())
    write_out(source_check.text(sources, found), option_table.OUTPUT.of(asked))
    if any(line.kind is LintKind.FINDING for line in found):
        return ExitCode.FINDINGS
    return ExitCode.CONFORMS


def _sources(asked: argparse.Namespace) -> Mapping[Program, Source]:
    if asked.targets:
        raise UsageError(f"one path is enough, {asked.targets[0]} is too many", "Leave it out.")
    try:
        version = option_table.DIGEST_VERSION.of(asked)
        return read_sources(Path(asked.path), version, partial=option_table.PARTIAL.of(asked))
    except SchemaError as error:
        raise UsageError(str(error), _CORRECT) from error
