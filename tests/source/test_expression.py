"""Text becomes values and comments, each with its place, or a fault that says where it is."""

from __future__ import annotations

import copy
import pickle

import pytest

from conformance.digest.declaration import SourcePlace
from conformance.source.expression import (
    MAX_DEPTH,
    BoolValue,
    Comment,
    ListValue,
    ObjectValue,
    SourceError,
    StringValue,
    decode,
    parse,
)

FILE = "qapi/some.json"


def at(line: int, column: int) -> SourcePlace:
    return SourcePlace(file=FILE, line=line, column=column)


def one(text: str) -> ObjectValue:
    (part,) = parse(text, FILE)
    assert isinstance(part, ObjectValue)
    return part


def fault(text: str) -> str:
    with pytest.raises(SourceError) as caught:
        parse(text, FILE)
    return str(caught.value)


def test_values_have_the_places_where_they_begin() -> None:
    value = one("\n{ 'a': true,\n  'b': [ 'c', {} ] }")

    assert value == ObjectValue(
        members=(
            (StringValue(text="a", place=at(2, 3)), BoolValue(truth=True, place=at(2, 8))),
            (
                StringValue(text="b", place=at(3, 3)),
                ListValue(
                    items=(
                        StringValue(text="c", place=at(3, 10)),
                        ObjectValue(members=(), place=at(3, 15)),
                    ),
                    place=at(3, 8),
                ),
            ),
        ),
        place=at(2, 1),
    )


def test_a_member_is_looked_up_by_its_key() -> None:
    value = one("{ 'a': 'b' }")

    assert value.get("a") == StringValue(text="b", place=at(1, 8))
    assert value.get("b") is None


def test_a_backslash_is_the_one_thing_that_is_escaped() -> None:
    assert one(r"{ 'a': 'b\\c' }").get("a") == StringValue(text=r"b\c", place=at(1, 8))


def test_comments_are_passed_over_wherever_they_stand() -> None:
    text = (
        "# before\n{ # within\n  'a': # '}' is no end\n## nor is this documentation\n 'b' } # after"
    )

    assert one(text).get("a") == StringValue(text="b", place=at(5, 2))


def test_a_documentation_comment_is_told_from_others() -> None:
    parts = parse("# plain\n##\n# @Some:\n#\n#   text  \n##\n{}\n", FILE)

    assert parts == (
        Comment(lines=("@Some:", "", "  text"), place=at(2, 1)),
        ObjectValue(members=(), place=at(7, 1)),
    )


def test_a_documentation_comment_may_be_indented_and_have_gaps() -> None:
    (comment,) = parse("  ##\n  # one\n\n  # two\n  ##\n", FILE)

    assert isinstance(comment, Comment)
    assert comment.lines == ("one", "", "two")
    assert comment.place_of(2, 1) == at(4, 6)


def test_an_empty_file_has_no_parts() -> None:
    assert parse("", FILE) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("{ 'a' }", "1:7: expected ':', found }", id="no colon"),
        pytest.param(
            "{ 'a': 'b'", "1:11: expected ',' or '}', found the end of the file", id="cut"
        ),
        pytest.param("{ 'a': }", "1:8: expected a value, found }", id="no value"),
        pytest.param("{ 'a': [ 'b' 'c' ] }", "1:14: expected ',' or ']', found c", id="no comma"),
        pytest.param("{ 'a': [ 'b', ] }", "1:15: expected a value, found ]", id="comma at the end"),
        pytest.param("{ ['a']: 'b' }", "1:3: the name of a member must be a string", id="no name"),
        pytest.param("{ 'a': 'b',\n 'a': 'c' }", "2:2: the object has 'a' twice", id="twice"),
        pytest.param("{ 'a': 1 }", "1:8: stray '1'", id="number"),
        pytest.param("{ 'a': null }", "1:8: stray 'null'", id="null"),
        pytest.param("{ 'a': truest }", "1:8: stray 'truest'", id="word"),
        pytest.param('{ "a": "b" }', "1:3: stray '\"'", id="double quotes"),
        pytest.param(
            "{ 'a\n': 'b' }", "1:3: the string is not closed in its line", id="open string"
        ),
        pytest.param(r"{ 'a': 'b\n' }", r"1:10: unknown escape \n", id="escape"),
        pytest.param(
            "{ 'a': 'ä' }", "1:9: 'ä' in a string is no printable ASCII", id="not of ASCII"
        ),
        pytest.param(
            "[ 'a' ]", "1:1: an expression at top level must be an object", id="list on top"
        ),
        pytest.param(
            "##\n# text\n",
            "1:1: the documentation comment is not closed by '##'",
            id="open comment",
        ),
        pytest.param(
            "##\n# text\n{}", "1:1: the documentation comment is not closed by '##'", id="no end"
        ),
        pytest.param(
            "## text\n##", "1:1: '##' must stand alone in its line", id="text behind sign"
        ),
        pytest.param("##\n### x\n##", "2:1: '##' must stand alone in its line", id="three signs"),
        pytest.param(
            "##\n#text\n##", "2:1: a blank must follow '#' in documentation", id="no blank"
        ),
        pytest.param(
            "[" * 100_000, f"1:{MAX_DEPTH + 2}: values nest deeper than {MAX_DEPTH}", id="nesting"
        ),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, expected: str) -> None:
    assert fault(text) == f"{FILE}:{expected}"


def test_lines_end_with_or_without_a_carriage_return() -> None:
    assert decode(b"{}\r\n{}\n", FILE) == "{}\n{}\n"


def test_bytes_that_are_no_text_are_told_with_their_place() -> None:
    with pytest.raises(SourceError) as caught:
        decode("# ä\r\n# \xff".encode("latin-1").replace(b"\xe4", "ä".encode()), FILE)

    assert str(caught.value) == f"{FILE}:2:3: the byte 0xff is no UTF-8"


@pytest.mark.parametrize(
    "copied", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))], ids=["copy", "pickle"]
)
def test_a_fault_survives_being_copied(copied: object) -> None:
    assert callable(copied)
    error = copied(SourceError(at(1, 2), "wrong"))

    assert (error.where, error.problem, str(error)) == (at(1, 2), "wrong", f"{FILE}:1:2: wrong")
