"""How a machine ended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The end of a machine's process.

    `status` is the exit status, negative for a signal as in `subprocess`; `stderr` its last lines.
    """

    status: int
    stderr: str
