"""Writes small empty qcow2 disk images, with or without a backing file.

The layout is that of version 3 of the format (QEMU's docs/interop/qcow2.txt). Knows neither the use
nor the place of an image.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

SIZE: Final = 65536
"""The size of the images in bytes: one cluster, so that a job over it is short."""
_CLUSTER_BITS: Final = 16
_CLUSTER: Final = 1 << _CLUSTER_BITS
_REFCOUNT_ORDER: Final = 4
"""The usual width of a reference count: 2 to the power of this many bits."""
_TABLE_AT, _BLOCK_AT, _MAP_AT, _END = (number * _CLUSTER for number in range(1, 5))
"""One cluster each follows the header's: the table of reference counts, its only block, and the
first level of the map."""
_HEADER: Final = struct.Struct(">4sIQIIQIIQQIIQQQQII")
_EXTENSION: Final = struct.Struct(">II")
_BACKING_FORMAT: Final = 0xE2792ACA
"""The type of the header extension that names the format of the backing file."""


def qcow2(backing: str = "") -> bytes:
    """Return an image of SIZE bytes that reads as zeros, or as its backing image `backing`.

    `backing` is a file name as it goes into the image.
    """
    told, extensions = backing.encode(), b""
    if told:
        extensions = _EXTENSION.pack(_BACKING_FORMAT, 5) + b"qcow2\0\0\0"
    extensions += _EXTENSION.pack(0, 0)
    told_at = _HEADER.size + len(extensions) if told else 0
    header = _HEADER.pack(
        b"QFI\xfb",
        3,
        told_at,
        len(told),
        _CLUSTER_BITS,
        SIZE,
        0,  # not encrypted
        1,  # entries of the map's first level, each leading to 8192 clusters
        _MAP_AT,
        _TABLE_AT,
        1,  # clusters of the table of reference counts
        0,  # snapshots
        0,
        0,  # incompatible, compatible and autoclear features
        0,
        0,
        _REFCOUNT_ORDER,
        _HEADER.size,
    )
    image = bytearray(_END)
    head = header + extensions + told
    image[: len(head)] = head
    struct.pack_into(">Q", image, _TABLE_AT, _BLOCK_AT)
    struct.pack_into(">4H", image, _BLOCK_AT, 1, 1, 1, 1)
    return bytes(image)


def chain() -> Mapping[str, bytes]:
    """Return four images by name: each of `over`, `top` and `middle` on the next, and `base`."""
    return {
        "base.qcow2": qcow2(),
        "middle.qcow2": qcow2("base.qcow2"),
        "top.qcow2": qcow2("middle.qcow2"),
        "over.qcow2": qcow2("top.qcow2"),
    }
