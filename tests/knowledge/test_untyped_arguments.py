"""Which commands are known to take more than they declare."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.knowledge.untyped_arguments import load_unchecked, names_for
from conformance.model.errors import KnowledgeError

ENTRY = '[[untyped]]\nname = "plug"\nreason = "r"\n'


def test_what_ships_is_read_and_each_entry_has_a_reason() -> None:
    entries = load_unchecked()

    assert entries
    assert all(entry.reason for entry in entries)


def test_an_entry_holds_for_its_releases_and_an_unknown_one_may_be_any(tmp_path: Path) -> None:
    path = tmp_path / "untyped.toml"
    path.write_text(ENTRY + '[[untyped]]\nname = "old"\nversions = "<6.0"\nreason = "r"\n')
    entries = load_unchecked(path)

    assert names_for(entries, (5, 2, 0)) == {"plug", "old"}
    assert names_for(entries, (6, 0, 0)) == {"plug"}
    assert names_for(entries, None) == {"plug", "old"}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (ENTRY.replace("reason", "because"), "'reason' is missing"),
        (ENTRY + "since = 1\n", "unknown key 'since'"),
        (ENTRY + 'versions = "6"\n', "'6' is no bound"),
        ("x = 1\n", "unknown key 'x'"),
        ("[[", "untyped.toml"),
    ],
)
def test_a_malformed_file_is_refused_by_its_entry(tmp_path: Path, text: str, part: str) -> None:
    path = tmp_path / "untyped.toml"
    path.write_text(text)

    with pytest.raises(KnowledgeError, match=part):
        load_unchecked(path)
