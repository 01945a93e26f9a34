"""Files that a case must leave as they were are misses where it does not."""

from __future__ import annotations

from conformance.judge.files import file_misses
from conformance.judge.observation import FilesSeen, Observation
from conformance.model.case import Case, KeptFiles, Subject
from conformance.model.file_content import FileContent
from conformance.model.stage import Stage
from conformance.model.terms import Aspect, SubjectKind

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
