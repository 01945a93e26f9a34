"""Writes a small qcow2 image whose clusters lie in its own tables, for the checks of overlaps.

The layout is that of version 3 of the format (QEMU's docs/interop/qcow2.txt). Knows neither the use
nor the place of the image.
"""

from __future__ import annotations

import struct
from typing import Final

from conformance.launch.qcow2_header import header

_CLUSTER_BITS: Final = 9
_CLUSTER: Final = 1 << _CLUSTER_BITS
_SIZE: Final = 16384
"""The size of the image: half of what one table of its map's second level leads to."""
(
    _REFERENCES,
    _REFERENCE_BLOCK,
    _L1,
    _L2,
    _SNAPSHOTS,
    _SNAPSHOT_L1,
    _SNAPSHOT_L2,
    _BITMAPS,
    _BITMAP,
    _END,
) = (number * _CLUSTER for number in range(1, 11))
"""Where its tables are, of one cluster each, behind the header's cluster."""
OVERLAPPED: Final = (
    *(_L1, _L2, _REFERENCES, _REFERENCE_BLOCK),
    *(_SNAPSHOTS, _SNAPSHOT_L1, _SNAPSHOT_L2, _BITMAPS),
)
"""Which table holds each of its first clusters, in order."""
_COPIED: Final = 1 << 63
"""The flag of a cluster that is written to in its place."""
_EXTENSION: Final = struct.Struct(">II")
_BITMAPS_EXTENSION: Final = 0x23852875
_IN_USE: Final = 1


def overlapping() -> bytes:
    """Return the image; it has one snapshot, and one bitmap that was not closed."""
    extensions = _EXTENSION.pack(_BITMAPS_EXTENSION, 24)
    directory = _bitmap_entry(b"bitmap")
    extensions += struct.pack(">IIQQ", 1, 0, len(directory), _BITMAPS) + _EXTENSION.pack(0, 0)
    head = header(
        cluster_bits=_CLUSTER_BITS,
        size=_SIZE,
        map_at=_L1,
        references_at=_REFERENCES,
        snapshots_at=_SNAPSHOTS,
    )
    image = bytearray(_END)
    for at, content in (
        (0, head + extensions),
        (_REFERENCES, struct.pack(">Q", _REFERENCE_BLOCK)),
        (_REFERENCE_BLOCK, struct.pack(">10H", *[1] * 10)),
        (_L1, struct.pack(">Q", _COPIED | _L2)),
        (_L2, struct.pack(">8Q", *(_COPIED | at for at in OVERLAPPED))),
        (_SNAPSHOTS, _snapshot_entry(b"1", b"snapshot")),
        (_SNAPSHOT_L1, struct.pack(">Q", _SNAPSHOT_L2)),
        (_BITMAPS, directory),
    ):
        image[at : at + len(content)] = content
    return bytes(image)


def _snapshot_entry(number: bytes, name: bytes) -> bytes:
    extra = struct.pack(">QQ", 0, _SIZE)
    fixed = struct.pack(">QIHHIIQII", _SNAPSHOT_L1, 1, len(number), len(name), 0, 0, 0, 0, 16)
    return _padded(fixed + extra + number + name)


def _bitmap_entry(name: bytes) -> bytes:
    kind, granularity_bits = 1, 16
    fixed = struct.pack(">QIIBBHI", _BITMAP, 1, _IN_USE, kind, granularity_bits, len(name), 0)
    return _padded(fixed + name)


def _padded(entry: bytes) -> bytes:
    return entry + bytes(-len(entry) % 8)
