"""Every message is held against the rules of the wire and the build's own schema."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.judge.reply import MessageJudge, echoes
from conformance.model.stage import Request
from conformance.model.terms import ABSENT
from conformance.qapi.validate import Validator
from tests.judge.made import SCHEMA, judge_of_messages, line, refusal, success
from tests.qapi.schemas import command, member, optional, schema_of, struct

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


@pytest.mark.parametrize(
    ("sent", "found", "echoed"),
    [
        pytest.param(7, 7, True, id="a number"),
        pytest.param(7, 8, False, id="another number"),
        pytest.param(7, 7.0, True, id="a fraction of the same value"),
        pytest.param(7, 7.5, False, id="a fraction of another value"),
        pytest.param(1e300, 10**400, False, id="more than any fraction holds"),
        pytest.param(2**64, 2**64 + 1, False, id="another number beyond all fractions"),
        pytest.param(2**64, 2.0**64, True, id="a large number as a fraction"),
        pytest.param(1, True, False, id="a boolean"),
        pytest.param("1", 1, False, id="a number for a string"),
        pytest.param("a", "b", False, id="another string"),
        pytest.param(None, None, True, id="null"),
        pytest.param(None, ABSENT, False, id="nothing for null"),
        pytest.param(ABSENT, ABSENT, True, id="nothing"),
        pytest.param({"a": [1, {"b": 2}]}, {"a": [1.0, {"b": 2}]}, True, id="all that is inside"),
        pytest.param({"a": 1}, {"a": 2}, False, id="a member of another value"),
        pytest.param({"a": 1}, {"b": 1}, False, id="a member of another name"),
        pytest.param({"a": 1}, {"a": 1, "b": 1}, False, id="a member more"),
        pytest.param([1], [2], False, id="another element"),
        pytest.param([1], [1, 1], False, id="an element more"),
        pytest.param([[1], 2], [[3], 2], False, id="another element inside"),
    ],
)
def test_an_id_comes_back_with_its_value_and_its_kind(sent: Any, found: Any, echoed: bool) -> None:
    assert echoes(sent, found) is echoed
    assert echoes(found, sent) is echoed


def test_without_a_schema_the_form_of_what_comes_is_held_against_the_wire_alone() -> None:
    judge = MessageJudge(None, None)
    event = {"event": "ODD", "timestamp": STAMP}

    def rules(message: Any) -> list[str]:
        return [miss.rule for miss in judge.event(line(message)).misses]

    assert rules(event) == rules({**event, "data": {"odd": 1}}) == []
    assert rules({**event, "event": 7}) == ["W46"]
    assert rules({**event, "data": []}) == ["W46"]
    assert judge.answer(line(success(7)), "do").misses == ()
    greeting = {"QMP": {"version": {"odd": 1}, "capabilities": []}}
    assert judge.greeting(line(greeting)).misses == ()


def test_an_event_that_was_trimmed_may_lack_its_timestamp_and_have_no_false_one() -> None:
    judge = judge_of_messages()

    assert judge.event(line({"event": "STOP"}), timed=False).misses == ()
    trimmed = judge.event(line({"event": "STOP", "timestamp": 7}), timed=False)
    assert [miss.rule for miss in trimmed.misses] == ["W48"]


@pytest.mark.parametrize(
    "stamp",
    [
        pytest.param({"seconds": True, "microseconds": 1}, id="a boolean"),
        pytest.param({"seconds": 1, "microseconds": 1.0}, id="a fraction"),
        pytest.param({"seconds": 1, "microseconds": -1}, id="before the second"),
        pytest.param({"seconds": -1, "microseconds": 5}, id="before all time"),
        pytest.param({"seconds": 1}, id="a part alone"),
        pytest.param({"seconds": 1, "microseconds": 1, "more": 1}, id="a part more"),
        pytest.param(7, id="a number"),
    ],
)
def test_a_timestamp_has_two_whole_parts_in_their_bounds(stamp: Any) -> None:
    event = {"event": "STOP", "timestamp": stamp}

    assert [miss.rule for miss in judge_of_messages().event(line(event)).misses] == ["W48"]


def test_time_begins_with_its_first_second() -> None:
    event = {"event": "STOP", "timestamp": {"seconds": 0, "microseconds": 0}}

    assert judge_of_messages().event(line(event)).misses == ()


@pytest.mark.parametrize("error", [{"class": "GenericError", "desc": 7}, {"desc": "no"}, 7])
def test_an_error_has_two_strings(error: Any) -> None:
    read = judge_of_messages().answer(line({"error": error}), None)

    assert [miss.rule for miss in read.misses] == ["W40"]
    assert read.message is None


def test_a_class_that_is_no_string_is_none_of_the_known() -> None:
    error = {"class": ["GenericError"], "desc": "no"}

    assert [m.rule for m in judge_of_messages().answer(line({"error": error}), None).misses] == [
        "W41"
    ]


def test_an_answer_is_told_whatever_else_it_holds_and_not_where_it_is_none() -> None:
    judge = judge_of_messages()

    more = judge.answer(line({"return": {}, "id": 9, "more": 1}), "do")
    assert ([miss.rule for miss in more.misses], more.message is None) == (["W37"], False)
    none = judge.answer(line({"id": 9}), "do")
    assert ([miss.rule for miss in none.misses], none.message is None) == (["W35"], True)


def test_where_a_value_is_out_of_schema_is_told_as_a_path() -> None:
    judge = judge_of_messages()

    def where(command: str, value: Any) -> str:
        [miss] = judge.answer(line({"return": value}), command).misses
        return miss.summary.split(": ")[1]

    assert where("list", [{"name": 7, "type": "t"}]) == "return[0].name"
    assert where("list", 7) == "return"


def test_a_type_with_optional_members_alone_is_not_empty() -> None:
    schema = schema_of(struct("Told", optional("may", "str")), command("tell", ret="Told"))
    judge = MessageJudge(schema, Validator(schema))

    def rules(value: Any) -> list[str]:
        return [miss.rule for miss in judge.answer(line({"return": value}), "tell").misses]

    assert rules({}) == []
    assert rules({"may": 7}) == ["W38"]
    assert rules({"other": 7}) == ["W38"]


def test_the_version_of_a_greeting_is_of_the_type_that_its_command_returns() -> None:
    schema = schema_of(
        struct("Version", member("major", "int")), command("query-version", ret="Version")
    )
    judge = MessageJudge(schema, Validator(schema))

    def rules(version: Any) -> list[str]:
        greeting = {"QMP": {"version": version, "capabilities": []}}
        return [miss.rule for miss in judge.greeting(line(greeting)).misses]

    assert rules({"major": 8}) == []
    assert rules({"major": "8"}) == ["W16"]


def test_what_cannot_be_read_is_told_as_such_whatever_was_waited_for() -> None:
    judge, garbage = judge_of_messages(), line(b"\x00\r\n")

    for read in (
        judge.greeting(garbage),
        judge.event(garbage),
        judge.answer(garbage, "do"),
        judge.reply(garbage, Request("do", ABSENT), 0),
    ):
        assert ([miss.rule for miss in read.misses], read.message) == (["W68"], None)


def test_what_is_optional_stays_so_where_something_is_withheld() -> None:
    schema = schema_of(
        struct("Told", optional("may", "str"), member("must", "str")), command("tell", ret="Told")
    )
    judge = MessageJudge(schema, Validator(schema))
    request = Request("tell", ABSENT)

    def rules(value: Any) -> list[str]:
        read = judge.reply(line({"return": value, "id": 0}), request, 0, withheld="deprecated")
        return [miss.rule for miss in read.misses]

    assert rules({"must": "x"}) == []
    assert rules({"may": "x"}) == ["W38"]


def test_an_event_that_the_schema_leaves_out_is_known_and_no_other() -> None:
    schema = replace(SCHEMA, left_out=frozenset({"GONE"}))
    judge = MessageJudge(schema, Validator(schema))

    def rules(name: str) -> list[str]:
        event = {"event": name, "timestamp": STAMP, "data": {"any": 1}}
        return [miss.rule for miss in judge.event(line(event)).misses]

    assert rules("GONE") == []
    assert rules("OTHER") == ["W49"]
    assert rules("STOP") == ["W47"]
