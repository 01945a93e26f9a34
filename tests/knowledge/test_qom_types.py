"""The shipped list of QOM types: what is in it, and how it is made of a build."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from conformance.knowledge import qom_types, store
from conformance.knowledge.qom_types import load_qom_types, path_of_types
from conformance.model.errors import KnowledgeError
from docs.qom_types import BuildTypes, text_of, types_of
from tests.conftest import QEMU


def test_the_list_that_ships_is_of_the_releases_and_has_devices_and_aliases() -> None:
    builds = json.loads(path_of_types().read_text(encoding="utf-8"))["builds"]

    for release in ("5.2.", "7.2.", "10.0.", "11.1."):
        for arch in ("x86_64", "aarch64"):
            assert [b for b in builds if b.startswith(release) and b.endswith(f" {arch}")]
    assert {
        "e1000",
        "virtio-blk-pci",
        "virtio-blk",
        "s390x-cpu",
        "device",
    } <= load_qom_types().types
    assert {"none", "q35", "pc-q35-7.2", "virt", "s390-ccw-virtio"} <= load_qom_types().machines


def test_the_list_has_each_type_of_a_build_that_it_is_made_of() -> None:
    builds = json.loads(path_of_types().read_text(encoding="utf-8"))["builds"]

    made = types_of(QEMU)

    assert {"e1000", "virtio-blk", "device"} <= made.names
    assert {"none", "q35"} <= made.machines
    if made.build in builds:
        assert made.names - load_qom_types().types == set()
        assert made.machines - load_qom_types().machines == set()


def test_the_file_has_the_types_of_all_builds_once() -> None:
    text = text_of(
        [
            BuildTypes("7.2.1 arm", frozenset("ab"), frozenset("m")),
            BuildTypes("10.0.0 arm", frozenset("bc"), frozenset("m")),
        ]
    )

    assert json.loads(text) == {
        "builds": ["10.0.0 arm", "7.2.1 arm"],
        "machines": ["m"],
        "types": ["a", "b", "c"],
    }
    assert path_of_types().read_text(encoding="utf-8").startswith('{\n "builds": [\n')


def test_what_is_no_build_is_an_error() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        types_of("/bin/false")


@pytest.mark.parametrize("text", ["[", "[]", "{}", '{"types": []}', '{"types": 1}'])
def test_a_list_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (tmp_path / "qom-types.json").write_text(text)
    monkeypatch.setattr(store, "fixtures_folder", lambda: tmp_path)

    with pytest.raises(KnowledgeError, match=r"qom-types.json: no list of types: .*"):
        qom_types.load_qom_types.__wrapped__()
