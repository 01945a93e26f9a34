"""Sends live progress from the processes of a run to the leading one; keeps no record.

A lost message does no harm: the record of a run is what its processes write to files.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeAlias

from conformance.report.stream import CaseEnded, Event, Evidence, Finding, from_json, to_json

_NAME: Final = "told"
_ROOM: Final = 65536
"""The size limit of a message in bytes: a longer one is sent without its evidence."""
_PATIENCE: Final = 10.0
"""How many seconds a process waits for the leading one to listen before it gives up."""
_BATCH: Final = 0.1
"""How many seconds of cases a message tells: one for each would cost as much as its record."""


@dataclass(frozen=True, slots=True)
class CasesEnded:
    """Cases of one target that have ended, by id."""

    target: str
    cases: tuple[str, ...]


Told: TypeAlias = CasesEnded | Finding
"""What the leading process hears."""


class Teller:
    """Sends the outcomes of cases to whoever listens in `folder`."""

    def __init__(self, folder: Path | None) -> None:
        self._socket: socket.socket | None = None
        self._target, self._cases = "", list[str]()
        self._size, self._sent = 0, time.monotonic()
        if folder is None:
            return
        made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        made.settimeout(_PATIENCE)
        try:
            with _short(folder) as path:
                made.connect(path)
        except OSError:
            made.close()
        else:
            self._socket = made

    def tell(self, event: Event) -> None:
        """Send an event, if it is a finding or the end of a case; ends of cases go together."""
        match event:
            case CaseEnded(target=target, case=case):
                if target != self._target or self._size + len(case) > _ROOM // 8:
                    self.flush()
                self._target = target
                self._cases.append(case)
                self._size += len(case)
                if time.monotonic() - self._sent >= _BATCH:
                    self.flush()
            case Finding():
                self.flush()
                self._send(_finding(event))
            case _:
                pass

    def flush(self) -> None:
        """Send what is held back."""
        if self._cases:
            self._send(json.dumps([self._target, *self._cases]).encode())
            self._cases.clear()
            self._size, self._sent = 0, time.monotonic()

    def _send(self, message: bytes) -> None:
        if self._socket is None:
            return
        try:
            self._socket.send(message)
        except OSError:
            # Nobody listens any more: the run goes on without.
            self._forget()

    def close(self) -> None:
        """Send what is held back, and nothing more."""
        self.flush()
        self._forget()

    def _forget(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _finding(event: Finding) -> bytes:
    event = replace(event, reproducer="")
    message = json.dumps(to_json(event)).encode()
    if len(message) > _ROOM:
        event = replace(event, evidence=Evidence(transcript=()))
        message = json.dumps(to_json(event)).encode()
    return message


def _told(message: bytes) -> Told:
    value = json.loads(message)
    if isinstance(value, list):
        target, *cases = value
        return CasesEnded(target, tuple(cases))
    finding = from_json(value)
    assert isinstance(finding, Finding), "nothing else is told"
    return finding


class Listener:
    """Receives what is sent in `folder`, in a thread of its own; a context manager.

    Calls `heard` for what is told, and `tick` every `interval` seconds, both in that thread.
    """

    def __init__(
        self,
        folder: Path,
        heard: Callable[[Told], None],
        tick: Callable[[], None],
        interval: float,
    ) -> None:
        self._heard, self._tick, self._interval = heard, tick, interval
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        with _short(folder) as path:
            self._socket.bind(path)
        self._wake, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._listen, name="listener", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Receive what was sent until now, and no more."""
        os.close(self._waker)
        self._thread.join()
        os.close(self._wake)

    def _listen(self) -> None:
        # Closed here in every case: otherwise, senders would wait for a listener that is gone.
        with self._socket, selectors.DefaultSelector() as ready:
            ready.register(self._socket, selectors.EVENT_READ)
            ready.register(self._wake, selectors.EVENT_READ)
            next_tick = time.monotonic() + self._interval
            while True:
                found = ready.select(max(0.0, next_tick - time.monotonic()))
                for told in self._messages():
                    self._heard(told)
                if any(key.fileobj == self._wake for key, _ in found):
                    return
                if time.monotonic() >= next_tick:
                    next_tick += self._interval
                    self._tick()

    def _messages(self) -> Iterator[Told]:
        with suppress(BlockingIOError):
            while True:
                yield _told(self._socket.recv(2 * _ROOM))


@contextmanager
def _short(folder: Path) -> Iterator[str]:
    """Give the socket a short path, however long that of the folder is."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{_NAME}"
    finally:
        os.close(descriptor)
