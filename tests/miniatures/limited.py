"""The events of which one per second is told: the last of those between waits for its time.

Knows nothing of who is told.
"""

from __future__ import annotations

import time

from .schema import Broken
from .session import Message

_APART = 1.0
"""Seconds from one event of a name to the next."""


class Limited:
    """What was told of each limited event, and what waits."""

    def __init__(self, broken: Broken) -> None:
        self._broken = broken
        self._due: dict[str, float] = {}
        """When an event may be told again."""
        self._late: dict[str, Message] = {}
        """The events that wait for that."""

    def admit(self, event: Message) -> bool:
        """Return whether an event may be told at once; else it waits in place of another."""
        name, now = event["event"], time.monotonic()
        if now >= self._due.get(name, now) or "burst-unlimited" in self._broken:
            self._due[name] = now + _APART
            return True
        if "burst-loses-last" not in self._broken:
            self._late[name] = event
        return False

    def patience(self) -> float | None:
        """Return for how many seconds nothing is to be told, None if that is for ever."""
        waits = [self._due[name] - time.monotonic() for name in self._late]
        return max(0.0, min(waits)) if waits else None

    def timely(self) -> list[Message]:
        """Return the events whose time has come, which wait no longer."""
        now = time.monotonic()
        names = [name for name in self._late if self._due[name] <= now]
        self._due |= dict.fromkeys(names, now + _APART)
        return [self._late.pop(name) for name in names]
