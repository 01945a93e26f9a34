"""Waits for processes with a deadline and without polling; knows nothing of what they run."""

from __future__ import annotations

import select


def readable(descriptor: int, timeout: float | None) -> bool:
    """Wait until `descriptor` is readable or at its end; return whether that came in time.

    A process descriptor (pidfd) becomes readable when its process ends.
    """
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(None if timeout is None else max(0.0, timeout) * 1000))
