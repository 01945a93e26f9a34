"""Servers that do not mean well: programs that pass for QEMU, up to a point, and then misbehave.

Each is installed beside the miniature, whose right answers it gives until the moment that its name
tells.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .monitors import Loop, Monitor, monitors
from .server import Server
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
    "greeted", and the name of a command, in place of whose answer it is.
    """
    phase, _, deed = Path(argv[0]).name.partition("--")[2].partition("--")
    if "--version" in argv:
        if phase == "version":
            DEEDS[deed](1)
        print("QEMU emulator version 10.0.99 (hostile)")
        return
    own = next(monitors(argv))
    if phase == "connect":
        DEEDS[deed](own.sink)
    Loop([own], _Hostile(phase, DEEDS[deed], own), frozenset()).run()


class _Hostile(Server):
    """The miniature, until the command is asked that it is waiting for."""

    def __init__(self, phase: str, deed: Callable[[int], None], own: Monitor) -> None:
        super().__init__(frozenset(), complete=True)
        self.monitors = [own]
        self._phase, self._deed, self._own = phase, deed, own

    def answer(self, request: Any, session: Session) -> None:
        if self._phase in ("greeted", request.get("execute")):
            _write(self._own.sink, bytes(session.out))
            session.out.clear()
            self._deed(self._own.sink)
        super().answer(request, session)


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


def install_hostile(program: Path, phase: str, deed: str) -> Path:
    """Return the program of a server that does `deed` at `phase`, made beside the miniature."""
    path = program.with_name(f"qemu-system-mini--{phase}--{deed}")
    text = program.read_text().replace("miniature.server", "miniature.hostile")
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IRUSR)
    return path
