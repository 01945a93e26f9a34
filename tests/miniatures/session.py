"""One client's session with a monitor: how far it is, what waits to be run, what to be sent."""

from __future__ import annotations

import json
from collections import deque
from typing import Any

from .schema import Broken
from .text import Text

WAITING = 8
"""How many commands may wait where others can overtake them; elsewhere it is one."""
Message = dict[str, Any]


class Session:
    """What one client has said and is to hear; a client that comes back has a new one.

    `indented` tells that messages are spread over lines.
    """

    def __init__(self, broken: Broken, *, indented: bool = False) -> None:
        self.negotiated = False
        self.enabled: list[str] = []
        self.text = Text(broken)
        self.queue: deque[Any] = deque()
        self.out = bytearray()
        self.ended = False
        """Whether the client says no more."""
        self.greeted = False
        """Whether it was greeted by a server that waits for a word first."""
        self._indented = indented
        self._broken = broken

    @property
    def out_of_band(self) -> bool:
        """Whether commands may overtake others."""
        return "oob" in self.enabled

    def next_overtaking(self) -> Any:
        """Take in what is to wait, as far as there is room; return what overtakes it, if any."""
        room = WAITING if self.out_of_band or self._last_first() else 1
        room = min(room, 4) if "short-queue" in self._broken else room
        while len(self.queue) < room:
            try:
                message = self.text.take()
            except EOFError:
                return None
            if self.out_of_band and _overtakes(message) and "oob-in-line" not in self._broken:
                return message
            self.queue.append(message)
            if "queue-drops" in self._broken and len(self.queue) == WAITING:
                self.queue.pop()
            if "queue-refuses" in self._broken and len(self.queue) == WAITING:
                self.queue[-1] = {"execute": "busy", **_id_of(message)}
        return None

    def next_in_line(self) -> Any:
        """Return what is to be run next of what waits."""
        return self.queue.pop() if self._last_first() else self.queue.popleft()

    def _last_first(self) -> bool:
        return ("last-first-with-oob" if self.out_of_band else "last-first") in self._broken

    def say(self, message: Message | bytes) -> None:
        """Send a message; bytes go as they are."""
        if isinstance(message, bytes):
            self.out += message
        elif self._indented:
            self.out += json.dumps(message, indent=4).replace("\n", "\r\n").encode() + b"\r\n"
        else:
            self.out += json.dumps(message).encode() + b"\r\n"


def _id_of(message: Any) -> Message:
    return {"id": message["id"]} if isinstance(message, dict) and "id" in message else {}


def _overtakes(message: Any) -> bool:
    return isinstance(message, dict) and "exec-oob" in message and "execute" not in message
