"""Cases that are known to come to different ends are read, and belong to releases."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.knowledge.exceptions import Intermittent, load_intermittent, reasons_for
from conformance.knowledge.store import cases_folder
from conformance.model.errors import KnowledgeError


def _load(folder: Path, text: str) -> tuple[Intermittent, ...]:
    path = folder / "intermittent.toml"
    path.write_text(text)
    return load_intermittent(path)


def test_what_ships_is_about_the_releases_in_which_it_was_seen() -> None:
    entries = load_intermittent(cases_folder() / "intermittent.toml")

    assert "x-colo-lost-heartbeat/valid/recipe" in reasons_for(entries, (11, 1, 2))
    assert "x-colo-lost-heartbeat/valid/recipe" not in reasons_for(entries, (5, 2, 0))


def test_one_reason_holds_for_all_cases_that_an_entry_names(tmp_path: Path) -> None:
    entries = _load(tmp_path, '[[intermittent]]\nids = ["a", "b"]\nreason = "r"\n')

    assert reasons_for(entries, (10, 0, 0)) == {"a": "r", "b": "r"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[[intermittent]]\nids = ["a"]', "reason"),
        ('[[intermittent]]\nids = ["a"]\nreason = "r"\nversions = "new"', "versions"),
        ('[[intermittent]]\nids = ["a"]\nreason = "r"\nplays = 3', "plays"),
        ('[[intermittent]]\nids = []\nreason = "r"', "'ids' is empty"),
        (
            '[[intermittent]]\nids = ["a", "b"]\nreason = "r"\n'
            '[[intermittent]]\nids = ["b", "c"]\nreason = "r"',
            r"intermittent.toml:4: .*: b stands there twice, first in line 1",
        ),
        ('[[cases]]\nids = ["a"]', "cases"),
    ],
    ids=["no reason", "no range", "unknown key", "no id", "twice", "unknown table"],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(KnowledgeError, match=problem):
        _load(tmp_path, text)
