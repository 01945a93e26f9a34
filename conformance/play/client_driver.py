"""Lets the official client take its turns of an exchange, and reports the result of each.

Judges nothing, and knows neither machines nor cases. Importing it needs the package qemu.qmp.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack
from typing import assert_never

from conformance.launch.endpoints import Terminal
from conformance.model.canonical import compact
from conformance.model.errors import LaunchError
from conformance.model.script import ClientAction, Drive, told
from conformance.model.terms import ABSENT
from conformance.wire.client import CLIENT, ClientSession
from conformance.wire.session import SessionError


class Driver:
    """The sessions of the official client in one exchange, by the names of their lines."""

    def __init__(
        self, undo: ExitStack, reach: Callable[[str], socket.socket | Terminal], limit: float
    ) -> None:
        """`undo` ends what is left; `reach` connects to an endpoint; waits take `limit` seconds."""
        self._undo = undo
        self._reach = reach
        self._limit = limit
        self._sessions: dict[str, ClientSession] = {}
        self._ends: dict[str, ExitStack] = {}

    def take(self, turn: Drive) -> str:
        """Take a turn and return the result, in the words of `Drive.promised`.

        Raises SessionLost if the session is over, LaunchError if none can be opened.
        """
        match turn.deed:
            case ClientAction.CONNECT:
                self._connect(turn.line, turn.name)
                return "connected"
            case ClientAction.EXECUTE | ClientAction.OUT_OF_BAND | ClientAction.PIPELINE:
                return self._execute(turn, self._sessions[turn.line])
            case ClientAction.EVENT:
                self._sessions[turn.line].await_event(turn.name)
                return f"event {turn.name}"
            case ClientAction.DISCONNECT:
                del self._sessions[turn.line]
                self._ends.pop(turn.line).close()
                return "disconnected"
            case _:
                assert_never(turn.deed)

    def _connect(self, line: str, endpoint: str) -> None:
        end = self._ends[line] = self._undo.enter_context(ExitStack())
        sock = self._reach(endpoint)
        end.callback(sock.close)
        if not isinstance(sock, socket.socket):
            raise LaunchError("the official client needs a socket", "Name a socket.")
        self._sessions[line] = end.enter_context(ClientSession(sock, self._limit))

    def _execute(self, turn: Drive, session: ClientSession) -> str:
        arguments = turn.arguments if isinstance(turn.arguments, dict) else None
        assert turn.arguments is ABSENT or arguments is not None, "arguments are an object"
        many = f"{turn.times} times " * (turn.deed is ClientAction.PIPELINE)
        try:
            if many:
                session.execute_many(turn.name, turn.times)
            else:
                outside = turn.deed is ClientAction.OUT_OF_BAND
                session.execute(turn.name, arguments, outside=outside)
        except SessionError as error:
            return many + told(error.error_class)
        return many + told(None)


def spoken(turn: Drive) -> bytes:
    """Return the official client's action for a transcript."""
    arguments = "" if turn.arguments is ABSENT else compact(turn.arguments)
    words = (CLIENT + ":", turn.deed, turn.name, arguments, f"x{turn.times}" * (turn.times > 1))
    return " ".join(filter(None, words)).encode()
