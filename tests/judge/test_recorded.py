"""Recorded dialogues are held against the rules of the wire and the schema, line by line."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any, Final

import pytest

import conformance
from conformance.judge.recorded import listen, schema_in, version_in
from conformance.knowledge.rules import load_rules
from conformance.qapi.introspection import read_introspection
from conformance.wire.recording import entries_of, read_values, transcript_of
from tests.recordings import (
    ENTRIES,
    GREETING,
    STAMP,
    VERSION,
    Message,
    happened,
    ndjson,
    refused,
    returned,
    sent,
)

SCHEMA = read_introspection(ENTRIES)
HELLO: Final = {"received": GREETING}
READY: Final = (HELLO, sent("qmp_capabilities", 0), returned(id=0))
STATUS: Final = {"running": True}


def heard(*entries: Message, schema: Any = SCHEMA, trimmed: bool = False) -> list[tuple[int, str]]:
    """Return line and rule of each promise that a dialogue breaks, and with "?" of each remark."""
    dialogue = tuple(entries_of(read_values(ndjson(*entries))))
    noted = listen(dialogue, schema, frozenset({"plug"}), trimmed=trimmed)
    return sorted((each.line, each.miss.rule + "?" * each.remarked) for each in noted)


def greeting(**members: Any) -> Message:
    return {"received": {"QMP": {**GREETING["QMP"], **members}}}


SOUND: dict[str, tuple[Message, ...]] = {
    "nothing": (),
    "a whole session": (
        *READY,
        sent("query-version", "v"),
        returned(VERSION, "v"),
        sent("resize", 1, size=5),
        happened("RESET", guest=True),
        returned(id=1),
        happened("STOP"),
    ),
    "a session without ids": (sent("look"), returned([1]), sent("nosuch"), refused()),
    "a dialogue that begins in the middle": (sent("look", 7), returned(id=7)),
    "requests in flight": (
        sent("look", 1),
        sent("query-status", 2),
        sent("nosuch", 3),
        returned(5, 1),
        returned(STATUS, 2),
        refused(3, "CommandNotFound"),
    ),
    "an id of any kind": (sent("look", {"a": [1, None]}), returned(id={"a": [1, None]})),
    "an id that is null": (sent("look", None), returned(id=None)),
    "a number written otherwise": (
        sent("look", [1.0, 1e3, -(2**63) - 1]),
        returned(id=[1, 1000, -9.223372036854775808e18]),
    ),
    "out of band before what came earlier": (
        HELLO,
        sent("qmp_capabilities", 0, enable=["oob"]),
        returned(id=0),
        sent("look", 1),
        sent("pause", 2, "exec-oob"),
        returned(id=2),
        returned(id=1),
    ),
    "what must be refused is": (
        sent("resize", 1),
        refused(1),
        sent("look", 2, "exec-oob"),
        refused(2),
        {"sent": {"execute": 5, "id": 3}},
        refused(3),
        {"sent": 5},
        refused(),
    ),
    "arguments that are not checked": (sent("plug", 1, name="a", other=5), returned(id=1)),
    "negotiation mode refuses": (HELLO, sent("look", 1), refused(1, "CommandNotFound")),
    "two sessions": (*READY, sent("look", 1), returned(id=1), *READY),
    "a second session whose greeting is left out": (*READY, *READY[1:]),
}


@pytest.mark.parametrize("entries", SOUND.values(), ids=SOUND)
def test_a_sound_dialogue_has_no_miss(entries: tuple[Message, ...]) -> None:
    assert heard(*entries) == []


BROKEN: dict[str, tuple[tuple[Message, ...], list[tuple[int, str]]]] = {
    "a greeting without capabilities": (
        ({"received": {"QMP": {"version": VERSION}}},),
        [(1, "W15")],
    ),
    "a greeting with more": (({"received": {**GREETING, "x": 1}},), [(1, "W15")]),
    "a greeting that is a string": (({"received": {"QMP": "hello"}},), [(1, "W15")]),
    "a greeting of other types": ((greeting(capabilities={}),), [(1, "W15")]),
    "a greeting with a member more": ((greeting(motd="x"),), [(1, "W15")]),
    "a version of another form": ((greeting(version={"qemu": 8}),), [(1, "W16")]),
    "a version other than the greeting's": (
        (*READY, sent("query-version", 1), returned({**VERSION, "package": "x"}, 1)),
        [(5, "W16")],
    ),
    "a capability twice": ((greeting(capabilities=["oob", "oob"]),), [(1, "W17")]),
    "a capability that is no string": (
        (greeting(capabilities=[1]),),
        [(1, "W17"), (1, "W18?")],
    ),
    "an unknown capability": ((greeting(capabilities=["oob", "x"]),), [(1, "W18?")]),
    "a request that is no object": (({"sent": [1]}, returned()), [(2, "W19")]),
    "a command that is a number": (({"sent": {"execute": 1}}, returned()), [(2, "W20")]),
    "both keys": (
        ({"sent": {"execute": "look", "exec-oob": "look"}}, returned()),
        [(2, "W21")],
    ),
    "arguments that are no object": (
        ({"sent": {"execute": "look", "arguments": []}}, returned()),
        [(2, "W23")],
    ),
    "an unknown member of a request": (
        ({"sent": {"execute": "look", "x": 1}}, returned()),
        [(2, "W24")],
    ),
    "another id": ((sent("look", 1), returned(id=2)), [(2, "W25")]),
    "an id of another type": ((sent("look", 1), returned(id="1")), [(2, "W25")]),
    "true for one": ((sent("look", 1), returned(id=True)), [(2, "W25")]),
    "a success without id": ((sent("look", 1), returned()), [(2, "W25")]),
    "an id where there was none": ((sent("look"), returned(id=1)), [(2, "W26")]),
    "responses in another order": (
        (sent("look", 1), sent("look", 2), returned(id=2), returned(id=1)),
        [(4, "W27")],
    ),
    "a command out of band that may not": (
        (sent("look", 1, "exec-oob"), returned(id=1)),
        [(2, "W33")],
    ),
    "out of band without negotiation": (
        (*READY, sent("pause", 1, "exec-oob"), returned(id=1)),
        [(5, "W34")],
    ),
    "a request passed over": (
        (sent("look", 1), sent("look", 2), returned(id=2)),
        [(1, "W35")],
    ),
    "a request not yet answered": ((sent("look", 1),), [(1, "W35?")]),
    "a request that another session left": ((*READY, sent("look", 1), HELLO), [(4, "W35?")]),
    "a second response": (
        (sent("look", 1), returned(id=1), sent("look", 2), returned(id=1), returned(id=2)),
        [(4, "W35")],
    ),
    "a message that nobody asked for": (
        (sent("look", 1), returned(id=1), returned()),
        [(3, "W35")],
    ),
    "an error whose id could not be read": (
        (sent("look", 1), refused(), sent("look", 2), returned(id=2)),
        [(1, "W35?"), (2, "W43?")],
    ),
    "success and error": (
        (sent("look", 1), {"received": {"return": 1, "error": {}, "id": 1}}),
        [(2, "W35")],
    ),
    "a success with more": (
        (sent("look", 1), {"received": {"return": 1, "took": 2, "id": 1}}),
        [(2, "W37")],
    ),
    "a return out of schema": (
        (sent("query-status", 1), returned({"running": 1}, 1)),
        [(2, "W38")],
    ),
    "an error without desc": (
        (sent("look", 1), {"received": {"error": {"class": "GenericError"}, "id": 1}}),
        [(2, "W40")],
    ),
    "an unknown class": ((sent("look", 1), refused(1, "Oops")), [(2, "W41")]),
    "an event with more": (
        ({"received": {"event": "STOP", "timestamp": STAMP, "x": 1}},),
        [(1, "W46")],
    ),
    "an event with other data": ((happened("RESET", guest=1),), [(1, "W47")]),
    "an event without timestamp": (({"received": {"event": "STOP"}},), [(1, "W48")]),
    "an unknown event": ((happened("NOSUCH"),), [(1, "W49")]),
    "a command in negotiation mode": ((HELLO, sent("look", 1), returned(id=1)), [(3, "W56")]),
    "an event in negotiation mode": ((HELLO, happened("STOP"), *READY[1:]), [(2, "W57")]),
    "a request refused that the schema allows": ((sent("look", 1), refused(1)), [(2, "Q29?")]),
    "a request accepted that it forbids": (
        (sent("resize", 1, size="1M"), returned(id=1)),
        [(2, "Q30")],
    ),
    "a command that it does not list": ((sent("nosuch", 1), returned(id=1)), [(2, "Q42")]),
    "a schema that is none": ((sent("query-qmp-schema", 1), returned([], 1)), [(2, "Q53")]),
    "a line that ends with a line feed": (
        (sent("look", 1), {"raw-received": '{"return": {}, "id": 1}\n'}),
        [(2, "W11")],
    ),
    "a line that says nothing": (
        (sent("look", 1), {"raw-received": "\x00\r\n"}, sent("look", 2), returned(id=2)),
        [(2, "W68")],
    ),
}


@pytest.mark.parametrize(("entries", "found"), BROKEN.values(), ids=BROKEN)
def test_a_dialogue_breaks_the_rules_it_breaks(
    entries: tuple[Message, ...], found: list[tuple[int, str]]
) -> None:
    assert heard(*entries) == found


def test_every_rule_that_the_judges_of_recordings_cite_is_broken_here() -> None:
    folder = Path(conformance.__file__).parent / "judge"
    cited = {
        node.value
        for name in ("greeting", "recorded", "request")
        for node in ast.walk(ast.parse((folder / f"{name}.py").read_text()))
        if isinstance(node, ast.Constant) and re.fullmatch(r"[WQX]\d\d", str(node.value))
    }

    assert cited <= load_rules().keys()
    assert cited <= {rule.rstrip("?") for _, found in BROKEN.values() for _, rule in found}


def test_without_a_schema_names_and_values_are_taken_as_they_come() -> None:
    entries = (sent("nosuch", 1, x=1), returned({"any": 1}, 1), happened("NOSUCH"))
    assert heard(*entries, schema=None) == []

    broken = (
        {"received": {"event": 7, "timestamp": STAMP}},
        {"received": {"event": "E", "timestamp": STAMP, "data": 1}},
    )
    assert heard(sent("look", 1), refused(1, "Oops"), *broken, schema=None) == [
        (2, "W41"),
        (3, "W46"),
        (4, "W46"),
    ]


def test_replies_alone_are_matched_to_nothing() -> None:
    entries = (HELLO, returned(id="a"), returned([1], "b"), refused("c", "Oops"))

    assert heard(*entries) == [(4, "W41")]


def test_a_transcript_lacks_ids_and_timestamps_and_parts_of_long_lines() -> None:
    lines = (
        '-> {"execute":"resize","arguments":{"size":"x"}}',
        '<- {"return": {}}',
        '-> {"execute":"[3 bytes cut]"}',
        '<- {"return": [3 bytes cut]"}}',
        '-> {"execute":"query-status"}',
        '<- {"return": {"running": 1}}',
        '<- {"event": "STOP"}',
    )

    noted = list(listen(tuple(transcript_of(lines, 3)), SCHEMA, trimmed=True))

    assert [(each.line, each.miss.rule) for each in noted] == [(3, "Q30"), (3, "W38")]


def test_a_dialogue_tells_its_schema_and_its_version() -> None:
    entries = (HELLO, sent("query-qmp-schema", 1), returned(ENTRIES, 1), returned([], 2))
    dialogue = tuple(entries_of(read_values(ndjson(*entries))))

    held = schema_in(dialogue)
    assert held is not None
    assert (held[0].line, held[1]) == (3, ENTRIES)
    assert version_in(dialogue) == (8, 1, 2)
    assert version_in(dialogue[1:]) is None


@pytest.mark.parametrize(
    ("version", "found"),
    [
        (VERSION, (8, 1, 2)),
        ({"qemu": {"major": 8, "minor": 1}, "package": ""}, None),
        ({"qemu": {"major": 8, "minor": 1, "micro": True}, "package": ""}, None),
        ({"qemu": VERSION["qemu"]}, None),
        ({"qemu": "8.1.2", "package": ""}, None),
    ],
)
def test_a_reply_tells_the_version_by_its_form(version: Any, found: Any) -> None:
    entries = (sent("query-version", 1), returned(version, 1))

    assert version_in(tuple(entries_of(read_values(ndjson(*entries))))) == found
