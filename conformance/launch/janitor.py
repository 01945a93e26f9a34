"""Cleans up after a run, however it ended: ends what still runs, removes its folder.

Runs as a process of its own, by path, without importing the package. Standard input is a pipe that
only the run holds: its end is the end of the run, and comes only after every process that the run
was about to start has started. These are recognized by a mark in their environment. bubblewrap's
die-with-parent is not enough: it takes effect only some way into its start.
"""

import contextlib
import fcntl
import os
import select
import shutil
import signal
import sys
import time
from collections.abc import Iterator

# How the folders begin that runs hold a lock on.
PREFIX = "qmp-conformance-run-"
# The variable that marks all processes of a run; its value is a path in the run's folder.
MARK = "QMP_CONFORMANCE_FOLDER"
# How long killed processes may take to end; a dying QEMU frees its memory first.
GRACE = 10.0
# How often in a row none must be seen: a dying process may start another after the look that no
# longer finds it, and that other, waiting for it in vain, starts none.
LOOKS = 2
# How long a process may take to get its new environment; until then it is looked at again.
MOMENT = 0.01


def held(folder: str) -> Iterator[tuple[int, bool]]:
    """Yield a descriptor, and whether it has the mark of `folder`, for each candidate process."""
    for name in os.listdir("/proc"):
        if not name.isdecimal():
            continue
        with contextlib.suppress(OSError):
            pidfd = os.pidfd_open(int(name))
            # Read after the process is held: its number cannot be reused in between.
            environment = _read(name, "environ")
            if _has_mark(environment, folder):
                yield pidfd, True
            elif not environment and _amid_exec(name):
                yield pidfd, False
            else:
                os.close(pidfd)


def _read(pid: str, what: str) -> bytes:
    try:
        with open(f"/proc/{pid}/{what}", "rb") as stream:
            return stream.read()
    except OSError:
        return b""


def _has_mark(environment: bytes, folder: str) -> bool:
    mark = f"{MARK}={folder}".encode()
    entries = environment.split(b"\0")
    return any(entry == mark or entry.startswith(mark + b"/") for entry in entries)


def _amid_exec(pid: str) -> bool:
    """Return whether the process is in the middle of exec, without an environment.

    The pipe of a process just started ends at this very point.
    """
    try:
        os.readlink(f"/proc/{pid}/exe")
    except OSError:
        # A kernel thread, or a process that has ended: neither has a program.
        return False
    return not _read(pid, "cmdline")


def end(folder: str) -> None:
    """Kill every process with the mark of `folder`, until none is left or GRACE is over."""
    deadline = time.monotonic() + GRACE
    clean = 0
    while clean < LOOKS and time.monotonic() < deadline:
        # A killed process may just have started another: look again until none is left.
        found = dict(held(folder))
        clean = 0 if found else clean + 1
        for pidfd, mine in found.items():
            if mine:
                with contextlib.suppress(OSError):
                    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        sure = all(found.values())
        _wait(list(found), deadline if sure else time.monotonic() + MOMENT)
        for pidfd in found:
            os.close(pidfd)


def _wait(pidfds: list[int], deadline: float) -> None:
    """Wait until all processes have ended, but not beyond `deadline`."""
    poll = select.poll()
    for pidfd in pidfds:
        poll.register(pidfd, select.POLLIN)
    left = len(pidfds)
    while left and (ended := poll.poll(max(0.0, deadline - time.monotonic()) * 1000)):
        for pidfd, _ in ended:
            poll.unregister(pidfd)
            left -= 1


def remove(folder: str) -> None:
    """Remove `folder` and its content, even without permissions on it."""
    empty(folder)
    with contextlib.suppress(OSError):
        os.rmdir(folder)


def empty(folder: str) -> None:
    """Remove the content of `folder`, even without permissions on it."""
    with contextlib.suppress(OSError):
        os.chmod(folder, 0o700)
    for path, below, _ in os.walk(folder):
        # Before looking into them; the target of a link is not ours.
        for name in below:
            inner = os.path.join(path, name)
            if not os.path.islink(inner):
                with contextlib.suppress(OSError):
                    os.chmod(inner, 0o700)
    for entry in os.listdir(folder) if os.path.isdir(folder) else ():
        path = os.path.join(folder, entry)
        with contextlib.suppress(OSError):
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                os.unlink(path)


def sweep(parent: str) -> None:
    """Clean up after runs with a folder in `parent` that were killed along with their janitors.

    A run and its janitor hold a lock on their folder: a folder that can be locked is abandoned.
    """
    entries: list[str] = []
    with contextlib.suppress(OSError):
        entries = sorted(entry for entry in os.listdir(parent) if entry.startswith(PREFIX))
    for entry in entries:
        folder = os.path.join(parent, entry)
        with contextlib.suppress(OSError):
            held = hold(folder, fcntl.LOCK_NB)
            try:
                if os.fstat(held).st_uid == os.geteuid():
                    end(folder)
                    remove(folder)
            finally:
                os.close(held)


def hold(folder: str, how: int = 0) -> int:
    """Return a descriptor that locks `folder`; raises OSError, with LOCK_NB if another holds it."""
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | how)
    except OSError:
        os.close(held)
        raise
    return held


def main(folder: str) -> None:
    """Wait for the end of the run, then clean up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    while os.read(0, 1):
        pass
    end(folder)
    remove(folder)


if __name__ == "__main__":
    main(sys.argv[1])
