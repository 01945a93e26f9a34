"""Starts a program in the place of QEMU, and stands between its first monitor and whoever asks.

It runs inside the sandbox, where only its own folder and the interpreter are certain to be there:
it imports nothing but the standard library and the lies beside it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
from collections import deque
from typing import Any

from .told import LIES, Lie, Message

_MONITOR = re.compile(r"socket,id=mon,fd=(\d+)$")
_OURS = "relay"
"""The id of requests that the relay sends of its own."""


def main(program: str, lie: str, argv: list[str]) -> None:
    """Run `program` with QEMU's arguments; what has no such monitor is not lied about."""
    found = [match for word in argv if (match := _MONITOR.match(word))]
    if not found:
        os.execv(program, [program, *argv])
    number = int(found[0][1])
    client = socket.socket(fileno=os.dup(number))
    ours, theirs = socket.socketpair()
    os.dup2(theirs.fileno(), number)
    theirs.close()
    with subprocess.Popen([program, *argv], pass_fds=(number, *_other_descriptors(number))) as qemu:
        os.close(number)
        Relay(LIES[lie](), client, ours).run()
        client.close()
        status = qemu.wait()
    if status < 0:
        # It ends as QEMU did, without a second core.
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)


def _other_descriptors(number: int) -> list[int]:
    open_now = [int(name) for name in os.listdir("/proc/self/fd")]
    return [each for each in open_now if each > 2 and each != number and _is_passed(each)]


def _is_passed(number: int) -> bool:
    try:
        return os.get_inheritable(number)
    except OSError:
        return False


class Relay:
    """Passes lines on in both directions, as a lie makes them.

    The server gets one request at a time: what a lie asks besides is done before the next one.
    """

    def __init__(self, lie: Lie, client: socket.socket, server: socket.socket) -> None:
        self._lie = lie
        self._client, self._server = client, server
        self._waiting: deque[Message] = deque()
        """The requests that the server has not got."""
        self._asked: Message | None = None
        """The one that it is to answer."""
        self._besides = 0
        """The requests of the relay's own that it is to answer."""
        self._rest = {client: b"", server: b""}

    def run(self) -> None:
        """Relay until the server closes its end."""
        with selectors.DefaultSelector() as ready:
            for end in (self._client, self._server):
                end.setblocking(True)
                ready.register(end, selectors.EVENT_READ, end)
            while True:
                for key, _ in ready.select():
                    source: socket.socket = key.data
                    data = self._read(source)
                    if not data and source is self._server:
                        return
                    if not data:
                        ready.unregister(source)
                        self._server.shutdown(socket.SHUT_WR)
                    for line in self._lines(source, data):
                        self._pass(source, line)

    def _read(self, end: socket.socket) -> bytes:
        try:
            return end.recv(65536)
        except ConnectionResetError:
            return b""

    def _lines(self, end: socket.socket, data: bytes) -> list[bytes]:
        *lines, self._rest[end] = (self._rest[end] + data).split(b"\n")
        return lines

    def _pass(self, end: socket.socket, line: bytes) -> None:
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            self._send(self._server if end is self._client else self._client, line)
        elif end is self._client:
            self._waiting.append(message)
            self._next()
        else:
            self._answer(message, line)

    def _next(self) -> None:
        """Give the server its next request, if it has answered all others."""
        while self._waiting and self._asked is None and not self._besides:
            message = self._waiting.popleft()
            altered = self._lie.request(message)
            if altered is None:
                self._tell({"return": {}, **_id_of(message)})
                continue
            self._asked = message
            self._send(self._server, json.dumps(altered).encode())

    def _answer(self, message: Message, line: bytes) -> None:
        if "event" in message:
            for event in self._lie.event(message):
                self._tell(event)
            return
        if "QMP" in message:
            self._send(self._client, line)
            return
        if message.get("id") == _OURS:
            self._besides -= 1
            self._next()
            return
        asked, self._asked = self._asked or {}, None
        for more in self._lie.after(asked, message):
            self._besides += 1
            self._send(self._server, json.dumps({**more, "id": _OURS}).encode())
        self._tell(self._lie.reply(asked, message))
        self._next()

    def _tell(self, message: Message) -> None:
        self._send(self._client, json.dumps(message).encode() + b"\r")

    def _send(self, end: socket.socket, line: bytes) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            end.sendall(line + b"\n")


def _id_of(message: Message) -> dict[str, Any]:
    return {"id": message["id"]} if "id" in message else {}
