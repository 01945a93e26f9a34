"""Takes the cases of one build to its machines and says what became of each.

Cases that leave the state as they found it share a machine, pipelined.  Nothing is reported as
broken on the word of a shared machine alone: the first case of each defect is played again, alone,
on a fresh one, and that is what counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from conformance.derive.case import Case, Isolation
from conformance.judge.expect import without_names
from conformance.judge.observation import Observation
from conformance.judge.reply import MessageJudge
from conformance.judge.verdict import Verdict, judge, judge_claims
from conformance.launch.pool import Pool
from conformance.run.exchange import Player
from conformance.run.setup import NotStanding, stand
from conformance.stage import Stage
from conformance.terms import BROKEN, Outcome

_PROVED: frozenset[Outcome] = BROKEN | {Outcome.VACUOUS, Outcome.UNTESTABLE_HERE}
"""The outcomes that are tried again alone before they are believed."""
_DOUBTFUL: frozenset[Outcome] = BROKEN | {Outcome.UNTESTABLE_HERE}
"""The outcomes after which a machine may not be as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a case, and the observation that shows it.

    `before` are the cases that the machine had seen before, where they are needed to see the same
    again; `first` is the id of the first request, where the case ran alone.
    """

    case: Case
    verdict: Verdict
    seen: Observation | None = None
    before: tuple[Case, ...] = ()
    first: int = 0


@dataclass(slots=True)
class _Lease:
    """The machine that the cases of one stage (known by its name) share at the moment."""

    stage: Stage
    player: Player
    played: list[Case] = field(default_factory=list)


class Engine:
    """Runs cases on machines of a pool; a context manager that ends the machine it still holds."""

    def __init__(self, pool: Pool, messages: MessageJudge) -> None:
        self._pool = pool
        self._messages = messages
        self._lease: _Lease | None = None
        self._proved: dict[str, Outcome] = {}
        """The outcome that each defect had alone on a fresh machine."""
        self._fallen: dict[str, NotStanding] = {}

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self._end_lease()

    def run(self, cases: Sequence[Case]) -> Iterator[Result]:
        """Yield a result for each case, in order."""
        for _, group in groupby(cases, key=lambda case: case.stage.name):
            together = list(group)
            yield from self._run_stage(together[0].stage, together)

    def expect(self, cases: Sequence[Case], after: Sequence[Case] = ()) -> None:
        """Foretell which machines `cases` want, so that they are started ahead.

        `after` are the cases that come before them and may leave a machine standing.
        """
        standing = self._lease.stage.name if self._lease else ""
        for case in after:
            if _plays(case) and case.isolation is not Isolation.ALONE:
                standing = case.stage.name
        ahead = []
        for case in cases:
            if not _plays(case) or case.stage.name in self._fallen:
                continue
            if case.isolation is Isolation.ALONE:
                ahead.append(case.stage.spec)
            elif case.stage.name != standing:
                ahead.append(case.stage.spec)
                standing = case.stage.name
        self._pool.expect(ahead)

    def _run_stage(self, stage: Stage, cases: list[Case]) -> Iterator[Result]:
        shared = [case for case in cases if _plays(case) and case.isolation is not Isolation.ALONE]
        results = self._shared(stage, shared)
        for case in cases:
            if case.blocked is not None:
                verdict = Verdict(outcome=case.blocked.outcome, reason=case.blocked.reason)
                yield Result(case=case, verdict=verdict)
            elif case.claims or case.isolation is Isolation.ALONE:
                yield self.alone(case)
            else:
                yield next(results)

    def _shared(self, stage: Stage, cases: list[Case]) -> Iterator[Result]:
        """Yield the results of cases that share machines, one machine after the other."""
        todo = cases
        while todo:
            lease = self._leased(stage, again=todo is not cases)
            if isinstance(lease, NotStanding):
                yield from (_fallen(case, lease) for case in todo)
                return
            done = 0
            for case, first, seen in lease.player.play(todo):
                done += 1
                verdict = judge(case, seen, self._messages, first)
                result = Result(case=case, verdict=verdict, seen=seen)
                if _spoils(case, verdict) or None in seen.replies:
                    break
                lease.played.append(case)
                yield self._proven(result, lease) if verdict.outcome in _PROVED else result
            else:
                return
            # What is on its way to this machine is answered by the next one.
            self._end_lease()
            proven = self._proven(result, lease)
            if proven.verdict.outcome is Outcome.FLAKY and seen.death is not None:
                ahead = lease.player.ahead
                behind = list(self._shared(stage, todo[done : done + ahead]))
                yield self._explained(proven, behind)
                yield from behind
                done += ahead
            else:
                yield proven
            todo = todo[done:]

    def _leased(self, stage: Stage, *, again: bool) -> _Lease | NotStanding:
        lease = self._lease
        if lease is not None and lease.stage.name == stage.name and lease.player.healthy:
            return lease
        self._end_lease()
        if stage.name in self._fallen:
            return self._fallen[stage.name]
        standing = stand(stage, self._pool, self._messages, again=again)
        if isinstance(standing, NotStanding):
            self._fallen[stage.name] = standing
            return standing
        self._lease = _Lease(stage, standing)
        return self._lease

    def _end_lease(self) -> None:
        if self._lease is not None:
            self._lease.player.machine.close()
            self._lease = None

    def alone(self, case: Case, before: Sequence[Case] = (), *, again: bool = False) -> Result:
        """Play a case on a fresh machine of its own, after `before`; claims need none."""
        if case.claims:
            return Result(case=case, verdict=judge_claims(case))
        standing = stand(case.stage, self._pool, self._messages, again=again)
        if isinstance(standing, NotStanding):
            return _fallen(case, standing)
        with standing.machine:
            for played, first, seen in standing.play((*before, case)):
                verdict = judge(played, seen, self._messages, first)
                if played is case:
                    return Result(
                        case=case, verdict=verdict, seen=seen, before=tuple(before), first=first
                    )
        return Result(case=case, verdict=Verdict(outcome=Outcome.FLAKY))

    def _proven(self, result: Result, lease: _Lease) -> Result:
        """Return the result that the case has alone; what is proved already is believed."""
        defect = _defect(result)
        if self._proved.get(defect) is result.verdict.outcome:
            return result
        alone = self.alone(result.case, again=True)
        if alone.verdict.outcome is result.verdict.outcome and _defect(alone) == defect:
            self._proved[defect] = alone.verdict.outcome
            return alone
        if alone.verdict.outcome in BROKEN:
            return alone
        company = self.alone(result.case, lease.played, again=True)
        if company.verdict.outcome in BROKEN and _defect(company) == defect:
            return company
        reason = (
            f"{result.verdict.outcome} among other cases ({result.verdict.reason}), "
            f"{alone.verdict.outcome} alone on a fresh machine"
        )
        verdict = Verdict(outcome=Outcome.FLAKY, reason=reason)
        return Result(case=result.case, verdict=verdict, seen=result.seen)

    def _explained(self, result: Result, behind: Sequence[Result]) -> Result:
        """Return what became of a case whose death did not come again when it was tried.

        A build takes with it what it had answered and not sent: it may have died of one of the
        cases `behind`, which were on their way.  Then the case counts as it is alone.
        """
        if any(_same_death(result, other) for other in behind):
            return self.alone(result.case, again=True)
        return result


def _plays(case: Case) -> bool:
    """Return whether a case needs a machine."""
    return case.blocked is None and not case.claims


def _same_death(one: Result, other: Result) -> bool:
    deaths = [result.seen.death for result in (one, other) if result.seen and result.seen.death]
    return len(deaths) == 2 and deaths[0].status == deaths[1].status


def _spoils(case: Case, verdict: Verdict) -> bool:
    """Return whether a machine that answered may not be as it was before `case`."""
    if case.isolation is Isolation.PURE and verdict.harmless:
        return False
    return verdict.outcome in _DOUBTFUL


def _fallen(case: Case, standing: NotStanding) -> Result:
    return Result(case=case, verdict=standing.verdict, seen=None)


def _defect(result: Result) -> str:
    """Return what tells one defect from another: equal for cases that show the same one."""
    verdict = result.verdict
    if verdict.misses:
        return verdict.misses[0].fold
    return f"{verdict.outcome} {result.case.subject.name} {without_names(verdict.reason)}"
