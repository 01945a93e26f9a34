"""Plays cases alone on fresh machines, and says what can be believed of them.

What one play shows is played again.  Where two plays differ, a fixed number of further ones tells
how often a defect comes.  What is proved of one case is believed of others with the same defect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from conformance.judge.expect_answer import without_names
from conformance.judge.observation import Observation, Talk
from conformance.judge.reply import MessageJudge
from conformance.judge.script_verdict import judge_talk
from conformance.judge.verdict import Verdict, judge, judge_claims
from conformance.launch.pool import Pool
from conformance.model.case import Case
from conformance.model.errors import LaunchError
from conformance.model.terms import BROKEN, Outcome
from conformance.play.leases import Leases
from conformance.play.player import Player
from conformance.play.stages import NotStanding, stand
from conformance.prepare.starts import Starts

PLAYS: Final = 10
"""How often a case is played alone of which a promise is broken in some plays and not in others."""
HANGING_PLAYS: Final = 3
"""The same where the build stopped answering: each play may take the time of several answers."""
SHOWS_NOTHING: Final = frozenset({Outcome.VACUOUS, Outcome.NOT_APPLICABLE})
"""The outcomes of requests that are refused, whatever else the machine has seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a case, and the observation that shows it.

    `before` are the cases that the machine had seen before, where they are needed to see the same
    again; `first` is the id of the first request, where the case ran alone.  Of one that comes to
    different ends, `shown` of `plays` plays alone broke the promise; else both are 0.
    """

    case: Case
    verdict: Verdict
    seen: Observation | Talk | None = None
    before: tuple[Case, ...] = ()
    first: int = 0
    plays: int = 0
    shown: int = 0


class Prover:
    """Proves on machines of their own what cases have shown; `close` ends the one it holds."""

    def __init__(self, pool: Pool, messages: MessageJudge, starts: Starts) -> None:
        self._pool = pool
        self._messages = messages
        self._starts = starts
        self._doubts = Leases(pool, messages, starts)
        """The machine on which cases that show nothing are tried again, one after the other."""
        self._proved: dict[str, Outcome] = {}
        """The outcome that each defect had alone on a fresh machine."""

    def close(self) -> None:
        """End the machine that is still held."""
        self._doubts.close()

    def alone(self, case: Case, before: Sequence[Case] = (), *, again: bool = False) -> Result:
        """Play a case on a fresh machine of its own, after `before`; claims need none."""
        if case.claims:
            return Result(case=case, verdict=judge_claims(case))
        standing = stand(case.stage, self._pool, self._messages, self._starts, again=again)
        if isinstance(standing, NotStanding):
            return fallen(case, standing)
        with standing.machine:
            if case.exchange is not None:
                return talked(case, standing, self._messages)
            for played, first, seen in standing.play((*before, case)):
                verdict = judge(played, seen, self._messages, first)
                if played is case:
                    return Result(
                        case=case, verdict=verdict, seen=seen, before=tuple(before), first=first
                    )
        return Result(case=case, verdict=Verdict(outcome=Outcome.FLAKY))

    def proven(self, result: Result, company: Sequence[Case]) -> Result:
        """Return the result that the case has alone; what is proved already is believed.

        `company` are the cases that its machine had seen before.
        """
        defect = _defect(result)
        if self._proved.get(defect) is result.verdict.outcome:
            return result
        if result.verdict.outcome is Outcome.VACUOUS:
            again = self._doubted(result.case)
            if again is not None:
                self._proved[defect] = Outcome.VACUOUS
                return again
        alone = self.alone(result.case, again=True)
        if alone.verdict.outcome is result.verdict.outcome and _defect(alone) == defect:
            self._proved[defect] = alone.verdict.outcome
            return alone
        if alone.verdict.outcome in BROKEN:
            return self.confirmed(alone)
        if {alone.verdict.outcome, result.verdict.outcome} <= SHOWS_NOTHING:
            # It shows nothing either way, whatever words the refusals have.
            return alone
        among = self.alone(result.case, company, again=True)
        if among.verdict.outcome in BROKEN and _defect(among) == defect:
            return among
        return self.unsettled(result, alone)

    def confirmed(self, result: Result) -> Result:
        """Return what became of a case that was played alone, once more where a promise was broken.

        A promise that is kept the second time is broken in some plays alone.
        """
        outcome = result.verdict.outcome
        if outcome not in BROKEN or self._proved.get(_defect(result)) is outcome:
            return result
        again = self.alone(result.case, result.before, again=True)
        if again.verdict.outcome in BROKEN:
            self._proved[_defect(again)] = again.verdict.outcome
            return again
        return self._repeated(result.case, _plays(result)) or _flaky(result, again)

    def unsettled(self, shared: Result, alone: Result) -> Result:
        """Return what became of a case that came to one end among others, and to another alone."""
        if shared.verdict.outcome not in BROKEN:
            return _flaky(shared, alone)
        found = self._repeated(shared.case, _plays(shared), _defect(shared))
        return found or _flaky(shared, alone)

    def known(self, case: Case) -> Result:
        """Return what became of a case that is known to break its promise in some plays.

        What is said of it does not depend on how many of them did so this time.
        """
        found = self._repeated(case, PLAYS)
        if found is not None and not found.plays:
            return found
        reason = f"known to be broken in some plays: {case.intermittent}"
        if found is None:
            verdict = Verdict(outcome=Outcome.INTERMITTENT, reason=reason)
            return Result(case=case, verdict=verdict, plays=PLAYS)
        return replace(found, verdict=replace(found.verdict, reason=reason))

    def _repeated(self, case: Case, times: int, defect: str = "") -> Result | None:
        """Play a case so many times alone; return what the plays that show `defect` come to.

        Any defect will do where none is named.  None where no play shows it.
        """
        plays = [self.alone(case, again=True) for _ in range(times)]
        showing = [
            play
            for play in plays
            if play.verdict.outcome in BROKEN and defect in ("", _defect(play))
        ]
        if not showing:
            return None
        if len(showing) == times:
            self._proved[_defect(showing[0])] = showing[0].verdict.outcome
            return showing[0]
        verdict = replace(showing[0].verdict, outcome=Outcome.INTERMITTENT)
        return replace(showing[0], verdict=verdict, plays=times, shown=len(showing))

    def _doubted(self, case: Case) -> Result | None:
        """Return what became of a case that shows nothing, if it shows nothing here either.

        The machine has seen nothing but such cases, in which all is refused: they share it.
        """
        lease = self._doubts.take(case.stage, again=True)
        if isinstance(lease, NotStanding):
            return None
        ((_, first, seen),) = lease.player.play((case,))
        verdict = judge(case, seen, self._messages, first)
        if verdict.outcome is not Outcome.VACUOUS:
            self._doubts.end(case.stage)
            return None
        return Result(case=case, verdict=verdict, seen=seen)


def talked(case: Case, player: Player, messages: MessageJudge) -> Result:
    """Return what became of a case that holds an exchange, played on a machine."""
    try:
        seen = player.talk(case)
    except LaunchError as error:
        reason = f"{error.what}. {error.remedy}"
        return Result(case=case, verdict=Verdict(outcome=Outcome.NOT_STARTED, reason=reason))
    return Result(case=case, verdict=judge_talk(case, seen, messages), seen=seen)


def fallen(case: Case, standing: NotStanding) -> Result:
    """Return what a case comes to whose stage does not stand."""
    return Result(case=case, verdict=standing.verdict)


def _plays(result: Result) -> int:
    """Return how often a case is played again that came to an end such as `result` once."""
    return HANGING_PLAYS if result.verdict.outcome is Outcome.TIMEOUT else PLAYS


def _flaky(first: Result, alone: Result) -> Result:
    """Return what became of a case whose outcome did not come again, however often it was played.

    What an outcome means that breaks no promise, one play alone tells.
    """
    often = f"in each of {_plays(first)} plays " if first.verdict.outcome in BROKEN else ""
    reason = (
        f"{first.verdict.outcome} at first ({first.verdict.reason}), "
        f"{alone.verdict.outcome} {often}alone on a fresh machine"
    )
    verdict = Verdict(outcome=Outcome.FLAKY, reason=reason)
    return Result(case=first.case, verdict=verdict, seen=first.seen)


def _defect(result: Result) -> str:
    """Return what tells one defect from another: equal for cases that show the same one."""
    verdict = result.verdict
    if verdict.misses:
        return verdict.misses[0].fold
    return f"{verdict.outcome} {result.case.subject.name} {without_names(verdict.reason)}"
