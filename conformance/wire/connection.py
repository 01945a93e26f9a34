"""Bytes to and from a server over a connected socket; knows line ends and nothing else."""

from __future__ import annotations

import contextlib
import math
import select
import socket
import time
from collections.abc import Sequence
from typing import Final, Protocol

from conformance.model.traffic import Traffic

REPLY_LIMIT: Final = 4 << 20
"""The longest line accepted by default: sixteen times the longest that a build sends (its schema,
250 KiB), and small enough that the suite stays below 200 MB whatever a server sends."""
_BRACKET: Final = 30
"""What an opening bracket counts in bytes of a line: the object or array that it becomes takes up
to 250 bytes of memory, eight times as much as that many bytes of text."""

# A Unix socket holds 208 KiB by default; more than a third of it seldom comes at once.
_CHUNK: Final = 1 << 16
_GLANCE: Final = 0.1
"""Seconds after which a wait goes on: that nothing has come by then tells how late it is."""
_READABLE: Final = select.POLLIN | select.POLLHUP | select.POLLERR


class WireError(Exception):
    """The dialogue cannot continue as planned."""


class WireTimeout(WireError):  # noqa: N818 - it says what happened, as TimeoutError's kin do not
    """Within the given time, nothing came or not everything was sent."""


class WireClosed(WireError):  # noqa: N818 - the same
    """The peer closed the connection; `partial` is the start of an unfinished line."""

    def __init__(self, partial: bytes) -> None:
        super().__init__(f"the peer has closed the connection after {len(partial)} bytes of a line")
        self.partial = partial


class WireOverflow(WireError):  # noqa: N818 - the same
    """A line is longer, or heavier to read, than `limit` bytes; `head` is how it begins."""

    def __init__(self, limit: int, head: bytes) -> None:
        super().__init__(
            f"a line of the peer is longer than {limit} bytes, or as heavy to read: {head!r}..."
        )
        self.limit = limit
        self.head = head


def weight(line: bytes) -> int:
    """Return the weight of a line when read as JSON, in bytes of text."""
    return len(line) + _BRACKET * (line.count(b"{") + line.count(b"["))


class Stream(Protocol):
    """What a Connection needs of a socket, and what a terminal can provide, too."""

    def fileno(self) -> int:
        """Return the descriptor."""
        ...

    def getblocking(self) -> bool:
        """Return whether reading and writing block."""
        ...

    def recv(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none at the end."""
        ...

    def send(self, data: bytes, /) -> int:
        """Return how many bytes of `data` were taken."""
        ...

    def shutdown(self, how: int, /) -> None:
        """Close one direction."""
        ...


class Connection:
    """Both directions of a connected, non-blocking stream socket that someone else owns.

    Waiting, it reads and writes as the peer allows: two full pipes cannot block each other. Not for
    use by several threads. `traffic` counts the bytes.
    """

    def __init__(
        self, sock: Stream, *, reply_limit: int = REPLY_LIMIT, traffic: Traffic | None = None
    ) -> None:
        if sock.getblocking():
            raise ValueError("the socket is blocking; a Connection needs a non-blocking one")
        self._sock = sock
        self._limit = reply_limit
        self._traffic = traffic or Traffic()
        self._out = bytearray()
        self._in = bytearray()
        # Where the first line begins that was not returned yet, and up to where it has no end.
        self._start = self._scanned = 0
        # Whether the peer has ended its direction, and whether it accepts no more data.
        self._at_end = self._deaf = False
        self.empty_at = -math.inf
        """When (time.monotonic()) the line that `receive` returns next was surely not there yet."""
        self._interest = select.POLLIN
        self._poll = select.poll()
        self._poll.register(sock, self._interest)

    @property
    def pending(self) -> int:
        """The number of queued bytes that are not sent yet."""
        return len(self._out)

    def queue(self, data: bytes) -> None:
        """Queue `data`; it goes out with the next receive or flush."""
        self._out += data

    def receive(self, timeout: float) -> bytes:
        """Return the next line with its line end; sends what is queued meanwhile.

        Raises WireTimeout if it is not complete within `timeout` seconds (what came is kept for the
        next call), WireClosed at the end, WireOverflow for a line over the limit.
        """
        if self._out:
            self._write()
        line = self._take_line()
        if line is not None:
            return line
        deadline = time.monotonic() + timeout
        while True:
            if self._at_end:
                raise WireClosed(self._unfinished())
            if len(self._in) - self._start > self._limit:
                raise self._overflow()
            if not self._step(deadline):
                raise WireTimeout(
                    f"no line within {timeout:g} s, {len(self._unfinished())} bytes of one"
                )
            line = self._take_line()
            if line is not None:
                return line

    def receive_part(self, size: int, timeout: float) -> bytes:
        """Return the next `size` bytes, and read no more than these.

        Raises WireTimeout if they do not come within `timeout` seconds, WireClosed at the end.
        """
        deadline = time.monotonic() + timeout
        while (missing := self._start + size - len(self._in)) > 0:
            if self._at_end:
                raise WireClosed(self._unfinished())
            if not self._step(deadline, most=missing):
                raise WireTimeout(f"{missing} of {size} bytes did not come within {timeout:g} s")
        data = bytes(self._in[self._start : self._start + size])
        self._start += size
        self._scanned = max(self._scanned, self._start)
        return data

    def flush(self, timeout: float) -> None:
        """Send everything queued; keeps what arrives meanwhile for `receive`.

        Raises WireTimeout if `timeout` seconds are not enough, WireClosed if the peer accepts no
        more, WireOverflow for a line over the limit.
        """
        deadline = time.monotonic() + timeout
        self._write()
        while self._out:
            if self._deaf:
                raise WireClosed(self._unfinished())
            if not self._step(deadline):
                raise WireTimeout(f"{len(self._out)} bytes not sent within {timeout:g} s")
            # Looks at new bytes only: a long line costs no more than its length.
            if self._line_end() < 0 and len(self._in) - self._start > self._limit:
                raise self._overflow()

    def end(self) -> None:
        """End our direction: the peer reads the end after what was sent."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)

    def send_descriptors(self, data: bytes, fds: Sequence[int], *, timeout: float = 10.0) -> None:
        """Send `data` after everything queued, with the descriptors `fds` at its first byte.

        What the peer does not accept of `data` at once stays queued. Raises as `flush` does.
        """
        if not data:
            raise ValueError("descriptors need at least one byte to travel with")
        if not isinstance(self._sock, socket.socket):
            raise ValueError("only a socket passes descriptors")
        deadline = time.monotonic() + timeout
        self.flush(timeout)
        while True:
            try:
                sent = socket.send_fds(self._sock, [data], list(fds))
            except BlockingIOError:
                if not self._step(deadline, write=True):
                    raise WireTimeout(f"descriptors not sent within {timeout:g} s") from None
            except (BrokenPipeError, ConnectionResetError):
                self._deaf = True
                raise WireClosed(self._unfinished()) from None
            else:
                self._traffic.sent += sent
                self._out += data[sent:]
                return

    def _step(self, deadline: float, *, write: bool = False, most: int = _CHUNK) -> bool:
        """Wait once, read (at most `most` bytes) and write what is possible.

        Returns False when the time is up.
        """
        write = write or (bool(self._out) and not self._deaf)
        interest = (0 if self._at_end else select.POLLIN) | (select.POLLOUT if write else 0)
        if interest != self._interest:
            self._poll.modify(self._sock, interest)
            self._interest = interest
        happened, empty_at = _happened(self._poll, deadline)
        self.empty_at = max(self.empty_at, empty_at if self._line_end() < 0 else -math.inf)
        if happened is None:
            return False
        if happened & select.POLLNVAL:
            raise ValueError("the socket of the connection is closed")
        if happened & _READABLE and not self._at_end:
            self._read(most)
        if self._out:
            self._write()
        return True

    def _read(self, most: int) -> None:
        if self._start:
            # Cheap: a bytearray only moves its start.
            del self._in[: self._start]
            self._scanned -= self._start
            self._start = 0
        try:
            data = self._sock.recv(most)
        except BlockingIOError:
            return
        except ConnectionResetError:
            # It closed with our bytes unread; all of its own were returned before.
            data = b""
        self._in += data
        self._traffic.received += len(data)
        self._at_end = not data

    def _write(self) -> None:
        if self._deaf:
            return
        try:
            # A copy of one chunk: a view of the buffer would prevent shortening it.
            sent = self._sock.send(bytes(self._out[:_CHUNK]))
        except BlockingIOError:
            return
        except (BrokenPipeError, ConnectionResetError):
            # Its last lines may still be unread; the end comes after them.
            self._deaf = True
            return
        self._traffic.sent += sent
        del self._out[:sent]

    def _line_end(self) -> int:
        end = self._in.find(b"\n", self._scanned)
        self._scanned = len(self._in) if end < 0 else end
        return end

    def _take_line(self) -> bytes | None:
        end = self._line_end()
        if end < 0:
            return None
        if end - self._start >= self._limit:
            raise self._overflow()
        line = bytes(self._in[self._start : end + 1])
        if weight(line) > self._limit:
            raise self._overflow()
        self._start = self._scanned = end + 1
        return line

    def _unfinished(self) -> bytes:
        return bytes(self._in[max(self._start, self._in.rfind(b"\n") + 1) :])

    def _overflow(self) -> WireOverflow:
        return WireOverflow(self._limit, bytes(self._in[self._start : self._start + 200]))


def _happened(poll: select.poll, deadline: float) -> tuple[int | None, float]:
    """Return what happened to a socket, None if nothing did, and until when nothing was readable.

    However late we look, what was not there then came later.
    """
    wait, empty_at = 0.0, -math.inf
    while True:
        now = time.monotonic()
        ready = poll.poll(math.ceil(wait * 1000))
        if not any(happened & _READABLE for _, happened in ready):
            empty_at = now if ready else now + wait
        wait = min(_GLANCE, deadline - time.monotonic())
        if ready:
            return ready[0][1], empty_at
        if wait <= 0:
            return None, empty_at
