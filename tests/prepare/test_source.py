"""Which source a build is compared with, and what the report says of that."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.digest.declaration import EntityKind
from conformance.digest.digest import Digest, DigestEntity
from conformance.digest.digest_json import digest_text
from conformance.knowledge.digests import digest_names
from conformance.model.errors import UsageError
from conformance.model.flavour import Program
from conformance.prepare.source import find_facts, words

SCHEMA = """
##
# @grow:
#
# .. qmp-example::
#
#     -> { "execute": "grow" }
#     <- { "return": {} }
##
{ 'command': 'grow' }
"""


def _release(name: str) -> tuple[int, int, int]:
    major, minor = name.split(".")
    return int(major), int(minor), 99


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "qapi").mkdir()
    (tmp_path / "qapi/qapi-schema.json").write_text(SCHEMA)
    (tmp_path / "VERSION").write_text("9.2.1\n")
    return tmp_path


def test_without_a_source_the_digest_of_the_release_counts() -> None:
    newest = digest_names()[-1]

    facts = find_facts(None, _release(newest))

    assert facts is not None
    assert (facts.exact, facts.name, facts.examples) == (True, newest, None)
    assert words(facts, None) == f"the digest of QEMU {newest} that ships with the suite"


def test_a_newer_build_has_the_nearest_digest_below_and_the_report_says_so() -> None:
    facts = find_facts(None, (99, 0, 0))

    assert facts is not None
    assert (facts.exact, facts.name) == (False, digest_names()[-1])
    assert "the nearest below that ships" in words(facts, None)


def test_an_older_build_than_every_digest_has_none() -> None:
    assert find_facts(None, (1, 0, 0)) is None
    assert words(None, None).startswith("nothing: no digest ships")


def test_a_source_tree_counts_before_any_digest(tree: Path) -> None:
    facts = find_facts(str(tree), (9, 2, 4))

    assert facts is not None
    assert (facts.exact, list(facts.entities)) == (True, ["grow"])
    assert facts.examples is not None
    assert [example.owner for example in facts.examples] == ["grow"]
    assert words(facts, str(tree)) == f"the source at {tree}"


def test_a_digest_file_is_a_source_without_examples(tmp_path: Path) -> None:
    entity = DigestEntity(kind=EntityKind.COMMAND, name="grow", module="qapi/made.json")
    digest = Digest(version="9.2.0", schemas={Program.SYSTEM: {"grow": entity}})
    path = tmp_path / "9.2.json"
    path.write_text(digest_text(digest))

    facts = find_facts(str(path), (9, 2, 4))

    assert facts is not None
    assert (facts.entities, facts.examples) == ({"grow": entity}, None)


def test_the_source_of_another_release_is_refused(tree: Path) -> None:
    with pytest.raises(
        UsageError, match=r"is the source of QEMU 9\.2\.1, and the build is 9\.1\.2"
    ):
        find_facts(str(tree), (9, 1, 2))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{ 'command': 'x', 'data': { 'a': 'gone' } }", r"x\.json:1:\d+: the type 'gone'"),
        ('{"schemas": 3}', "digest: 'format' is missing"),
        ('{"format": 1, "version": "", "schemas": {}}', "system"),
    ],
    ids=["type", "digest", "no-system"],
)
def test_what_is_no_source_is_refused_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)

    with pytest.raises(UsageError, match=told):
        find_facts(str(path), (9, 2, 0))
