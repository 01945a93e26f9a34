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
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from conformance.report.stream import CaseEnded, Event, Evidence, Finding, from_json, to_json

_NAME: Final = "told"
_ROOM: Final = 65536
"""The size limit of a message in bytes: a longer one is sent without its evidence."""
_PATIENCE: Final = 10.0
"""How many seconds a process waits for the leading one to listen before it gives up."""


class Teller:
    """Sends the outcomes of cases to whoever listens in `folder`."""

    def __init__(self, folder: Path | None) -> None:
        self._socket: socket.socket | None = None
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
        """Send an event, if it is the end of a case or a finding."""
        if self._socket is None or not isinstance(event, CaseEnded | Finding):
            return
        try:
            self._socket.send(_message(event))
        except OSError:
            # Nobody listens any more: the run goes on without.
            self.close()

    def close(self) -> None:
        """Send nothing more."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _message(event: CaseEnded | Finding) -> bytes:
    if isinstance(event, Finding):
        event = replace(event, reproducer="")
    message = json.dumps(to_json(event)).encode()
    if len(message) > _ROOM and isinstance(event, Finding):
        event = replace(event, evidence=Evidence(transcript=()))
        message = json.dumps(to_json(event)).encode()
    return message


class Listener:
    """Receives what is sent in `folder`, in a thread of its own; a context manager.

    Calls `heard` for each event, and `tick` every `interval` seconds, both in that thread.
    """

    def __init__(
        self,
        folder: Path,
        heard: Callable[[Event], None],
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
                for event in self._messages():
                    self._heard(event)
                if any(key.fileobj == self._wake for key, _ in found):
                    return
                if time.monotonic() >= next_tick:
                    next_tick += self._interval
                    self._tick()

    def _messages(self) -> Iterator[Event]:
        with suppress(BlockingIOError):
            while True:
                yield from_json(json.loads(self._socket.recv(2 * _ROOM)))


@contextmanager
def _short(folder: Path) -> Iterator[str]:
    """Give the socket a short path, however long that of the folder is."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{_NAME}"
    finally:
        os.close(descriptor)
