"""Packs the header of a qcow2 image of version 3 (QEMU's docs/interop/qcow2.txt)."""

from __future__ import annotations

import struct
from typing import Final

HEADER: Final = struct.Struct(">4sIQIIQIIQQIIQQQQII")
_REFCOUNT_ORDER: Final = 4
"""The usual width of a reference count: 2 to the power of this many bits."""
_HAS_BITMAPS: Final = 1
"""The autoclear feature by which programs know that they must keep bitmaps up to date."""


def header(
    *,
    cluster_bits: int,
    size: int,
    map_at: int,
    references_at: int,
    backing: tuple[int, int] = (0, 0),
    snapshots_at: int = 0,
) -> bytes:
    """Return the header of an image with one table at each place, of one cluster.

    `backing` is where the name of the backing file is, and its length.  Where there are snapshots,
    it is one, and there are bitmaps, too.
    """
    return HEADER.pack(
        b"QFI\xfb",
        3,
        *backing,
        cluster_bits,
        size,
        0,  # not encrypted
        1,  # entries of the map's first level
        map_at,
        references_at,
        1,  # clusters of the table of reference counts
        1 if snapshots_at else 0,
        snapshots_at,
        0,  # incompatible and compatible features
        0,
        _HAS_BITMAPS if snapshots_at else 0,
        _REFCOUNT_ORDER,
        HEADER.size,
    )
