"""The images that the suite writes: what their bytes say, by the format."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from conformance.launch.images import SIZE, chain, qcow2
from conformance.launch.overlapping_image import OVERLAPPED, overlapping
from conformance.launch.scratch import fill
from conformance.model.stage import ScratchFile

CLUSTER = 65536
COPIED = 1 << 63


def _integer(image: bytes, at: int, size: int) -> int:
    return int.from_bytes(image[at : at + size], "big")


def _backing(image: bytes) -> bytes:
    at, length = _integer(image, 8, 8), _integer(image, 16, 4)
    return image[at : at + length]


def test_an_image_is_of_the_third_version_and_maps_nothing() -> None:
    image = qcow2()
    map_at, table_at = _integer(image, 40, 8), _integer(image, 48, 8)

    assert image[:8] == b"QFI\xfb\0\0\0\3"
    assert _integer(image, 24, 8) == SIZE
    assert _integer(image, map_at, 8) == 0
    assert _integer(image, 100, 4) == 104
    assert table_at not in (0, map_at)


def test_each_cluster_of_an_image_is_counted_once() -> None:
    image = qcow2("other.qcow2")
    block_at = _integer(image, _integer(image, 48, 8), 8)
    counts = struct.unpack_from(">8H", image, block_at)

    assert len(image) % CLUSTER == 0
    assert list(counts) == [1] * (len(image) // CLUSTER) + [0] * (8 - len(image) // CLUSTER)


@pytest.mark.parametrize("backing", ["", "base.qcow2"], ids=["none", "an image"])
def test_an_image_names_what_lies_behind_it(backing: str) -> None:
    image = qcow2(backing)

    assert _backing(image) == backing.encode()
    assert (b"qcow2" in image[104:120]) is bool(backing)


def test_of_the_images_each_names_the_next() -> None:
    backings = {name: _backing(image).decode() for name, image in chain().items()}

    assert backings == {
        "base.qcow2": "",
        "middle.qcow2": "base.qcow2",
        "top.qcow2": "middle.qcow2",
        "over.qcow2": "top.qcow2",
        "overlapping.qcow2": "",
    }


def test_the_first_clusters_of_an_image_lie_in_its_own_tables() -> None:
    image = overlapping()
    map_at, table_at = _integer(image, 40, 8), _integer(image, 48, 8)
    snapshots_at = _integer(image, 64, 8)
    second_at = _integer(image, map_at, 8) & ~COPIED
    clusters = [_integer(image, second_at + 8 * number, 8) for number in range(len(OVERLAPPED))]

    assert [each & ~COPIED for each in clusters] == [*OVERLAPPED]
    assert all(each & COPIED for each in clusters)
    assert {map_at, table_at, second_at, snapshots_at} < {*OVERLAPPED}
    assert len({*OVERLAPPED}) == len(OVERLAPPED)


def test_a_scratch_folder_is_given_the_images_by_their_maker(tmp_path: Path) -> None:
    fill(tmp_path, (ScratchFile(path="images", make="images"),))

    assert {path.name: path.read_bytes() for path in (tmp_path / "images").iterdir()} == {**chain()}
