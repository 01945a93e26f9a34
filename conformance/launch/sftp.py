"""A server of SFTP, version 3, that has the empty disk under every name; no socket, no thread.

Source: draft-ietf-secsh-filexfer-02. All numbers are big endian.
"""

from __future__ import annotations

import struct
from typing import Final

from conformance.launch.disk_servers import SIZE

_LONGEST: Final = 1 << 18
"""The longest message that is read."""
_INIT, _VERSION = 1, 2
_OPEN, _READ = 3, 5
_SHOWN: Final = {7, 8, 17}
"""LSTAT, FSTAT, STAT."""
_STATUS, _HANDLE, _DATA, _ATTRIBUTES = 101, 102, 103, 105
_OK, _END = 0, 1
_FILE: Final = struct.pack(">IQI", 1 | 4, SIZE, 0o100666)
"""The attributes of the file: size and permissions."""


def named(words: bytes) -> bytes:
    """Return words behind their length, as SSH and SFTP write strings."""
    return struct.pack(">I", len(words)) + words


class Files:
    """One session; what is written is lost."""

    def __init__(self) -> None:
        self._heard = b""

    def hear(self, heard: bytes) -> bytes:
        """Answer every complete message."""
        self._heard += heard
        said = b""
        while len(self._heard) >= 9:
            size, kind, number = struct.unpack_from(">IBI", self._heard)
            if len(self._heard) < 4 + size:
                break
            said += named(_answer(kind, struct.pack(">I", number), self._heard[9 : 4 + size]))
            self._heard = self._heard[4 + size :] if size <= _LONGEST else b""
        return said


def _answer(kind: int, number: bytes, words: bytes) -> bytes:
    if kind == _INIT:
        return struct.pack(">BI", _VERSION, 3)
    if kind == _OPEN:
        return bytes((_HANDLE,)) + number + named(b"file")
    if kind in _SHOWN:
        return bytes((_ATTRIBUTES,)) + number + _FILE
    status = _OK
    if kind == _READ:
        # Behind the handle: where, and how much.
        first, size = struct.unpack(">QI", words[-12:].rjust(12, b"\0"))
        content = bytes(min(size, max(0, SIZE - first), _LONGEST))
        if content:
            return bytes((_DATA,)) + number + named(content)
        status = _END
    return bytes((_STATUS,)) + number + struct.pack(">I", status) + named(b"") + named(b"")
