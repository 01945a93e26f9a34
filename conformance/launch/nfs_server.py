"""A server of NFS, version 3, with the empty disk under every name; no socket, no thread.

It is the port mapper and the server of mounts, too, all at one port. What is written is lost.
Source: RFC 5531 (calls), RFC 1833 (ports) and RFC 1813. All numbers are big endian.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Final

from conformance.launch.conversation import Script, Scripted
from conformance.launch.disk_servers import SIZE

PORT: Final = 111
"""Where the port mapper listens (RFC 1833)."""
_LONGEST: Final = 1 << 20
"""The longest call that is read."""
_CALL: Final = struct.Struct(">IIIIII")
"""Its number, that it is a call, the version of calls; program, its version, procedure."""
_ACCEPTED: Final = struct.pack(">IIII", 1, 0, 0, 0)
_NO_SUCH_PROGRAM, _NO_SUCH_PROCEDURE = struct.pack(">I", 1), struct.pack(">I", 3)
_OK: Final = bytes(4)
_ROOT, _FILE = b"root", b"file"
_FOLDER_KIND, _FILE_KIND = 2, 1
_MOST: Final = 1 << 16
"""How much is read or written at once."""
_LIMITS: Final = struct.pack(
    ">IIIIIIIQIII", _MOST, _MOST, 1, _MOST, _MOST, 1, _MOST, 1 << 40, 0, 1, 0x18
)
_SPACE: Final = struct.pack(">QQQQQQI", *(1 << 30,) * 6, 0)
_NAMES: Final = struct.pack(">IIIIII", 32000, 255, 1, 1, 0, 1)
_UNTOLD: Final = bytes(8)
"""Attributes before and after, neither of which is told."""


class Nfs(Scripted):
    """One connection, on which each call is answered."""

    def script(self) -> Script:
        """Read one call after the other."""
        while True:
            (mark,) = struct.unpack(">I", (yield 4))
            size = mark & 0x7FFFFFFF
            # A call in several parts is none that anybody here makes.
            if size < _CALL.size or size > _LONGEST or not mark >> 31:
                return
            call = yield size
            answer = call[:4] + _ACCEPTED + _answered(call)
            self.say(struct.pack(">I", 1 << 31 | len(answer)) + answer)


def _answered(call: bytes) -> bytes:
    """Return how the call ended, and what it gave."""
    _, _, _, program, _, procedure = _CALL.unpack_from(call)
    if program not in _PROGRAMS:
        return _NO_SUCH_PROGRAM
    if procedure == 0:
        return _OK
    if procedure not in _PROGRAMS[program]:
        return _NO_SUCH_PROCEDURE
    return _OK + _PROGRAMS[program][procedure](_arguments(call))


def _arguments(call: bytes) -> bytes:
    """Return what stands behind who calls and how that is proved."""
    at = _CALL.size
    for _ in range(2):
        (size,) = struct.unpack_from(">I", call.ljust(at + 8, b"\0"), at + 4)
        at += 8 + _whole(size)
    return call[at:]


def _whole(size: int) -> int:
    return (size + 3) // 4 * 4


def _opaque(words: bytes) -> bytes:
    return struct.pack(">I", len(words)) + words + bytes(-len(words) % 4)


def _handle(arguments: bytes) -> bytes:
    (size,) = struct.unpack_from(">I", arguments.ljust(4, b"\0"))
    return arguments[4 : 4 + size]


def _attributes(arguments: bytes) -> bytes:
    folder = _handle(arguments) == _ROOT
    kind, mode = (_FOLDER_KIND, 0o777) if folder else (_FILE_KIND, 0o666)
    number = _FOLDER_KIND if folder else 3
    sizes = struct.pack(">QQIIQQ", SIZE, SIZE, 0, 0, 1, number)
    return struct.pack(">IIIII", kind, mode, 1, 0, 0) + sizes + bytes(24)


def _told(arguments: bytes) -> bytes:
    return struct.pack(">I", 1) + _attributes(arguments)


def _read(arguments: bytes) -> bytes:
    handle = _handle(arguments)
    first, size = struct.unpack(">QI", arguments[-12:].rjust(12, b"\0"))
    content = bytes(min(size, _MOST, max(0, SIZE - first)))
    end = first + len(content) >= SIZE
    return _OK + _told(_opaque(handle)) + struct.pack(">II", len(content), end) + _opaque(content)


def _write(arguments: bytes) -> bytes:
    at = 4 + _whole(len(_handle(arguments)))
    _, size = struct.unpack_from(">QI", arguments.ljust(at + 12, b"\0"), at)
    return _OK + _UNTOLD + struct.pack(">II", size, 2) + bytes(8)


_PROGRAMS: Final[Mapping[int, Mapping[int, Callable[[bytes], bytes]]]] = {
    100000: {3: lambda _: struct.pack(">I", PORT)},  # GETPORT
    100005: {
        1: lambda _: _OK + _opaque(_ROOT) + struct.pack(">II", 1, 1),  # MNT, for who has a number
        3: lambda _: b"",  # UMNT
        5: lambda _: bytes(4),  # EXPORT: no other
    },
    100003: {
        1: lambda asked: _OK + _attributes(asked),  # GETATTR
        2: lambda _: _OK + _UNTOLD,  # SETATTR
        3: lambda _: _OK + _opaque(_FILE) + _told(_opaque(_FILE)) + bytes(4),  # LOOKUP
        4: lambda asked: _OK + _told(asked) + asked[-4:],  # ACCESS: all that is asked for
        6: _read,
        7: _write,
        18: lambda asked: _OK + _told(asked) + _SPACE,  # FSSTAT
        19: lambda asked: _OK + _told(asked) + _LIMITS,  # FSINFO
        20: lambda asked: _OK + _told(asked) + _NAMES,  # PATHCONF
        21: lambda _: _OK + _UNTOLD + bytes(8),  # COMMIT
    },
}
