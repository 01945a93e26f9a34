"""A session with the official client, qemu.qmp: shows whether a real client works.

Importing this module needs the package qemu.qmp, an extra; what needs no real client uses
`session.Session`.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Coroutine, Mapping
from importlib import metadata
from types import TracebackType
from typing import Any, Final, TypeVar

from qemu.qmp import ExecInterruptedError, ExecuteError, Message, QMPClient, QMPError
from qemu.qmp.message import DeserializationError

from conformance.wire.connection import REPLY_LIMIT, weight
from conformance.wire.session import SessionError, SessionLost, SessionSilent

# Under this name the client logs every fault that it also raises.
_NAME: Final = "conformance"

CLIENT: Final = f"qemu.qmp {metadata.version('qemu.qmp')}"
"""The official client, with its version."""

_Result = TypeVar("_Result")


class ClientSession:
    """A negotiated session on a connected socket, as a context manager.

    The socket stays open and its owner's: the session uses a copy of its descriptor. Every wait
    ends after `timeout` seconds. Enter it once, and not where an asyncio loop runs.
    """

    def __init__(self, sock: socket.socket, timeout: float) -> None:
        self._sock = sock
        self._timeout = timeout
        self._client = _Client()

    def __enter__(self) -> ClientSession:
        self._loop = asyncio.new_event_loop()
        # The client logs or raises everything important; asyncio would print the rest.
        self._loop.set_exception_handler(lambda loop, context: None)
        self._copy = self._sock.dup()
        try:
            self._run(self._client.connect(self._copy), "the negotiation")
        except BaseException:
            self._release()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._loop.run_until_complete(self._end())
        finally:
            self._release()

    def execute(
        self,
        command: str,
        arguments: Mapping[str, object] | None = None,
        *,
        outside: bool = False,
    ) -> Any:
        """Return the result of `command`, run out of band with `outside`.

        Raises SessionError if the server refuses it, SessionLost if there is no proper answer.
        """
        try:
            return self._run(self._client.execute(command, arguments, oob=outside), command)
        except ExecuteError as error:
            raise SessionError(command, error.error_class, str(error)) from error

    def execute_many(self, command: str, times: int) -> None:
        """Execute `command` several times, all sent at once; raises as `execute`."""

        async def together() -> None:
            await asyncio.gather(*(self._client.execute(command) for _ in range(times)))

        try:
            self._run(together(), command)
        except ExecuteError as error:
            raise SessionError(command, error.error_class, str(error)) from error

    def await_event(self, name: str) -> None:
        """Wait for an event of that name; raises SessionLost."""

        async def come() -> None:
            while (await self._client.events.get())["event"] != name:
                pass

        self._run(come(), name)

    def _run(self, doing: Coroutine[Any, Any, _Result], what: str) -> _Result:
        return self._loop.run_until_complete(self._bounded(doing, what))

    async def _bounded(self, doing: Coroutine[Any, Any, _Result], what: str) -> _Result:
        """Return the result of `doing`; passes ExecuteError on, and raises SessionLost for the
        rest."""
        self._client.heard = 0
        task = asyncio.ensure_future(doing)
        await asyncio.wait({task}, timeout=self._timeout)
        if not task.done():
            # Abort first: a client that still has data to send would wait for that when cancelled.
            self._client.abort()
            task.cancel()
            await asyncio.wait({task}, timeout=self._timeout)
            came = self._client.heard
            but = f", though {came} bytes came, the last of them {self._client.last!r}"
            raise SessionSilent(f"{what}: no answer within {self._timeout:g} s{but * bool(came)}")
        try:
            return task.result()
        except ExecuteError:
            raise
        except ExecInterruptedError as error:
            cause = await self._end() or error
            raise SessionLost(f"{what}: {self._described(cause)}") from cause
        except QMPError as error:
            raise SessionLost(f"{what}: {self._described(error)}") from error

    async def _end(self) -> BaseException | None:
        """Disconnect the client; return what ended the session before, if anything did."""
        task = asyncio.ensure_future(self._client.disconnect())
        await asyncio.wait({task}, timeout=self._timeout)
        if not task.done():
            # The server does not read what the client still has to send.
            self._client.abort()
            await asyncio.wait({task}, timeout=self._timeout)
        return task.exception() if task.done() and not task.cancelled() else None

    def _described(self, error: BaseException) -> str:
        """Return one line that describes `error`; some errors have no text of their own."""
        inner = getattr(error, "exc", None)
        if isinstance(inner, BaseException):
            error = inner
        match error:
            case EOFError():
                return "the server has closed the connection"
            case _FloodError():
                return str(error)
            case DeserializationError() | UnicodeDecodeError() | RecursionError():
                return f"the server sent a line that is no message: {self._client.last!r}"
        words = str(error).splitlines()
        # The client ends a line with a colon where an inner error has no text.
        return f"{type(error).__name__}: {words[0]}".rstrip(": ") if words else type(error).__name__

    def _release(self) -> None:
        """Close the loop and the copied descriptor, whatever their state."""
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        if left:
            self._loop.run_until_complete(asyncio.wait(left, timeout=self._timeout))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()
        self._copy.close()
        # Copies share the mode, and asyncio has made it non-blocking.
        self._sock.settimeout(self._sock.gettimeout())


class _FloodError(QMPError):
    """The server sends more than it has any reason to."""


class _Client(QMPClient):
    """The official client, with an immediate stop."""

    def __init__(self) -> None:
        super().__init__(_NAME, readbuflen=REPLY_LIMIT)
        self.logger.propagate = False
        # Above every level: what it logs, it raises as well.
        self.logger.setLevel(logging.CRITICAL + 1)
        self.heard = 0
        """The bytes received since the last request."""
        self.last = b""
        """How the last line begins."""
        self._events_heard = 0
        self._length = 0

    def abort(self) -> None:
        """Drop the connection with everything unsent."""
        if self._writer is not None:
            self._writer.transport.abort()

    def _cb_inbound(self, msg: Message) -> Message:
        # Not the parent's, which formats every message for its log, wanted or not.
        if "event" in msg:
            self._events_heard += self._length
            if self._events_heard > REPLY_LIMIT:
                raise _FloodError(f"the server sends events without end, the last one {msg}"[:200])
        return msg

    async def _readline(self) -> bytes:
        """Return the next line; the parent's version takes any number of any kind."""
        try:
            data = await super()._readline()
        except ValueError:
            raise _FloodError(f"a line of the server is longer than {REPLY_LIMIT} bytes") from None
        self.last = data[:80]
        self._length = weight(data)
        if self._length > REPLY_LIMIT:
            raise _FloodError(f"a line of the server holds too much to read: {self.last!r}")
        self.heard += len(data)
        if self.heard > 2 * REPLY_LIMIT:
            raise _FloodError(f"the server sends without end, the last line {self.last!r}")
        return data

    def _cb_outbound(self, msg: Message) -> Message:
        return msg
