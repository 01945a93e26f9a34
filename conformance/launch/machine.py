"""One running QEMU: started with a monitor on a socket pair, watched, and ended; reads no QMP."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from conformance.errors import HarnessError, LaunchError
from conformance.launch import activation
from conformance.launch.companions import make_ready
from conformance.launch.folder import RunFolder
from conformance.launch.output import open_output, written
from conformance.launch.peers import Peers
from conformance.launch.program import (
    LISTENING,
    STYLES,
    blocking,
    endpoint_options,
    monitor_on,
    monitor_on_stdio,
)
from conformance.launch.sandbox import Confinement, command, environment, failure
from conformance.launch.scratch import Room, fill, give
from conformance.launch.target import Target
from conformance.launch.waiting import readable
from conformance.stage import SCRATCH, MachineSpec, Transport

# bubblewrap reports before it sets up mounts: some milliseconds, more on a loaded machine.
_REPORT_LIMIT: Final = 30.0
# A killed QEMU gives back its memory first; that is seconds only if it held many GiB.
_KILL_LIMIT: Final = 30.0
_BURY_LIMIT: Final = 10.0
_STDERR_LINES: Final = 20
_STDERR_BYTES: Final = 65536
# Shells and bubblewrap return 128 and the signal's number for a child that a signal ended.
_SIGNALLED: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How QEMU ended: `status` is its exit status, or the negative number of a signal.

    `stderr` holds the last lines that it wrote there.
    """

    status: int
    stderr: str


class Machine:
    """A QEMU process of one spec; closed by whoever holds it, else when its folder closes.

    `monitor` is the non-blocking end of its QMP socket, with the greeting unread; a program that
    has one line alone has none where that is an endpoint.  `stdio` is that of its standard input
    and output, where an endpoint is there, `dialect` how it speaks.  `scratch` is
    its scratch folder on the host, `inside` the same folder as QEMU sees it.  `command_line` is
    QEMU's own, with QMP on standard input and output, for someone who has neither the sandbox
    nor the socket.
    """

    def __init__(
        self, target: Target, spec: MachineSpec, folder: RunFolder, *, within: Room | None = None
    ) -> None:
        """Start QEMU, its companions first; they die with the thread that does this.

        `within` is the room of another machine that this one is a companion of.  Raises
        LaunchError.  That QEMU itself ends at once is no error here: `ending` tells.
        """
        self.target = target
        self.dialect = target.kind.dialect
        self.spec = spec
        self._lock = threading.Lock()
        self._closer: threading.Thread | None = None
        self._failure: HarnessError | None = None
        self._ending: Ending | None = None
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
            for companion in spec.companions:
                other = Machine(target, companion.spec, folder, within=self._room)
                undo.callback(other.close)
                make_ready(other.monitor, companion.setup, other.inside)
            self._start(undo)
            self._peers = Peers(spec.peers, self._room, self._child)
            undo.callback(self._peers.close)
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
            if self.dialect.single:
                status_fd = activation.out_of_the_way(status_fd)
                passed.callback(os.close, status_fd)
            self._process = self._spawn(theirs.fileno(), status_fd, inner)
        self._pidfd = os.pidfd_open(self._process.pid)
        self._child = self._process.pid
        self._child_fd = -1
        undo.callback(self._forget)
        undo.callback(self._kill)
        if self.target.sandbox:
            self._meet_child(report)

    def _sockets(self) -> tuple[socket.socket | None, socket.socket]:
        """Return our end of the first monitor, and what the program gets."""
        if not self.dialect.single:
            return socket.socketpair()
        if not self.target.sandbox:
            raise LaunchError(
                f"{self.target.program} works on the system that it runs on: it is started in the "
                "sandbox alone",
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
        if self.dialect.single:
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
                # Python ignores SIGXFSZ, and so shall QEMU, for which a file too large is then an
                # error and not its end; SIGPIPE, which comes along, QEMU ignores by itself.
                restore_signals=False,
            )
        except OSError as error:
            raise LaunchError(
                f"{self.target.program} cannot be run: {error}", "Free what this host is short of."
            ) from None

    def _meet_child(self, report: int) -> None:
        """Learn the sandbox's first process: when that is gone, so is all that ran inside."""
        if not readable(report, _REPORT_LIMIT):
            raise LaunchError(
                f"bubblewrap did not start within {_REPORT_LIMIT:g} seconds",
                "Run fewer workers, or use --no-sandbox.",
            )
        line = _line(report)
        if not line:
            self._process.wait(_REPORT_LIMIT)
            raise failure(self._said()) or LaunchError(
                f"bubblewrap ended at once: {self._said().strip()}",
                "Correct that, or use --no-sandbox.",
            )
        child = int(json.loads(line)["child-pid"])
        try:
            self._child_fd = os.pidfd_open(child)
        except ProcessLookupError:
            return
        self._child = child

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
        """The number of the QEMU process on the host; the sandbox's while QEMU is not yet there."""
        if self._child == self._process.pid:
            return self._child
        try:
            children = Path(f"/proc/{self._child}/task/{self._child}/children").read_text().split()
        except OSError:
            children = []
        return int(children[0]) if children else self._child

    @property
    def closed(self) -> bool:
        """Whether `close` was called and has ended."""
        return self._closer is not None and not self._closer.is_alive()

    def ending(self, timeout: float) -> Ending | None:
        """Return how QEMU ended, or None if it still runs after `timeout` seconds.

        Raises LaunchError if it never began, because the sandbox failed.
        """
        if self._ending is None:
            if self._closer is not None or not readable(self._pidfd, timeout):
                return None
            stderr = self._said()
            broken = failure(stderr)
            if broken is not None:
                raise broken
            status = self._process.wait()
            if self.target.sandbox and _SIGNALLED < status <= _SIGNALLED + signal.SIGRTMAX:
                status = _SIGNALLED - status
            self._ending = Ending(status=status, stderr=_last(stderr))
        return self._ending

    def close(self) -> None:
        """End QEMU and everything that it started, its peers and its scratch folder."""
        with self._lock:
            if self._closer is None:
                # In a thread, where no Ctrl-C strikes: once begun it goes through.
                closer = threading.Thread(target=self._close, name="closer")
                closer.start()
                self._closer = closer
        self._closer.join()
        if self._failure is not None:
            raise self._failure

    def _close(self) -> None:
        try:
            self._undo.close()
        except HarnessError as error:  # Raised again in close(), in the caller's thread.
            self._failure = error

    def _said(self) -> str:
        size = written(self._stderr)
        start = max(0, size - _STDERR_BYTES)
        return os.pread(self._stderr, size - start, start).decode(errors="replace")

    def _kill(self) -> None:
        """End the sandbox's first process, and so all inside; then, or without one, the rest.

        bubblewrap is left to bury it: were it killed too, the dead would be for the host's init.
        """
        deadline = time.monotonic() + _KILL_LIMIT
        if self._child_fd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._child_fd, signal.SIGKILL)
            readable(self._pidfd, _BURY_LIMIT)
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        for pidfd in (self._pidfd, self._child_fd):
            if pidfd >= 0 and not readable(pidfd, deadline - time.monotonic()):
                raise HarnessError(
                    f"process {self._process.pid} did not end within {_KILL_LIMIT:g} seconds of "
                    "being killed",
                    "Look what it waits for in the kernel (/proc/PID/stack).",
                )
        self._process.wait()

    def _forget(self) -> None:
        for pidfd in (self._pidfd, self._child_fd):
            if pidfd >= 0:
                os.close(pidfd)


def _line(report: int) -> bytes:
    """Return bubblewrap's first line, which it writes piece by piece; b"" if it ended before."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(report, 4096) if readable(report, _REPORT_LIMIT) else b""
        if not piece:
            return b""
        line += piece
    return line.partition(b"\n")[0]


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


def _last(stderr: str) -> str:
    return "".join(stderr.splitlines(keepends=True)[-_STDERR_LINES:])
