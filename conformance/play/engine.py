"""Plays the cases of one build on its machines and decides the outcome of each.

Cases that leave the state unchanged share a machine, pipelined. Nothing is reported as broken
because of a shared machine alone: it is proved on a fresh one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import Final

from conformance.judge.observation import Observation, Talk
from conformance.judge.reply import MessageJudge
from conformance.judge.verdict import Verdict, judge
from conformance.launch.pool import Pool
from conformance.model.case import Case, Isolation
from conformance.model.stage import Stage
from conformance.model.terms import BROKEN, Outcome
from conformance.play.alone import Result, did_beside, failed, lasting, not_played, talked
from conformance.play.hang_limits import HangLimits
from conformance.play.leases import Lease, Leases
from conformance.play.player import REST
from conformance.play.proof import SHOWS_NOTHING, Prover
from conformance.play.refining import Refiner
from conformance.play.search_time import SearchTime as SearchTime
from conformance.play.searches import Searches
from conformance.play.stages import StageFailed
from conformance.prepare.starts import Starts

BLOCK: Final = 1024
"""How many cases are held at once."""
_DOUBTFUL: Final = BROKEN | {Outcome.UNTRIED, Outcome.NOT_STARTED}
"""The outcomes after which a machine may have changed."""
_PROVED: Final = _DOUBTFUL | SHOWS_NOTHING
"""The outcomes that are played again alone before they are believed."""


class Engine:
    """Runs cases on machines of a pool; a context manager that ends the machine it still holds."""

    def __init__(
        self, pool: Pool, messages: MessageJudge, search: SearchTime | None = None
    ) -> None:
        """`search` is the time of this process for random searches, None for none."""
        self._messages = messages
        self.starts = Starts()
        """The machines that have started, and those that died instead."""
        self._leases = Leases(pool, messages, self.starts)
        self._prover = Prover(pool, messages, self.starts)
        self._refiner = Refiner(pool, messages, self.starts, self._prover)
        self._hangs = HangLimits()
        given = (search, messages.schema, self._prover)
        self._searches = Searches(*given, self._played, self._leases.end)

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self._leases.close()
        self._refiner.close()
        self._prover.close()

    def run(self, cases: Iterable[Case]) -> Iterator[Result]:
        """Yield a result for each case, in order; cases of a subject that hangs are not run.

        Reads the cases in blocks: in a thorough plan, those of one item take hundreds of megabytes.
        """
        coming = iter(cases)
        while block := list(islice(coming, BLOCK)):
            yield from self._run_block(block)

    def _run_block(self, cases: Sequence[Case]) -> Iterator[Result]:
        self._leases.begin(cases)
        for _, group in groupby(cases, key=lambda case: (case.stage.name, case.subject)):
            together = list(group)
            self._leases.go_on(len(together))
            done, subject = 0, together[0].subject
            left = self._hangs.left(subject)
            if left is None:
                for result in self._run_stage(together[0].stage, together):
                    done += 1
                    if result.searched is not None:
                        yield result
                        self._searches.go_on()
                        continue
                    self._hangs.note(subject, result.verdict, waited=_waited(result))
                    yield self._refiner.refined(result)
                    left = self._hangs.left(subject)
                    if left is not None:
                        break
            if left is not None:
                for case in together[done:]:
                    yield Result(case=case, verdict=left)

    def prefetch(self, cases: Sequence[Case], after: Sequence[Case] = ()) -> None:
        """Start ahead the machines that `cases` will need.

        `after` are the cases that come before them and may leave a machine running.
        """
        self._leases.prefetch(cases, after)

    def _run_stage(self, stage: Stage, cases: list[Case]) -> Iterator[Result]:
        shared = [
            case
            for case in cases
            if case.plays
            and case.exchange is None
            and case.search is None
            and case.isolation is not Isolation.ALONE
            and len(case.parts()) == 1
        ]
        results = self._shared(stage, shared)
        for case in cases:
            if case.blocked is not None:
                yield Result(case=case, verdict=not_played(case.blocked))
            elif case.claims:
                yield self._prover.alone(case)
            elif case.search is not None:
                yield self._searches.result(case)
            elif case.intermittent is not None:
                yield self._prover.known(case)
            elif case.measure is not None and case.measure.rounds:
                yield lasting(case, self._prover.twice, self._messages.complaints)
            elif case.isolation is Isolation.ALONE:
                alone = self._prover.twice(case)
                yield self._prover.compared(alone) or alone
            elif case.exchange is not None:
                yield self._talked(case)
            elif len(case.parts()) > 1:
                yield _parted(case, self._leases, self._prover, self._messages)
            else:
                yield next(results)

    def _shared(self, stage: Stage, cases: list[Case], *, again: bool = False) -> Iterator[Result]:
        """Yield the results of cases that share machines, one machine after the other.

        `again` as for `Leases.take`.
        """
        todo = cases
        while todo:
            lease = self._leases.take(stage, again=again or todo is not cases)
            if isinstance(lease, StageFailed):
                yield from (failed(case, lease) for case in todo)
                return
            done, left_behind = 0, False
            for case, first, seen in lease.player.play(todo, impatient=self._prover.ahead):
                done += 1
                verdict = judge(case, seen, self._messages, first)
                result = Result(case=case, verdict=verdict, seen=seen)
                hidden = seen.taken is None and len(todo) > 1
                if hidden or _spoils(case, verdict) or None in seen.replies:
                    break
                lease.played.append(case)
                if verdict.outcome in _PROVED:
                    result = self._prover.proven(result, lease.played)
                elif verdict.doubts:
                    result = self._prover.unexplained(result)
                yield result
                left_behind = result.verdict.outcome in BROKEN and _spoils(case, result.verdict)
                if left_behind:
                    break
            else:
                return
            # The next machine answers what is on its way to this one.
            self._leases.end(stage)
            if left_behind:
                todo = todo[done:]
                continue
            suspects = todo[done - 1 : done + lease.player.ahead]
            if hidden or (did_beside(result) and suspects[1:] and seen.death is None):
                settled = self._separately(result, stage, suspects)
            else:
                settled = self._settled(result, lease, suspects[1:])
            yield from settled
            todo = todo[done - 1 + len(settled) :]

    def _settled(self, result: Result, lease: Lease, behind: Sequence[Case]) -> list[Result]:
        """Return what is believed of a case that ended its machine; `behind` were under way then.

        Their results follow where one of them may have been the cause.
        """
        proven = self._prover.proven(result, lease.played)
        died = isinstance(result.seen, Observation) and result.seen.death is not None
        if proven.verdict.outcome is not Outcome.FLAKY or not died:
            return [proven]
        found = list(self._shared(lease.stage, list(behind)))
        return [self._explained(proven, found), *found]

    def _separately(self, shown: Result, stage: Stage, suspects: Sequence[Case]) -> list[Result]:
        """Return the results of cases that were under way when the process did what it must not.

        Each waits for the one before it; `shown` is the result of the first among the others. The
        same if nobody could see what it did, because it had died of one of them by then.
        """
        found = [each for case in suspects for each in self._shared(stage, [case], again=True)]
        # A report is cut where the program was still writing it, and may die of what it tells.
        shows = [
            each for each in found if did_beside(each) or each.verdict.outcome is Outcome.CRASH
        ]
        recurs = shows or found[0].verdict.outcome in BROKEN
        if shown.verdict.outcome in BROKEN and not recurs:
            found[0] = self._prover.unsettled(shown, found[0])
        return found

    def _played(self, case: Case) -> Result:
        """Return the result of a case of a search."""
        if case.isolation is Isolation.ALONE:
            return self._prover.twice(case)
        return next(self._shared(case.stage, [case]))

    def _talked(self, case: Case) -> Result:
        """Return the result of a case with an exchange, on the machine of its stage."""
        lease = self._leases.take(case.stage)
        if isinstance(lease, StageFailed):
            return failed(case, lease)
        result = talked(case, lease.player, self._messages)
        if result.verdict.outcome is Outcome.PASS:
            return result
        self._leases.end(case.stage)
        return self._prover.proven(result, lease.played)

    def _explained(self, result: Result, behind: Sequence[Result]) -> Result:
        """Return the result of a case whose death did not recur when it was played again.

        A dying build loses replies that it has not sent: it may have died of one of the cases
        `behind`, which were in flight. Then the case counts as it is alone.
        """
        if any(_same_death(result, other) for other in behind):
            return self._prover.alone(result.case, again=True)
        return result


def _parted(case: Case, leases: Leases, prover: Prover, messages: MessageJudge) -> Result:
    """Return the result of a case that goes through phases, from which there is no way back.

    Each part is played on a machine that cases in that phase share. Only a pass is believed;
    otherwise, the case is played as a whole on a fresh machine.
    """
    seen = None
    for part in case.parts():
        lease = leases.take(part.stage)
        if isinstance(lease, StageFailed):
            return failed(case, lease)
        ((_, first, seen),) = lease.player.play((part,))
        verdict = judge(part, seen, messages, first)
        if _spoils(part, verdict) or None in seen.replies:
            leases.end(part.stage)
        if verdict.outcome is not Outcome.PASS:
            alone = prover.twice(case, again=True)
            passes = alone.verdict.outcome is Outcome.PASS
            shared = Result(case=case, verdict=verdict, seen=seen)
            return prover.unsettled(shared, alone) if passes else alone
    return Result(case=case, verdict=Verdict(outcome=Outcome.PASS), seen=seen)


def _same_death(one: Result, other: Result) -> bool:
    deaths = [result.seen.death for result in (one, other) if result.seen and result.seen.death]
    return len(deaths) == 2 and deaths[0].status == deaths[1].status


def _spoils(case: Case, verdict: Verdict) -> bool:
    """Return whether a machine that answered may have changed since before `case`."""
    if case.isolation is Isolation.PURE and verdict.harmless:
        return False
    return verdict.outcome in _DOUBTFUL


def _waited(result: Result) -> bool:
    """Return whether a case waited in vain until the time limit."""
    match result.seen:
        case None:
            return False
        case Talk(heard=heard):
            broke = any(turn.broke for turn in heard)
        case Observation(broke=how):
            broke = how is not None
    return result.seen.seconds >= (min(REST, result.case.limit) if broke else result.case.limit)
