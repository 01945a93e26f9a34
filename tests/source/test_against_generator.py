"""The generator of a source tree and this reader take and refuse the same schemas.

Needs source trees: QEMU_SOURCE_TREES names a folder of them. Runs their scripts/qapi and reads
their tests/qapi-schema in place.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from conformance.digest.declaration import Entity, EntityKind
from conformance.model.errors import UsageError
from conformance.qapi.model import SchemaError
from conformance.source.digesting import SCHEMA_FILES
from conformance.source.lint import LintKind, lint
from conformance.source.reader import read_source
from tests.patience import PATIENCE

TREES = "QEMU_SOURCE_TREES"
COLLECTION = "tests/qapi-schema"

_JUDGE: Final = """
import contextlib, io, json, os, sys
sys.path.insert(0, os.path.join(sys.argv[1], "scripts"))
from qapi.error import QAPIError
from qapi.schema import QAPISchema
os.chdir(sys.argv[2])
refused = {}
for name in sys.argv[3:]:
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            QAPISchema(name)
        refused[name] = None
    except QAPIError as error:
        refused[name] = str(error)
json.dump(refused, sys.stdout)
"""
_LIST: Final = """
import json, os, sys
sys.path.insert(0, os.path.join(sys.argv[1], "scripts"))
from qapi.schema import QAPISchema
found = []
for each in QAPISchema(os.path.join(sys.argv[1], sys.argv[2]))._entity_list:
    if getattr(each, "meta", "array") in ("array", "built-in") or not each.info or not each.name:
        continue
    parts = each.local_members if hasattr(each, "local_members") else getattr(each, "members", [])
    names = [[part.name, getattr(part, "optional", False)] for part in parts]
    found.append([each.meta, each.name, names])
json.dump(found, sys.stdout)
"""


def _trees() -> list[Path]:
    top = os.environ.get(TREES)
    trees = (path.parent for path in Path(top).glob("*/VERSION")) if top else ()
    return sorted(tree for tree in trees if (tree / COLLECTION).is_dir())


pytestmark = pytest.mark.skipif(
    not _trees(), reason=f"{TREES} names no folder with QEMU source trees that hold {COLLECTION}"
)
of_each_tree = pytest.mark.parametrize("tree", _trees(), ids=lambda path: path.name)


def asked(script: str, *words: str) -> Any:
    """Return what a tree's own generator says; it is run without writing beside its sources."""
    done = subprocess.run(
        [sys.executable, "-B", "-I", "-c", script, *words],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    return json.loads(done.stdout)


def refusal(path: Path) -> str | None:
    try:
        source = read_source(path)
    except (SchemaError, UsageError) as error:
        return str(error)
    findings = [line for line in lint([source]) if line.kind is LintKind.FINDING]
    return findings[0].problem if findings else None


@of_each_tree
def test_the_same_schemas_of_the_collection_are_refused(tree: Path) -> None:
    folder = tree / COLLECTION
    names = sorted(set(re.findall(r"'([\w-]+\.json)'", (folder / "meson.build").read_text())))
    theirs = asked(_JUDGE, str(tree), str(folder), *names)

    ours = {name: refusal(folder / name) for name in names}

    assert len(names) > 150
    assert [(name, theirs[name], ours[name]) for name in names
            if (theirs[name] is None) != (ours[name] is None)] == []  # fmt: skip


@of_each_tree
@pytest.mark.parametrize("file", SCHEMA_FILES.values())
def test_the_same_entities_are_read(tree: Path, file: str) -> None:
    source = read_source(tree / file)

    theirs = asked(_LIST, str(tree), file)
    ours = [each for each in source.entities if not each.name.startswith("q_")]

    assert len(ours) > 50
    assert {(each.kind, each.name) for each in ours} == {
        (meta, name) for meta, name, _ in theirs if not name.startswith("q_")
    }
    own = {each.name: _names(each) for each in ours if each.kind in _PLAIN}
    assert own == {
        name: [(member, optional) for member, optional in names]
        for _, name, names in theirs
        if name in own
    }
    assert [line for line in lint([source]) if line.kind is LintKind.FINDING] == []


_PLAIN: Final = (EntityKind.ENUM, EntityKind.STRUCT)
"""What the generator holds as it is written, not with what others add."""


def _names(entity: Entity) -> list[tuple[str, bool]]:
    if entity.kind is EntityKind.ENUM:
        return [(value.name, False) for value in entity.values]
    return [(member.name, member.optional) for member in entity.members]
