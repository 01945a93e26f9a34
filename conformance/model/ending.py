"""How a machine ended."""

from __future__ import annotations

import signal
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The end of a machine's process.

    `status` is the exit status, negative for a signal as in `subprocess`; `stderr` its last lines.
    """

    status: int
    stderr: str


def ending_text(status: int) -> str:
    """Return an exit status in words."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
