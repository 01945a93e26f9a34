"""Servers that do not mean well: programs that pass for QEMU, up to a point, and then misbehave.

Each is installed beside the miniature, whose right answers it gives until the moment that its name
tells.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import socket
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .monitors import Monitor, monitors
from .schema import Broken
from .server import Server, broken_promises, serve
from .session import Session

GREETING = b'{"QMP": {"version": {"qemu": {"major": 10, "minor": 0, "micro": 99}, "package": ""},'
EVENT = b'{"event": "STOP", "timestamp": {"seconds": 1, "microseconds": 1}}\r\n'
GARBAGE = bytes(range(256)) * 4 + b"\r\n"
DEEP = b"[" * 200_000 + b"\r\n"
BOMB = b"[" + b"{}," * 1_000_000 + b"{}]\r\n"
# Ten gigabytes, in pieces.
PIECE, PIECES = b"A" * (1 << 20), 10_000
AIMS = "HOSTILE_AIMS"
"""The variable that names what of the host an escape is after: token, pid, unix, port, as JSON."""
_FOLDERS = (
    *(
        "/",
        "/etc",
        "/usr",
        "/usr/bin",
        "/opt",
        "/root",
        "/home",
        "/var",
        "/var/tmp",
        "/run",
        "/tmp",
    ),
    *("/tmp/qmp", "/dev", "/dev/shm", "/sys", "/proc/sys/kernel", "/boot", "/srv", "/mnt"),
)


def main(argv: list[str]) -> None:
    """Run the program with QEMU's arguments; its name says what it does, and when.

    It is qemu-system-mini--PHASE--DEED.  Phases: "version", "connect" (nothing was said yet),
    "greeted", "set-up" (a raw client negotiates), "cases" (a raw client asks anything else),
    "lines" (anything is asked on a monitor that is not the first), "in-command-mode" (a command is,
    but not to negotiate), "control" (a raw client asks on the first whether it still answers), and
    the name of a command, in place of whose answer it is.
    """
    phase, _, deed = Path(argv[0]).name.partition("--")[2].partition("--")
    if "--version" in argv:
        if phase == "version":
            DEEDS[deed](1)
        print("QEMU emulator version 10.0.99 (hostile)")
        return
    words = broken_promises()
    if phase == "connect":
        DEEDS[deed](next(monitors(argv)).sink)
    serve(_Hostile(phase, DEEDS[deed], words, complete="--preconfig" not in argv), argv, words)


class _Hostile(Server):
    """The miniature, until the moment comes that it is waiting for."""

    def __init__(
        self, phase: str, deed: Callable[[int], None], words: Broken, *, complete: bool
    ) -> None:
        super().__init__(words, complete=complete)
        self._phase, self._deed = phase, deed

    def answer(self, request: Any, session: Session) -> None:
        (monitor,) = (each for each in self.monitors if each.session is session)
        if self._phase in _phases(request, monitor):
            _write(monitor.sink, bytes(session.out))
            session.out.clear()
            self._deed(monitor.sink)
        super().answer(request, session)


def _phases(request: Any, monitor: Monitor) -> Iterator[str]:
    """Yield the phases that a server is in when it is asked something."""
    yield "greeted"
    if isinstance(request, dict):
        name, number = request.get("execute", ""), request.get("id")
        yield str(name)
        if not monitor.vital:
            yield "lines"
            if name != "qmp_capabilities":
                yield "in-command-mode"
        if monitor.vital and number == "alive":
            yield "control"
        # The official client, which introspects, numbers in words.
        if isinstance(number, int):
            yield "set-up" if name == "qmp_capabilities" else "cases"


def _write(sink: int, data: bytes) -> None:
    os.set_blocking(sink, True)
    while data:
        data = data[os.write(sink, data) :]


def _endless_line(sink: int) -> None:
    for _ in range(PIECES):
        _write(sink, PIECE)


def _endless_events(sink: int) -> None:
    while True:
        _write(sink, EVENT * 1000)


def _endless_words(sink: int) -> None:
    while True:
        _write(2, b"warning: all is well\n" * 1000)


def _silence(sink: int) -> None:
    while True:
        time.sleep(3600)


def _half(sink: int) -> None:
    _write(sink, GREETING[:40])
    _silence(sink)


def _closes(sink: int) -> None:
    _write(sink, GREETING[: len(GREETING) // 2])
    os.closerange(0, 3)
    os.closerange(3, 64)
    _silence(sink)


def _exits(sink: int) -> None:
    sys.exit("hostile: it is over")


def _forks(sink: int) -> None:
    # What is left behind holds all descriptors, in a session of its own.
    if os.fork():
        os._exit(0)
    os.setsid()
    _silence(sink)


def _escapes(sink: int) -> None:
    """Try what would reach the host, tell in the scratch folder what came of it, and stay."""
    aims = json.loads(os.environ[AIMS])
    tried = {
        "written": [folder for folder in _FOLDERS if _writes(f"{folder}/{aims['token']}")],
        "filled": _fills("/tmp/qmp/filling"),
        "connected": _connects(aims),
        "signalled": [pid for pid in (aims["pid"], 1 << 21) if _works(os.kill, pid, 9)],
        "became": _becomes(),
        "most": resource.getrlimit(resource.RLIMIT_NPROC)[0],
        "forked": _multiplies(200),
    }
    Path("/tmp/qmp/tried").write_text(json.dumps(tried))
    _write(sink, b"tried\r\n")
    _silence(sink)


def _works(what: Callable[..., object], *arguments: object) -> bool:
    try:
        what(*arguments)
    except OSError:
        return False
    return True


def _writes(path: str) -> bool:
    return _works(Path(path).write_text, "leak")


def _fills(path: str) -> int:
    """Return how many bytes went into the file until there was no more room."""
    filled = 0
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while filled < PIECES * len(PIECE):
            filled += file.write(PIECE)
    os.unlink(path)
    return filled


def _connects(aims: dict[str, Any]) -> list[str]:
    addresses = [(socket.AF_UNIX, path) for path in aims["unix"]]
    addresses.append((socket.AF_INET, ("127.0.0.1", aims["port"])))
    reached = []
    for family, address in addresses:
        with socket.socket(family) as sock:
            sock.settimeout(60)
            if _works(sock.connect, address):
                reached.append(str(address))
    return reached


def _becomes() -> list[str]:
    libc = ctypes.CDLL(None, use_errno=True)
    done = {
        "root": _works(os.setuid, 0) and os.getuid() == 0,
        "a mount": libc.mount(b"none", b"/etc", b"tmpfs", 0, None) == 0,
        "a root": _works(os.chroot, "/tmp"),
        "a device": _works(os.mknod, "/tmp/qmp/disk", stat.S_IFBLK | 0o600, os.makedev(254, 0)),
    }
    return [name for name, worked in done.items() if worked]


def _multiplies(most: int) -> int:
    """Return how many children could be made, which leave the session and wait for ever."""
    for made in range(most):
        try:
            child = os.fork()
        except OSError:
            return made
        if child == 0:
            os.setsid()
            _silence(0)
    return most


def _says(data: bytes) -> Callable[[int], None]:
    def say(sink: int) -> None:
        _write(sink, data)

    return say


DEEDS: dict[str, Callable[[int], None]] = {
    "endless-line": _endless_line,
    "endless-events": _endless_events,
    "endless-words": _endless_words,
    "garbage": _says(GARBAGE),
    "deep": _says(DEEP),
    "bomb": _says(BOMB),
    "half": _half,
    "silence": _silence,
    "closes": _closes,
    "exits": _exits,
    "forks": _forks,
    "escapes": _escapes,
}
"""What a hostile server does with the descriptor of its monitor."""


def install_liar(program: Path) -> Path:
    """Return the program of the server that lies in what it says, made beside the miniature."""
    path = program.with_name("qemu-system-mini-liar")
    path.write_text(program.read_text().replace("miniature.server", "miniature.liar"))
    path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IRUSR)
    return path


def install_hostile(program: Path, phase: str, deed: str) -> Path:
    """Return the program of a server that does `deed` at `phase`, made beside the miniature."""
    path = program.with_name(f"qemu-system-mini--{phase}--{deed}")
    text = program.read_text().replace("miniature.server", "miniature.hostile")
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IRUSR)
    return path
