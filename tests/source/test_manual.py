"""A manual page gives the facts that the source gives, less what it does not say."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.digest.digest import DigestEntity, DigestFeature, DigestMember
from conformance.model.errors import UsageError
from conformance.model.flavour import Program
from conformance.qapi.qom import INTEGER_RANGES
from conformance.source.digesting import SCHEMA_FILES, digest_of
from conformance.source.manual import ANY_INTEGER, read_manual, version_of_manual
from conformance.source.reader import read_source, version_of
from tests.source.pages import NEW, OLD, SOURCE

PAGES = {"new": NEW, "old": OLD}


def entities_of(path: Path, *, manual: bool) -> Mapping[str, DigestEntity]:
    source = read_manual(path) if manual else read_source(path)
    return digest_of("", {Program.SYSTEM: source}).schemas[Program.SYSTEM]


def said(entity: DigestEntity) -> DigestEntity:
    """Return what a manual says of an entity too, without what it leaves out."""
    members = (*entity.members, *entity.base_members)
    groups = (entity.features, *(each.features for each in members))
    groups += tuple(value.features for value in entity.values)
    names = {feature.name for features in groups for feature in features}
    return replace(
        entity,
        module="",
        line=0,
        condition=None,
        flags=frozenset(),
        boxed=False,
        returns=None,
        features=tuple(DigestFeature(name=name) for name in sorted(names)),
        members=_sorted(map(_member, entity.members)),
        base_members=_sorted(map(_member, entity.base_members)),
        values=tuple(
            replace(value, condition=None, features=())
            for value in sorted(entity.values, key=lambda value: value.name)
        ),
        branches=tuple(
            replace(branch, condition=None)
            for branch in sorted(entity.branches, key=lambda branch: branch.case)
        ),
    )


def _sorted(members: Iterable[DigestMember]) -> tuple[DigestMember, ...]:
    """Return members by name: a manual has the order of the documentation."""
    return tuple(sorted(members, key=lambda member: member.name))


def _member(member: DigestMember) -> DigestMember:
    name = member.type.strip("[]")
    plain = ANY_INTEGER if name in (*INTEGER_RANGES, "int", "size") else name
    type_ = member.type.replace(name, plain)
    return replace(member, type=type_, condition=None, features=(), line=0)


@pytest.mark.parametrize("form", PAGES)
def test_a_page_gives_the_facts_of_its_source(tmp_path: Path, form: str) -> None:
    (tmp_path / "page.7").write_text(PAGES[form])
    (tmp_path / "source.json").write_text(SOURCE)

    of_page = entities_of(tmp_path / "page.7", manual=True)
    of_source = entities_of(tmp_path / "source.json", manual=False)

    assert list(of_page) == list(of_source)
    for name, entity in of_page.items():
        assert said(entity) == said(of_source[name])


def test_a_page_is_read_compressed_and_its_examples_are_placed(tmp_path: Path) -> None:
    page = tmp_path / "page.7.gz"
    page.write_bytes(gzip.compress(NEW.encode()))

    (command,) = (each for each in read_manual(page).entities if each.name == "paint-it")

    assert version_of_manual(page) == "11.1.2"
    assert command.returns == "[Box]"
    assert command.documentation is not None
    (example,) = command.documentation.examples
    assert example.text == '-> { "execute": "paint-it" }\n<- { "return": [] }'
    line = NEW.split("\n")[example.place.line - 1]
    assert line == r"\-> { \(dqexecute\(dq: \(dqpaint\-it\(dq }"


def test_a_condition_of_the_whole_is_read(tmp_path: Path) -> None:
    (tmp_path / "page.7").write_text(OLD)

    (base,) = (e for e in read_manual(tmp_path / "page.7").entities if e.name == "Base")

    assert base.condition == "CONFIG_BASE"


def test_a_type_that_is_its_own_base_ends(tmp_path: Path) -> None:
    page = tmp_path / "page.7"
    page.write_text(NEW.replace("The members of \\fI\\%Base", "The members of \\fI\\%Sum"))

    assert entities_of(page, manual=True)["Sum"].base == "Sum"


@pytest.mark.parametrize(
    "data",
    [b"", b"words\n", b"\x1f\x8bnothing", b"\xff\xfe"],
    ids=["empty", "text", "gzip", "code"],
)
def test_what_is_no_manual_is_the_users_to_mend(tmp_path: Path, data: bytes) -> None:
    page = tmp_path / "page.7"
    page.write_bytes(data)

    with pytest.raises(UsageError):
        read_manual(page)


def _pairs() -> list[tuple[Path, Path]]:
    """Return the pages that QEMU_MANUALS lists, each with the tree of its release."""
    top = os.environ.get("QEMU_SOURCE_TREES")
    trees = [path.parent for path in Path(top).glob("*/VERSION")] if top else []
    pages = [Path(each) for each in os.environ.get("QEMU_MANUALS", "").split(":") if each]
    return [
        (page, tree)
        for page in pages
        for tree in trees
        if _release(version_of_manual(page)) == _release(version_of(tree) or "")
    ]


def _release(version: str) -> list[str]:
    return version.split(".")[:2]


@pytest.mark.skipif(
    not _pairs(), reason="QEMU_MANUALS lists no page whose source tree is in QEMU_SOURCE_TREES"
)
@pytest.mark.parametrize(("page", "tree"), _pairs())
def test_a_manual_that_ships_gives_the_facts_of_its_release(page: Path, tree: Path) -> None:
    of_page = entities_of(page, manual=True)
    of_source = entities_of(tree / SCHEMA_FILES[Program.SYSTEM], manual=False)
    wrapped = {name for name in (*of_page, *of_source) if name.startswith("q_obj_")}

    assert set(of_page) - wrapped == set(of_source) - wrapped
    differing = [
        name
        for name, entity in of_page.items()
        if name not in wrapped
        # An argument type may not be told where nothing else is.
        and replace(said(entity), arg_type=None) != replace(said(of_source[name]), arg_type=None)
    ]
    # A package may patch its source: 5.2 of Debian has another default of max-connections.
    assert len(differing) <= len(of_page) // 100, differing
