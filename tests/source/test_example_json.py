"""JSON as documentation writes it: with parts left out, and with mistakes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.model.terms import JsonValue
from conformance.source.example_json import Written, read_written

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def read(text: str) -> Written:
    return read_written(text, 0, len(text))


@given(JSON, st.sampled_from([None, 1]))
def test_what_is_json_reads_as_it_is(value: JsonValue, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)

    written = read(text)

    assert (written.whole, written.slips, written.elided) == (True, (), frozenset())
    assert json.dumps(written.value) == json.dumps(value)
    assert written.end == len(text)


@given(st.text(alphabet="{}[]\"',:.-> atrue01\\\n"))
def test_any_text_reads_or_is_told_what_is_wrong(text: str) -> None:
    written = read(text)

    assert written.whole or written.slips
    assert written.end <= len(text)


@pytest.mark.parametrize(
    ("text", "value", "elided"),
    [
        ('{ "a": 1, ... }', {"a": 1}, {""}),
        ('{ ..., "a": 1 }', {"a": 1}, {""}),
        ('{ "a": 1 ... "b": 2 }', {"a": 1, "b": 2}, {""}),
        ("[ 1, ... ]", [1], {""}),
        ("[ 1, ..., 9 ]", [1, 9], {""}),
        ('{ "l": [ { "a": 1 } ... more of them ... ] }', {"l": [{"a": 1}]}, {"l"}),
        ('{ "l": [ { "a": 1, ... }, ] }', {"l": [{"a": 1}]}, {"l[0]"}),
        ('{ "a": ... }', {"a": None}, {"a"}),
        ('{ "a": ... long text ..., "b": 1 }', {"a": None, "b": 1}, {"a"}),
        ('{ "a": {...} }', {"a": None}, {"a"}),
        ("[ 1, [ ... the rest ... ] ]", [1, None], {"[1]"}),
        ('{ "a": "begin...end" }', {"a": "begin...end"}, set()),
    ],
    ids=[
        "members after",
        "members before",
        "members between, no comma",
        "elements after",
        "elements between",
        "elements told in words",
        "members of an element",
        "a value",
        "a value told in words",
        "all members",
        "an element as brackets",
        "dots in a string",
    ],
)
def test_dots_stand_for_what_is_left_out(text: str, value: JsonValue, elided: set[str]) -> None:
    written = read(text)

    assert (written.whole, written.value, set(written.elided)) == (True, value, elided)


@pytest.mark.parametrize(
    ("text", "value", "problem", "column"),
    [
        ('{ "a": 1, }', {"a": 1}, "a comma stands before the closing '}'", 10),
        ("[ {...}, ]", [None], "a comma stands before the closing ']'", 9),
        ('{ "a": 1 "b": 2 }', {"a": 1, "b": 2}, "a comma is missing before this", 9),
        ("[ 1 2 ]", [1, 2], "a comma is missing before this", 4),
        ("[ 1,, 2 ]", [1, 2], "a comma has nothing before it", 4),
        ('{ , "a": 1 }', {"a": 1}, "a comma has nothing before it", 2),
        ('{ "a": { "b": 1 }', {"a": {"b": 1}}, "'{' is never closed", 0),
        ('{ "a": [ 1, 2', {"a": [1, 2]}, "'[' is never closed", 7),
        ("{ 'a': 'b' }", {"a": "b"}, "'a' stands in single quotes: JSON knows double ones only", 2),
        ('{ "a": True }', {"a": None}, "True is no value of JSON", 7),
        ('{ "a": 0x10 }', {"a": None}, "0x10 is no value of JSON", 7),
        ('{ "a": 1, "a": 2 }', {"a": 2}, "the member a stands there twice", 10),
        ('"\\x"', "\\x", '"\\x" is no string of JSON: it has a wrong escape', 0),
    ],
    ids=[
        "comma at the end of an object",
        "comma at the end of an array",
        "no comma between members",
        "no comma between elements",
        "two commas",
        "comma at the beginning",
        "object open at the end",
        "array open at the end",
        "single quotes",
        "a word",
        "a number of C",
        "a member twice",
        "a wrong escape",
    ],
)
def test_a_mistake_that_leaves_no_doubt_is_overlooked_and_told(
    text: str, value: JsonValue, problem: str, column: int
) -> None:
    written = read(text)

    assert (written.whole, written.value) == (True, value)
    slip = next(slip for slip in written.slips if slip.problem == problem)
    assert slip.offset == column


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "a value is missing"),
        ('{ "a": [ 1 } ', "']' is missing before }"),
        ('{ "a" 1 }', "':' is missing after a before 1 }"),
        ("{ a: 1 }", "a member's name is missing before a: 1 }"),
        ('{ "a": }', "a value is missing before }"),
        ('{ "a": 1 and more', "',' or '}' is missing before and more"),
        ('[ "open ]', 'a string does not end on its line before "open ]'),
        ("[" * 80, "is nested too deeply"),
        ('{ "a": .. }', "a value is missing before .. }"),
    ],
    ids=[
        "nothing",
        "the wrong bracket",
        "no colon",
        "a name without quotes",
        "no value",
        "prose",
        "an open string",
        "too deep",
        "two dots",
    ],
)
def test_what_cannot_be_understood_ends_the_reading(text: str, problem: str) -> None:
    written = read(text)

    assert not written.whole
    assert [problem in slip.problem for slip in written.slips] == [True]


def test_single_quotes_are_told_once() -> None:
    assert len(read("{ 'a': 'b', 'c': 'd' }").slips) == 1


def test_every_path_has_its_offset() -> None:
    text = '{ "a": [ 1, { "b": 2 } ] }'

    offsets = read(text).offsets

    shown = {path: text[offset : offset + 3] for path, offset in offsets.items()}
    assert shown == {"": '{ "', "a": '"a"', "a[0]": "1, ", "a[1]": '{ "', "a[1].b": '"b"'}
