"""Cases that are known to come to different ends are read, and belong to releases."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.knowledge.intermittent import load_intermittent, reasons_for
from conformance.knowledge.store import cases_folder
from conformance.model.errors import KnowledgeError


def _load(folder: Path, text: str) -> None:
    path = folder / "intermittent.toml"
    path.write_text(text)
    load_intermittent(path)


def test_what_ships_is_about_the_releases_in_which_it_was_seen() -> None:
    entries = load_intermittent(cases_folder() / "intermittent.toml")

    assert "x-colo-lost-heartbeat/valid/recipe" in reasons_for(entries, (11, 1, 2))
    assert reasons_for(entries, (7, 2, 22)) == {}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[[intermittent]]\nid = "a"', "reason"),
        ('[[intermittent]]\nid = "a"\nreason = "r"\nversions = "new"', "versions"),
        ('[[intermittent]]\nid = "a"\nreason = "r"\nplays = 3', "plays"),
        ('[[cases]]\nid = "a"', "cases"),
    ],
    ids=["no reason", "no range", "unknown key", "unknown table"],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(KnowledgeError, match=problem):
        _load(tmp_path, text)
