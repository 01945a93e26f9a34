"""Hands a listening socket to a program as systemd does: as descriptor 3, from the start.

The socket can be connected to before the program runs. The module is also the program that moves
the descriptor, run as a process of its own; that run imports nothing of the package at its top.
"""

import contextlib
import fcntl
import os
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_FIRST = 3
"""SD_LISTEN_FDS_START of sd-daemon.h."""
_CLEAR = 10
"""The least number of a descriptor that is not in the way of `_FIRST`."""
_INSIDE = "2"
"""The number of the process in the sandbox: the first there is bubblewrap's own."""
_BACKLOG = 16
"""How many clients may wait: more than any case has."""

ENVIRONMENT: Mapping[str, str] = {"LISTEN_FDS": "1", "LISTEN_PID": _INSIDE}
"""The variables that announce the socket to the program."""


def listening(folder: Path, name: str) -> socket.socket:
    """Return a Unix socket that listens as `name` in the folder; raises OSError."""
    sock = socket.socket(socket.AF_UNIX)
    try:
        with _short(folder, name) as path:
            sock.bind(path)
        sock.listen(_BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def calling(folder: Path, name: str) -> socket.socket:
    """Return a Unix socket that is connected to `name` in the folder; raises OSError.

    Does not follow a link in its place, which could lead out of the sandbox of the folder.
    """
    sock = socket.socket(socket.AF_UNIX)
    try:
        with _short(folder, name) as path:
            there = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                sock.connect(f"/proc/self/fd/{there}")
            finally:
                os.close(there)
    except OSError:
        sock.close()
        raise
    return sock


@contextlib.contextmanager
def _short(folder: Path, name: str) -> Iterator[str]:
    """Yield a path through the open folder: the path of a socket is limited to 107 bytes."""
    number = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{number}/{name}"
    finally:
        os.close(number)


def out_of_the_way(descriptor: int) -> int:
    """Return a copy of the descriptor with another number than the socket gets."""
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _CLEAR)


def handing(descriptor: int, argv: Sequence[str]) -> tuple[str, ...]:
    """Return the command line that runs `argv` with the descriptor as the socket."""
    return (sys.executable, "-I", "-S", __file__, str(descriptor), *argv)


if __name__ == "__main__":
    os.dup2(int(sys.argv[1]), _FIRST)
    os.execvp(sys.argv[2], sys.argv[2:])
