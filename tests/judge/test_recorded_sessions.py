"""What recorded dialogues say of requests, sessions and schemas beyond a single promise."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.judge.recorded import listen, schema_in
from conformance.wire.recording import entries_of, read_values, transcript_of
from tests.judge.test_recorded import HELLO, READY, SCHEMA, greeting, heard
from tests.recordings import ENTRIES, VERSION, Message, ndjson, refused, returned, sent

NOTHING: Message = {"raw-received": "\x00\r\n"}
LOOK, LOOKED = sent("look", 1), returned(id=1)


def told(*entries: Message) -> list[str]:
    dialogue = tuple(entries_of(read_values(ndjson(*entries))))
    return [each.miss.summary for each in listen(dialogue, SCHEMA)]


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        pytest.param(
            (*READY, LOOK, *READY, LOOK, LOOKED),
            [(4, "W35?")],
            id="a greeting ends what was asked before it",
        ),
        pytest.param(
            (*READY, LOOK, LOOKED, *READY, sent("look", 2), LOOKED),
            [(10, "W25")],
            id="an id of an earlier session answers nothing",
        ),
        pytest.param(
            (*READY, LOOK, *READY[1:]),
            [(4, "W35?")],
            id="what an earlier session left is not passed over",
        ),
        pytest.param(
            (LOOK, sent("look", 2), NOTHING, returned(id=2)),
            [(3, "W68")],
            id="what cannot be read stands for one response",
        ),
        pytest.param(
            (LOOK, sent("look", 2), sent("look", 3), returned(id=3), returned(id=2), LOOKED),
            [(5, "W27"), (6, "W27")],
            id="each that was passed over is late",
        ),
        pytest.param(
            (LOOK, refused(2)), [(2, "Q29?"), (2, "W25")], id="an error of another id is mistaken"
        ),
        pytest.param((*READY, sent("query-qmp-schema", 1), returned(ENTRIES, 1)), [], id="schema"),
        pytest.param((sent("query-version", 1), returned(VERSION, 1)), [], id="no greeting"),
        pytest.param((*READY, LOOK, returned(VERSION, 1)), [], id="a version that was not asked"),
    ],
)
def test_a_session_is_followed_from_request_to_response(
    entries: tuple[Message, ...], found: list[tuple[int, str]]
) -> None:
    assert heard(*entries) == found


def test_a_request_that_was_passed_over_is_told_with_what_passed_it() -> None:
    [missed] = told(LOOK, sent("look", 2), sent("look", 3), returned(id=2), returned(id=3))
    [open_still] = told(LOOK)

    assert missed.endswith("look on line 1, while a later request is answered on line 4")
    assert open_still == "there is no response to look on line 1"
    assert "the request on line 1" in told({"sent": 7})[0]


@pytest.mark.parametrize("value", [[], [1], [{"name": "a"}], {"meta-type": "object"}, "meta-type"])
def test_what_has_no_entries_is_no_schema(value: Any) -> None:
    entries = (sent("query-qmp-schema", 1), returned(value, 1))

    assert heard(*entries, schema=None) == [(2, "Q53")]
    assert schema_in(tuple(entries_of(read_values(ndjson(*entries))))) is None


def test_a_schema_is_what_a_server_returns_and_nobody_else() -> None:
    asked: Message = {"sent": {"return": ENTRIES}}

    assert schema_in(tuple(entries_of(read_values(ndjson(asked))))) is None


def test_capabilities_of_any_sort_are_asked_for_without_harm() -> None:
    odd = sent("qmp_capabilities", 0, enable=[["oob"], 7])

    noted = heard(HELLO, odd, returned(id=0), sent("pause", 1, "exec-oob"), LOOKED)

    assert (5, "W34") in noted


def test_without_a_schema_no_refusal_is_remarked() -> None:
    assert heard(LOOK, refused(1), schema=None) == []
    assert heard(LOOK, refused(1)) == [(2, "Q29?")]


def test_a_greeting_without_a_version_is_compared_with_none() -> None:
    broken: Message = {"received": {"QMP": {"capabilities": []}}}

    assert heard(broken, *READY[1:], sent("query-version", 1), returned(VERSION, 1)) == [(1, "W15")]
    assert heard(greeting(capabilities=["oob"])) == []


def test_half_a_response_stands_for_one() -> None:
    lines = (
        '-> {"execute":"look"}',
        '-> {"execute":"query-status"}',
        '<- {"return": [3 bytes cut]"}}',
        '<- {"return": {"running": 1}}',
    )

    noted = list(listen(tuple(transcript_of(lines, 1)), SCHEMA, trimmed=True))

    assert [(each.line, each.miss.rule) for each in noted] == [(1, "W38")]
