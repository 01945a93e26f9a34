"""How much work a case is, and how long the rest of a run takes; knows no clock."""

from __future__ import annotations

from typing import Final

from conformance.model.case import Case, Isolation

_MACHINE: Final = 60
_TURN: Final = 4
"""What a machine of its own, and a turn of an exchange, cost, in requests."""
_SHARE: Final = 0.03
_SECONDS: Final = 8.0
"""How much must be done before the rest is estimated: the first cases are like no others."""


def weight(case: Case) -> int:
    """Return how much work a case is, in requests; 0 where it is not run."""
    if case.blocked is not None:
        return 0
    turns = len(case.exchange.turns) if case.exchange is not None else 0
    return len(case.steps) + _TURN * turns + _MACHINE * (case.isolation is Isolation.ALONE)


class Pace:
    """The progress of a run, in weights of cases."""

    def __init__(self, whole: int) -> None:
        self._whole, self._done = whole, 0

    def add(self, weight: int) -> None:
        """Add the weight of a case that has ended."""
        self._done += weight

    def left(self, elapsed: float) -> float | None:
        """Return the seconds left, at the pace of the `elapsed` ones.

        None where too little is done to tell.
        """
        if elapsed < _SECONDS or self._done < _SHARE * self._whole:
            return None
        return elapsed * (self._whole - self._done) / self._done
