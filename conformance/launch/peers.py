"""The sockets of the servers and clients that a machine talks to, one thread per machine.

mock_servers.py and callers.py have what they say; knows no QMP.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from conformance.launch.activation import calling
from conformance.launch.callers import CALLERS
from conformance.launch.mock_servers import MOCK_SERVERS, MockServer
from conformance.launch.namespace import connect_in, listen_in
from conformance.launch.scratch import Room, confined, give, open_folder
from conformance.model.errors import HarnessError, KnowledgeError, LaunchError
from conformance.model.stage import Peer

# The thread only waits for its sockets; one of them tells it to end.
_LIMIT: Final = 10.0
_CHUNK: Final = 65536
_DESCRIPTORS: Final = 4


@dataclass(slots=True, eq=False)
class _Line:
    """A connection and what is said on it; `others` end together with it."""

    sock: socket.socket
    talk: MockServer
    others: list[_Line] = field(default_factory=list)


class Peers:
    """The peers of one machine, listening from the start; `close` ends them."""

    def __init__(self, peers: Sequence[Peer], room: Room, pid: int) -> None:
        """Listen for `peers` in the machine's room, or on TCP in the network namespace of `pid`.

        Raises KnowledgeError for an unknown peer, LaunchError if a port is taken.
        """
        self._open = contextlib.ExitStack()
        self._thread: threading.Thread | None = None
        self._room, self._pid = room, pid
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

    def _serve(self) -> None:
        try:
            while True:
                for key, _ in self._selector.select():
                    if key.data is None:
                        return
                    if isinstance(key.data, _Line):
                        self._continue(key.data)
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
            self._begin(sock, MOCK_SERVERS[peer.serve]())
            return
        line = self._begin(sock, MockServer())
        try:
            called = _call(peer.calls, self._room, self._pid)
        except (OSError, LaunchError):
            self._end(line)
        else:
            self._begin(called, CALLERS[peer.serve](peer.password), line)

    def _begin(self, sock: socket.socket, talk: MockServer, *others: _Line) -> _Line:
        # A peer's messages are short; a machine that does not read them in time has lost its turn.
        sock.settimeout(_LIMIT)
        line = _Line(sock, talk, [*others])
        for other in others:
            other.others.append(line)
        self._selector.register(sock, selectors.EVENT_READ, line)
        self._say(line, talk.greet())
        return line

    def _continue(self, line: _Line) -> None:
        if line.sock.fileno() < 0:
            return  # Another line of the same turn has ended it.
        try:
            heard, descriptors, _, _ = socket.recv_fds(line.sock, _CHUNK, _DESCRIPTORS)
        except OSError:
            heard, descriptors = b"", []
        for descriptor in descriptors:
            self._adopt(line, descriptor)
        if heard:
            self._say(line, line.talk.hear(heard))
        else:
            self._end(line)

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
            self._begin(sock, line.talk.adopted(), line)

    def _say(self, line: _Line, words: bytes) -> None:
        try:
            line.sock.sendall(words)
        except OSError:
            self._end(line)
        else:
            if line.talk.over:
                self._end(line)

    def _end(self, line: _Line) -> None:
        """End a line, and all that end with it."""
        if line.sock.fileno() < 0:
            return
        self._selector.unregister(line.sock)
        line.sock.close()
        for other in line.others:
            self._end(other)


def _check(peer: Peer) -> None:
    known = sorted({*MOCK_SERVERS, *CALLERS})
    if peer.serve not in known:
        raise KnowledgeError(f"no peer serves {peer.serve!r}", f"Use one of: {', '.join(known)}.")
    if bool(peer.calls) is not (peer.serve in CALLERS):
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
