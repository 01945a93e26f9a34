"""The lines of an exchange: connections to a machine's endpoints, and their transcript."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack

from conformance.judge.observation import Line
from conformance.launch.endpoints import Terminal, join
from conformance.launch.machine import Machine
from conformance.model.errors import LaunchError
from conformance.model.script import CONTROL, FIRST, Leave, Send
from conformance.model.stage import SCRATCH
from conformance.wire.connection import Connection
from conformance.wire.framing import read_message
from conformance.wire.transcript import Transcript


class Lines:
    """The lines that an exchange has joined; whoever closes `undo` closes them.

    `control` is the machine's first monitor, negotiated, if it has one. `limit` is in seconds.
    Cases name the machine's scratch folder by a stand-in; so do the messages returned here.
    """

    def __init__(
        self, machine: Machine, control: Connection | None, limit: float, undo: ExitStack
    ) -> None:
        self.transcript = Transcript()
        self._machine = machine
        self._limit = limit
        self._open = undo
        self._connections = {CONTROL: control} if control is not None else {}
        self._undo: dict[str, ExitStack] = {}
        self._shown, self._real = SCRATCH.encode(), machine.inside.encode()
        self._endpoints = {endpoint.name: endpoint for endpoint in machine.spec.endpoints}
        self._indented: set[str] = set()

    def __contains__(self, line: str) -> bool:
        """Return whether the line is joined."""
        return line in self._connections

    def join(self, line: str, name: str) -> None:
        """Connect a line to the endpoint `name`; raises LaunchError."""
        undo = self._undo[line] = self._open.enter_context(ExitStack())
        sock = self.reach(name)
        undo.callback(sock.close)
        self._connections[line] = Connection(sock, traffic=self._machine.traffic)
        if self._endpoints[name].pretty:
            self._indented.add(line)

    def reach(self, name: str) -> socket.socket | Terminal:
        """Return a separate connection to the endpoint `name`; raises LaunchError."""
        endpoint = self._endpoints.get(name)
        if endpoint is None:
            raise LaunchError(
                f"a line joins an endpoint {name!r}, which the machine lacks",
                f"Its endpoints: {', '.join(self._endpoints)}.",
            )
        return join(self._machine, endpoint)

    def leave(self, turn: Leave) -> None:
        """Close a line that was joined, or its sending half."""
        if turn.half:
            self._connections[turn.line].end()
        else:
            self._undo.pop(turn.line).close()
            del self._connections[turn.line]

    def leave_all(self) -> None:
        """Close all lines that were joined."""
        for undo in self._undo.values():
            undo.close()

    def queue(self, line: str, data: bytes) -> None:
        """Queue bytes for the next receive or send."""
        self.note_sent(line, data)
        self._connections[line].queue(data)

    def send(self, turn: Send) -> None:
        """Send the bytes of a turn, byte by byte if the turn says so; raises WireError."""
        connection = self._connections[turn.line]
        data = turn.data.replace(self._shown, self._real)
        for _ in range(turn.times):
            self.note_sent(turn.line, data)
            for piece in (data[i : i + 1] for i in range(len(data))) if turn.bytewise else (data,):
                connection.queue(piece)
                connection.flush(self._limit)

    def receive(self, line: str, deadline: float, lead: bytes = b"") -> Line:
        """Return the next message on a line, read without the bytes `lead` before it.

        `deadline` is a time of the monotonic clock. A monitor that indents ends a message with a
        line that is a single bracket. Raises WireError.
        """
        data = b""
        while True:
            left = max(0.0, deadline - time.monotonic())
            data += self._connections[line].receive(left)
            if line not in self._indented or data.endswith(b"\n}\r\n"):
                break
        data = data.replace(self._real, self._shown)
        self.note_received(line, data)
        line_end = self._machine.flavour.line_end
        return Line(data, read_message(data.removeprefix(lead), line_end))

    def receive_part(self, line: str, size: int) -> None:
        """Read `size` bytes of a message, and no more; raises WireError."""
        self.note_received(line, self._connections[line].receive_part(size, self._limit))

    def note_sent(self, line: str, data: bytes) -> None:
        """Record in the transcript what is sent on a line."""
        self.transcript.sent(_named(line, data))

    def note_received(self, line: str, data: bytes) -> None:
        """Record in the transcript what is received on a line."""
        self.transcript.received(_named(line, data))


def _named(line: str, data: bytes) -> bytes:
    """Return a line's bytes for a transcript: the first line has no name there."""
    return data if line == FIRST else f"[{line}] ".encode() + data
