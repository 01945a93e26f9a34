"""Exceptions from the rules of naming, as their file holds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.knowledge.exceptions import NameKind, excepted, load_naming
from conformance.knowledge.store import cases_folder
from conformance.model.errors import KnowledgeError

ENTRY = """
[[naming_exception]]
rule = "Q47"
kind = "command"
names = ["old_way"]
versions = "<7.0"
reason = "it was there before the rule"
"""


def test_an_exception_holds_in_its_releases_for_its_rule_and_kind(tmp_path: Path) -> None:
    entries = load_naming(_file(tmp_path, ENTRY))

    assert excepted(entries, (6, 2, 0), "Q47", NameKind.COMMAND) == {"old_way"}
    assert excepted(entries, (7, 0, 0), "Q47", NameKind.COMMAND) == frozenset()
    assert excepted(entries, (6, 2, 0), "Q47", NameKind.MEMBER) == frozenset()
    assert excepted(entries, (6, 2, 0), "Q28", NameKind.COMMAND) == frozenset()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('kind = "command"', 'kind = "kommand"', "kommand"),
        ('versions = "<7.0"', 'versions = "7"', "no bound"),
        ('reason = "it was there before the rule"', "", "'reason' is missing"),
        ('rule = "Q47"', 'rule = "Q47"\nwhy = "x"', "unknown key 'why'"),
    ],
    ids=["unknown-kind", "no-range", "no-reason", "unknown-key"],
)
def test_an_entry_that_is_not_as_described_is_refused(
    tmp_path: Path, before: str, after: str, told: str
) -> None:
    with pytest.raises(KnowledgeError, match=told):
        load_naming(_file(tmp_path, ENTRY.replace(before, after)))


def test_what_ships_gives_a_reason_for_every_name() -> None:
    entries = load_naming(cases_folder() / "naming.toml")

    assert {entry.rule for entry in entries} == {"Q28", "Q47", "Q49"}
    assert all(entry.names and entry.reason for entry in entries)


def _file(folder: Path, text: str) -> Path:
    path = folder / "naming.toml"
    path.write_text(text)
    return path
