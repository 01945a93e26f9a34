"""What a process has spent on its machines: counted where it is spent, read where it is told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Traffic:
    """How many machines were handed out, and the bytes sent to and received from monitors."""

    machines: int = 0
    sent: int = 0
    received: int = 0
