"""How long the rest of a run takes, told by the work that is done; knows no clock."""

from __future__ import annotations

from typing import Final

_SHARE: Final = 0.03
_SECONDS: Final = 8.0
"""What must be done before anything is said of the rest: the first cases are like no others."""


class Pace:
    """How far a run has come, in weights of cases."""

    def __init__(self, whole: int) -> None:
        self._whole, self._done = whole, 0

    def add(self, weight: int) -> None:
        """Note that a case of this weight has ended."""
        self._done += weight

    def left(self, elapsed: float) -> float | None:
        """Return the seconds that the rest takes at the pace of the `elapsed` ones.

        None where too little is done to tell.
        """
        if elapsed < _SECONDS or self._done < _SHARE * self._whole:
            return None
        return elapsed * (self._whole - self._done) / self._done
