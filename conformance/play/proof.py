"""Decides what can be believed of cases, which it plays again on fresh machines.

What one play shows is played again. Where two plays differ, a fixed number of further plays
measures how often a defect shows. What is proved for one case is believed for others with the same
defect.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from conformance.judge.observation import Observation
from conformance.judge.refusals import (
    left_behind,
    refused_witness,
    told_apart,
    with_one_fault,
    without_faults,
)
from conformance.judge.reply import MessageJudge
from conformance.judge.verdict import Verdict, judge
from conformance.launch.pool import Pool
from conformance.model.case import Case
from conformance.model.terms import BROKEN, Aspect, Outcome, SubjectKind
from conformance.play.ahead import Ahead
from conformance.play.alone import Result, Soloist, defects_of, did_beside
from conformance.play.leases import Leases
from conformance.play.stages import StageFailed
from conformance.play.witnesses import Witnesses, lone_answer
from conformance.prepare.starts import Starts

PLAYS: Final = 10
"""How often a case is played alone whose promise is broken in some plays only."""
HANGING_PLAYS: Final = 3
"""The same if the build stopped answering: each play may take several time limits."""
_TRIES: Final = 10
"""How often to play a case alone because of a kind of event that it does not explain."""
_LEAVING: Final = frozenset({Aspect.VALUES, Aspect.STATES})
"""The aspects of cases that leave behind what they like."""
SHOWS_NOTHING: Final = frozenset(
    {Outcome.REFUSED_DIFFERENTLY, Outcome.VACUOUS, Outcome.NOT_APPLICABLE}
)
"""The outcomes of refused requests, whatever else the machine has seen."""


class Prover(Soloist):
    """Proves on fresh machines what cases have shown; `close` ends the one it holds."""

    def __init__(self, pool: Pool, messages: MessageJudge, starts: Starts) -> None:
        super().__init__(pool, messages, starts)
        self._doubts = Leases(pool, messages, starts)
        """The machine on which vacuous cases are played again, one after the other."""
        self._witnesses = Witnesses(pool, messages, starts)
        self._proved: dict[str, Outcome] = {}
        """The outcome that each defect had alone on a fresh machine."""
        self._doubts_of: Counter[str] = Counter()
        """How often cases with events without a cause were played alone, by the kind of event."""
        self.ahead = Ahead(partial(self.alone, again=True), self._is_proved, messages)

    def close(self) -> None:
        """End the machines that are still held."""
        self._doubts.close()
        self._witnesses.close()

    def proven(self, result: Result, company: Sequence[Case]) -> Result:
        """Return the result that the case has alone; a proved defect is believed.

        `company` are the cases that its machine had seen before.
        """
        compared = self.compared(result)
        if compared is not None:
            return compared
        defects = defects_of(result)
        if self._is_proved(result):
            return result
        if result.verdict.outcome is Outcome.VACUOUS:
            again = self._doubted(result.case)
            if again is not None:
                self._note(result)
                return again
        beside = did_beside(result)
        alone = self.ahead.take(result.case, otherwise=beside)
        alone = alone or self.alone(result.case, again=True, one_by_one=beside)
        if alone.verdict.outcome is result.verdict.outcome and defects_of(alone) == defects:
            self._note(alone)
            return alone
        if alone.verdict.outcome in BROKEN:
            return self.confirmed(alone)
        if {alone.verdict.outcome, result.verdict.outcome} <= SHOWS_NOTHING:
            # It proves nothing either way, whatever the texts of the refusals.
            return alone
        among = self.alone(result.case, company, again=True, one_by_one=beside)
        if among.verdict.outcome in BROKEN and defects_of(among) == defects:
            return among
        return self.unsettled(result, alone)

    def compared(self, result: Result) -> Result | None:
        """Return the result of a vacuous case by how its witness is answered alone.

        None if it has no refused witness, or that has no answer alone.
        """
        case, verdict, seen = result.case, result.verdict, result.seen
        vacuous = verdict.outcome is Outcome.VACUOUS and isinstance(seen, Observation)
        if not vacuous or refused_witness(case, seen) is None:
            return None
        assert isinstance(seen, Observation), "a dialogue of steps was seen"
        alone = self._witnesses.answer(case)
        if alone.accepted:
            return self._left_behind(result)
        if alone.error is None:
            return None
        if not told_apart(case, seen, alone.error):
            return result
        return replace(result, verdict=replace(verdict, outcome=Outcome.REFUSED_DIFFERENTLY))

    def _left_behind(self, result: Result) -> Result:
        """Return the finding that a refused request has left something behind, if it recurs.

        The witness is accepted and refused on fresh machines again; each of several faulty requests
        is tried by itself.
        """
        shown = self.alone(result.case, again=True)
        if not _refuses_its_witness(shown):
            if shown.verdict.outcome in BROKEN:
                return self.confirmed(shown)
            return self.unsettled(result, shown)
        for case in (*with_one_fault(result.case), result.case):
            play = self.alone(case, again=True)
            if _refuses_its_witness(play) and isinstance(play.seen, Observation):
                beside = self.alone(without_faults(case), again=True)
                if lone_answer(beside.case, beside.seen).accepted:
                    return replace(play, verdict=left_behind(case, play.seen), beside=beside)
        return shown

    def twice(self, case: Case, again: bool = False) -> Result:
        """Return the result of a case played alone, and again if it is broken; `again` as there."""
        return self.confirmed(self.alone(case, again=again, impatient=self.ahead))

    def confirmed(self, result: Result, *, one_by_one: bool = False) -> Result:
        """Return the result of a case that was played alone, again if a promise was broken.

        A promise that is kept the second time is broken in some plays only.  `one_by_one` as for
        `alone`.
        """
        if result.verdict.outcome not in BROKEN or self._is_proved(result):
            return result
        beside = one_by_one or did_beside(result)
        again = self.ahead.take(result.case, otherwise=beside or bool(result.before))
        again = again or self.alone(result.case, result.before, again=True, one_by_one=beside)
        if again.verdict.outcome in BROKEN:
            self._note(again)
            return again
        found = self._repeated(result.case, _plays(result), one_by_one=beside)
        return found or _flaky(result, again)

    def unexplained(self, result: Result) -> Result:
        """Return the result that a passed case has alone if events came that it does not explain.

        An earlier case may have caused them: then the case passes. Each kind of them is looked into
        a few times only.
        """
        new = [miss.fold for miss in result.verdict.doubts if self._doubts_of[miss.fold] < _TRIES]
        if not new:
            return result
        self._doubts_of.update(new)
        alone = self.alone(result.case, again=True)
        return self.confirmed(alone) if alone.verdict.outcome in BROKEN else result

    def unsettled(self, shared: Result, alone: Result) -> Result:
        """Return the result of a case with one outcome among others and another one alone."""
        if shared.verdict.outcome not in BROKEN:
            # What others left behind says nothing of these; and QEMU lets go of what a device was
            # given a while after it tells that it is gone.
            device = shared.case.subject.kind is SubjectKind.DEVICE_TYPE
            leaving = device or shared.case.aspect in _LEAVING
            return alone if leaving else _flaky(shared, alone)
        beside = did_beside(shared)
        found = self._repeated(shared.case, _plays(shared), defects_of(shared), one_by_one=beside)
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

    def _is_proved(self, result: Result) -> bool:
        """Return whether all that a result shows was proved, for whatever cases."""
        outcome = result.verdict.outcome
        return all(self._proved.get(defect) is outcome for defect in defects_of(result))

    def _note(self, result: Result) -> None:
        """Record what a result shows as proved."""
        self._proved |= dict.fromkeys(defects_of(result), result.verdict.outcome)

    def _repeated(
        self,
        case: Case,
        times: int,
        defects: frozenset[str] | None = None,
        *,
        one_by_one: bool = False,
    ) -> Result | None:
        """Play a case that many times alone; return the result of the plays that show `defects`.

        Without `defects`, any defect counts. None if no play shows them.
        """
        plays = [self.alone(case, again=True, one_by_one=one_by_one) for _ in range(times)]
        showing = [
            play
            for play in plays
            if play.verdict.outcome in BROKEN and defects in (None, defects_of(play))
        ]
        if not showing:
            return None
        if len(showing) == times:
            self._note(showing[0])
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


def _refuses_its_witness(result: Result) -> bool:
    vacuous = result.verdict.outcome is Outcome.VACUOUS
    return vacuous and refused_witness(result.case, result.seen) is not None


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
