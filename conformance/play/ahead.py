"""Proves a hang while the machine that shows it has time left: two hangs then take one limit."""

from __future__ import annotations

from collections.abc import Callable

from conformance.judge.observation import Observation
from conformance.judge.reply import MessageJudge
from conformance.judge.verdict import judge
from conformance.model.case import Case
from conformance.model.terms import Outcome
from conformance.play.alone import Result, defects_of


class Ahead:
    """The play of a case alone, made while its first machine did not answer.

    It counts as any other play alone: each of the two machines has the whole time limit.
    """

    def __init__(
        self,
        alone: Callable[[Case], Result],
        is_proved: Callable[[Result], bool],
        messages: MessageJudge,
    ) -> None:
        """`alone` plays a case alone; `is_proved` says of what needs no such play."""
        self._alone = alone
        self._is_proved = is_proved
        self._messages = messages
        self._played: Result | None = None

    def late(self, case: Case, first: int, seen: Observation) -> bool:
        """Play a case alone; return whether it hangs there, too."""
        shown = Result(case=case, verdict=judge(case, seen, self._messages, first), seen=seen)
        if shown.verdict.outcome is not Outcome.TIMEOUT or self._is_proved(shown):
            return False
        alone = self._played = self._alone(case)
        return alone.verdict.outcome is Outcome.TIMEOUT and defects_of(alone) == defects_of(shown)

    def answered(self) -> None:
        """Forget that play: the first machine has answered meanwhile."""
        self._played = None

    def take(self, case: Case, *, otherwise: bool) -> Result | None:
        """Return what a case has shown alone, once; None if it was not played.

        With `otherwise`, it is to be played in another way.
        """
        played, self._played = self._played, None
        fits = played is not None and played.case is case and not otherwise
        return played if fits else None
