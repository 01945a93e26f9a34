"""One running QEMU: started with a monitor on a socket pair, watched and ended; reads no QMP."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

from conformance.launch import activation
from conformance.launch.companions import CompanionMonitor
from conformance.launch.content import beginning, content
from conformance.launch.environment import environment
from conformance.launch.folder import RunFolder
from conformance.launch.output import open_output
from conformance.launch.peers import Peers
from conformance.launch.process import Process
from conformance.launch.program import (
    LISTENING,
    STYLES,
    blocking,
    endpoint_options,
    monitor_on,
    monitor_on_stdio,
)
from conformance.launch.sandbox import Confinement, command
from conformance.launch.scratch import Room, fill, give
from conformance.launch.target import Target
from conformance.model.ending import Ending
from conformance.model.errors import ConformanceError, LaunchError
from conformance.model.file_content import FileContent
from conformance.model.stage import SCRATCH, Companion, MachineSpec, Transport
from conformance.model.terms import JsonValue
from conformance.model.traffic import Traffic


class Machine:
    """A QEMU process of one spec; closed by whoever holds it, else when its folder closes.

    `monitor` is the non-blocking end of its QMP socket, with the greeting unread; a program that
    has one line alone has none where that is an endpoint.  `stdio` is that of its standard input
    and output, where an endpoint is there, `flavour` how it speaks.  `scratch` is its scratch
    folder on the host, `inside` the same folder as QEMU sees it.  `command_line` is QEMU's own,
    with QMP on standard input and output, for someone who has neither the sandbox nor the socket.
    """

    def __init__(
        self, target: Target, spec: MachineSpec, folder: RunFolder, *, within: Room | None = None
    ) -> None:
        """Start QEMU, its companions first; they die with the thread that does this.

        `within` is the room of another machine that this one is a companion of.  Raises
        LaunchError.  That QEMU itself ends at once is no error here: `ending` tells.
        """
        self.target = _with_variables(target, spec.environment)
        self.flavour = target.kind.flavour
        self.spec = spec
        self.traffic = Traffic()
        self._lock = threading.Lock()
        self._closer: threading.Thread | None = None
        self._failure: ConformanceError | None = None
        self._folder = folder
        with contextlib.ExitStack() as undo:
            self._room = within or Room(target, folder)
            if within is None:
                undo.callback(self._room.close)
            self.scratch = self._room.path
            fill(self.scratch, spec.files, self._room.owner)
            self.inside = SCRATCH if target.sandbox else str(self.scratch)
            stdio = monitor_on_stdio(target.kind)
            self.command_line = qemu_argv(target, spec, self.inside, stdio)
            self._stderr = open_output("stderr")
            undo.callback(os.close, self._stderr)
            self.companions = [
                _started(target, each, folder, self._room, undo) for each in spec.companions
            ]
            self._start(undo)
            self.peers = Peers(spec.peers, self._room, self._process.first)
            undo.callback(self.peers.close)
            self._undo = undo.pop_all()

    def _start(self, undo: contextlib.ExitStack) -> None:
        self._first, theirs = self._sockets()
        if self._first is not None:
            undo.callback(self._first.close)
            self._first.setblocking(False)
        self.stdio: socket.socket | None = None
        with theirs, contextlib.ExitStack() as passed:
            inner: int = subprocess.DEVNULL
            if any(each.transport is Transport.STDIO for each in self.spec.endpoints):
                self.stdio, other = socket.socketpair()
                undo.callback(self.stdio.close)
                inner = passed.enter_context(other).fileno()
            report, status_fd = os.pipe()
            undo.callback(os.close, report)
            passed.callback(os.close, status_fd)
            if self.flavour.single:
                status_fd = activation.out_of_the_way(status_fd)
                passed.callback(os.close, status_fd)
            started = self._spawn(theirs.fileno(), status_fd, inner)
            self._process = Process(started, self._stderr)
        undo.callback(self._process.forget)
        undo.callback(self._process.kill)
        if self.target.sandbox:
            self._process.meet_first(report)

    def _sockets(self) -> tuple[socket.socket | None, socket.socket]:
        """Return our end of the first monitor, and what the program gets."""
        if not self.flavour.single:
            return socket.socketpair()
        if not self.target.sandbox:
            raise LaunchError(
                f"{self.target.program} works on the system that it runs on: it runs only in "
                "the sandbox",
                "Leave out --no-sandbox.",
            )
        listener = activation.listening(self.scratch, LISTENING)
        give(self.scratch / LISTENING, self._room.owner)
        if self.spec.endpoints:
            return None, listener
        return activation.calling(self.scratch, LISTENING), listener

    def _spawn(self, monitor_fd: int, status_fd: int, stdio: int) -> subprocess.Popen[bytes]:
        monitor = monitor_on(self.target.kind, monitor_fd)
        argv = command(
            self.target,
            qemu_argv(self.target, self.spec, self.inside, monitor),
            Confinement(
                scratch=self._room.source,
                mounts=self._folder.mounts if self.target.sandbox else None,
                devices=self.spec.devices,
                status_fd=status_fd,
            ),
        )
        surroundings = environment(self.target, self._folder.path)
        if self.flavour.single:
            argv = activation.handing(monitor_fd, argv)
            surroundings |= activation.ENVIRONMENT
        try:
            return subprocess.Popen(
                argv,
                stdin=stdio,
                stdout=stdio,
                stderr=self._stderr,
                pass_fds=(monitor_fd, status_fd),
                env=surroundings,
                cwd=self.scratch,
                start_new_session=True,
                # Python ignores SIGXFSZ, and so does QEMU, for which a too large file is then an
                # error instead of its end; SIGPIPE, which comes along, QEMU ignores by itself.
                restore_signals=False,
            )
        except OSError as error:
            raise LaunchError(
                f"{self.target.program} cannot be run: {error}", "Free what this host is short of."
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def has_monitor(self) -> bool:
        """Whether there is a first monitor."""
        return self._first is not None

    @property
    def monitor(self) -> socket.socket:
        """Our end of the first monitor, which must be there."""
        assert self._first is not None, "the machine's one line is an endpoint"
        return self._first

    @property
    def pid(self) -> int:
        """The process number of QEMU on the host; that of the sandbox until QEMU has started."""
        return self._process.pid

    @property
    def closed(self) -> bool:
        """Whether `close` was called and has ended."""
        return self._closer is not None and not self._closer.is_alive()

    def ending(self, timeout: float) -> Ending | None:
        """Return how QEMU ended, or None if it still runs after `timeout` seconds.

        Raises LaunchError if it never began, because the sandbox failed.
        """
        if self._closer is not None:
            return self._process.ended
        return self._process.ending(timeout)

    def news(self) -> str:
        """Return the whole lines that QEMU wrote to standard error since the last call."""
        return self._process.news()

    def descriptors(self) -> tuple[str, ...] | None:
        """Return what descriptors 0 to 2 of QEMU are, "" for a closed one; None if unknown."""
        return self._process.descriptors()

    def cpu_seconds(self) -> float | None:
        """Return the CPU time that QEMU has used, None if unknown."""
        return self._process.cpu_seconds()

    def files(self) -> dict[str, FileContent]:
        """Return what stands in the scratch folder, by relative path."""
        return content(self.scratch)

    def beginning(self, name: str) -> JsonValue:
        """Return what stands at a name of the scratch folder, see content.py; None for nothing."""
        return beginning(self.scratch, name)

    def close(self, *, wait: bool = True) -> None:
        """End QEMU and all that it started; without `wait`, the next call waits for that."""
        with self._lock:
            if self._closer is None:
                # In a thread that no Ctrl-C reaches: once begun, it finishes.
                closer = threading.Thread(target=self._close, name="closer")
                closer.start()
                self._closer = closer
        if wait:
            self._closer.join()
            if self._failure is not None:
                raise self._failure

    def _close(self) -> None:
        try:
            self._undo.close()
        except ConformanceError as error:  # Raised again in close(), in the caller's thread.
            self._failure = error


def _with_variables(target: Target, variables: Sequence[str]) -> Target:
    """Return the target with more variables, NAME=VALUE, in its environment."""
    own = [each.partition("=") for each in variables]
    return replace(target, env=(*target.env, *((name, value) for name, _, value in own)))


def _started(
    target: Target, companion: Companion, folder: RunFolder, room: Room, undo: contextlib.ExitStack
) -> CompanionMonitor:
    """Start a companion, and return its monitor."""
    other = Machine(target, companion.spec, folder, within=room)
    undo.callback(other.close)
    beside = CompanionMonitor(other.monitor, other.inside, companion.setup)
    undo.callback(beside.close)
    return beside


def qemu_argv(
    target: Target, spec: MachineSpec, scratch: str, monitor: tuple[str, ...]
) -> tuple[str, ...]:
    """Return QEMU's command line.

    A machine type or accelerator that the spec asks for counts, else that of the target; a kind
    of program that has none is told none.
    """
    style = STYLES[target.kind]
    machine = spec.machine if spec.machine not in ("", "none") else target.machine
    accel = spec.accel or target.accel
    return (
        target.program,
        *((style.machine, machine) if style.machine else ()),
        *style.fixed,
        *monitor,
        *blocking(target.kind, target.withheld),
        *((style.accel, accel) if style.accel and accel else ()),
        *target.args,
        *(arg.replace("{scratch}", scratch) for arg in spec.args),
        *(
            option
            for endpoint in spec.endpoints
            for option in endpoint_options(target.kind, endpoint, scratch)
        ),
    )
