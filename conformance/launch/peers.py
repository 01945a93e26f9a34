"""The sockets of the servers that a machine talks to, one thread per machine; knows no QMP.

mock_servers.py has what they say.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import threading
from collections.abc import Sequence
from typing import Final

from conformance.launch.mock_servers import MOCK_SERVERS, MockServer
from conformance.launch.namespace import listen_in
from conformance.launch.scratch import Room, confined, give, open_folder
from conformance.model.errors import HarnessError, KnowledgeError, LaunchError
from conformance.model.stage import Peer

# The thread only waits for its sockets; one of them tells it to end.
_LIMIT: Final = 10.0
_CHUNK: Final = 65536


class Peers:
    """The peers of one machine, listening from the start; `close` ends them."""

    def __init__(self, peers: Sequence[Peer], room: Room, pid: int) -> None:
        """Listen for `peers` in the machine's room, or on TCP in the network namespace of `pid`.

        Raises KnowledgeError for an unknown peer, LaunchError if a port is taken.
        """
        self._open = contextlib.ExitStack()
        self._thread: threading.Thread | None = None
        if not peers:
            return
        with self._open as undo:
            self._selector = undo.enter_context(selectors.DefaultSelector())
            self._wake, woken = socket.socketpair()
            undo.enter_context(self._wake)
            undo.enter_context(woken)
            self._selector.register(woken, selectors.EVENT_READ, None)
            for peer in peers:
                listener = undo.enter_context(_listen(peer, room, pid))
                self._selector.register(listener, selectors.EVENT_READ, _mock_server(peer))
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
        talks: dict[socket.socket, MockServer] = {}
        try:
            while True:
                for key, _ in self._selector.select():
                    sock = key.fileobj
                    assert isinstance(sock, socket.socket)
                    if sock in talks:
                        self._continue(sock, talks)
                    elif key.data is None:
                        return
                    else:
                        self._accept(sock, key.data, talks)
        finally:
            for sock in talks:
                sock.close()

    def _accept(
        self,
        listener: socket.socket,
        kind: type[MockServer],
        talks: dict[socket.socket, MockServer],
    ) -> None:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        # A peer's messages are short; a machine that does not read them in time has lost its turn.
        sock.settimeout(_LIMIT)
        talks[sock] = kind()
        self._selector.register(sock, selectors.EVENT_READ)
        self._say(sock, talks[sock].greet(), talks)

    def _continue(self, sock: socket.socket, talks: dict[socket.socket, MockServer]) -> None:
        try:
            heard = sock.recv(_CHUNK)
        except OSError:
            heard = b""
        if heard:
            self._say(sock, talks[sock].hear(heard), talks)
        else:
            self._drop(sock, talks)

    def _say(
        self, sock: socket.socket, words: bytes, talks: dict[socket.socket, MockServer]
    ) -> None:
        try:
            sock.sendall(words)
        except OSError:
            self._drop(sock, talks)

    def _drop(self, sock: socket.socket, talks: dict[socket.socket, MockServer]) -> None:
        self._selector.unregister(sock)
        del talks[sock]
        sock.close()


def _mock_server(peer: Peer) -> type[MockServer]:
    if peer.serve not in MOCK_SERVERS:
        known = ", ".join(sorted(MOCK_SERVERS))
        raise KnowledgeError(f"no peer serves {peer.serve!r}", f"Use one of: {known}.")
    return MOCK_SERVERS[peer.serve]


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
