"""Whether the dialogue of an example is valid by a schema."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from conformance.digest.declaration import Section, SourcePlace
from conformance.model.stage import Request
from conformance.model.terms import ABSENT
from conformance.source.dialogue import Grammar, Judgement, judge_dialogue
from conformance.source.examples import parse_example
from tests.qapi.schemas import (
    array,
    command,
    event,
    member,
    optional,
    schema_of,
    struct,
)

SCHEMA = schema_of(
    struct("Ring", member("times", "int"), optional("tone", "str")),
    struct("Bell", member("name", "str"), member("loud", "bool")),
    array("[Bell]", "Bell"),
    command("ring", "Ring"),
    {**command("hush"), "allow-oob": True},
    command("query-bells", ret="[Bell]"),
    event("RUNG", "Ring"),
    event("SILENCE"),
)
WHEN = '"timestamp": { "seconds": 1, "microseconds": 2 }'


def judged(text: str, owner: str = "", unchecked: Collection[str] = ()) -> Judgement:
    example = parse_example(Section(text=text, place=SourcePlace(file="toy.json", line=10)))
    return judge_dialogue(example, owner, Grammar(schema=SCHEMA, unchecked=unchecked))


def told(text: str, owner: str = "") -> list[str]:
    return [f"{fault.place.line} {fault.problem}" for fault in judged(text, owner).faults]


@pytest.mark.parametrize(
    "text",
    [
        '-> { "execute": "ring", "arguments": { "times": 2 } }\n<- { "return": {} }',
        '-> { "execute": "query-bells" }\n<- { "return": [ { "name": "b", "loud": true } ] }',
        '-> { "execute": "hush", "arguments": {} }',
        '-> { "exec-oob": "hush", "id": 1 }\n<- { "return": {}, "id": 1 }',
        '<- { "event": "SILENCE", ' + WHEN + " }",
        '<- { "event": "RUNG", "data": { "times": 1 }, ' + WHEN + " }",
        '-> { "execute": "hush" }\n<- { "event": "SILENCE", ' + WHEN + ' }\n<- { "return": {} }',
        '-> { "execute": "hush" }\n-> { "execute": "hush" }\n<- {"return": {}}\n<- {"return": {}}',
        '-> { "execute": "hush", "id": 1 }\n-> { "execute": "query-bells", "id": 2 }\n'
        '<- { "return": [], "id": 2 }\n<- { "return": {}, "id": 1 }',
        '-> { "execute": "hush" }\n<- { "error": { "class": "GenericError", "desc": "no" } }',
        '<- { "QMP": { "version": {}, "capabilities": [] } }',
        "-> ...\n<- ...",
        '-> ... the request ...\n<- { "return": {} }',
        '...\n<- { "return": {} }',
        '-> { "execute": "query-bells" }\n<- { "return": [ { "name": "b", ... }, ... ] }',
        '-> { "execute": "ring", "arguments": { ... } }\n<- { ... }',
        '-> { "execute": "ring", ... }\n<- { "return": ... }',
        '<- { "event": "RUNG", ... }',
        '-> { ... }\n<- { "return": {} }',
    ],
    ids=[
        "request and reply",
        "reply with a value",
        "request alone",
        "out of band",
        "event without data",
        "event with data",
        "event before the reply",
        "pipelined",
        "out of order by id",
        "error",
        "greeting",
        "everything left out",
        "request left out",
        "any number left out",
        "members and elements left out",
        "all arguments and the reply's members left out",
        "arguments and return value left out",
        "data and timestamp left out",
        "members of the request left out",
    ],
)
def test_a_dialogue_that_can_happen_has_no_fault(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (
            '-> { "execute": "rin" }',
            ["10 the request of rin: the schema has no command 'rin'; the nearest is 'ring'"],
        ),
        (
            '-> { "execute": "ring",\n "arguments": { "times": "2", "tune": 1 } }',
            [
                "11 the request of ring: arguments.times is not an integer but a string",
                "11 the request of ring: arguments.tune is no member of this object",
            ],
        ),
        ('-> { "execute": "ring" }', ["10 the request of ring: arguments.times is missing"]),
        (
            '-> { "execute": "hush", "data": {} }',
            ["10 the request: data is no member of this object"],
        ),
        ('-> { "command": "hush" }', ["10 the request has no 'execute'"]),
        ('-> { "execute": 1 }', ["10 the request: execute is not a string but an integer"]),
        (
            '-> { "exec-oob": "query-bells" }',
            ["10 the request of query-bells: it does not run out of band"],
        ),
        ("-> [ 1 ]", ["10 the message is no object"]),
        ('<- { "return": {} }', ["10 a reply without a request before it"]),
        (
            '-> { "execute": "hush" }\n<- { "return": {} }\n<- { "return": {} }',
            ["12 a reply without a request before it"],
        ),
        (
            '-> { "execute": "hush", "id": 1 }\n<- { "return": {}, "id": true }',
            ["11 a reply without a request before it"],
        ),
        (
            '-> { "execute": "hush" }\n<- { "return": { "a": 1 } }',
            ["11 the reply of hush: return.a is no member of this object"],
        ),
        (
            '-> { "execute": "query-bells" }\n<- { "return": [ {}, {} ] }',
            [
                "11 the reply of query-bells: return[0].{name, loud} each is missing"
                " (likewise 1 more time)"
            ],
        ),
        (
            '-> { "execute": "hush" }\n<- { "error": { "class": "BellError" } }',
            [
                "11 the reply: error.desc is missing",
                "11 the reply: error.class has no value 'BellError'",
            ],
        ),
        (
            '-> { "execute": "query-bells" }\n<- { "name": "b" }',
            ["11 neither a reply nor an event: 'return' is missing"],
        ),
        (
            '<- { "event": "RUN", ' + WHEN + " }",
            ["10 the event RUN: the schema has no event 'RUN'; the nearest is 'RUNG'"],
        ),
        ('<- { "event": "SILENCE" }', ["10 the event: timestamp is missing"]),
        (
            '<- { "event": "SILENCE", "timestamp": { "seconds": "1" } }',
            [
                "10 the event: timestamp.microseconds is missing",
                "10 the event: timestamp.seconds is not an integer but a string",
            ],
        ),
        ('<- { "event": "RUNG", ' + WHEN + " }", ["10 the event RUNG: data.times is missing"]),
        (
            '<- { "event": "RUNG", "data": "x",\n' + WHEN + " }",
            ["10 the event RUNG: data is not an object but a string"],
        ),
    ],
    ids=[
        "unknown command",
        "wrong arguments",
        "missing arguments",
        "unknown member of the request",
        "no execute",
        "execute of another type",
        "not out of band",
        "no object",
        "reply to nothing",
        "two replies",
        "reply to another id",
        "return value where none is",
        "wrong return value",
        "wrong error",
        "no return",
        "unknown event",
        "no timestamp",
        "wrong timestamp",
        "no data",
        "data of another type",
    ],
)
def test_what_cannot_happen_is_a_fault_with_its_line(text: str, faults: list[str]) -> None:
    assert told(text) == faults


def test_mistakes_of_json_of_the_same_words_are_told_once_and_in_order() -> None:
    text = '-> { "execute": "ring"\n"arguments": { "times": 1\n"tone": 2 } }'

    assert told(text) == [
        "11 a comma is missing before this (also in line 12)",
        "12 the request of ring: arguments.tone is not a string but an integer",
    ]


def test_nothing_is_said_of_the_reply_to_what_cannot_be_read() -> None:
    assert told('-> { "execute": ring }\n<- { "return": {} }') == [
        "10 ring is no value of JSON",
    ]
    assert told('-> { "execute": ["ring" }\n<- { "return": {} }') == ["10 ']' is missing before }"]


@pytest.mark.parametrize(
    ("text", "owner", "faults"),
    [
        ('-> { "execute": "hush" }', "ring", ["10 the example of ring does not show ring"]),
        ('-> { "execute": "hush" }', "hush", []),
        ('-> { "exec-oob": "hush" }', "hush", []),
        ("It rings.", "RUNG", ["10 the example of RUNG does not show RUNG"]),
        ('<- { "event": "SILENCE", ' + WHEN + " }", "SILENCE", []),
        ("-> ...", "ring", []),
        ('-> { "execute": "hush" }', "Bell", []),
    ],
    ids=["another command", "it", "out of band", "nothing", "an event", "left out", "a type"],
)
def test_an_example_shows_what_it_is_one_of(text: str, owner: str, faults: list[str]) -> None:
    assert told(text, owner) == faults


def test_arguments_that_the_schema_does_not_name_pass_where_it_does_not_check() -> None:
    text = '-> { "execute": "ring", "arguments": { "tune": { "a": 1 }, "times": "1" } }'

    found = judged(text, unchecked={"ring"}).faults

    assert [fault.problem for fault in found] == [
        "the request of ring: arguments.times is not an integer but a string"
    ]


def test_requests_are_kept_with_their_replies() -> None:
    first, second, third = judged(
        '-> { "execute": "hush", "id": 1 }\n'
        '-> { "exec-oob": "hush", "id": 2 }\n'
        '-> { "execute": "ring", "arguments": { "times": 1, ... } }\n'
        '<- { "return": {}, "id": 2 }\n'
        '<- { "return": {}, ... }\n'
    ).requests

    assert (first.request, first.sound, first.reply) == (Request("hush", ABSENT), True, ABSENT)
    assert second.request == Request("hush", ABSENT, "exec-oob")
    assert second.reply == {"return": {}, "id": 2}
    assert (third.request, third.sound) == (Request("ring", {"times": 1}), False)


def test_a_wrong_request_is_not_sound() -> None:
    requests = judged('-> { "execute": "ring" }\n-> { "execute": "rin" }').requests

    assert [shown.sound for shown in requests] == [False, False]
