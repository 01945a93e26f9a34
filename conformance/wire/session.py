"""A well-formed session over a Connection; knows no schema.

Sends one request at a time and waits for its answer. A session is strict in what it accepts, and
reports what a server sent that breaks the protocol.
"""

from __future__ import annotations

import json
import math
import socket
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final

from conformance.wire.connection import (
    REPLY_LIMIT,
    Connection,
    WireClosed,
    WireError,
    WireOverflow,
    WireTimeout,
    weight,
)
from conformance.wire.framing import Message, read_message

# How much of a faulty line is shown.
_SHOWN: Final = 80


class SessionError(WireError):
    """The server refused `command` with an error of class `error_class`."""

    def __init__(self, command: str, error_class: str, desc: str) -> None:
        super().__init__(f"{command}: {error_class}: {desc}")
        self.command = command
        self.error_class = error_class
        self.desc = desc


class SessionLost(WireError):  # noqa: N818 - it says what happened
    """The server closed, broke the protocol or did not answer; the session is over."""


class SessionSilent(SessionLost):
    """The server did not answer in time."""


class Session:
    """A negotiated session on a connected socket, as a context manager.

    The socket stays open and its owner's, and is unchanged when the session is left. Every wait
    ends after `timeout` seconds, and none lasts beyond the monotonic time `until`. What ended a
    session ends each further request, too.
    """

    def __init__(self, sock: socket.socket, timeout: float, until: float = math.inf) -> None:
        self._sock = sock
        self._timeout = timeout
        self._until = until
        self._requests = 0
        self._events: list[dict[str, Any]] = []
        self._events_heard = 0
        self._heard = 0
        """The bytes received since the last request, the last of them `_last`."""
        self._last = b""
        self._over = ""
        """Why the session is over."""
        self.greeting: dict[str, Any] = {}
        """The server's first message, unchanged."""

    def __enter__(self) -> Session:
        self._mode = self._sock.gettimeout()
        self._sock.setblocking(False)
        try:
            self._connection = Connection(self._sock)
            self._negotiate("the negotiation")
        except BaseException:
            self._sock.settimeout(self._mode)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._sock.settimeout(self._mode)

    def execute(self, command: str, arguments: Mapping[str, object] | None = None) -> Any:
        """Return the result of `command`.

        Raises SessionError if the server refuses it, SessionLost if there is no proper answer.
        """
        if self._over:
            raise SessionLost(f"{command}: {self._over}")
        self._requests += 1
        request: dict[str, object] = {"execute": command, "id": str(self._requests)}
        if arguments is not None:
            request["arguments"] = arguments
        return self._result(self._ask(request, command), command)

    def events(self) -> tuple[dict[str, Any], ...]:
        """Return the events that came with the replies so far, in order."""
        return tuple(self._events)

    def _negotiate(self, what: str) -> None:
        self._heard = 0
        self.greeting = self._receive(what, self._deadline())
        if not isinstance(self.greeting.get("QMP"), dict):
            raise self._lost(what, f"the server's first message is no greeting: {self._shown()}")
        try:
            # Without an id: cases find out whether ids are kept.
            self._result(self._ask({"execute": "qmp_capabilities"}, what), what)
        except SessionError as error:
            raise self._lost(what, f"the server refuses it: {error.desc}") from error

    def _ask(self, request: Mapping[str, object], what: str) -> dict[str, Any]:
        """Send a request and return its reply; what comes before it are events."""
        self._heard = 0
        deadline = self._deadline()
        self._connection.queue(json.dumps(request).encode() + b"\n")
        while True:
            message = self._receive(what, deadline)
            if "event" not in message:
                break
            self._events.append(message)
            self._events_heard += weight(self._last)
            if self._events_heard > REPLY_LIMIT:
                raise self._lost(
                    what, f"the server sends events without end, the last one {self._shown()}"
                )
        if message.get("id") != request.get("id"):
            raise self._lost(what, f"the server sent a reply to no request: {self._shown()}")
        return message

    def _result(self, reply: Mapping[str, Any], what: str) -> Any:
        match reply:
            case {"return": value} if "error" not in reply:
                return value
            case {"error": {"class": str(name), "desc": str(desc)}} if "return" not in reply:
                raise SessionError(what, name, desc)
        raise self._lost(what, f"the server's reply is no reply: {self._shown()}")

    def _receive(self, what: str, deadline: float) -> dict[str, Any]:
        limit = max(0.0, deadline - time.monotonic())
        try:
            self._last = self._connection.receive(limit)
        except WireTimeout as error:
            raise self._silent(what) from error
        except WireClosed as error:
            self._last = error.partial
            told = f" in the middle of a line: {self._shown()}" * bool(error.partial)
            raise self._lost(what, f"the server has closed the connection{told}") from error
        except WireOverflow as error:
            self._last = error.head
            raise self._lost(
                what,
                f"a line of the server is longer than {error.limit} bytes, or as heavy to read: "
                f"{self._shown()}",
            ) from error
        self._heard += len(self._last)
        read = read_message(self._last)
        message = read if isinstance(read, Message) else read.message
        if message is None:
            raise self._lost(what, f"the server sent a line that is no message: {self._shown()}")
        return message.value

    def _deadline(self) -> float:
        return min(time.monotonic() + self._timeout, self._until)

    def _silent(self, what: str) -> SessionSilent:
        if self._until <= time.monotonic():
            self._over = "no answer when the time for all questions was up"
        else:
            came = f", though {self._heard} bytes came, the last of them {self._shown()}"
            self._over = f"no answer within {self._timeout:g} s{came * bool(self._heard)}"
        return SessionSilent(f"{what}: {self._over}")

    def _lost(self, what: str, problem: str) -> SessionLost:
        self._over = problem
        return SessionLost(f"{what}: {problem}")

    def _shown(self) -> str:
        return repr(self._last[:_SHOWN])
