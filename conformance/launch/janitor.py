"""Tidies up behind a run, however it ended: ends what it left running, removes its folder.

Runs as a process of its own, by path and with nothing of the package imported.  Standard input is
a pipe that only the run holds: its end is the end of the run, and comes only when every process
that the run was about to start is started.  They are told by a mark in their environment.
bubblewrap's die-with-parent alone is not enough: it takes effect some way into its start.
"""

import contextlib
import os
import select
import shutil
import signal
import sys
import time
from collections.abc import Iterator

# The variable that marks all processes of a run; its value lies in the run's folder.
MARK = "QMP_CONFORMANCE_FOLDER"
# How long killed processes may take to go; a dying QEMU gives back its memory first.
GRACE = 10.0


def marked(folder: str) -> Iterator[int]:
    """Yield the process descriptor of every process with the mark of `folder`."""
    for name in os.listdir("/proc"):
        if not name.isdecimal():
            continue
        with contextlib.suppress(OSError):
            pidfd = os.pidfd_open(int(name))
            # Read once the process is held: the number cannot pass to another in between.
            if _has_mark(int(name), folder):
                yield pidfd
            else:
                os.close(pidfd)


def _has_mark(pid: int, folder: str) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as stream:
            environment = stream.read().split(b"\0")
    except OSError:
        return False
    mark = f"{MARK}={folder}".encode()
    return any(entry == mark or entry.startswith(mark + b"/") for entry in environment)


def end(folder: str) -> None:
    """Kill every process with the mark of `folder`, until there is none or GRACE is over."""
    deadline = time.monotonic() + GRACE
    while time.monotonic() < deadline:
        # One that is killed may just have started another: look again until none is left.
        held = list(marked(folder))
        if not held:
            return
        poll = select.poll()
        for pidfd in held:
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            poll.register(pidfd, select.POLLIN)
        left = len(held)
        while left and (ended := poll.poll(max(0.0, deadline - time.monotonic()) * 1000)):
            for pidfd, _ in ended:
                poll.unregister(pidfd)
                left -= 1
        for pidfd in held:
            os.close(pidfd)


def remove(folder: str) -> None:
    """Remove `folder` and all in it, also where permissions were taken away from it."""
    for path, _, _ in os.walk(folder):
        with contextlib.suppress(OSError):
            os.chmod(path, 0o700)
    shutil.rmtree(folder, ignore_errors=True)


def main(folder: str) -> None:
    """Wait for the end of the run, then tidy up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    while os.read(0, 1):
        pass
    end(folder)
    remove(folder)


if __name__ == "__main__":
    main(sys.argv[1])
