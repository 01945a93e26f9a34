"""The process of a started program, with or without a sandbox: watches and kills it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

from conformance.launch.output import written
from conformance.launch.sandbox import failure
from conformance.launch.waiting import readable
from conformance.model.ending import Ending
from conformance.model.errors import HarnessError, LaunchError

# bubblewrap reports before it sets up mounts: some milliseconds, more on a loaded machine.
_REPORT_LIMIT: Final = 30.0
# A killed QEMU frees its memory first; that takes seconds only if it held many GiB.
_KILL_LIMIT: Final = 30.0
_BURY_LIMIT: Final = 10.0
_STDERR_LINES: Final = 20
_STDERR_BYTES: Final = 65536
# How much is read at once: a report at the end may tell of thousands of allocations.
_NEWS_BYTES: Final = 1 << 20
# Shells and bubblewrap return 128 plus the signal's number for a child that a signal ended.
_SIGNALLED: Final = 128
# In linux/posix-timers.h: the clock of all threads of a process.
_CPUCLOCK_SCHED: Final = 2


class Process:
    """QEMU's process without a sandbox, else that of bubblewrap and the first one inside.

    `ended` says how QEMU ended, None before `ending` has seen it.
    """

    def __init__(self, started: subprocess.Popen[bytes], stderr: int) -> None:
        """Watch a process that was just started; `stderr` is the file for its errors."""
        self.ended: Ending | None = None
        self._started = started
        self._stderr = stderr
        self._pidfd = os.pidfd_open(started.pid)
        self.first = started.pid
        """The number, on the host, of the process from which all others of the program descend."""
        self._first_fd = -1
        self._sandboxed = False
        self._pid: int | None = None
        self._told = 0
        """How many bytes of standard error `news` has returned."""

    def meet_first(self, report: int) -> None:
        """Find the sandbox's first process: when it is gone, so is everything inside.

        `report` is where bubblewrap announces it. Raises LaunchError if it does not.
        """
        self._sandboxed = True
        if not readable(report, _REPORT_LIMIT):
            raise LaunchError(
                f"bubblewrap did not start within {_REPORT_LIMIT:g} seconds",
                "Run fewer workers, or use --no-sandbox.",
            )
        line = _line(report)
        if not line:
            self._started.wait(_REPORT_LIMIT)
            raise failure(self._said()) or LaunchError(
                f"bubblewrap ended at once: {self._said().strip()}",
                "Correct that, or use --no-sandbox.",
            )
        first = int(json.loads(line)["child-pid"])
        try:
            self._first_fd = os.pidfd_open(first)
        except ProcessLookupError:
            return
        self.first = first

    @property
    def pid(self) -> int:
        """The process number of QEMU on the host; that of the sandbox until QEMU has started."""
        if self.first == self._started.pid:
            return self.first
        try:
            children = Path(f"/proc/{self.first}/task/{self.first}/children").read_text().split()
        except OSError:
            children = []
        return int(children[0]) if children else self.first

    def news(self) -> str:
        """Return the whole lines on standard error since the last call, all of it after its end."""
        size = written(self._stderr)
        if size == self._told:
            return ""
        data = os.pread(self._stderr, min(size - self._told, _NEWS_BYTES), self._told)
        if self.ended is None and len(data) < _NEWS_BYTES:
            data = data[: data.rfind(b"\n") + 1]
        self._told += len(data)
        return data.decode(errors="replace")

    def descriptors(self) -> tuple[str, ...] | None:
        """Return what descriptors 0 to 2 of QEMU are, "" for a closed one; None if unknown."""
        if self._pid is None:
            self._pid = self.pid
        folder = f"/proc/{self._pid}/fd"
        try:
            found = tuple(_target(f"{folder}/{number}") for number in range(3))
            # One that is ending has none any more.
            return None if "" in found and not os.listdir(folder) else found
        except OSError:
            return None

    def cpu_seconds(self) -> float | None:
        """Return the CPU time that QEMU has used, None if unknown."""
        try:
            # The clock of another process (clock_getcpuclockid(3)), to the nanosecond.
            return time.clock_gettime((~self.pid << 3) | _CPUCLOCK_SCHED)
        except OSError:
            return None

    def ending(self, timeout: float) -> Ending | None:
        """Return how QEMU ended, or None if it still runs after `timeout` seconds.

        Raises LaunchError if it never began, because the sandbox failed.
        """
        if self.ended is None and readable(self._pidfd, timeout):
            stderr = self._said()
            broken = failure(stderr)
            if broken is not None:
                raise broken
            status = self._started.wait()
            if self._sandboxed and _SIGNALLED < status <= _SIGNALLED + signal.SIGRTMAX:
                status = _SIGNALLED - status
            last = stderr.splitlines(keepends=True)[-_STDERR_LINES:]
            self.ended = Ending(status=status, stderr="".join(last))
        return self.ended

    def kill(self) -> None:
        """End the sandbox's first process and so everything inside; then, or without one, the rest.

        bubblewrap stays to reap it: otherwise, the host's init would have to.
        """
        deadline = time.monotonic() + _KILL_LIMIT
        if self._first_fd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._first_fd, signal.SIGKILL)
            readable(self._pidfd, _BURY_LIMIT)
        if self._started.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._started.pid, signal.SIGKILL)
        for pidfd in (self._pidfd, self._first_fd):
            if pidfd >= 0 and not readable(pidfd, deadline - time.monotonic()):
                raise HarnessError(
                    f"process {self._started.pid} did not end within {_KILL_LIMIT:g} seconds of "
                    "being killed",
                    "Check what it waits for in the kernel (/proc/PID/stack).",
                )
        self._started.wait()

    def forget(self) -> None:
        """Close the descriptors by which it was watched."""
        for pidfd in (self._pidfd, self._first_fd):
            if pidfd >= 0:
                os.close(pidfd)

    def _said(self) -> str:
        size = written(self._stderr)
        start = max(0, size - _STDERR_BYTES)
        return os.pread(self._stderr, size - start, start).decode(errors="replace")


def _target(path: str) -> str:
    """Return what a descriptor of a process is, "" if it is closed; raises OSError if unknown."""
    try:
        return os.readlink(path)
    except FileNotFoundError:
        return ""


def _line(report: int) -> bytes:
    """Return bubblewrap's first line, which it writes in pieces; b"" if it ended before."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(report, 4096) if readable(report, _REPORT_LIMIT) else b""
        if not piece:
            return b""
        line += piece
    return line.partition(b"\n")[0]
