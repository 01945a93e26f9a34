"""How long tests wait: no test fails because the machine that it runs on is busy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from conformance.model.errors import ConformanceError
from conformance.wire.connection import WireError

PATIENCE: Final = 900.0
"""Seconds after which what has not come is taken for something that never comes.

A guard against hanging, and no measure of speed: the slowest wait known took two minutes.
"""
_SLOW: Final = 60.0
"""Seconds for each answer where a machine is too slow for the limit that a test would have."""


_BUSY: Final = (AssertionError, OSError, WireError, ConformanceError)
"""What an attempt ends with on a busy machine: what was to come did not come in time."""


def patiently(attempt: Callable[[float], None], limit: float) -> None:
    """Call `attempt` with `limit` seconds for each answer, and with a minute where that fails.

    For tests of what is awaited in vain: there a short limit saves time, but what does come must
    come within it, and on a busy machine may not.
    """
    try:
        attempt(limit)
    except _BUSY:
        attempt(_SLOW)
