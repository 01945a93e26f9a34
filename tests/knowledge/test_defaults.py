"""The file that says where defaults show is read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.knowledge.defaults import load_showings, showings_for
from conformance.knowledge.store import cases_folder
from conformance.model.errors import KnowledgeError
from conformance.model.stage import Request
from conformance.model.terms import ABSENT

WHOLE = """
[[default]]
command = "add"
name = "one"
versions = ">=6"
arguments = { a = 1 }
case = "x"
read = { execute = "query" }
changes_state = true
shows = { "b.c" = "0.b" }
reason = "r"
"""


def _load(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "defaults.toml"
    path.write_text(text)
    return path


def test_an_entry_is_read_whole(tmp_path: Path) -> None:
    (showing,) = load_showings(_load(tmp_path, WHOLE))

    assert (showing.command, showing.name, showing.case) == ("add", "one", "x")
    assert showing.read == Request("query", ABSENT)
    assert showing.shows == {"b.c": ("0", "b")}
    assert showing.changes
    assert showings_for((showing,), (5, 2, 0)) == ()
    assert showings_for((showing,), (6, 0, 0)) == (showing,)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('reason = "r"', "", "'reason' is missing"),
        ('"0.b"', '""', "no path of b.c"),
        ('"0.b"', "3", "is the number 3"),
        ('read = { execute = "query" }', "", "'read' is missing"),
        ('{ execute = "query" }', '[{ execute = "q" }]', "an array, not a table"),
        ('">=6"', '"from 6"', "is no bound"),
        ("case =", "cases =", "Did you mean 'case'"),
        ("[[default]]", WHOLE + "[[default]]", "stands there twice"),
    ],
    ids=["reason", "empty", "number", "unread", "reads", "versions", "unknown", "twice"],
)
def test_what_is_wrong_is_said(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(KnowledgeError, match=told):
        load_showings(_load(tmp_path, WHOLE.replace(old, new)))


def test_the_file_that_ships_can_be_read() -> None:
    assert load_showings(cases_folder() / "defaults.toml")
