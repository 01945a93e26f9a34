"""The words for what a build was made without are read, and belong to commands."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from conformance.knowledge.absences import Absence, load_absences, refusals_of
from conformance.knowledge.store import cases_folder
from conformance.model.errors import KnowledgeError


def test_what_ships_fits_what_builds_say() -> None:
    entries = load_absences(cases_folder() / "absences.toml")

    globs = refusals_of(entries, frozenset({"query-status", "blockdev-add"}))
    assert any(fnmatchcase("Unknown driver 'gluster'", glob) for glob in globs)
    assert not any(fnmatchcase("Cannot find device='x' nor node-name='x'", glob) for glob in globs)
    assert refusals_of(entries, frozenset({"query-status"})) == ()


def test_each_refusal_belongs_to_its_commands() -> None:
    one, other = (Absence(commands=(name,), refusal=f"no {name}", reason="") for name in "ab")

    assert refusals_of((one, other), frozenset("b")) == ("no b",)


@pytest.mark.parametrize("missing", ["refusal", "reason"])
def test_an_entry_says_how_and_why(tmp_path: Path, missing: str) -> None:
    entry = {"commands": '["a"]', "refusal": '"no a"', "reason": '"r"'}
    del entry[missing]
    path = tmp_path / "absences.toml"
    path.write_text("[[absence]]\n" + "".join(f"{k} = {v}\n" for k, v in entry.items()))

    with pytest.raises(KnowledgeError, match=missing):
        load_absences(path)
