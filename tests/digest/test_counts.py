"""What a digest holds is what an independent count of the schema's files gives."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from conformance.digest.digest import DigestEntity
from conformance.knowledge.digests import load_digest
from conformance.model.flavour import Program
from conformance.source.digesting import SCHEMA_FILES, read_tree
from tests.patience import PATIENCE
from tests.source.trees import write_tree

AWK = shutil.which("awk")
COUNT = Path(__file__).with_name("count.awk")
TREES = "QEMU_SOURCE_TREES"

needs_awk = pytest.mark.skipif(AWK is None, reason="no awk on this host")


def _counted(schema: Path) -> dict[str, int]:
    assert AWK is not None
    done = subprocess.run(
        [AWK, "-f", str(COUNT), str(schema)],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    assert done.stderr == ""
    pairs = (line.split() for line in done.stdout.splitlines())
    return {what: int(number) for what, number in pairs}


def _held(entities: Iterable[DigestEntity]) -> dict[str, int]:
    count: Counter[str] = Counter()
    for entity in entities:
        members = (*entity.members, *entity.base_members)
        count[str(entity.kind)] += 1
        count["members"] += len(entity.members)
        count["base-members"] += len(entity.base_members)
        count["values"] += len(entity.values)
        count["branches"] += len(entity.branches)
        count["flags"] += len(entity.flags)
        count["features"] += len(entity.features)
        count["features"] += sum(len(member.features) for member in members)
        count["features"] += sum(len(value.features) for value in entity.values)
        count["errors"] += bool(entity.error_items)
    return {what: number for what, number in count.items() if number}


def _trees() -> list[Path]:
    top = os.environ.get(TREES)
    return sorted(path.parent for path in Path(top).glob("*/VERSION")) if top else []


@needs_awk
def test_made_up_tree_is_counted_the_same(tmp_path: Path) -> None:
    digest = read_tree(write_tree(tmp_path))

    for program, file in SCHEMA_FILES.items():
        assert _held(digest.schemas[program].values()) == _counted(tmp_path / file)


@needs_awk
def test_count_is_what_stands_in_the_made_up_tree(tmp_path: Path) -> None:
    assert _counted(write_tree(tmp_path) / SCHEMA_FILES[Program.SYSTEM]) == {
        "command": 2,
        "event": 1,
        "enum": 2,
        "struct": 4,
        "union": 2,
        "alternate": 1,
        "members": 12,
        "base-members": 3,
        "values": 5,
        "branches": 5,
        "flags": 3,
        "features": 4,
        "errors": 1,
    }


@needs_awk
@pytest.mark.skipif(not _trees(), reason=f"{TREES} names no folder with QEMU source trees")
@pytest.mark.parametrize("program", SCHEMA_FILES)
@pytest.mark.parametrize("tree", _trees(), ids=lambda path: path.name)
def test_digest_that_ships_holds_what_its_tree_declares(tree: Path, program: Program) -> None:
    release = re.match(r"\d+\.\d+", (tree / "VERSION").read_text())
    assert release is not None

    held = _held(load_digest(release[0]).schemas[program].values())

    assert held == _counted(tree / SCHEMA_FILES[program])


@pytest.mark.skipif(not _trees(), reason=f"{TREES} names no folder with QEMU source trees")
@pytest.mark.parametrize("tree", _trees(), ids=lambda path: path.name)
def test_digest_that_ships_is_the_one_of_its_tree(tree: Path) -> None:
    digest = read_tree(tree)
    major, minor = digest.version.split(".")[:2]
    shipped = load_digest(f"{major}.{minor}")
    if digest.version != shipped.version:
        pytest.skip(f"the digest is of {shipped.version}, this tree of {digest.version}")

    assert shipped == digest
