"""What a user names for a comparison is told apart by what it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.compat.change import SideKind
from conformance.digest.digest_json import digest_text
from conformance.knowledge.digests import load_digest
from conformance.model.errors import LaunchError, UsageError
from conformance.model.flavour import Program
from conformance.prepare.operand import NamedSide, load_knowledge, read_side
from tests.conftest import QEMU
from tests.qapi.schemas import BUILTINS, command

ENTRIES = [*BUILTINS, command("c")]
SCHEMA = """\
##
# @c:
#
# A command.
##
{ 'command': 'c', 'data': { 'x': 'str' } }
"""


def written(path: Path, text: str) -> NamedSide:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return NamedSide(name=str(path))


@pytest.mark.parametrize("name", ["10.0", "10.0.2", "digest:10.0"])
def test_a_digest_goes_by_its_release(name: str) -> None:
    side = read_side(NamedSide(name=name))

    assert (side.facts.name, side.facts.kind) == (name, SideKind.DIGEST)
    assert side.facts.version == load_digest("10.0").version
    assert side.release is not None
    assert "object-add" in side.schema.commands
    assert not side.partial


def test_the_seed_is_part_of_a_schema() -> None:
    side = read_side(NamedSide(name="seed"))

    assert side.partial
    assert "SocketAddress" in side.open


def test_a_file_that_is_named_like_a_digest_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "10.0").write_text(json.dumps(ENTRIES))

    assert read_side(NamedSide(name="10.0")).facts.kind is SideKind.INTROSPECTION
    assert read_side(NamedSide(name="digest:10.0")).facts.kind is SideKind.DIGEST


def test_the_file_of_a_digest_is_one(tmp_path: Path) -> None:
    side = read_side(written(tmp_path / "d", digest_text(load_digest("5.2"))))

    assert (side.facts.kind, side.facts.version) == (SideKind.DIGEST, load_digest("5.2").version)


@pytest.mark.parametrize(
    ("value", "version"),
    [
        (ENTRIES, ""),
        ({"return": ENTRIES}, ""),
        ({"return": ENTRIES, "id": 1}, ""),
        ({"version": "10.0.2", "return": ENTRIES}, "10.0.2"),
    ],
    ids=["an array", "a reply", "a reply with an id", "with its version"],
)
def test_an_introspection_is_an_array_or_a_reply(
    tmp_path: Path, value: object, version: str
) -> None:
    side = read_side(written(tmp_path / "i.json", json.dumps(value)))

    assert (side.facts.kind, side.facts.version) == (SideKind.INTROSPECTION, version)
    assert list(side.schema.commands) == ["c"]
    assert (side.release is None) is (version == "")


def test_a_version_can_be_given_where_nothing_tells_it(tmp_path: Path) -> None:
    named = written(tmp_path / "i.json", json.dumps(ENTRIES))

    side = read_side(NamedSide(name=named.name, version="7.2"))

    assert side.facts.version == "7.2"
    assert side.release is not None
    assert read_side(NamedSide(name=named.name, version="99.0")).release is None


def test_a_source_tree_is_read_whole(tmp_path: Path) -> None:
    written(tmp_path / "qapi/qapi-schema.json", SCHEMA)
    written(tmp_path / "VERSION", "9.9.1\n")

    side = read_side(NamedSide(name=str(tmp_path)))

    assert (side.facts.kind, side.facts.version) == (SideKind.SOURCE, "9.9.1")
    assert list(side.schema.commands) == ["c"]
    assert not side.partial


@pytest.mark.parametrize(("name", "partial"), [("qapi-schema.json", False), ("c.json", True)])
def test_a_schema_file_other_than_the_top_one_is_a_part(
    tmp_path: Path, name: str, partial: bool
) -> None:
    side = read_side(written(tmp_path / "qapi" / name, SCHEMA))

    assert side.facts.kind is SideKind.SOURCE
    assert side.partial is partial


def test_the_schema_of_another_program_can_be_asked_for() -> None:
    agent = read_side(NamedSide(name="10.0", program=Program.GUEST_AGENT))

    assert "guest-ping" in agent.schema.commands
    assert "guest-ping" in load_knowledge(Program.GUEST_AGENT).history["10.0"]
    with pytest.raises(UsageError, match="has no schema of the guest-agent"):
        read_side(NamedSide(name="seed", program=Program.GUEST_AGENT))


BROKEN = {
    "nothing at all": ("", "has neither commands nor events"),
    "a schema of nothing": ("[]", "has neither commands nor events"),
    "JSON that breaks off": ('{"return": [', "is no JSON"),
    "JSON without end": ("[" * 100_000, "is no JSON"),
    "JSON of something else": ('{"a": 1}', "an object without 'return' or 'schemas'"),
    "a reply of another command": ('{"return": {}}', "does not return an array"),
    "entries that contradict themselves": (
        '[{"name": "c", "meta-type": "command", "arg-type": "0", "ret-type": "0"}]',
        "there is no object type '0'",
    ),
    "a version that is none": ('{"version": 7, "return": []}', "'7' is no version"),
    "a version of another type": ('{"version": {"qemu": {}}, "return": []}', "is no version"),
    "a digest that is none": ('{"schemas": 1}', "d.json: "),
    "source that is none": ("{ 'command': 'c', 'date': {} }", r"d\.json:1:\d+: "),
}


@pytest.mark.parametrize(("text", "message"), BROKEN.values(), ids=BROKEN)
def test_a_file_that_is_no_side_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_side(written(tmp_path / "d.json", text))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothere.json", "there is no such file, folder or digest"),
        ("a/b", "there is no such file, folder or digest"),
        ("99.0", "there is no digest of 99.0"),
        ("digest:nothing", "there is no digest of nothing"),
    ],
)
def test_what_is_not_there_is_no_side(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_side(NamedSide(name=name))


def test_a_folder_without_schemas_is_no_side(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no source tree of QEMU"):
        read_side(NamedSide(name=str(tmp_path)))


def test_bytes_that_are_no_text_are_no_side(tmp_path: Path) -> None:
    (tmp_path / "d").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(UsageError, match="is neither a program nor UTF-8"):
        read_side(NamedSide(name=str(tmp_path / "d")))


def test_a_version_that_is_none_is_refused_first() -> None:
    with pytest.raises(UsageError, match="'new' is no version"):
        read_side(NamedSide(name="10.0", version="new"))


def test_a_program_that_is_no_qemu_is_no_side() -> None:
    with pytest.raises(LaunchError, match="is no QEMU system emulator"):
        read_side(NamedSide(name="/bin/true"))


@pytest.mark.qemu
def test_a_build_is_asked() -> None:
    side = read_side(NamedSide(name=QEMU))

    assert side.facts.kind is SideKind.BUILD
    assert side.facts.version.count(".") == 2
    assert "x86_64" in side.facts.detail
    assert "query-qmp-schema" in side.schema.commands
    with pytest.raises(UsageError, match="not of the storage-daemon"):
        read_side(NamedSide(name=QEMU, program=Program.STORAGE_DAEMON))
