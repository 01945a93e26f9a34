"""Watches a run from inside: what each machine gets, and what each process spends its time on.

A pytest plugin that puts itself around functions of the suite when it is loaded, and does so only
where QMP_BENCHMARK names the folder for what it sees.  `main` runs the suite's command with it in
place, in the workers too.
"""

from __future__ import annotations

import functools
import json
import os
import pickle
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks.tape import Piece, Strand, Tape
from conformance.knowledge import loading
from conformance.launch import endpoints
from conformance.launch.machine import Machine
from conformance.launch.pool import Pool
from conformance.model.stage import Endpoint, MachineSpec, Request
from conformance.play import conductor, engine, leases, proof, run, script_lines
from conformance.play import player as exchange
from conformance.play.records import Recorder
from conformance.prepare import asking, planning, prepare
from conformance.prepare.plan_file import WrittenPlan
from conformance.pytest_plugin import items
from conformance.wire.connection import Connection

FOLDER: Final = "QMP_BENCHMARK"
BEGAN: Final = "QMP_BENCHMARK_BEGAN"
"""When the process that leads the run was started, in seconds of the monotonic clock."""
PROOF: Final = "proofs on fresh machines"
_TAIL: Final = 8
"""Lines kept of what a machine sent last: behind the last reply there may be some events."""


class Clock:
    """Shares out the time of the thread that made it: each second belongs to one phase.

    That is the innermost one, except that a phase in `_sticky` keeps what is in it.
    """

    _sticky: Final = frozenset({PROOF})

    def __init__(self, began: float) -> None:
        self.wall: defaultdict[str, float] = defaultdict(float)
        self.cpu: defaultdict[str, float] = defaultdict(float)
        self._thread = threading.get_ident()
        self._stack = ["starting Python"]
        self._mark = (began, 0.0)

    def book(self) -> None:
        """Book the time since the last change to the phase that is on."""
        now = (time.monotonic(), time.thread_time())
        self.wall[self._stack[-1]] += now[0] - self._mark[0]
        self.cpu[self._stack[-1]] += now[1] - self._mark[1]
        self._mark = now

    def turn(self, phase: str) -> None:
        """End the outermost phase and begin another."""
        self.book()
        self._stack[0] = phase

    @contextmanager
    def within(self, phase: str) -> Iterator[None]:
        """Be in a phase for a while; a thread that is not the clock's own goes unnoticed."""
        if threading.get_ident() != self._thread or self._stack[-1] in self._sticky:
            yield
            return
        self.book()
        self._stack.append(phase)
        try:
            yield
        finally:
            self.book()
            self._stack.pop()

    def around(self, owner: Any, name: str, phase: str) -> None:
        """Make each call of a function of `owner` a phase."""
        inner: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(inner)
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.within(phase):
                return inner(*args, **kwargs)

        setattr(owner, name, timed)


class _Track:
    """What goes over one connection: the first monitor's, or one to an endpoint of that name."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.requests = 0
        self.tail: deque[bytes] = deque(maxlen=_TAIL)
        self._pieces: list[tuple[bytearray, int]] = []

    @property
    def data(self) -> bytes:
        return b"".join(data for data, _ in self._pieces)

    def sent(self, data: bytes) -> None:
        self.requests += 1
        if not self._pieces or self._pieces[-1][1]:
            self._pieces.append((bytearray(), 0))
        self._pieces[-1][0].extend(data)

    def received(self, line: bytes) -> None:
        self.tail.append(line)
        data, lines = self._pieces.pop() if self._pieces else (bytearray(), 0)
        self._pieces.append((data, lines + 1))

    def last(self) -> int:
        """Return the number of the last request that was answered, -1 where none was."""
        for line in reversed(self.tail):
            try:
                found = json.loads(line).get("id")
            except ValueError:
                # What a broken build sends, or what stands in a parser's way.
                continue
            if type(found) is int:
                return found
        return -1

    def strand(self) -> Strand:
        pieces = tuple(Piece(bytes(data), lines) for data, lines in self._pieces)
        return Strand(endpoint=self.endpoint, pieces=pieces)


class _Reel:
    """The tape of a machine that is being recorded."""

    def __init__(self, spec: MachineSpec) -> None:
        self.spec = spec
        self.tracks: list[_Track] = []

    def tape(self) -> Tape:
        first = next((track for track in self.tracks if not track.endpoint), _Track(""))
        # Without a reply to a case on it, it was a line of an exchange, if anything.
        plain = [first] if first.last() >= 0 else []
        return Tape(
            spec=self.spec,
            data=b"".join(track.data for track in plain),
            requests=sum(track.requests for track in self.tracks),
            last=first.last(),
            strands=tuple(track.strand() for track in self.tracks if track not in plain),
        )


class Recording:
    """What the machines of this process get, in the order in which they were taken.

    What the official client sends is not seen: it brings connections of its own.  Neither is what
    is asked before there are cases.
    """

    def __init__(self) -> None:
        self.ready: Counter[str] = Counter()
        """How many machines stood ready when they were asked for, were being started, or were not
        even begun; those "again" cannot be prefetched.  "started" are all, asked for or not."""
        self._playing = False
        self._reels: dict[int, _Reel] = {}
        """By machine, each of which is kept with its number, so that no other gets it."""
        self._machines: list[Machine] = []
        self._ends: dict[int, tuple[Any, _Reel, str]] = {}
        """By socket, kept likewise: whose it is, and the endpoint that it leads to."""
        self._tracks: dict[int, _Track] = {}
        self._connections: list[Connection] = []

    def tapes(self) -> list[Tape]:
        """Return the tapes of the machines that were sent anything."""
        tapes = (reel.tape() for reel in self._reels.values())
        return [tape for tape in tapes if tape.requests]

    def watch(self) -> None:
        """Put this recording around the pool and the connections of the process."""
        self._watch_items()
        self._watch_pool()
        self._watch_lines()
        self._watch_connections()

    def _watch_items(self) -> None:
        runtest = items.GroupItem.runtest

        def ran(item: items.GroupItem) -> None:
            self._playing = True
            try:
                runtest(item)
            finally:
                self._playing = False

        items.GroupItem.runtest = ran  # type: ignore[method-assign,assignment]

    def _watch_pool(self) -> None:
        take, await_slot, fill = Pool.take, Pool._await, Pool._fill
        again = threading.local()

        def taken(pool: Pool, spec: MachineSpec, **how: bool) -> Machine:
            again.on = how.get("again", False)
            machine = take(pool, spec, **how)
            if self._playing:
                self._machines.append(machine)
                reel = self._reels[id(machine)] = _Reel(spec)
                if machine.has_monitor:
                    self._ends[id(machine.monitor)] = (machine.monitor, reel, "")
            return machine

        def awaited(pool: Pool, slot: Any) -> Machine:
            if again.on:
                self.ready["again"] += 1
            elif slot.settled:
                self.ready["ready"] += 1
            else:
                self.ready["begun" if slot not in pool._urgent else "not begun"] += 1
            return await_slot(pool, slot)

        def filled(pool: Pool, slot: Any) -> None:
            fill(pool, slot)
            self.ready["started"] += slot.machine is not None

        Pool._fill = filled  # type: ignore[method-assign,assignment]
        Pool.take = taken  # type: ignore[method-assign,assignment]
        Pool._await = awaited  # type: ignore[method-assign,assignment]

    def _watch_lines(self) -> None:
        join = endpoints.join

        def joined(machine: Machine, endpoint: Endpoint) -> Any:
            sock = join(machine, endpoint)
            if id(machine) in self._reels:
                self._ends[id(sock)] = (sock, self._reels[id(machine)], endpoint.name)
            return sock

        script_lines.join = joined  # type: ignore[attr-defined]

    def _watch_connections(self) -> None:
        init, queue, receive = Connection.__init__, Connection.queue, Connection.receive
        send_descriptors = Connection.send_descriptors

        def made(connection: Connection, sock: Any, **how: Any) -> None:
            init(connection, sock, **how)
            if id(sock) in self._ends:
                _, reel, endpoint = self._ends[id(sock)]
                track = self._tracks[id(connection)] = _Track(endpoint)
                self._connections.append(connection)
                reel.tracks.append(track)

        def queued(connection: Connection, data: bytes) -> None:
            if id(connection) in self._tracks:
                self._tracks[id(connection)].sent(data)
            queue(connection, data)

        def passed(connection: Connection, data: bytes, fds: Sequence[int], **how: float) -> None:
            # The replay sends it without its descriptors, and is refused.
            if id(connection) in self._tracks:
                self._tracks[id(connection)].sent(data)
            send_descriptors(connection, data, fds, **how)

        def received(connection: Connection, timeout: float) -> bytes:
            line = receive(connection, timeout)
            if id(connection) in self._tracks:
                self._tracks[id(connection)].received(line)
            return line

        Connection.__init__ = made  # type: ignore[method-assign,assignment]
        Connection.queue = queued  # type: ignore[method-assign,assignment]
        Connection.receive = received  # type: ignore[method-assign,assignment]
        Connection.send_descriptors = passed  # type: ignore[method-assign,assignment]


class Probe:
    """The plugin: a clock and a recording, written out when its process ends."""

    def __init__(self, folder: Path, began: float) -> None:
        self._folder = folder
        self.clock = Clock(began)
        self.recording = Recording()
        self.recording.watch()
        for owner, name, phase in (
            (asking, "identify", "identifying the build"),
            (asking, "introspect", "introspecting the build"),
            (prepare, "lacks", "probing the host"),
            (planning, "planned", "deriving cases"),
            (loading, "load_knowledge", "loading knowledge"),
            (WrittenPlan, "_case", "reading cases"),
            (Pool, "take", "waiting for machines to start"),
            (leases, "prepare_stage", "setting stages up"),
            (Connection, "_step", "waiting for QEMU's replies"),
            (Request, "line", "encoding requests"),
            (exchange, "read_message", "reading replies"),
            (engine, "judge", "judging"),
            (proof.Prover, "proven", PROOF),
            (proof.Prover, "confirmed", PROOF),
            (conductor, "events_of", "recording"),
            (Recorder, "write", "recording"),
            (Pool, "give_back", "ending machines"),
            (Machine, "close", "ending machines"),
            (items.GroupItem, "runtest", "playing cases"),
            (run.Run, "finish", "writing the report"),
        ):
            self.clock.around(owner, name, phase)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection(self) -> Iterator[None]:
        """Time the collection."""
        with self.clock.within("collecting items"):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self) -> Iterator[None]:
        """Time the loop: what is in it and no part of the suite's is pytest's own."""
        with self.clock.within("pytest's own"):
            return (yield)

    def write(self, name: str) -> None:
        """Write what was seen by the process `name`."""
        self.clock.book()
        seen = {
            "process": name,
            "wall": dict(self.clock.wall),
            "cpu": dict(self.clock.cpu),
            "ready": dict(self.recording.ready),
        }
        (self._folder / f"{name}.json").write_text(json.dumps(seen))
        (self._folder / f"{name}.tapes").write_bytes(pickle.dumps(self.recording.tapes()))


def _probe() -> Probe | None:
    folder = os.environ.get(FOLDER)
    if folder is None:
        return None
    began = float(os.environ.pop(BEGAN, time.monotonic()))
    return Probe(Path(folder), began)


PROBE: Final = _probe()


def pytest_configure(config: pytest.Config) -> None:
    """Bring the probe's hooks in."""
    if PROBE is not None:
        config.pluginmanager.register(PROBE, "benchmark-probe")
        PROBE.clock.turn("starting pytest")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Write what a worker has seen: it ends without more ado."""
    worker = getattr(config, "workerinput", {}).get("workerid", "")
    if PROBE is not None and worker:
        PROBE.write(worker)


def main() -> int:
    """Run the suite's command, and write what the leading process has seen."""
    from conformance.cli import run as command
    from conformance.cli.main import main as suite

    assert PROBE is not None, f"{FOLDER} must name a folder"
    PROBE.clock.turn("the command's own")
    # What the environment says to pytest does not reach it.
    command._ALONE = (*command._ALONE, "-p", __name__)  # type: ignore[misc,assignment]
    status = suite()
    PROBE.write("lead")
    return status
