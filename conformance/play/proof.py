"""Plays cases alone on fresh machines, and decides what can be believed of them.

What one play shows is played again. Where two plays differ, a fixed number of further plays
measures how often a defect shows. What is proved for one case is believed for others with the same
defect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from conformance.derive.commands.unchanged import each_alone
from conformance.judge.expect_answer import without_names
from conformance.judge.observation import Observation, Talk
from conformance.judge.process import leak_misses, lost_objects
from conformance.judge.reply import MessageJudge
from conformance.judge.script_verdict import judge_talk
from conformance.judge.verdict import Verdict, judge, judge_claims
from conformance.launch.pool import Pool
from conformance.model.case import Case
from conformance.model.errors import LaunchError
from conformance.model.expectation import Kind
from conformance.model.terms import BROKEN, Outcome
from conformance.play.leases import Leases
from conformance.play.player import Player
from conformance.play.stages import StageFailed, prepare_stage
from conformance.prepare.starts import Starts

PLAYS: Final = 10
"""How often a case is played alone whose promise is broken in some plays only."""
HANGING_PLAYS: Final = 3
"""The same if the build stopped answering: each play may take several time limits."""
SHOWS_NOTHING: Final = frozenset({Outcome.VACUOUS, Outcome.NOT_APPLICABLE})
"""The outcomes of refused requests, whatever else the machine has seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The outcome of a case, and the observation that shows it.

    `before` are the cases that the machine had seen before, if they are needed to reproduce it;
    `first` is the id of the first request, if the case ran alone. For a case with different
    outcomes, `shown` of `plays` plays alone broke the promise; else both are 0.
    """

    case: Case
    verdict: Verdict
    seen: Observation | Talk | None = None
    before: tuple[Case, ...] = ()
    first: int = 0
    plays: int = 0
    shown: int = 0
    lost: tuple[int, ...] = ()
    """Of a case with rounds, the objects that were lost with so many, and with twice as many."""


class Prover:
    """Proves on fresh machines what cases have shown; `close` ends the one it holds."""

    def __init__(self, pool: Pool, messages: MessageJudge, starts: Starts) -> None:
        self._pool = pool
        self._messages = messages
        self._starts = starts
        self._doubts = Leases(pool, messages, starts)
        """The machine on which vacuous cases are played again, one after the other."""
        self._proved: dict[str, Outcome] = {}
        """The outcome that each defect had alone on a fresh machine."""

    def close(self) -> None:
        """End the machine that is still held."""
        self._doubts.close()

    def alone(
        self,
        case: Case,
        before: Sequence[Case] = (),
        *,
        again: bool = False,
        one_by_one: bool = False,
    ) -> Result:
        """Play a case on a fresh machine of its own, after `before`; claims need none.

        With `one_by_one`, each request waits for the answer to the one before.
        """
        if case.claims:
            return Result(case=case, verdict=judge_claims(case))
        standing = prepare_stage(case.stage, self._pool, self._messages, self._starts, again=again)
        if isinstance(standing, StageFailed):
            return failed(case, standing)
        with standing.machine:
            if case.exchange is not None:
                return talked(case, standing, self._messages)
            for played, first, seen in standing.play((*before, case), one_by_one=one_by_one):
                verdict = judge(played, seen, self._messages, first)
                if played is case:
                    return Result(
                        case=case, verdict=verdict, seen=seen, before=tuple(before), first=first
                    )
        return Result(case=case, verdict=Verdict(outcome=Outcome.FLAKY))

    def proven(self, result: Result, company: Sequence[Case]) -> Result:
        """Return the result that the case has alone; a proved defect is believed.

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
        beside = did_beside(result)
        alone = self.alone(result.case, again=True, one_by_one=beside)
        if alone.verdict.outcome is result.verdict.outcome and _defect(alone) == defect:
            self._proved[defect] = alone.verdict.outcome
            return alone
        if alone.verdict.outcome in BROKEN:
            return self.confirmed(alone)
        if {alone.verdict.outcome, result.verdict.outcome} <= SHOWS_NOTHING:
            # It proves nothing either way, whatever the texts of the refusals.
            return alone
        among = self.alone(result.case, company, again=True, one_by_one=beside)
        if among.verdict.outcome in BROKEN and _defect(among) == defect:
            return among
        return self.unsettled(result, alone)

    def confirmed(self, result: Result) -> Result:
        """Return the result of a case that was played alone, again if a promise was broken.

        A promise that is kept the second time is broken in some plays only.
        """
        outcome = result.verdict.outcome
        if outcome not in BROKEN or self._proved.get(_defect(result)) is outcome:
            return result
        beside = did_beside(result)
        again = self.alone(result.case, result.before, again=True, one_by_one=beside)
        if again.verdict.outcome in BROKEN:
            self._proved[_defect(again)] = again.verdict.outcome
            return again
        found = self._repeated(result.case, _plays(result), one_by_one=beside)
        return found or _flaky(result, again)

    def lasting(self, case: Case) -> Result:
        """Return the result of a case that ends the build after some rounds, and after twice so
        many."""
        once = self.confirmed(self.alone(case))
        if once.verdict.outcome is not Outcome.PASS or not isinstance(once.seen, Observation):
            return once
        *rounds, end = case.steps
        doubled = replace(case, steps=(*rounds, *rounds, end))
        twice = self.confirmed(self.alone(doubled, again=True))
        if twice.verdict.outcome is not Outcome.PASS or not isinstance(twice.seen, Observation):
            return twice
        complaints = self._messages.complaints
        lost = tuple(lost_objects(each, complaints).total() for each in (once.seen, twice.seen))
        misses = tuple(leak_misses(case, once.seen, twice.seen, complaints))
        if not misses:
            return replace(twice, lost=lost)
        verdict = Verdict(outcome=Outcome.FAIL, reason=misses[0].summary, misses=misses)
        return replace(twice, verdict=verdict, lost=lost)

    def narrowed(self, result: Result) -> Result:
        """Return the result of the one request among several that shows the same, if one does."""
        if result.verdict.outcome not in BROKEN or not result.case.together:
            return result
        rules = [miss.rule for miss in result.verdict.misses]
        missed = set(result.verdict.missed)
        if isinstance(result.seen, Observation) and result.seen.broke_off is not None:
            missed.add(result.seen.broke_off)
        for case in each_alone(result.case, missed):
            play = self.alone(case, again=True, one_by_one=did_beside(result))
            if play.verdict.outcome in BROKEN and [m.rule for m in play.verdict.misses] == rules:
                return play
        return result

    def unsettled(self, shared: Result, alone: Result) -> Result:
        """Return the result of a case with one outcome among others and another one alone."""
        if shared.verdict.outcome not in BROKEN:
            return _flaky(shared, alone)
        beside = did_beside(shared)
        found = self._repeated(shared.case, _plays(shared), _defect(shared), one_by_one=beside)
        return found or _flaky(shared, alone)

    def known(self, case: Case) -> Result:
        """Return the result of a case that is known to break its promise in some plays.

        The report does not depend on how many of them do so this time.
        """
        found = self._repeated(case, PLAYS)
        if found is not None and not found.plays:
            return found
        reason = f"known to be broken in some plays: {case.intermittent}"
        if found is None:
            verdict = Verdict(outcome=Outcome.INTERMITTENT, reason=reason)
            return Result(case=case, verdict=verdict, plays=PLAYS)
        return replace(found, verdict=replace(found.verdict, reason=reason))

    def _repeated(
        self, case: Case, times: int, defect: str | None = None, *, one_by_one: bool = False
    ) -> Result | None:
        """Play a case that many times alone; return the result of the plays that show `defect`.

        Without `defect`, any defect counts. None if no play shows it.
        """
        plays = [self.alone(case, again=True, one_by_one=one_by_one) for _ in range(times)]
        showing = [
            play
            for play in plays
            if play.verdict.outcome in BROKEN and defect in (None, _defect(play))
        ]
        if not showing:
            return None
        if len(showing) == times:
            self._proved[_defect(showing[0])] = showing[0].verdict.outcome
            return showing[0]
        verdict = replace(showing[0].verdict, outcome=Outcome.INTERMITTENT)
        return replace(showing[0], verdict=verdict, plays=times, shown=len(showing))

    def _doubted(self, case: Case) -> Result | None:
        """Return the result of a vacuous case, if it is vacuous here, too.

        Vacuous cases share this machine: it has seen nothing but refusals.
        """
        lease = self._doubts.take(case.stage, again=True)
        if isinstance(lease, StageFailed):
            return None
        ((_, first, seen),) = lease.player.play((case,))
        verdict = judge(case, seen, self._messages, first)
        if verdict.outcome is not Outcome.VACUOUS:
            self._doubts.end(case.stage)
            return None
        return Result(case=case, verdict=verdict, seen=seen)


def did_beside(result: Result) -> bool:
    """Return whether the process did something that is wrong beside its answers.

    Which request it did that for only shows where no other is under way.
    """
    return any(miss.kind is Kind.PROCESS for miss in result.verdict.misses)


def talked(case: Case, player: Player, messages: MessageJudge) -> Result:
    """Return the result of a case with an exchange, played on a machine."""
    try:
        seen = player.talk(case)
    except LaunchError as error:
        reason = f"{error.what}. {error.remedy}"
        return Result(case=case, verdict=Verdict(outcome=Outcome.NOT_STARTED, reason=reason))
    return Result(case=case, verdict=judge_talk(case, seen, messages), seen=seen)


def failed(case: Case, standing: StageFailed) -> Result:
    """Return the result of a case whose stage failed."""
    return Result(case=case, verdict=standing.verdict)


def _plays(result: Result) -> int:
    """Return how often a case with the outcome of `result` is played again."""
    return HANGING_PLAYS if result.verdict.outcome is Outcome.TIMEOUT else PLAYS


def _flaky(first: Result, alone: Result) -> Result:
    """Return the result of a case whose outcome did not recur in any play.

    One play alone decides what an outcome means that breaks no promise.
    """
    often = f"in each of {_plays(first)} plays " if first.verdict.outcome in BROKEN else ""
    reason = (
        f"{first.verdict.outcome} at first ({first.verdict.reason}), "
        f"{alone.verdict.outcome} {often}alone on a fresh machine"
    )
    verdict = Verdict(outcome=Outcome.FLAKY, reason=reason)
    return Result(case=first.case, verdict=verdict, seen=first.seen)


def _defect(result: Result) -> str:
    """Return what identifies a defect: equal for cases that show the same one."""
    verdict = result.verdict
    if verdict.misses:
        first, *others = verdict.misses
        # What the process did is a defect of its own, and is proved by itself.
        beside = (each.fold for each in others if each.kind is Kind.PROCESS)
        return "\n".join((first.fold, *beside))
    return f"{verdict.outcome} {result.case.subject.name} {without_names(verdict.reason)}"
