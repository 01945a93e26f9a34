"""A source tree gives the digest of its facts."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.digest.declaration import EntityKind, Flag
from conformance.digest.digest import (
    DefaultKind,
    Digest,
    DigestBranch,
    DigestEntity,
    DigestFeature,
    DigestMember,
    DigestValue,
)
from conformance.digest.digest_json import digest_text
from conformance.model.errors import UsageError
from conformance.model.flavour import Program
from conformance.model.terms import ABSENT
from conformance.source.digesting import read_tree
from conformance.source.reader import SourceError
from tests.source.trees import SHAPES, write_tree


@pytest.fixture
def digest(tmp_path: Path) -> Digest:
    return read_tree(write_tree(tmp_path))


def _entity(digest: Digest, name: str) -> DigestEntity:
    return digest.schemas[Program.SYSTEM][name]


def _member(digest: Digest, entity: str, name: str) -> DigestMember:
    found = _entity(digest, entity)
    return next(each for each in (*found.members, *found.base_members) if each.name == name)


def test_tree_has_a_version_and_the_schemas_of_its_programs(digest: Digest) -> None:
    assert (digest.version, digest.open_names) == ("1.4.0", ())
    assert tuple(digest.schemas[Program.STORAGE_DAEMON]) == ("Hue", "Sides", "Box", "quit")
    assert tuple(digest.schemas[Program.GUEST_AGENT]) == ("leave",)


def test_programs_that_share_a_file_share_its_facts(digest: Digest) -> None:
    system, daemon = (digest.schemas[p] for p in (Program.SYSTEM, Program.STORAGE_DAEMON))

    assert system["Box"] == daemon["Box"]


def test_declaration_is_placed_dated_and_described(digest: Digest) -> None:
    hue = _entity(digest, "Hue")

    assert (hue.kind, hue.module, hue.line) == (EntityKind.ENUM, "qapi/shapes.json", 10)
    assert (hue.since, hue.documented) == ("1.2", True)
    assert hue.values == (
        DigestValue(name="red"),
        DigestValue(
            name="blue",
            condition="CONFIG_BLUE",
            features=(DigestFeature(name="unstable"),),
            since="1.3",
        ),
    )


def test_command_keeps_its_flags_features_errors_and_types(digest: Digest) -> None:
    paint = _entity(digest, "paint")

    assert paint.flags == {Flag.ALLOW_OOB, Flag.ALLOW_PRECONFIG}
    assert [feature.name for feature in paint.features] == ["deprecated", "unstable"]
    assert (paint.arg_type, paint.boxed, paint.returns) == ("Options", True, "int")
    assert paint.errors == ("DeviceNotFound",)
    assert paint.error_items == ("DeviceNotFound", None, None)
    assert paint.unknown_errors == ("WetPaint",)
    assert paint.unknown_events == ("PAINT_DRY", "WALL_DRY")


def test_condition_is_kept_as_it_is_nested(digest: Digest) -> None:
    assert _entity(digest, "wash").condition == {"all": ("CONFIG_X", {"not": "CONFIG_DRY"})}
    assert _member(digest, "Sides", "label").condition == "CONFIG_X"


def test_union_keeps_its_tag_and_branches(digest: Digest) -> None:
    options = _entity(digest, "Options")

    assert (options.kind, options.tag) == (EntityKind.UNION, "kind")
    assert options.branches == (
        DigestBranch(case="red", type="Sides"),
        DigestBranch(case="blue", type="Box", condition="CONFIG_BLUE"),
    )


@pytest.mark.parametrize(
    ("entity", "member", "kind", "value"),
    [
        pytest.param("Sides", "count", DefaultKind.VALUE, 4, id="integer"),
        pytest.param("Sides", "hue", DefaultKind.VALUE, "red", id="enumeration"),
        pytest.param("Sides", "label", DefaultKind.PROSE, ABSENT, id="prose"),
        pytest.param("Box", "depth", DefaultKind.DEPENDS, ABSENT, id="depends"),
        pytest.param("Options", "fill", DefaultKind.VALUE, "red", id="alternate"),
        pytest.param("Options", "kind", DefaultKind.NONE, ABSENT, id="none"),
        pytest.param("wash", "hot", DefaultKind.VALUE, False, id="all-booleans"),
        pytest.param("wash", "soap", DefaultKind.VALUE, True, id="its-own-word-counts-more"),
        pytest.param("wash", "times", DefaultKind.NONE, ABSENT, id="mandatory"),
    ],
)
def test_default_of_a_member_is_found(
    digest: Digest, entity: str, member: str, kind: DefaultKind, value: object
) -> None:
    found = _member(digest, entity, member)

    assert (found.default_kind, found.default) == (kind, value)


def test_default_for_a_member_of_the_base_is_kept_with_the_type(digest: Digest) -> None:
    assert dict(_entity(digest, "Box").base_defaults) == {"count": 6}


def test_what_has_no_documentation_says_so(digest: Digest) -> None:
    assert not _entity(digest, "Simple").documented


def test_digest_holds_no_sentence(digest: Digest) -> None:
    text = digest_text(digest)

    for word in ("thing", "six", "coats", "brush", "water", "warm"):
        assert word not in text


def test_one_file_is_a_part_of_the_system_schema(tmp_path: Path) -> None:
    path = tmp_path / "part.json"
    path.write_text("{ 'include': 'hues.json' }\n" + SHAPES)

    found = read_tree(path, "1.4", partial=True)

    assert (found.version, tuple(found.schemas)) == ("1.4", (Program.SYSTEM,))
    assert tuple(found.schemas[Program.SYSTEM]) == ("Hue", "Sides", "Box")


def test_default_of_a_type_that_is_missing_is_taken_as_a_name(tmp_path: Path) -> None:
    path = tmp_path / "part.json"
    path.write_text("{ 'include': 'hues.json' }\n" + SHAPES.replace("'*hue': 'Hue'", "'*hue': 'H'"))

    found = read_tree(path, partial=True)

    assert (found.version, found.open_names) == ("", ("H",))
    assert _member(found, "Sides", "hue").default == "red"


def test_tree_without_a_version_has_the_one_that_is_given(tmp_path: Path) -> None:
    (write_tree(tmp_path) / "VERSION").unlink()

    assert read_tree(tmp_path, "1.5").version == "1.5"


@pytest.mark.parametrize("make", [False, True], ids=["nothing-there", "folder-of-other-things"])
def test_path_that_is_neither_tree_nor_file_is_refused(tmp_path: Path, make: bool) -> None:
    path = tmp_path / "here"
    if make:
        path.mkdir()

    with pytest.raises(UsageError, match=r"here.*\n.*Expected: a QEMU source tree"):
        read_tree(path)


def test_fault_in_a_file_of_the_tree_is_placed(tmp_path: Path) -> None:
    path = write_tree(tmp_path) / "qapi" / "shapes.json"
    path.write_text(path.read_text().replace("'enum'", "'enun'"))

    with pytest.raises(SourceError, match=r"qapi/shapes\.json:10:"):
        read_tree(tmp_path)
