"""Watches a run from inside: what each machine gets, and what each process spends its time on.

A pytest plugin (PYTEST_PLUGINS reaches the workers too) that puts itself around functions of the
suite when it is loaded, and does so only where QMP_BENCHMARK names the folder for what it sees.
`main` runs the suite's command with it in place.
"""

from __future__ import annotations

import functools
import json
import os
import pickle
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks.tape import Tape
from conformance.launch.machine import Machine
from conformance.launch.pool import Pool
from conformance.model.stage import MachineSpec, Request
from conformance.play import conductor, engine, run
from conformance.play import player as exchange
from conformance.play.records import Recorder
from conformance.prepare import campaign
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


class _Reel:
    """A tape that is being recorded."""

    def __init__(self, spec: MachineSpec) -> None:
        self.spec = spec
        self.data = bytearray()
        self.requests = 0
        self.tail: deque[bytes] = deque(maxlen=_TAIL)

    def tape(self) -> Tape:
        found = (json.loads(line).get("id", -1) for line in reversed(self.tail))
        last = next((number for number in found if number != -1), -1)
        return Tape(spec=self.spec, data=bytes(self.data), requests=self.requests, last=last)


class Recording:
    """What the machines of this process get, in the order in which they were taken."""

    def __init__(self) -> None:
        self.ready: Counter[str] = Counter()
        """How many machines stood ready when they were asked for, were being started, or were not
        even begun; those "again" cannot be prefetched.  "started" are all, asked for or not."""
        self._machines: dict[int, tuple[Any, MachineSpec]] = {}
        self._reels: list[tuple[Connection, _Reel]] = []
        self._by_connection: dict[int, _Reel] = {}

    def tapes(self) -> list[Tape]:
        """Return the tapes of the machines that were sent anything."""
        return [reel.tape() for _, reel in self._reels if reel.requests]

    def watch(self) -> None:
        """Put this recording around the pool and the connections of the process."""
        self._watch_pool()
        self._watch_connections()

    def _watch_pool(self) -> None:
        take, await_slot, fill = Pool.take, Pool._await, Pool._fill
        again = threading.local()

        def taken(pool: Pool, spec: MachineSpec, **how: bool) -> Machine:
            again.on = how.get("again", False)
            machine = take(pool, spec, **how)
            # The socket is kept with its number, so that no other gets it.
            self._machines[id(machine.monitor)] = (machine.monitor, spec)
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

    def _watch_connections(self) -> None:
        init, queue, receive = Connection.__init__, Connection.queue, Connection.receive

        def made(connection: Connection, sock: Any, **how: Any) -> None:
            init(connection, sock, **how)
            reel = _Reel(self._machines[id(sock)][1])
            self._reels.append((connection, reel))
            self._by_connection[id(connection)] = reel

        def queued(connection: Connection, data: bytes) -> None:
            reel = self._by_connection[id(connection)]
            reel.data += data
            reel.requests += 1
            queue(connection, data)

        def received(connection: Connection, timeout: float) -> bytes:
            line = receive(connection, timeout)
            self._by_connection[id(connection)].tail.append(line)
            return line

        Connection.__init__ = made  # type: ignore[method-assign,assignment]
        Connection.queue = queued  # type: ignore[method-assign,assignment]
        Connection.receive = received  # type: ignore[method-assign,assignment]


class Probe:
    """The plugin: a clock and a recording, written out when its process ends."""

    def __init__(self, folder: Path, began: float) -> None:
        self._folder = folder
        self.clock = Clock(began)
        self.recording = Recording()
        self.recording.watch()
        for owner, name, phase in (
            (campaign, "identify", "identifying the build"),
            (campaign, "introspect", "introspecting the build"),
            (campaign, "_lacks", "probing the host"),
            (campaign, "plan", "deriving cases"),
            (campaign, "load_knowledge", "loading knowledge"),
            (Pool, "take", "waiting for machines to start"),
            (engine, "stand", "setting stages up"),
            (Connection, "_step", "waiting for QEMU's replies"),
            (Request, "line", "encoding requests"),
            (exchange, "read_message", "reading replies"),
            (engine, "judge", "judging"),
            (engine.Engine, "_proven", PROOF),
            (conductor, "_events", "recording"),
            (Recorder, "write", "recording"),
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
    from conformance.cli.main import main as command

    assert PROBE is not None, f"{FOLDER} must name a folder"
    PROBE.clock.turn("the command's own")
    status = command()
    PROBE.write("lead")
    return status
