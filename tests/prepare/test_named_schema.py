"""A word of the command line names a schema, or is refused with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.knowledge.digests import digest_names
from conformance.model.errors import UsageError
from conformance.prepare.named_schema import schema_named, sha256_of
from conformance.qapi.introspection import read_introspection
from tests.qapi.schemas import BUILTINS, command
from tests.recordings import ENTRIES, ndjson


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ENTRIES),
        json.dumps(ENTRIES, indent=4),
        json.dumps({"return": ENTRIES}),
        json.dumps({"return": ENTRIES, "id": 7}) + "\r\n",
    ],
)
def test_a_saved_introspection_is_a_schema(tmp_path: Path, text: str) -> None:
    path = tmp_path / "schema.json"
    path.write_text(text)

    named = schema_named(str(path))

    assert named.schema == read_introspection(ENTRIES)
    assert named.origin == str(path)
    assert named.sha256 == sha256_of(ENTRIES[::-1])


def test_a_release_is_the_schema_of_its_digest() -> None:
    name = digest_names()[-1]

    named = schema_named(name)

    assert named.origin == f"the digest of QEMU {name}"
    assert name == ".".join(map(str, named.release or ()))
    assert named.sha256 is None
    assert named.schema.command("query-status").name == "query-status"


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"\xff", "schema.json:1:1: byte 0xff is no UTF-8"),
        (b"[1,", "schema.json:1:4: the file ends within a JSON value"),
        (b"{}", "schema.json: this is no saved introspection"),
        (ndjson(ENTRIES, 1).encode(), "schema.json: this is no saved introspection"),
        (
            json.dumps([*BUILTINS, command("c", "x")]).encode(),
            r"entry 7 \(command 'c'\): arg-type: there is no object type 'x'\n  `qmp-conformance v",
        ),
    ],
)
def test_what_is_no_introspection_is_refused(tmp_path: Path, data: bytes, part: str) -> None:
    path = tmp_path / "schema.json"
    path.write_bytes(data)

    with pytest.raises(UsageError, match=part):
        schema_named(str(path))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none: there is no such file, folder or digest"):
        schema_named(str(tmp_path / "none"))


def test_a_schema_file_of_the_source_is_a_schema(tmp_path: Path) -> None:
    path = tmp_path / "qapi-schema.json"
    path.write_text("# made up\n{ 'command': 'grow', 'data': { 'by': 'uint8' } }\n")

    named = schema_named(str(path))

    assert named.schema.command("grow").name == "grow"
    assert (named.sha256, named.release) == (None, None)
