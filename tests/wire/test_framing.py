"""One line of the server, read strictly."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.wire.framing import FramingFault, Message, NotStrictError, read_message, read_value

WELL_FORMED: dict[str, tuple[bytes, Any]] = {
    "empty object": (b"{}\r\n", {}),
    "reply": (b'{"return": {}, "id": 1}\r\n', {"return": {}, "id": 1}),
    "largest integer": (b'{"id": 18446744073709551615}\r\n', {"id": 2**64 - 1}),
    "smallest integer": (b'{"id": -9223372036854775808}\r\n', {"id": -(2**63)}),
    "integer beyond every word": (b'{"id": 36893488147419103233}\r\n', {"id": 2**65 + 1}),
    "fraction": (b'{"id": 0.10000000000000001}\r\n', {"id": 0.1}),
    "surrogates in a pair": (b'{"id": "\\ud83d\\uDE00"}\r\n', {"id": "\U0001f600"}),
    "escaped backslash before ud800": (b'{"id": "\\\\ud800"}\r\n', {"id": "\\ud800"}),
    "blanks around it": (b' {"id" :\t1} \r\n', {"id": 1}),
    "same name in two objects": (b'{"a": {"x": 1}, "x": 1}\r\n', {"a": {"x": 1}, "x": 1}),
}  # fmt: skip


@pytest.mark.parametrize(("line", "value"), WELL_FORMED.values(), ids=WELL_FORMED.keys())
def test_a_well_formed_line_is_its_message(line: bytes, value: Any) -> None:
    assert read_message(line) == Message(value)


BROKEN: dict[str, tuple[bytes, str, str, Any]] = {
    "raw UTF-8": ('{"a": "é"}\r\n'.encode(), "W03", "byte 7 of the message is 0xc3", {"a": "é"}),
    "no UTF-8 either": (b'{"a": "\xff"}\r\n', "W03", "byte 7 of the", {"a": "\ufffd"}),
    "single-quoted name": (b"{'a': 1}\r\n", "W09", "the message has a single-quoted", {"a": 1}),
    "single-quoted value": (b'{"a": \'"\\\'\'}\r\n', "W09", "the message has a", {"a": "\"'"}),
    "first byte beyond ASCII": (
        b'{"a": "\x7f\x80"}\r\n', "W03", "byte 8 of the message", {"a": "\x7f\ufffd"}),
    "blank before the end": (b'{"a": 1} \n', "W11", "the message ends with a line", {"a": 1}),
    "second name twice": (
        b'{"a": 0, "b": 1, "b": 2}\r\n',
        "W68", "the message has the member 'b' more", {"a": 0, "b": 2}),
    "array": (b"[1]\r\n", "W10", "the message is not an object but an array", None),
    "string": (b'"x"\r\n', "W10", "the message is not an object but a string", None),
    "number": (b"1\r\n", "W10", "the message is not an object but a number", None),
    "null": (b"null\r\n", "W10", "the message is not an object but null", None),
    "line feed alone": (b'{"a": 1}\n', "W11", "the message ends with a line feed alone", {"a": 1}),
    "no line end": (b'{"a": 1}', "W11", "the message ends without a line end", {"a": 1}),
    "carriage return alone": (b'{"a": 1}\r', "W11", "the message ends without", {"a": 1}),
    "empty line": (b"\r\n", "W68", "the message is no JSON: expecting value", None),
    "half a message": (b'{"a": \r\n', "W68", "the message is no JSON", None),
    "two messages": (b"{} {}\r\n", "W68", "the message is no JSON: extra data", None),
    "comma before the end": (b'{"a": 1,}\r\n', "W68", "the message is no JSON", None),
    "leading zero": (b'{"a": 01}\r\n', "W68", "the message is no JSON", None),
    "NaN": (b'{"a": NaN}\r\n', "W68", "the message holds NaN", {"a": None}),
    "infinity": (b'{"a": -Infinity}\r\n', "W68", "the message holds -Infinity", {"a": None}),
    "printf's infinity": (b'{"a": inf}\r\n', "W68", "the message is no JSON", None),
    "name twice": (b'{"a": 1, "a": 2}\r\n', "W68", "the message has the member 'a' more", {"a": 2}),
    "name twice further in": (
        b'{"a": [{"b": 1, "b": 1}]}\r\n',
        "W68", "the message has the member 'b'", {"a": [{"b": 1}]}),
    "lone high surrogate": (
        b'{"a": "\\ud800"}\r\n',
        "W68", "the message holds the lone surrogate U+D800", {"a": "\ud800"}),
    "lone low surrogate in a name": (
        b'{"\\uDC80": 1}\r\n', "W68", "the message holds the lone surrogate U+DC80", {"\udc80": 1}),
    "lone surrogate in an array": (
        b'{"a": ["\\ud800"]}\r\n',
        "W68", "the message holds the lone surrogate U+D800", {"a": ["\ud800"]}),
    "raw control character": (
        b'{"a": "\t"}\r\n',
        "W68", "the message is no JSON: invalid control character at c", {"a": "\t"}),
    "zero byte behind it": (b"{}\0\r\n", "W68", "the message is no JSON: extra data", None),
    "byte order mark": (b"\xef\xbb\xbf{}\r\n", "W68", "the message is no JSON", None),
    "endless integer": (b'{"a": ' + b"9" * 5000 + b"}\r\n", "W68", "the message holds an", None),
}  # fmt: skip


@pytest.mark.parametrize(("line", "rule", "problem", "value"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_rule_is_named_and_the_message_kept(
    line: bytes, rule: str, problem: str, value: Any
) -> None:
    read = read_message(line)
    assert isinstance(read, FramingFault)
    assert read.rule == rule
    assert read.problem.startswith(problem)
    assert read.message == (None if value is None else Message(value))


def test_the_gravest_of_several_faults_is_named() -> None:
    read = read_message('{"é": NaN}\n'.encode())
    assert isinstance(read, FramingFault)
    assert (read.rule, read.message) == ("W68", Message({"é": None}))


@pytest.mark.parametrize("depth", [900, 1025, 20_000])
def test_depth_is_no_fault(depth: int) -> None:
    inner = b'[{"a": ' * depth + b"1" + b"}, 2]" * depth
    read = read_message(b'{"id": ' + inner + b"}\r\n")
    assert isinstance(read, Message)
    value, levels = read.value["id"], 0
    while value != 1:
        assert value[1] == 2
        value, levels = value[0]["a"], levels + 1
    assert levels == depth


DEEP = b'{"id": ' + b"[" * 3000
AFTER = b"]" * 3000 + b"}\r\n"


@pytest.mark.parametrize(
    ("inner", "problem"),
    [
        (b"1 2", "expecting ',' delimiter"),
        (b'{"a" 1}', "expecting ':' delimiter"),
        (b"{1: 1}", "expecting property name"),
        (b"{,}", "expecting property name"),
        # Python 3.13 names the comma.
        (b"[1,]", "the message is no JSON"),
        (b"", None),
        (b'{}, {"a": 1, "b": [2]}', None),
        (b'{"a": 1, "a": 1}', "the member 'a' more than once"),
        (b"NaN", "holds NaN"),
    ],
    ids=repr,
)
def test_what_stands_deep_is_read_as_strictly(inner: bytes, problem: str | None) -> None:
    read = read_message(DEEP + inner + AFTER)
    if problem is None:
        assert isinstance(read, Message)
    else:
        assert isinstance(read, FramingFault)
        assert read.rule == "W68"
        assert problem in read.problem


def test_a_deep_text_that_does_not_end_is_a_fault() -> None:
    read = read_message(DEEP + b"\r\n")
    assert isinstance(read, FramingFault)
    assert read.message is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner)
    | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=8,
)  # fmt: skip


@settings(database=None, derandomize=True)
@given(JSON)
def test_json_comes_back_as_it_went(value: Any) -> None:
    line = json.dumps({"id": value}).encode() + b"\r\n"
    assert read_message(line) == Message({"id": value})


@settings(database=None, derandomize=True)
@given(st.binary(max_size=60))
def test_any_bytes_get_an_answer(data: bytes) -> None:
    read = read_message(data)
    assert isinstance(read, Message) or (read.rule and read.problem)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"return": {}}\n', ""),
        (b'{"return": {}}\r\n', ""),
        (b'{"return": "\\ud83d\\ude00"}\n', ""),
        (b'{"return": {}}', "ends without a line end"),
    ],
    ids=["line feed", "both", "surrogates", "neither"],
)
def test_a_program_may_have_a_line_end_of_its_own(line: bytes, problem: str) -> None:
    read = read_message(line, b"\n")

    assert (read.problem if isinstance(read, FramingFault) else "") == (
        f"the message {problem}" if problem else ""
    )


@pytest.mark.parametrize(
    ("text", "start", "value", "end"),
    [
        pytest.param('{"a": 1} rest', 0, {"a": 1}, 8, id="from the beginning"),
        pytest.param('-> {"a": 1}', 3, {"a": 1}, 11, id="from further on"),
        pytest.param('\\ud800 "x" \\ud800', 7, "x", 10, id="surrogates before and behind it"),
        pytest.param('"\\ud83d\\ude00"', 0, "\U0001f600", 14, id="surrogates in a pair"),
    ],
)
def test_a_value_is_read_from_where_it_begins(text: str, start: int, value: Any, end: int) -> None:
    assert read_value(text, start) == (value, end)


def test_a_value_that_is_deep_ends_where_it_ends() -> None:
    deep = "[" * 100_000 + "]" * 100_000

    assert read_value(f"-> {deep} rest", 3)[1] == 3 + len(deep)
    with pytest.raises(json.JSONDecodeError) as caught:
        read_value("-> " + deep[:-1], 3)
    assert caught.value.pos == 3 + len(deep) - 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("1" * 5000, "an integer that is too long"),
        ("NaN", "NaN"),
        ('"\\ud800"', "the lone surrogate"),
        ('{"a": 1, "a": 2}', "the member 'a' more than once"),
        ('{"\\ud800": 1}', "the lone surrogate"),
    ],
    ids=["long integer", "constant", "surrogate", "twice", "surrogate in a name"],
)
def test_a_value_is_read_as_strictly_as_a_message(text: str, problem: str) -> None:
    with pytest.raises(NotStrictError, match=problem):
        read_value(text, 0)


def test_what_is_no_json_is_told_with_its_place() -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        read_value("-> {]", 3)

    assert caught.value.pos == 4
