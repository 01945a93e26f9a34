"""The dialogue that an example's text shows, in the forms of all releases."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.digest.declaration import Section, SourcePlace
from conformance.model.terms import JsonValue
from conformance.source.examples import (
    Example,
    LeftOut,
    Prose,
    ShownDirection,
    ShownMessage,
    parse_example,
)

SENT, RECEIVED = ShownDirection.SENT, ShownDirection.RECEIVED


def parsed(text: str) -> Example:
    return parse_example(Section(text=text, place=SourcePlace(file="toy.json", line=10, column=3)))


def said(example: Example) -> list[tuple[ShownDirection, JsonValue]]:
    return [(message.direction, message.value) for message in example.messages]


def faults(example: Example) -> list[str]:
    return [f"{fault.place.line}:{fault.place.column} {fault.problem}" for fault in example.faults]


def test_messages_go_over_lines_and_stand_in_order() -> None:
    example = parsed(
        '-> { "execute": "ring",\n'
        '     "arguments": { "times": 2 } }\n'
        '<- { "event": "RUNG",\n'
        '     "data": {} }\n'
        "\n"
        '<- { "return": {} }\n'
    )

    assert said(example) == [
        (SENT, {"execute": "ring", "arguments": {"times": 2}}),
        (RECEIVED, {"event": "RUNG", "data": {}}),
        (RECEIVED, {"return": {}}),
    ]
    assert [message.place.line for message in example.messages] == [10, 12, 15]
    assert faults(example) == []


def test_titles_options_and_what_stands_between_is_prose() -> None:
    example = parsed(
        ":title: Ring twice\n:annotated:\n\n"
        "A bell rings within [0, 10)::\n\n"
        ' -> { "execute": "ring" }\n'
        "\nand then, it is still (since 2.0)\n::\n\n"
        ' <- { "return": {} }  # said the bell\n'
        "(twice)\n"
    )

    assert said(example) == [(SENT, {"execute": "ring"}), (RECEIVED, {"return": {}})]
    assert [part.text for part in example.parts if isinstance(part, Prose)] == [
        ":title: Ring twice",
        ":annotated:",
        "A bell rings within [0, 10)::",
        "and then, it is still (since 2.0)",
        "::",
        "# said the bell",
        "(twice)",
    ]
    assert faults(example) == []


def test_dots_stand_for_messages_that_are_left_out() -> None:
    example = parsed("-> ... what a client says ...\n<- ...\n...\n<- {}\n")

    left_out = [part for part in example.parts if isinstance(part, LeftOut)]
    assert [part.direction for part in left_out] == [SENT, RECEIVED, None]
    assert said(example) == [(RECEIVED, {})]
    assert faults(example) == []


def test_two_messages_may_stand_on_a_line() -> None:
    example = parsed('-> {"execute":"ring"} <- {"return":{}}\n')

    assert said(example) == [(SENT, {"execute": "ring"}), (RECEIVED, {"return": {}})]
    assert faults(example) == []


def test_a_path_has_its_place_or_that_of_what_it_is_missing_from() -> None:
    example = parsed('-> { "execute": "ring",\n     "arguments": { "bells": [ 1,\n 2 ] } }\n')
    (message,) = example.messages

    assert message.nearest("arguments.bells[1]") == SourcePlace(file="toy.json", line=12, column=4)
    assert message.nearest("arguments.tone").line == 11
    assert message.nearest("").line == 10


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('-> { "a": 1, }\n', ["10:16 a comma stands before the closing '}'"]),
        ("->\n", ["10:3 nothing follows the arrow"]),
        ("-> a word\n", ["10:3 the message is no JSON: a word"]),
        ("<- {} }\n", ["10:9 '}' stands behind the end of the message"]),
        ("<- {}\n   }\n", ["11:6 '}' stands behind the end of the message"]),
        ("<- {}'\n", ['10:8 "\'" stands behind the end of the message']),
        (
            '-> { "execute": "a" }\n   "arguments": {} }\n<- {}\n',
            ['10:23 the message is closed too early: "arguments" stands behind its end'],
        ),
        (
            '-> { "execute": "a" },\n   "arguments": {} }\n<- {}\n',
            ['10:23 the message is closed too early: "arguments" stands behind its end'],
        ),
        ('-> { "a": 1\n<- {}\n', ["10:6 '{' is never closed"]),
        ('-> { "a": [ 1 }\n<- {}\n', ["10:17 ']' is missing before }"]),
    ],
    ids=[
        "JSON",
        "nothing",
        "a word",
        "a bracket too many",
        "a bracket too many on the next line",
        "a quote too many",
        "closed too early",
        "closed too early with a comma",
        "never closed",
        "the wrong bracket",
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, told: list[str]) -> None:
    assert faults(parsed(text)) == told


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ('{ "execute": "ring" }', SENT),
        ('{ "command": "ring" }', SENT),
        ('{ "event": "RUNG" }', RECEIVED),
        ('{ "timestamp": {}, "event": "RUNG" }', RECEIVED),
        ('{"return": {} }', RECEIVED),
    ],
    ids=["request", "what is to be one", "event", "event from its time on", "reply"],
)
def test_who_sends_a_message_without_an_arrow_is_seen_from_it(
    text: str, direction: ShownDirection
) -> None:
    assert [message.direction for message in parsed(text).messages] == [direction]


def test_what_stands_behind_an_unreadable_message_is_read() -> None:
    example = parsed('-> { "a": [ 1 }\n   "b": 2 }\n<- { "return": {} }\n')

    assert [message.readable for message in example.messages] == [False, True]
    assert said(example)[1] == (RECEIVED, {"return": {}})


@given(st.text(alphabet="-><{}[]\"',:. atrue1\\\n"))
def test_any_text_is_an_example_of_something(text: str) -> None:
    example = parsed(text)

    assert all(isinstance(part, ShownMessage | LeftOut | Prose) for part in example.parts)
    assert [part.place.line for part in example.parts] == sorted(
        part.place.line for part in example.parts
    )
