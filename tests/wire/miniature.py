"""A miniature server on one end of a socket pair, which says what a test tells it to."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

from tests.patience import PATIENCE

GREETING = b'{"QMP": {"version": {"qemu": {}, "package": "mini"}, "capabilities": []}}\r\n'

Answer = Callable[[dict[str, Any]], bytes | None]
"""What the server sends when it has read a command; None: it ends the connection instead."""


def success(command: dict[str, Any]) -> bytes:
    """Return the reply that the command succeeded with nothing to return."""
    return json.dumps({"return": {}, "id": command["id"]}).encode() + b"\r\n"


class Miniature:
    """Greets, lets the client negotiate, then answers; `sock` is the client's end."""

    def __init__(
        self, answer: Answer, *, greeting: bytes | None = GREETING, negotiates: bool = True
    ) -> None:
        self.sock, self._theirs = socket.socketpair()
        self._theirs.settimeout(PATIENCE)
        self._answer = answer
        self._greeting = greeting
        self._negotiates = negotiates
        self._thread = threading.Thread(target=self._serve, name="miniature")

    def __enter__(self) -> Miniature:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.sock.close()
        self._thread.join(timeout=PATIENCE)
        assert not self._thread.is_alive(), "the miniature server does not end"

    def _serve(self) -> None:
        with self._theirs:
            if self._greeting is None:
                return
            # A client that goes away in the middle is what some tests are about.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self._theirs.sendall(self._greeting)
                for command in self._commands():
                    reply = self._reply(command)
                    if reply is None:
                        return
                    self._theirs.sendall(reply)

    def _commands(self) -> Iterator[dict[str, Any]]:
        # As for QEMU, a command ends with its brace; the official client sends no line ends.
        text, decoder = "", json.JSONDecoder()
        while data := self._theirs.recv(65536):
            text += data.decode()
            while text:
                try:
                    command, end = decoder.raw_decode(text)
                except json.JSONDecodeError:
                    break
                text = text[end:].lstrip()
                yield command

    def _reply(self, command: dict[str, Any]) -> bytes | None:
        if command.get("execute") == "qmp_capabilities" and self._negotiates:
            # qemu.qmp negotiates without an id.
            return b'{"return": {}}\r\n'
        return self._answer(command)
