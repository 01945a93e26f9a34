"""Every message is held against the rules of the wire and the build's own schema."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.judge.reply import MessageJudge
from conformance.qapi.validate import Validator
from conformance.stage import Request
from conformance.terms import ABSENT
from tests.judge.made import judge_of_messages, line, refusal, success
from tests.qapi.schemas import command, member, schema_of, struct

ENTRY = {"name": "a", "type": "b"}
STAMP = {"seconds": 1, "microseconds": 999_999}


@pytest.mark.parametrize(
    ("message", "rules", "says"),
    [
        pytest.param(success(), [], True, id="a success"),
        pytest.param(refusal(), [], True, id="an error"),
        pytest.param({"return": {}}, ["W25"], True, id="no id"),
        pytest.param(success(number=1), ["W25"], True, id="another id"),
        pytest.param({"return": {}, "id": "0"}, ["W25"], True, id="the id as a string"),
        pytest.param({"return": {}, "id": False}, ["W25"], True, id="the id as a boolean"),
        pytest.param({**success(), **refusal()}, ["W35"], False, id="success and error"),
        pytest.param({"id": 0}, ["W35"], False, id="neither success nor error"),
        pytest.param({**success(), "took": 1}, ["W37"], True, id="a success with more"),
        pytest.param(success({"x": 1}), ["W39"], False, id="data of a command without"),
        pytest.param(success([]), ["W39"], False, id="a list from a command without data"),
        pytest.param({**refusal(), "hint": 1}, ["W40"], True, id="an error reply with more"),
        pytest.param({"error": "no", "id": 0}, ["W40"], False, id="an error that is a string"),
        pytest.param(
            {"error": {"class": "GenericError"}, "id": 0}, ["W40"], False, id="an error less desc"
        ),
        pytest.param(
            {"error": {"class": "GenericError", "desc": ""}, "id": 0},
            ["W40"],
            False,
            id="an error with an empty desc",
        ),
        pytest.param(refusal("NoSuchClass"), ["W41"], False, id="an unknown class"),
        pytest.param(b'{"return": {}, "id": 0}\n', ["W11"], True, id="a line feed alone"),
        pytest.param(b"{'return': {}, 'id': 0}\r\n", ["W09"], True, id="single quotes"),
        pytest.param(b'[{"return": {}}]\r\n', ["W10"], False, id="an array"),
        pytest.param(b'{"return": {}, "id": 0}}\r\n', ["W68"], False, id="no JSON"),
        pytest.param(b'{"id": 1, "return": {}, "id": 0}\r\n', ["W68"], True, id="a member twice"),
        pytest.param(
            '{"error": {"class": "GenericError", "desc": "ä"}, "id": 0}\r\n'.encode(),
            ["W03"],
            True,
            id="a byte beyond ASCII",
        ),
        pytest.param(b'{"return": {}, "id": 1}\n', ["W11", "W25"], True, id="two faults at once"),
    ],
)
def test_a_reply_breaks_the_rules_it_breaks(message: Any, rules: list[str], says: bool) -> None:
    read = judge_of_messages().reply(line(message), Request("do", ABSENT), 0)

    assert [miss.rule for miss in read.misses] == rules
    assert (read.message is not None) is says


@pytest.mark.parametrize(
    ("execute", "value", "right"),
    [
        ("list", [ENTRY], True),
        ("list", [{**ENTRY, "default-value": None}], True),
        ("list", [{"name": "a"}], False),
        ("list", [ENTRY, {**ENTRY, "more": 1}], False),
        ("read", None, True),
        ("unheard-of", 7, True),
    ],
)
def test_a_return_is_of_the_type_that_its_command_declares(
    execute: str, value: Any, right: bool
) -> None:
    message = {"return": value, "id": 0}

    read = judge_of_messages().reply(line(message), Request(execute, ABSENT), 0)

    assert ([miss.rule for miss in read.misses] == []) is right


@pytest.mark.parametrize(
    ("event", "rules"),
    [
        pytest.param({"event": "STOP", "timestamp": STAMP}, [], id="without data"),
        pytest.param(
            {"event": "RESET", "timestamp": STAMP, "data": {"guest": True}}, [], id="with data"
        ),
        pytest.param(
            {"event": "STOP", "timestamp": {"seconds": -1, "microseconds": -1}}, [], id="no clock"
        ),
        pytest.param({"event": "STOP", "timestamp": STAMP, "id": 1}, ["W46"], id="more members"),
        pytest.param({"event": "RESET", "timestamp": STAMP}, ["W47"], id="data left out"),
        pytest.param(
            {"event": "RESET", "timestamp": STAMP, "data": {"guest": 1}}, ["W47"], id="other data"
        ),
        pytest.param({"event": "STOP"}, ["W48"], id="no timestamp"),
        pytest.param(
            {"event": "STOP", "timestamp": {"seconds": 1, "microseconds": 10**6}},
            ["W48"],
            id="too many microseconds",
        ),
        pytest.param(
            {"event": "STOP", "timestamp": {"seconds": 1.5, "microseconds": 0}},
            ["W48"],
            id="a fraction of a second",
        ),
        pytest.param(
            {"event": "STOP", "timestamp": {"seconds": -1, "microseconds": 0}},
            ["W48"],
            id="half a clock",
        ),
        pytest.param({"event": "NOSUCH", "timestamp": STAMP}, ["W49"], id="unknown"),
        pytest.param({"event": 7, "timestamp": STAMP}, ["W49"], id="no string"),
    ],
)
def test_an_event_breaks_the_rules_it_breaks(event: Any, rules: list[str]) -> None:
    assert [miss.rule for miss in judge_of_messages().event(line(event)).misses] == rules


def test_a_message_that_nobody_asked_for_is_an_answer_too_many() -> None:
    read = judge_of_messages().stray(line(success()))

    assert [miss.rule for miss in read.misses] == ["W35"]


def test_a_long_line_is_cut_in_what_is_said_of_it() -> None:
    read = judge_of_messages().stray(line(b'{"return": "' + b"x" * 5000 + b'"}\r\n'))

    assert len(read.misses[0].summary) < 300


def test_what_a_machine_withholds_need_not_be_returned() -> None:
    schema = schema_of(
        struct("Told", member("kept", "str"), member("old", "str", features=["deprecated"])),
        command("tell", ret="Told"),
    )
    judge = MessageJudge(schema, Validator(schema))
    request = Request("tell", ABSENT)

    def rules(returned: Any, withheld: str = "") -> list[str]:
        read = judge.reply(line(success(returned) | {"id": 1}), request, 1, withheld=withheld)
        return [miss.rule for miss in read.misses]

    assert rules({"kept": "a"}) == ["W38"]
    assert rules({"kept": "a"}, "deprecated") == []
    assert rules({"kept": "a", "old": "b"}, "deprecated") == []
    assert rules({"old": "b"}, "deprecated") == ["W38"]
