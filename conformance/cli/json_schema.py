"""The command `schema jsonschema`: a build's schema for programs that know no QAPI."""

from __future__ import annotations

import argparse
import re
from typing import Any, Final

from conformance.align.alignment import align
from conformance.align.widths import with_widths
from conformance.cli.command_line import sentence
from conformance.cli.screen import write_out
from conformance.compat.change import SideKind
from conformance.compat.meaning import ComparedSide
from conformance.derive.schema.member_examples import member_examples
from conformance.knowledge.loading import load_knowledge
from conformance.knowledge.versions import Version
from conformance.model.canonical import pretty
from conformance.model.errors import UsageError
from conformance.model.flavour import Program
from conformance.model.hints import meant
from conformance.model.terms import ExitCode
from conformance.play import option_table
from conformance.play.option import CommandName
from conformance.prepare.operand import SIDES, NamedSide, read_side
from conformance.qapi.json_schema import Description, Dialect
from conformance.qapi.model import Schema, UnknownNameError

_NUMBER: Final = re.compile(r"\d+")


def add_json_schema(group: Any) -> None:
    """Declare the command and its options."""
    text = "write the schema of a build as JSON Schema"
    epilog = SIDES.replace("A side is", "BUILD is")
    command = group.add_parser("jsonschema", help=text, description=sentence(text), epilog=epilog)
    command.add_argument("build", metavar="BUILD", help="the build")
    command.add_argument(
        "subject", metavar="NAME", nargs="?", default="", help="a command, event or type of it"
    )
    option_table.declare(CommandName.JSON_SCHEMA, command)
    command.set_defaults(call=_describe, targets=[], usage=command.format_usage())


def _describe(asked: argparse.Namespace) -> int:
    if asked.targets:
        raise UsageError(f"one name is enough, {asked.targets[0]} is too many", "Leave it out.")
    side = read_side(
        NamedSide(
            name=asked.build,
            rootfs=option_table.BUILD_ROOTFS.of(asked),
            version=option_table.DIGEST_VERSION.of(asked),
            program=Program(option_table.SCHEMA_PROGRAM.of(asked)),
        )
    )
    schema, version = _with_widths(side), _version(side)
    knowledge = load_knowledge()
    description = Description(
        schema=schema,
        dialect=Dialect(option_table.DIALECT.of(asked)),
        open=knowledge.untyped(version) | side.open,
        examples=member_examples(schema, knowledge.catalogue, version),
    )
    of = " ".join(filter(None, (side.facts.version, side.facts.detail))) or side.facts.name
    try:
        written = description.document(asked.subject, f"QMP of QEMU {of}")
    except UnknownNameError as error:
        names = (*schema.commands, *schema.events, *schema.types)
        raise UsageError(str(error), meant(asked.subject, names, "")) from error
    write_out(pretty(written), option_table.OUTPUT.of(asked))
    return ExitCode.CONFORMS


def _with_widths(side: ComparedSide) -> Schema:
    """Return the schema with the widths of integers, where the source of its release is known."""
    if side.release is None or side.facts.kind not in (SideKind.BUILD, SideKind.INTROSPECTION):
        return side.schema
    return with_widths(side.schema, align(side.release, side.schema), side.release)


def _version(side: ComparedSide) -> Version:
    found = [int(each) for each in _NUMBER.findall(side.facts.version)[:3]]
    major, minor, micro = (*found, 0, 0, 0)[:3]
    return (major, minor, micro)
