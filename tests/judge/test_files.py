"""Files that a case must leave as they were, or that show what it gave, are misses otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from conformance.judge.files import beginning_text, file_misses, shown_misses
from conformance.judge.observation import FilesSeen, Line, Observation
from conformance.model.case import Case, KeptFiles, ShownFile, Subject
from conformance.model.file_content import FileContent
from conformance.model.stage import Stage
from conformance.model.terms import Aspect, JsonValue, SubjectKind
from conformance.wire.framing import Message

OLD, NEW = FileContent("file", 1, "a"), FileContent("file", 1, "b")
CASE = Case(
    id="do/invalid/unchanged/1",
    subject=Subject(kind=SubjectKind.COMMAND, name="do"),
    aspect=Aspect.INVALID,
    stage=Stage(name="plain"),
    steps=(),
    kept=KeptFiles(rule="W65", excused=("*.log",)),
)


def told(before: dict[str, FileContent], after: dict[str, FileContent]) -> list[tuple[str, str]]:
    seen = Observation(replies=(), files=FilesSeen(before, after))
    return [(miss.summary, miss.expected) for miss in file_misses(CASE, seen)]


def test_what_appears_vanishes_or_changes_is_told() -> None:
    assert told({"a": OLD, "b": OLD, "c": OLD}, {"a": OLD, "c": NEW, "d": NEW}) == [
        ("the file b vanished: it is not there", "b is a file of 1 bytes still"),
        ("the file c changed: it is a file of 1 bytes", "c is a file of 1 bytes still"),
        ("the file d appeared: it is a file of 1 bytes", "d is not there still"),
    ]


def test_what_is_excused_does_not_count() -> None:
    assert told({}, {"qemu.log": NEW}) == []


def test_where_nobody_looked_nothing_is_told() -> None:
    assert list(file_misses(CASE, Observation(replies=()))) == []


def shown(pattern: JsonValue, holds: JsonValue, reply: dict[str, Any], at: str) -> list[str]:
    file = ShownFile(name="log", path=(at,), pattern=pattern, step=0, rule="X31")
    line = Line(b"", Message(reply))
    seen = Observation(replies=(line,), contents={"log": holds})
    case = replace(CASE, kept=None, shown=(file,))
    assert all(miss.rule == "X31" for miss in shown_misses(case, seen))
    return [f"{miss.summary}; {miss.expected}" for miss in shown_misses(case, seen)]


DONE: dict[str, Any] = {"return": {}}
HOLDS: JsonValue = {"kind": "file", "size": 3, "hex": "abcdef"}


def test_a_file_shows_what_was_given_by_its_size_and_its_beginning() -> None:
    assert shown(3, HOLDS, DONE, "size") == []
    assert shown("{like ab*}", HOLDS, DONE, "hex") == []
    assert shown(4, HOLDS, DONE, "size") == [
        "do: the file log is one of 3 bytes, first abcdef; its size is 4"
    ]
    assert shown("{like cd*}", HOLDS, DONE, "hex") == [
        "do: the file log is one of 3 bytes, first abcdef; its hex is a string like cd*"
    ]


def test_a_file_that_is_not_there_has_no_size() -> None:
    assert shown("{any}", None, DONE, "size") == [
        "do: the file log is not there; its size is anything"
    ]
    assert shown("{absent}", None, DONE, "kind") == []


def test_a_request_that_was_refused_shows_in_no_file() -> None:
    refusal = {"error": {"class": "GenericError", "desc": "no"}}

    assert shown(4, HOLDS, refusal, "size") == []


def test_what_follows_the_first_bytes_is_in_no_report() -> None:
    text = beginning_text({"kind": "file", "size": 100, "hex": "00" * 16 + "ff"})

    assert text == f"one of 100 bytes, first {'00' * 16}"
    assert beginning_text({"kind": "socket"}) == "a socket"
