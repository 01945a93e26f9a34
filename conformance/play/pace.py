"""Estimates how long the rest of a run takes from the work done; knows no clock."""

from __future__ import annotations

from typing import Final

_SHARE: Final = 0.03
_SECONDS: Final = 8.0
"""How much must be done before an estimate: the first cases are not typical."""


class Pace:
    """The progress of a run, in weights of cases."""

    def __init__(self, whole: int) -> None:
        self._whole, self._done = whole, 0

    def add(self, weight: int) -> None:
        """Add the weight of a case that has ended."""
        self._done += weight

    def left(self, elapsed: float) -> float | None:
        """Return the seconds left, at the pace of the `elapsed` ones.

        None if too little is done for an estimate.
        """
        if elapsed < _SECONDS or self._done < _SHARE * self._whole:
            return None
        return elapsed * (self._whole - self._done) / self._done
