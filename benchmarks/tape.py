"""What the machines of a run got, and the same again without the suite: the limit of its speed.

Bytes go to plain QEMUs as fast as they take them, and nobody reads what comes back beyond finding
the last reply in it, or counting the lines that an exchange had heard before it went on.
"""

from __future__ import annotations

import os
import re
import select
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from conformance.launch.endpoints import Terminal, join
from conformance.launch.folder import RunFolder
from conformance.launch.machine import Machine
from conformance.launch.pool import Pool
from conformance.launch.target import Target
from conformance.model.errors import HarnessError, LaunchError
from conformance.model.stage import Descriptor, MachineSpec

_CHUNK: Final = 1 << 16
_LIMIT: Final = 60.0
"""Seconds without a byte in either direction after which a machine has hung."""
_VAIN: Final = 2.0
"""Seconds in which a line of an exchange must bring what it brought in the run."""
_ID: Final = 24
"""Bytes that `"id": N` with its neighbours may take: what may be torn between two reads."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What was sent at once on a line that an exchange had joined, and the lines heard after it."""

    data: bytes
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Strand:
    """What went over one line of an exchange, to an endpoint: "" is the first monitor."""

    endpoint: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """What one machine got: the `data` of cases on its first monitor, and the lines of exchanges.

    `last` is the id of the last reply to a case that was read, -1 where none was.  `requests`
    counts what was sent, on all lines.
    """

    spec: MachineSpec
    data: bytes
    requests: int
    last: int
    strands: tuple[Strand, ...] = ()

    @property
    def size(self) -> int:
        """How many bytes it got."""
        others = (len(piece.data) for strand in self.strands for piece in strand.pieces)
        return len(self.data) + sum(others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What a replay came to: lines that came back, and machines that ended before their tape.

    `vain` counts the lines of exchanges on which less came than in the run.
    """

    lines: int
    ended: int
    vain: int


def play(target: Target, tapes: Sequence[Tape]) -> Played:
    """Play the tapes one after the other, on machines that start ahead while others work."""
    lines = ended = vain = 0
    with RunFolder() as folder, Pool(target, folder) as pool:
        pool.prefetch(tape.spec for tape in tapes)
        for tape in tapes:
            with pool.take(tape.spec) as machine:
                came, whole = _play(machine, tape) if tape.data else (0, True)
                lines += came
                ended += not whole
                for strand in tape.strands if whole else ():
                    came, whole = _converse(machine, strand)
                    lines += came
                    vain += not whole
    return Played(lines=lines, ended=ended, vain=vain)


def _converse(machine: Machine, strand: Strand) -> tuple[int, bool]:
    """Join a line and send its pieces; return how many lines came, and whether all did."""
    if not strand.endpoint:
        return _exchange(machine.monitor, strand)
    endpoint = next(each for each in machine.spec.endpoints if each.name == strand.endpoint)
    try:
        sock = join(machine, endpoint)
    except LaunchError:
        return 0, False
    try:
        return _exchange(sock, strand)
    finally:
        sock.close()


def _exchange(sock: socket.socket | Terminal, strand: Strand) -> tuple[int, bool]:
    came = wanted = 0
    for piece in strand.pieces:
        wanted += piece.lines
        rest = memoryview(piece.data)
        while rest or came < wanted:
            step = _step(sock, rest)
            if step is None:
                return came, False
            sent, lines = step
            rest = rest[sent:]
            came += lines
    return came, True


def _step(sock: socket.socket | Terminal, rest: memoryview) -> tuple[int, int] | None:
    """Return how many bytes went out and lines came in, None where there is no more of either."""
    poll = select.poll()
    poll.register(sock, select.POLLIN | (select.POLLOUT if rest else 0))
    ready = poll.poll(_VAIN * 1000)
    if not ready:
        return None
    sent = lines = 0
    try:
        if ready[0][1] & select.POLLOUT:
            sent = sock.send(bytes(rest[:_CHUNK]))
        if ready[0][1] & (select.POLLIN | select.POLLHUP):
            data = sock.recv(_CHUNK)
            if not data:
                return None
            lines = data.count(b"\n")
    except BlockingIOError:
        pass
    except OSError:
        return None
    return sent, lines


def _play(machine: Machine, tape: Tape) -> tuple[int, bool]:
    """Return how many lines came, and whether the last reply was among them."""
    wanted = re.compile(rb'"id": %d\b' % tape.last)
    monitor = machine.monitor
    rest = _begin(machine, tape)
    torn = b""
    lines = 0
    poll = select.poll()
    poll.register(monitor, select.POLLIN | select.POLLOUT)
    while True:
        ready = poll.poll(_LIMIT * 1000)
        if not ready:
            raise HarnessError("a machine does not answer its tape", "Repeat the benchmark.")
        if ready[0][1] & select.POLLOUT:
            rest = _send(monitor, rest)
            if not rest:
                poll.modify(monitor, select.POLLIN)
        if ready[0][1] & (select.POLLIN | select.POLLHUP):
            try:
                data = monitor.recv(_CHUNK)
            except ConnectionResetError:
                data = b""
            lines += data.count(b"\n")
            if not data or wanted.search(torn + data):
                return lines, bool(data)
            torn = data[-_ID:]


def _send(monitor: socket.socket, rest: memoryview) -> memoryview:
    try:
        return rest[monitor.send(rest[:_CHUNK]) :]
    except BlockingIOError:
        return rest
    except (BrokenPipeError, ConnectionResetError):
        return rest[:0]


def _begin(machine: Machine, tape: Tape) -> memoryview:
    """Pass the machine its descriptors, behind the first request; return what is yet to be sent."""
    if not machine.spec.descriptors:
        return memoryview(tape.data)
    first, _, rest = tape.data.partition(b"\n")
    machine.monitor.sendall(first + b"\n")
    for descriptor in machine.spec.descriptors:
        request = b'{"execute":"getfd","arguments":{"fdname":"%s"}}\n'
        ours = _opened(descriptor)
        socket.send_fds(machine.monitor, [request % descriptor.name.encode()], ours[:1])
        for file in ours:
            os.close(file)
    return memoryview(rest)


def _opened(descriptor: Descriptor) -> list[int]:
    if descriptor.source == "socketpair":
        return [end.detach() for end in socket.socketpair()]
    if descriptor.source == "memfd":
        return [os.memfd_create(descriptor.name)]
    return [os.open(descriptor.source, os.O_RDWR)]
