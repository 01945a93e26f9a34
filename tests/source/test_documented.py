"""All examples of a source, with what they come to."""

from __future__ import annotations

from pathlib import Path

from conformance.model.stage import Request
from conformance.source.documented import (
    DocumentedExample,
    documented_examples,
)
from conformance.source.reader import read_source
from tests.qapi.schemas import command, event, member, schema_of, struct

SOURCE = """
##
# = Bells
#
# The notation:
#
# .. qmp-example::
#
#    -> ... what a client says ...
##

##
# @Bell:
#
# A bell.
#
# @name: its name
#
# Example:
#
# { "name": "b" }
##
{ 'struct': 'Bell', 'data': { 'name': 'str' } }

##
# @ring:
#
# Ring.
#
# @times: how often
#
# Since: 1.0
#
# .. qmp-example::
#    :title: Twice
#
#     -> { "execute": "ring", "arguments": { "times": 2 } }
#     <- { "return": {} }
#
# .. qmp-example::
#    :annotated:
#
#    Wrongly::
#
#     -> { "execute": "ring" }
#     <- { "return": {} }
##
{ 'command': 'ring', 'data': { 'times': 'int' } }

##
# @toll:
#
# Toll.
#
# Example:
#
# -> { "execute": "toll", "arguments": { "slowly": true } }
# <- { "return": {} }
#
##
{ 'command': 'toll', 'gen': false }

##
# @RUNG:
#
# It has rung.
#
# .. qmp-example::
#
#     <- { "event": "RUNG" }
##
{ 'event': 'RUNG' }
"""
SCHEMA = schema_of(
    struct("Ring", member("times", "int")),
    command("ring", "Ring"),
    command("toll"),
    event("RUNG"),
)


def examples(folder: Path) -> tuple[DocumentedExample, ...]:
    path = folder / "toy.json"
    path.write_text(SOURCE)
    return documented_examples(read_source(path), SCHEMA)


def test_examples_of_commands_and_events_are_numbered_by_their_owner(tmp_path: Path) -> None:
    assert [(each.kind, each.owner, each.number) for each in examples(tmp_path)] == [
        ("command", "ring", 1),
        ("command", "ring", 2),
        ("command", "toll", 1),
        ("event", "RUNG", 1),
    ]


def test_faults_have_the_line_of_the_file(tmp_path: Path) -> None:
    lines = SOURCE.split("\n")
    wrong_request = lines.index('#     -> { "execute": "ring" }') + 1
    wrong_event = lines.index('#     <- { "event": "RUNG" }') + 1

    found = [fault for example in examples(tmp_path) for fault in example.faults]

    assert [(fault.place.file, fault.place.line, fault.problem) for fault in found] == [
        ("toy.json", wrong_request, "the request of ring: arguments.times is missing"),
        ("toy.json", wrong_event, "the event: timestamp is missing"),
    ]


def test_what_the_schema_does_not_check_is_no_fault(tmp_path: Path) -> None:
    toll = examples(tmp_path)[2]

    assert (toll.owner, toll.faults) == ("toll", ())
    assert [shown.request for shown in toll.requests] == [Request("toll", {"slowly": True})]
