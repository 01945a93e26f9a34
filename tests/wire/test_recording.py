"""Recordings are read back as they were written, and what is none is refused by its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.model.terms import ABSENT
from conformance.wire.framing import FramingFault, Message
from conformance.wire.recording import (
    Received,
    RecordingError,
    Sent,
    Spoken,
    decode,
    element_lines,
    entries_of,
    messages_of,
    read_values,
    received_entry,
    sent_entry,
    transcript_of,
)


def entries(text: str) -> list[Spoken]:
    return list(entries_of(read_values(text)))


def test_values_are_read_with_the_lines_on_which_they_begin() -> None:
    values = list(read_values('\n{"a":\n 1}\n\n[2]{}\r\n\t"x" 5'))

    assert [(each.line, each.value) for each in values] == [
        (2, {"a": 1}),
        (5, [2]),
        (5, {}),
        (6, "x"),
        (6, 5),
    ]


def test_values_of_any_depth_are_read() -> None:
    depth = 3000
    first, last = read_values("[" * depth + "]" * depth + "\n7")

    assert (first.line, last.line, last.value) == (1, 2, 7)


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        pytest.param('{"a": 1}\n{"a": ', (2, 6), "ends within a JSON value", id="cut off"),
        pytest.param("[1,\n 2", (2, 3), "ends within a JSON value", id="an array cut off"),
        pytest.param(
            '{}\n{"a": "b', (2, 7), "in the string that begins here", id="a string cut off"
        ),
        pytest.param('{}\n{"a": x}', (2, 7), "no JSON: expecting value", id="no JSON"),
        pytest.param("{}\n\n  {'a': 1}", (3, 4), "no JSON", id="single quotes"),
        pytest.param('{}\n{"a": 1, "a": 2}', (2, 1), "'a' more than once", id="a member twice"),
        pytest.param("{}\n [NaN]", (2, 2), "NaN, which is no JSON", id="NaN"),
        pytest.param('\n["\\ud800"]', (2, 1), "lone surrogate U+D800", id="half a character"),
        pytest.param("[" + "9" * 5000 + "]", (1, 1), "integer that is too long", id="digits"),
        pytest.param("[" * 3000 + "\n x", (2, 2), "no JSON: expecting value", id="deep"),
        pytest.param("{} }", (1, 4), "no JSON", id="a brace too many"),
    ],
)
def test_what_is_no_json_is_refused_by_line_and_column(
    text: str, place: tuple[int, int], problem: str
) -> None:
    with pytest.raises(RecordingError) as caught:
        list(read_values(text))

    assert (caught.value.line, caught.value.column) == place
    assert problem in caught.value.problem


@pytest.mark.parametrize(
    ("data", "place", "problem"),
    [
        pytest.param(b"", (1, 1), "there is nothing in it", id="empty"),
        pytest.param(b" \n\r\n", (1, 1), "there is nothing in it", id="blank"),
        pytest.param(b"{}\n\xc3\xa4\xff", (2, 2), "byte 0xff is no UTF-8", id="bytes"),
        pytest.param(b"\x7fELF\x02\x01\x80", (1, 7), "byte 0x80 is no UTF-8", id="a program"),
    ],
)
def test_what_is_no_text_is_refused_by_its_first_such_byte(
    data: bytes, place: tuple[int, int], problem: str
) -> None:
    with pytest.raises(RecordingError) as caught:
        decode(data)

    assert (caught.value.line, caught.value.column, caught.value.problem) == (*place, problem)


def test_an_entry_says_who_spoke() -> None:
    asked, answered, raw = entries(
        '{"sent": {"execute": "a"}}\n{"received": {"return": {}}}\n'
        '{"raw-received": "{\'return\': {}}\\r\\n"}\n'
    )

    assert asked == Sent(line=1, value={"execute": "a"})
    assert isinstance(answered, Received)
    assert (answered.line, answered.read) == (2, Message({"return": {}}))
    assert isinstance(raw, Received)
    assert isinstance(raw.read, FramingFault)
    assert (raw.line, raw.data, raw.read.rule) == (3, b"{'return': {}}\r\n", "W09")
    assert raw.message == {"return": {}}


def test_a_message_that_is_no_object_breaks_a_rule_of_every_line() -> None:
    (answered,) = entries('{"received": [1]}')

    assert isinstance(answered, Received)
    assert isinstance(answered.read, FramingFault)
    assert (answered.read.rule, answered.message) == ("W10", None)


@pytest.mark.parametrize(
    "line",
    [
        '{"sent": 1, "received": {}}',
        '{"said": {}}',
        "{}",
        "[]",
        '{"raw-received": {}}',
        '{"raw-received": "\\u0100"}',
    ],
)
def test_an_entry_that_is_none_is_refused_by_its_line(line: str) -> None:
    with pytest.raises(RecordingError) as caught:
        entries('{"sent": {}}\n' + line)

    assert caught.value.line == 2


def test_messages_on_the_wire_say_themselves_who_spoke() -> None:
    text = (
        '{"QMP": {}}\n{"execute": "a"}\n{"exec-oob": "b"}\n'
        '{"return": 1}\n{"error": 2}\n{"event": "E"}\n'
    )

    spoken = list(messages_of(read_values(text)))

    assert [type(each) for each in spoken] == [Received, Sent, Sent, Received, Received, Received]
    with pytest.raises(RecordingError, match=r"^2:1: neither a request nor a message"):
        list(messages_of(read_values('{"QMP": {}}\n{"x": 1}')))


def test_a_transcript_is_a_dialogue_without_what_was_left_out() -> None:
    lines = (
        '<- {"return": "of a request that is cut off"}',
        '-> {"execute":"a"}',
        '<- {"return": {}}',
        '-> {"execute":"b","argum[3000 bytes cut]"}',
        '<- {"return": "x[3000 bytes cut]"}}',
        '-> {"execute":"c"}',
        '<- {"return": "\\xc3\\xa4"}',
    )

    spoken = list(transcript_of(lines, 7))

    assert {each.line for each in spoken} == {7}
    assert [each.value for each in spoken if isinstance(each, Sent)] == [
        {"execute": "a"},
        ABSENT,
        {"execute": "c"},
    ]
    reads = [each.read for each in spoken if isinstance(each, Received)]
    assert reads[:2] == [Message({"return": {}}), None]
    assert isinstance(reads[2], FramingFault)
    assert reads[2].rule == "W03"
    with pytest.raises(RecordingError, match="leads nowhere"):
        list(transcript_of(["== x"], 1))


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b'{"return": {"a": 0.10000000000000001}, "id": 1}\r\n', "received"),
        (b'{"return": {}}\n', "raw-received"),
        (b'{"return": "\xe4"}\r\n', "raw-received"),
        (b"\x00\xff\r\n", "raw-received"),
    ],
)
def test_what_is_written_reads_back_as_it_came(data: bytes, kind: str) -> None:
    text = sent_entry(b'{"execute":"a","id":1}\n') + received_entry(data)

    asked, answered = entries(text)

    assert text.isascii()
    assert list(json.loads(text.splitlines()[1])) == [kind]
    assert asked == Sent(line=1, value={"execute": "a", "id": 1})
    assert isinstance(answered, Received)
    if kind == "received":
        assert answered.read == Message(json.loads(data))
    else:
        assert answered.data == data


ELEMENTS: dict[str, tuple[str, int, list[int]]] = {
    "an array": ('[\n{},\n\n{"a":\n1}, 3\n]', 0, [2, 4, 5]),
    "an array without elements": ("[ ]", 0, []),
    "a reply": ('\n{"id": {"return": [0]},\n"return": [1,\n2]}', 1, [3, 4]),
    "a reply of something else": ('{"return": {"a": [1]}}', 0, []),
    "an object without a return": ('{"a": [1], "b": 2}', 0, []),
    "an object without members": ("{}", 0, []),
}


@pytest.mark.parametrize(("text", "start", "lines"), ELEMENTS.values(), ids=ELEMENTS)
def test_the_elements_of_an_array_are_told_by_line(text: str, start: int, lines: list[Any]) -> None:
    assert list(element_lines(text, start)) == lines
