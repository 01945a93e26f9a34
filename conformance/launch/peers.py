"""The sockets of the servers and clients that a machine talks to, one thread per machine.

mock_servers.py and callers.py have what they say; knows no QMP.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from pathlib import Path
from typing import Final

from conformance.launch.activation import calling
from conformance.launch.callers import CALLERS, FORWARDERS
from conformance.launch.conversation import Keeper, MockServer
from conformance.launch.manners import Mannered
from conformance.launch.mock_servers import MOCK_SERVERS
from conformance.launch.namespace import connect_in, listen_in
from conformance.launch.scratch import Room, confined, give, open_folder
from conformance.model.errors import HarnessError, KnowledgeError, LaunchError
from conformance.model.peer_talk import PeerTalk, PeerTurn
from conformance.model.stage import Peer

# The thread only waits for its sockets; one of them tells it to end.
_LIMIT: Final = 10.0
_CHUNK: Final = 65536
_REMEMBERED: Final = 1 << 20
"""How much is remembered of what is said on a connection: as much as a flood."""
_LINES: Final = 32
"""How many connections are remembered: a build that is hung up on may connect without end."""
_DESCRIPTORS: Final = 4


@dataclass(slots=True, eq=False)
class _Line:
    """A connection and what is said on it; `others` end together with it.

    `out` is what waits for the machine to read, `over` tells to hang up behind that.
    """

    sock: socket.socket
    talk: MockServer
    others: list[_Line] = field(default_factory=list)
    out: bytearray = field(default_factory=bytearray)
    over: bool = False
    impatient: bool = False
    """Whether it is known when it hangs up."""
    address: str = ""
    ended: Callable[[], object] | None = None
    """What is to be done when the machine hangs up."""
    calls: str = ""
    """The server of the machine that it was called on."""
    heard: int = 0
    turns: list[PeerTurn] = field(default_factory=list)
    room: int = _REMEMBERED
    """How many bytes more of what is said are remembered; a negative number where some are not."""

    def note(self, words: bytes, late: float, *, ends: bool) -> None:
        """Record what is said now, while there is room."""
        if self.room >= 0:
            self.room -= len(words)
        if self.room >= 0:
            self.turns.append(PeerTurn(after=self.heard, says=words, late=late, ends=ends))


class _Timers:
    """What is to be done later."""

    def __init__(self) -> None:
        self._coming: list[tuple[float, int, Callable[[], None]]] = []
        """What is to be done at which time, the next first; the number keeps the order."""
        self._counted = 0

    def next(self) -> float | None:
        """Do what is due, and return how many seconds the next thing has time, None if none is."""
        while self._coming:
            left = self._coming[0][0] - time.monotonic()
            if left > 0:
                return left
            heappop(self._coming)[2]()
        return None

    def add(self, seconds: float, deed: Callable[[], None]) -> None:
        """Do something in so many seconds."""
        self._counted += 1
        heappush(self._coming, (time.monotonic() + seconds, self._counted, deed))


class Peers:
    """The peers of one machine, listening from the start; `close` ends them."""

    def __init__(self, peers: Sequence[Peer], room: Room, pid: int) -> None:
        """Listen for `peers` in the machine's room, or on TCP in the network namespace of `pid`.

        Raises KnowledgeError for an unknown peer, LaunchError if a port is taken.
        """
        self._open = contextlib.ExitStack()
        self._thread: threading.Thread | None = None
        self._room, self._pid = room, pid
        self._lines: list[_Line] = []
        self._misbehaved = {peer.address: threading.Event() for peer in peers if peer.manner}
        """By address, whether the peer has done what its manner is."""
        self._timers = _Timers()
        if not peers:
            return
        with self._open as undo:
            self._selector = undo.enter_context(selectors.DefaultSelector())
            self._wake, woken = socket.socketpair()
            undo.enter_context(self._wake)
            undo.enter_context(woken)
            self._selector.register(woken, selectors.EVENT_READ, None)
            for peer in peers:
                _check(peer)
                listener = undo.enter_context(_listen(peer, room, pid))
                self._selector.register(listener, selectors.EVENT_READ, peer)
            self._open = undo.pop_all()
        self._thread = threading.Thread(target=self._serve, name="peers", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End every conversation and the thread."""
        if self._thread is not None:
            self._wake.shutdown(socket.SHUT_WR)
            self._thread.join(_LIMIT)
            if self._thread.is_alive():
                raise HarnessError("a peer did not end", "Report this with the recipe.")
        self._open.close()

    def misbehaved(self, address: str, seconds: float) -> bool:
        """Wait for at most so long until the peer has misbehaved, and return whether it has."""
        return self._misbehaved[address].wait(seconds)

    def talks(self) -> tuple[PeerTalk, ...]:
        """Return what was said so far on each of the first connections, in their order."""
        return tuple(
            PeerTalk(
                address=line.address,
                calls=line.calls,
                turns=tuple(line.turns),
                whole=line.room >= 0,
            )
            for line in self._lines
        )

    def _serve(self) -> None:
        try:
            while True:
                for key, ready in self._selector.select(self._timers.next()):
                    if key.data is None:
                        return
                    if isinstance(key.data, _Line):
                        self._continue(key.data, ready)
                    else:
                        assert isinstance(key.fileobj, socket.socket)
                        self._accept(key.fileobj, key.data)
        finally:
            for key in [*self._selector.get_map().values()]:
                if isinstance(key.data, _Line):
                    key.data.sock.close()

    def _accept(self, listener: socket.socket, peer: Peer) -> None:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        if peer.serve in MOCK_SERVERS:
            self._begin(sock, _mannered(MOCK_SERVERS[peer.serve](), peer), peer.address)
        elif peer.serve in FORWARDERS:
            heard = Keeper()
            line = self._begin(sock, heard, peer.address)
            line.ended = lambda: self._calls(peer, FORWARDERS[peer.serve](heard.heard))
        else:
            line = self._begin(sock, MockServer(), peer.address)
            if not self._calls(peer, CALLERS[peer.serve](peer.password), line):
                self._end(line)

    def _calls(self, peer: Peer, talk: MockServer, *others: _Line) -> bool:
        """Let a peer call a server of the machine, and return whether that has answered."""
        try:
            called = _call(peer.calls, self._room, self._pid)
        except (OSError, LaunchError):
            return False
        self._begin(called, _mannered(talk, peer), peer.address, *others, calls=peer.calls)
        return True

    def _begin(
        self, sock: socket.socket, talk: MockServer, address: str, *others: _Line, calls: str = ""
    ) -> _Line:
        # One thread serves all: a machine that does not read must not keep it from the others.
        sock.setblocking(False)
        line = _Line(sock, talk, [*others], address=address, calls=calls)
        if len(self._lines) < _LINES:
            self._lines.append(line)
        for other in others:
            other.others.append(line)
        self._selector.register(sock, selectors.EVENT_READ, line)
        self._say(line, talk.greet())
        return line

    def _continue(self, line: _Line, ready: int) -> None:
        if line.sock.fileno() < 0:
            return  # Another line of the same turn has ended it.
        if ready & selectors.EVENT_WRITE:
            self._send(line)
        if ready & selectors.EVENT_READ and line.sock.fileno() >= 0:
            self._receive(line)

    def _receive(self, line: _Line) -> None:
        try:
            heard, descriptors, _, _ = socket.recv_fds(line.sock, _CHUNK, _DESCRIPTORS)
        except BlockingIOError:
            return
        except OSError:
            heard, descriptors = b"", []
        for descriptor in descriptors:
            self._adopt(line, descriptor)
        if heard:
            line.heard += len(heard)
            self._say(line, line.talk.hear(heard))
        else:
            self._end(line)
            if line.ended is not None:
                line.ended()

    def _adopt(self, line: _Line, descriptor: int) -> None:
        """Talk on the descriptor that came along, as the server of the line says."""
        try:
            sock = socket.socket(fileno=descriptor)
        except OSError:  # It is no socket.
            os.close(descriptor)
            return
        if line.talk.adopted is None:
            sock.close()
        else:
            self._begin(sock, line.talk.adopted(), line.address, line)

    def _say(self, line: _Line, words: bytes) -> None:
        """Say `words`, perhaps later; and hang up behind them, or later, as the server says."""
        over = line.talk.over
        if words or over:
            line.note(words, line.talk.delay, ends=over)
        if line.talk.delay and (words or over):
            self._timers.add(line.talk.delay, partial(self._said, line, words, over=over))
        else:
            self._said(line, words, over=over)
        if line.talk.patience is not None and not line.impatient:
            line.impatient = True
            line.note(b"", line.talk.patience, ends=True)
            self._timers.add(line.talk.patience, partial(self._end, line))

    def _said(self, line: _Line, words: bytes, *, over: bool) -> None:
        line.out += words
        line.over |= over
        self._send(line)
        if line.talk.misbehaved:
            self._misbehaved[line.address].set()

    def _send(self, line: _Line) -> None:
        """Send what the machine takes now, and hang up behind all of it if it is over."""
        if line.sock.fileno() < 0:
            return
        try:
            while line.out:
                del line.out[: line.sock.send(line.out)]
        except BlockingIOError:
            pass
        except OSError:
            self._end(line)
            return
        if line.over and not line.out:
            self._end(line)
            return
        more = selectors.EVENT_WRITE if line.out else 0
        self._selector.modify(line.sock, selectors.EVENT_READ | more, line)

    def _end(self, line: _Line) -> None:
        """End a line, and all that end with it."""
        if line.sock.fileno() < 0:
            return
        self._selector.unregister(line.sock)
        line.sock.close()
        for other in line.others:
            self._end(other)


def _mannered(good: MockServer, peer: Peer) -> MockServer:
    """Return the peer as its manner says."""
    return good if peer.manner is None else Mannered(good, peer.manner)


def _check(peer: Peer) -> None:
    calling = {*CALLERS, *FORWARDERS}
    known = sorted({*MOCK_SERVERS, *calling})
    if peer.serve not in known:
        raise KnowledgeError(f"no peer serves {peer.serve!r}", f"Use one of: {', '.join(known)}.")
    if bool(peer.calls) is not (peer.serve in calling):
        raise KnowledgeError(
            f"the peer {peer.serve!r} at {peer.address} calls {peer.calls or 'nobody'}",
            "Say with `calls` whom a client calls; a server calls nobody.",
        )


def _call(address: str, room: Room, pid: int) -> socket.socket:
    """Return a connection to a server of the machine; raises OSError or LaunchError."""
    if address.isdecimal():
        return connect_in(pid, int(address))
    path = confined(room.path, address)
    folder = open_folder(room, path.parent.relative_to(room.path).parts)
    try:
        return calling(Path(f"/proc/self/fd/{folder}"), path.name)
    finally:
        os.close(folder)


def _listen(peer: Peer, room: Room, pid: int) -> socket.socket:
    if peer.address.isdecimal():
        return listen_in(pid, int(peer.address))
    path = confined(room.path, peer.address)
    listener = socket.socket(socket.AF_UNIX)
    try:
        folder = open_folder(room, path.parent.relative_to(room.path).parts)
        try:
            # The path of a socket is limited to 107 bytes; through the open folder it is short.
            listener.bind(f"/proc/self/fd/{folder}/{path.name}")
            give(path.name, room.owner, folder)
        finally:
            os.close(folder)
        listener.listen()
    except OSError as error:
        listener.close()
        raise LaunchError(
            f"no peer can listen at {path}: {error.strerror}", "Correct its address."
        ) from None
    return listener
