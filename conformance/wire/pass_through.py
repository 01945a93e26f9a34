"""Stands between a client and a server, passes everything on, and keeps what they say.

Passes file descriptors, too. Knows where a message ends, and nothing of its meaning.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import socket
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Final

from conformance.model.bounded_lines import LINE_LIMIT
from conformance.model.canonical import compact
from conformance.wire.framing import read_value
from conformance.wire.recording import SENT, received_entry

_CHUNK: Final = 1 << 16
_DESCRIPTORS: Final = 16
"""The file descriptors that come with one chunk at most, as QEMU itself takes."""
_PENDING: Final = 4 << 20
"""The bytes that wait for a slow reader before nothing more is read for it."""
CONNECT_SECONDS: Final = 10.0

_MARK: Final = re.compile(rb'["\'{}\[\]]')
_IN_STRING: Final[dict[int, re.Pattern[bytes]]] = {
    ord('"'): re.compile(rb'\\.|"', re.DOTALL),
    ord("'"): re.compile(rb"\\.|'", re.DOTALL),
}
_CLOSING: Final = b"}]"
_OPENING: Final = b"{["


@dataclass(slots=True)
class ClientValues:
    """Splits what a client sends into its JSON values, wherever the lines end."""

    _data: bytearray = field(default_factory=bytearray)
    _at: int = 0
    _depth: int = 0
    _quote: int = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the objects and arrays that `data` completes; drops what is between them.

        Raises OverflowError for one that is longer than the limit of a line.
        """
        self._data += data
        while match := self._mark():
            mark = match.group()[0]
            self._at = match.end()
            if self._quote:
                self._quote = 0 if mark == self._quote else self._quote
            elif mark in _IN_STRING:
                self._quote = mark if self._depth else 0
            elif mark in _OPENING:
                if not self._depth:
                    del self._data[: match.start()]
                    self._at = 1
                self._depth += 1
            elif self._depth:
                self._depth -= 1
                if not self._depth:
                    yield bytes(self._data[: self._at])
                    del self._data[: self._at]
                    self._at = 0
        if not self._depth:
            self._data.clear()
            self._at = 0
        if len(self._data) > LINE_LIMIT:
            raise OverflowError

    def _mark(self) -> re.Match[bytes] | None:
        """Return the next character that counts; of an escape, both at once."""
        pattern = _IN_STRING.get(self._quote, _MARK)
        found = pattern.search(self._data, self._at)
        if found is None:
            # A backslash at the end belongs to what comes next.
            ends_open = bool(self._quote) and self._data.endswith(b"\\")
            self._at = len(self._data) - ends_open
        return found


class DialogueWriter:
    """Writes a recording, up to `limit` bytes; beyond, it counts only."""

    def __init__(self, file: IO[str], limit: int) -> None:
        self._file = file
        self._room = limit
        self._client = ClientValues()
        self._server = bytearray()
        self.sent = self.received = self.unread = 0
        self.full = False

    def begin(self) -> None:
        """Forget what the session before left incomplete."""
        self._client, self._server = ClientValues(), bytearray()

    def hear_client(self, data: bytes) -> None:
        """Record the requests that are complete with `data`."""
        try:
            for value in self._client.feed(data):
                try:
                    text = value.decode("utf-8")
                    entry = compact({SENT: read_value(text, 0)[0]}) + "\n"
                except (ValueError, RecursionError):
                    # A recording holds JSON alone; a server may well have refused this.
                    self.unread += 1
                    continue
                self._write(entry)
                self.sent += 1
        except OverflowError:
            self.full = True

    def hear_server(self, data: bytes) -> None:
        """Record the lines that are complete with `data`."""
        self._server += data
        *lines, rest = self._server.split(b"\n")
        self._server = bytearray(rest)
        for line in lines:
            self._write(received_entry(bytes(line) + b"\n"))
            self.received += 1
        if len(self._server) > LINE_LIMIT:
            self.full = True
            self._server.clear()

    def _write(self, entry: str) -> None:
        self.full = self.full or len(entry) > self._room
        if not self.full:
            self._room -= len(entry)
            self._file.write(entry)
            self._file.flush()


@dataclass(slots=True, eq=False)
class _Side:
    """One of the two sockets, and what waits to be written to it."""

    socket: socket.socket
    pending: deque[tuple[bytes, list[int]]] = field(default_factory=deque)
    size: int = 0

    def read(self) -> tuple[bytes, list[int]] | None:
        """Return what is there, None at the end."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self.socket, _CHUNK, _DESCRIPTORS)
        except ConnectionError:
            return None
        return (data, descriptors) if data else None

    def put(self, data: bytes, descriptors: list[int]) -> None:
        self.pending.append((data, descriptors))
        self.size += len(data)

    def flush(self) -> None:
        """Write what the socket takes; raises ConnectionError."""
        while self.pending:
            data, descriptors = self.pending.popleft()
            try:
                written = socket.send_fds(self.socket, [data], descriptors)
            except BlockingIOError:
                self.pending.appendleft((data, descriptors))
                return
            _close(descriptors)
            self.size -= written
            if written < len(data):
                self.pending.appendleft((data[written:], []))

    def drop(self) -> None:
        """Close what was never written."""
        for _, descriptors in self.pending:
            _close(descriptors)


def pass_session(client: socket.socket, server: socket.socket, recorder: DialogueWriter) -> bool:
    """Pass one dialogue on until a side ends it; return whether the server did.

    Both sockets stay the caller's.
    """
    recorder.begin()
    sides = _Side(client), _Side(server)
    hear = (recorder.hear_client, recorder.hear_server)
    try:
        with selectors.DefaultSelector() as selector:
            for side in sides:
                side.socket.setblocking(False)
            while True:
                for number, side in enumerate(sides):
                    _watch(selector, side, sides[1 - number])
                ready = {key.fileobj: events for key, events in selector.select()}
                # The server first: where both have ended, it is what counts.
                for number in (1, 0):
                    side, other = sides[number], sides[1 - number]
                    if not ready.get(side.socket, 0) & selectors.EVENT_READ:
                        continue
                    said = side.read()
                    if said is None:
                        _last(other)
                        return bool(number)
                    # Heard before it goes on: no answer can come before its request.
                    hear[number](said[0])
                    other.put(*said)
                for number, side in enumerate(sides):
                    try:
                        side.flush()
                    except ConnectionError:
                        return bool(number)
    finally:
        for side in sides:
            side.drop()


def _watch(selector: selectors.BaseSelector, side: _Side, other: _Side) -> None:
    """Wait for what may be done: nothing is read for a partner that does not read."""
    wanted = selectors.EVENT_WRITE if side.pending else 0
    wanted |= selectors.EVENT_READ if other.size < _PENDING else 0
    if side.socket in selector.get_map():
        selector.unregister(side.socket)
    if wanted:
        selector.register(side.socket, wanted)


def _last(side: _Side) -> None:
    """Write what is left for a side whose partner has ended, if it reads it in time."""
    side.socket.settimeout(CONNECT_SECONDS)
    with contextlib.suppress(OSError):
        side.flush()


def _close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
    descriptors.clear()
