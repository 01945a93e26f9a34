"""Makes what a search found as small as a reader wants it, on fresh machines.

What stays is the defect: a smaller case counts only if it shows the same one.  Knows nothing of how
the case was drawn.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from conformance.derive.searching.pieces import looks_of, with_less, with_steps
from conformance.judge.defect import defect_of
from conformance.judge.observation import Observation
from conformance.model.case import Case, Role
from conformance.model.expectation import Kind
from conformance.model.terms import BROKEN, Outcome
from conformance.play.alone import Result, defects_of
from conformance.play.proof import Prover

PLAYS: Final = 128
SECONDS: Final = 20.0
"""The most plays that one finding is worth, and the most time."""
_HANGS: Final = 24
_HANG_SECONDS: Final = 60.0
_HANG_LIMIT: Final = 2.0
"""The same of a hang, and the time limit of a reply while it is made small: its last play has that
of all others again."""


class Shrinker:
    """Makes findings smaller; `plays` counts what that took."""

    def __init__(self, prover: Prover) -> None:
        self._prover = prover
        self.plays = 0

    def shrunk(self, result: Result) -> Result:
        """Return the result of the smallest case found that shows the same defects."""
        if result.plays or result.verdict.outcome not in BROKEN:
            return result
        return _Shrinking(self, self._prover, _as_one(result)).smallest()


def _as_one(result: Result) -> Result:
    """Return the result with the cases before it as its own steps."""
    if not result.before or any(each.stage != result.case.stage for each in result.before):
        return result
    steps = tuple(step for case in result.before for step in case.steps)
    if looks_of(result.case):
        return result
    seen = result.seen
    if isinstance(seen, Observation) and seen.broke_off is not None:
        seen = replace(seen, broke_off=seen.broke_off + len(steps))
    case = replace(result.case, steps=(*steps, *result.case.steps), together=())
    missed = frozenset(number + len(steps) for number in result.verdict.missed)
    return replace(
        result, case=case, seen=seen, before=(), verdict=replace(result.verdict, missed=missed)
    )


class _Shrinking:
    """One finding on its way to a smaller case; `best` is the result so far."""

    def __init__(self, shrinker: Shrinker, prover: Prover, result: Result) -> None:
        self._shrinker, self._prover = shrinker, prover
        # A dying build loses answers: only where each request waits for the answer to the one
        # before it, the first without one is what it died of.
        alone = self._play(result.case)
        self.best = alone if alone.verdict.outcome in BROKEN else result
        self._outcome, self._defects = self.best.verdict.outcome, names_of(self.best)
        hangs = self._outcome is Outcome.TIMEOUT
        self._left = _HANGS if hangs else PLAYS
        self._until = time.monotonic() + (_HANG_SECONDS if hangs else SECONDS)
        self._limit = min(_HANG_LIMIT, result.case.limit) if hangs else result.case.limit

    def _play(self, case: Case) -> Result:
        self._shrinker.plays += 1
        return self._prover.alone(case, again=True, one_by_one=True)

    def smallest(self) -> Result:
        """Return the result of the smallest case that was found in time."""
        first, limit = self.best, self.best.case.limit
        self._shrink()
        if self._limit == limit:
            return self.best
        again = self._play(replace(self.best.case, limit=limit))
        return again if again.verdict.outcome is self._outcome else first

    def _shrink(self) -> None:
        if self._is_of_looks():
            # What stands between two looks belongs together: less of it may leave something.
            self._drop_looks()
            while self._simplify():
                pass
            return
        self._cut()
        size = -1
        while size != (size := _size(self.best.case)):
            self._drop()
            while self._simplify():
                pass

    def _is_of_looks(self) -> bool:
        """Return whether two looks at the state show it, and not what the process does."""
        shown = {miss.kind for miss in self.best.verdict.misses}
        return bool(looks_of(self.best.case)) and Kind.VALUE in shown

    def _tries(self, case: Case | None) -> bool:
        """Play a smaller case; return whether it shows the same, and is the best from now on."""
        if case is None or self._left <= 0 or time.monotonic() > self._until:
            return False
        self._left -= 1
        play = self._play(replace(case, limit=self._limit))
        if play.verdict.outcome is not self._outcome or not names_of(play) & self._defects:
            return False
        self.best = play
        return True

    def _cut(self) -> None:
        """Leave out what comes behind the step that shows it."""
        last = shows_at(self.best)
        if last is None:
            return
        case = self.best.case
        # Most often the last request shows it alone, or with its own set-up.
        for first in (last, _first_of_set_up(case, last), 0):
            fewer = last - first + 1 < len(case.steps)
            if fewer and self._tries(with_steps(case, range(first, last + 1))):
                return

    def _drop_looks(self) -> None:
        """Leave out the looks at the state that show nothing."""
        for number, first in sorted(looks_of(self.best.case).items(), reverse=True):
            kept = {*range(len(self.best.case.steps))} - {number, first}
            self._tries(with_steps(self.best.case, kept))

    def _drop(self) -> None:
        """Leave out steps: half of them, a quarter, and so on, as delta debugging does."""
        size = max(1, len(self.best.case.steps) // 2)
        while True:
            dropped = self._drop_parts(size)
            if size == 1 and not dropped:
                return
            if self._left <= 0 or time.monotonic() > self._until:
                return
            size = max(1, size // 2)

    def _drop_parts(self, size: int) -> bool:
        """Try the case without each part of so many steps, from its end; return if any was left."""
        dropped = False
        end = len(self.best.case.steps)
        while end > 0:
            start, count = max(0, end - size), len(self.best.case.steps)
            kept = [n for n in range(count) if not start <= n < end]
            if kept and self._tries(with_steps(self.best.case, kept)):
                dropped = True
            end = start
        return dropped

    def _simplify(self) -> bool:
        """Try one request with less in it; return whether that shows the same."""
        return any(self._tries(case) for case in self._simpler())

    def _simpler(self) -> Iterator[Case]:
        case, looked = self.best.case, self._is_of_looks()
        for number in reversed(range(len(case.steps))):
            if not looked or case.steps[number].role is Role.SUBJECT:
                yield from with_less(case, number)


def _first_of_set_up(case: Case, last: int) -> int:
    """Return the first step of the set-up of the step `last`."""
    first = last
    while first > 0 and case.steps[first - 1].role is Role.SETUP:
        first -= 1
    return first


def _size(case: Case) -> int:
    return sum(len(step.request.text()) for step in case.steps)


def shows_at(result: Result) -> int | None:
    """Return the last step that shows something, None if it is not known."""
    seen = result.seen
    steps: Sequence[int] = sorted(result.verdict.missed)
    if isinstance(seen, Observation) and seen.broke_off is not None:
        steps = [*steps, seen.broke_off]
    return max(steps, default=None)


def names_of(result: Result) -> frozenset[str]:
    """Return the names of the defects that a result shows: they are the same on all builds."""
    found = frozenset(map(defect_of, result.verdict.misses))
    return found or defects_of(result)
