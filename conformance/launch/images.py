"""Writes small empty qcow2 disk images, with or without a backing file.

The layout is that of version 3 of the format (QEMU's docs/interop/qcow2.txt). Knows neither the use
nor the place of an image.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

from conformance.launch.overlapping_image import overlapping
from conformance.launch.qcow2_header import HEADER, header

SIZE: Final = 65536
"""The size of the images in bytes: one cluster, so that a job over it is short."""
_CLUSTER_BITS: Final = 16
_CLUSTER: Final = 1 << _CLUSTER_BITS
_TABLE_AT, _BLOCK_AT, _MAP_AT, _END = (number * _CLUSTER for number in range(1, 5))
"""One cluster each follows the header's: the table of reference counts, its only block, and the
first level of the map."""
_EXTENSION: Final = struct.Struct(">II")
_BACKING_FORMAT: Final = 0xE2792ACA
"""The type of the header extension that names the format of the backing file."""


CREATED: Final[Mapping[str, str]] = {
    f"{name}.qcow2": f"qemu-img create -q -f qcow2 {over}{name}.qcow2 {SIZE}"
    f" && truncate -s {_END} {name}.qcow2"
    for name, over in (
        ("base", ""),
        ("middle", "-F qcow2 -b base.qcow2 "),
        ("top", "-F qcow2 -b middle.qcow2 "),
        ("over", "-F qcow2 -b top.qcow2 "),
    )
}
"""The command that makes an image of `chain` like ours, by its name, in the folder of the images.
"""


def qcow2(backing: str = "") -> bytes:
    """Return an image of SIZE bytes that reads as zeros, or as its backing image `backing`.

    `backing` is a file name as it goes into the image.
    """
    told, extensions = backing.encode(), b""
    if told:
        extensions = _EXTENSION.pack(_BACKING_FORMAT, 5) + b"qcow2\0\0\0"
    extensions += _EXTENSION.pack(0, 0)
    told_at = HEADER.size + len(extensions) if told else 0
    head = header(
        cluster_bits=_CLUSTER_BITS,
        size=SIZE,
        map_at=_MAP_AT,
        references_at=_TABLE_AT,
        backing=(told_at, len(told)),
    )
    head += extensions + told
    image = bytearray(_END)
    image[: len(head)] = head
    struct.pack_into(">Q", image, _TABLE_AT, _BLOCK_AT)
    struct.pack_into(">4H", image, _BLOCK_AT, 1, 1, 1, 1)
    return bytes(image)


def chain() -> Mapping[str, bytes]:
    """Return images by name: `over` on `top` on `middle` on `base`, and one apart."""
    return {
        "base.qcow2": qcow2(),
        "middle.qcow2": qcow2("base.qcow2"),
        "top.qcow2": qcow2("middle.qcow2"),
        "over.qcow2": qcow2("top.qcow2"),
        "overlapping.qcow2": overlapping(),
    }
