"""Servers whose disk is empty: NBD, with and without TLS, and HTTP; no socket, no thread."""

from __future__ import annotations

import re
import struct
from typing import Final

from conformance.launch.conversation import MockServer, Script, Scripted
from conformance.launch.tls_server import Tls

SIZE: Final = 1 << 20
"""The size of the disk in bytes, all of them zero."""
_HEADER: Final = 1 << 16
"""The longest header of a request that is read."""


class Nbd(Scripted):
    """A server of NBD with one export of every name; what is written is lost.

    With `tls`, it takes no option but the one to encrypt, and is then `secured`; if that is how
    it begins, it goes on within. Source: doc/proto.md of the NBD project.
    """

    secured = False

    _GREETING: Final = struct.Struct(">8s8sH")
    _OPTION: Final = struct.Struct(">8sII")
    _REPLY: Final = struct.Struct(">QIII")
    _REQUEST: Final = struct.Struct(">IHHQQI")
    _SIMPLE: Final = struct.Struct(">IIQ")
    _REPLY_MAGIC: Final = 0x3E889045565A9
    _SIMPLE_MAGIC: Final = 0x67446698
    _FIXED: Final = 1 << 0
    _NO_ZEROES: Final = 1 << 1
    _FLAGS: Final = 1 << 0 | 1 << 2  # HAS_FLAGS, SEND_FLUSH
    _EXPORT_NAME, _ABORT, _STARTTLS, _INFO, _GO = 1, 2, 5, 6, 7
    _ACK, _SHOWN = 1, 3
    _UNSUPPORTED: Final = 0x80000001
    _TLS_FIRST: Final = 0x80000005
    _READ, _WRITE, _LEAVE, _FLUSH = 0, 1, 2, 3
    _INVALID: Final = 22

    def __init__(self, *, tls: bool = False, within: bool = False) -> None:
        self._tls, self._within = tls, within
        super().__init__()

    def script(self) -> Script:
        """Greet, agree on the options, and serve."""
        short = True
        if not self._within:
            flags = self._FIXED | self._NO_ZEROES
            self.say(self._GREETING.pack(b"NBDMAGIC", b"IHAVEOPT", flags))
            short = bool(struct.unpack(">I", (yield 4))[0] & self._NO_ZEROES)
        yield from self._negotiation(short=short)
        if not self.secured:
            yield from self._transmission()

    def _negotiation(self, *, short: bool) -> Script:
        while True:
            magic, option, size = self._OPTION.unpack((yield self._OPTION.size))
            if magic != b"IHAVEOPT" or size > _HEADER:
                self.over = True
                return
            yield size
            if option == self._ABORT:
                self._reply(option, self._ACK)
                self.over = True
                return
            if self._tls:
                self.secured = option == self._STARTTLS
                self._reply(option, self._ACK if self.secured else self._TLS_FIRST)
                if self.secured:
                    return
            elif option == self._EXPORT_NAME:
                self.say(struct.pack(">QH", SIZE, self._FLAGS) + bytes(0 if short else 124))
                return
            elif option in (self._INFO, self._GO):
                self._reply(option, self._SHOWN, struct.pack(">HQH", 0, SIZE, self._FLAGS))
                self._reply(option, self._ACK)
                if option == self._GO:
                    return
            else:
                self._reply(option, self._UNSUPPORTED)

    def _reply(self, option: int, kind: int, content: bytes = b"") -> None:
        self.say(self._REPLY.pack(self._REPLY_MAGIC, option, kind, len(content)) + content)

    def _transmission(self) -> Script:
        while not self.over:
            _, _, kind, handle, offset, size = self._REQUEST.unpack((yield self._REQUEST.size))
            if kind == self._LEAVE:
                return
            if kind == self._WRITE:
                yield size
            within = offset + size <= SIZE and kind in (self._READ, self._WRITE, self._FLUSH)
            error = 0 if within else self._INVALID
            content = bytes(size) if within and kind == self._READ else b""
            self.say(self._SIMPLE.pack(self._SIMPLE_MAGIC, error, handle) + content)


class NbdTls(MockServer):
    """A server of NBD that serves only who encrypts."""

    def __init__(self) -> None:
        self._talk: MockServer = Nbd(tls=True)

    def greet(self) -> bytes:
        """Greet as without encryption."""
        return self._talk.greet()

    def hear(self, heard: bytes) -> bytes:
        """Answer what is complete."""
        said = self._talk.hear(heard)
        if isinstance(self._talk, Nbd) and self._talk.secured:
            self._talk = Tls(Nbd(within=True))
        self.over = self._talk.over
        return said


class Http(MockServer):
    """A server of HTTP/1.1 that has the empty disk under every name, whole or in ranges."""

    _RANGE: Final = re.compile(rb"^range: *bytes=(\d+)-(\d+)", re.IGNORECASE | re.MULTILINE)
    _END: Final = b"\r\n\r\n"

    def __init__(self) -> None:
        self._heard = b""

    def hear(self, heard: bytes) -> bytes:
        """Answer every complete request."""
        self._heard += heard
        said = b""
        while self._END in self._heard:
            request, _, self._heard = self._heard.partition(self._END)
            said += self._answer(request)
        self.over = len(self._heard) > _HEADER
        return said

    def _answer(self, request: bytes) -> bytes:
        asked = self._RANGE.search(request)
        first, last = (int(asked[1]), min(int(asked[2]), SIZE - 1)) if asked else (0, SIZE - 1)
        size = max(0, last + 1 - first)
        lines = [
            "HTTP/1.1 206 Partial Content" if asked else "HTTP/1.1 200 OK",
            "Accept-Ranges: bytes",
            f"Content-Length: {size}",
            *([f"Content-Range: bytes {first}-{last}/{SIZE}"] if asked else []),
        ]
        head = "\r\n".join(lines).encode() + self._END
        return head if request.startswith(b"HEAD ") else head + bytes(size)
