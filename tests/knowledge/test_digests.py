"""The digest of a build's release is found among those that ship, and a broken file is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.digest.digest import Digest
from conformance.digest.digest_json import digest_text
from conformance.knowledge.digests import (
    SEED,
    digest_names,
    find_digest,
    load_digest,
    load_digests,
)
from conformance.knowledge.store import fixtures_folder
from conformance.model.errors import KnowledgeError
from conformance.model.flavour import Program


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("10.0", "9.2", "5.2", SEED):
        digest = Digest(version=f"{name}.1", schemas={Program.SYSTEM: {}})
        (tmp_path / f"{name}.json").write_text(digest_text(digest))
    return tmp_path


def test_releases_are_listed_by_age_without_the_seed(folder: Path) -> None:
    assert digest_names(folder) == ("5.2", "9.2", "10.0")
    assert [digest.version for digest in load_digests(folder).values()] == [
        "5.2.1",
        "9.2.1",
        "10.0.1",
    ]


@pytest.mark.parametrize(
    ("version", "name", "exact"),
    [
        pytest.param((10, 0, 13), "10.0", True, id="same-release"),
        pytest.param((5, 2, 0), "5.2", True, id="older-micro"),
        pytest.param((9, 9, 0), "9.2", False, id="between"),
        pytest.param((11, 1, 50), "10.0", False, id="newer-than-all"),
    ],
)
def test_nearest_digest_at_or_below_is_found(
    folder: Path, version: tuple[int, int, int], name: str, exact: bool
) -> None:
    found = find_digest(version, folder)

    assert found is not None
    assert (found.name, found.digest.version, found.exact) == (name, f"{name}.1", exact)


def test_build_older_than_all_has_none(folder: Path) -> None:
    assert find_digest((5, 1, 0), folder) is None


def test_only_the_digest_that_is_needed_is_read(folder: Path) -> None:
    (folder / "9.2.json").write_text("broken")

    assert find_digest((10, 0, 0), folder) is not None
    with pytest.raises(KnowledgeError):
        find_digest((9, 2, 0), folder)


def test_digest_is_read_once(folder: Path) -> None:
    assert load_digest("10.0", folder) is load_digest("10.0", folder)


def test_name_without_a_digest_is_refused_with_those_that_are_there(folder: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"'4\.0'\n.*5\.2, 9\.2, 10\.0, seed"):
        load_digest("4.0", folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{", r"9\.9\.json: not JSON", id="no-json"),
        pytest.param("[" * 100_000, r"9\.9\.json: not JSON", id="nested"),
        pytest.param("[]", r"9\.9\.json: digest: \[\] is no object", id="no-object"),
        pytest.param(
            '{"format":1,"version":"9.9","schemas":{"system":[{"kind":"enum","name":"e","x":1}]}}',
            r"9\.9\.json: system: enum e: 'x' is unknown",
            id="entry",
        ),
    ],
)
def test_broken_file_is_refused_by_name_and_entry(folder: Path, text: str, message: str) -> None:
    (folder / "9.9.json").write_text(text)

    with pytest.raises(KnowledgeError, match=message):
        load_digest("9.9", folder)


def test_digests_that_ship_are_of_their_releases_and_small() -> None:
    for name, digest in load_digests().items():
        assert digest.version.startswith(f"{name}.")
        assert set(digest.schemas) == set(Program)
    sizes = [path.stat().st_size for path in (fixtures_folder() / "qapi").glob("*.json")]
    assert sum(sizes) < 2_000_000


def test_seed_is_a_part_of_a_release() -> None:
    seed = load_digest(SEED)

    assert (seed.version, set(seed.schemas)) == ("9.1", {Program.SYSTEM})
    assert len(seed.open_names) == 16
