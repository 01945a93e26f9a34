"""Servers that do not mean well: programs that pass for QEMU, up to a point, and then misbehave.

Each is installed beside the miniature, whose right answers it gives until the moment that its name
tells.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .monitors import Monitor, monitors
from .schema import Broken
from .server import Server, serve
from .session import Session

GREETING = b'{"QMP": {"version": {"qemu": {"major": 10, "minor": 0, "micro": 99}, "package": ""},'
EVENT = b'{"event": "STOP", "timestamp": {"seconds": 1, "microseconds": 1}}\r\n'
GARBAGE = bytes(range(256)) * 4 + b"\r\n"
DEEP = b"[" * 200_000 + b"\r\n"
BOMB = b"[" + b"{}," * 1_000_000 + b"{}]\r\n"
# Ten gigabytes, in pieces.
PIECE, PIECES = b"A" * (1 << 20), 10_000


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
    options = dict(zip(argv, [*argv[1:], ""], strict=True))
    words = frozenset(filter(None, options.get("-D", "").split(",")))
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
