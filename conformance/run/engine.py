"""Takes the cases of one build to its machines and says what became of each.

Cases that leave the state as they found it share a machine, pipelined.  Nothing is reported as
broken on the word of one play alone: the first case of each defect is played again, alone, on a
fresh machine, and that is what counts.  Where the two differ, more plays tell how often it comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from conformance.derive.case import Case, Isolation
from conformance.errors import LaunchError
from conformance.judge.expect import without_names
from conformance.judge.observation import Observation, Talk
from conformance.judge.reply import MessageJudge
from conformance.judge.talk import judge_talk
from conformance.judge.verdict import Verdict, judge, judge_claims
from conformance.launch.pool import Pool
from conformance.run.exchange import REST, Player
from conformance.run.leases import Lease, Leases
from conformance.run.setup import NotStanding, stand
from conformance.run.silence import Silence
from conformance.run.starts import Starts
from conformance.stage import Stage
from conformance.terms import BROKEN, Outcome

_SHOWS_NOTHING: frozenset[Outcome] = frozenset({Outcome.VACUOUS, Outcome.NOT_APPLICABLE})
"""The outcomes of requests that are refused, whatever else the machine has seen."""
_DOUBTFUL: frozenset[Outcome] = BROKEN | {Outcome.UNTRIED, Outcome.NOT_STARTED}
"""The outcomes after which a machine may not be as it was."""
_PROVED: frozenset[Outcome] = _DOUBTFUL | _SHOWS_NOTHING
"""The outcomes that are tried again alone before they are believed."""
PLAYS = 10
"""How often a case is played alone of which a promise is broken in some plays and not in others."""


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


class Engine:
    """Runs cases on machines of a pool; a context manager that ends the machine it still holds."""

    def __init__(self, pool: Pool, messages: MessageJudge) -> None:
        self._pool = pool
        self._messages = messages
        self.starts = Starts()
        """The machines that have started, and that have died instead."""
        self._leases = Leases(pool, messages, self.starts)
        self._doubts = Leases(pool, messages, self.starts)
        """The machine on which cases that show nothing are tried again, one after the other."""
        self._silence = Silence()
        self._proved: dict[str, Outcome] = {}
        """The outcome that each defect had alone on a fresh machine."""

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self._leases.close()
        self._doubts.close()

    def run(self, cases: Sequence[Case]) -> Iterator[Result]:
        """Yield a result for each case, in order; none is run of what went silent."""
        for _, group in groupby(cases, key=lambda case: (case.stage.name, case.subject)):
            together = list(group)
            done, subject = 0, together[0].subject
            left = self._silence.left(subject)
            if left is None:
                for result in self._run_stage(together[0].stage, together):
                    done += 1
                    self._silence.note(subject, result.verdict, waited=_waited(result))
                    yield result
                    left = self._silence.left(subject)
                    if left is not None:
                        break
            if left is not None:
                for case in together[done:]:
                    yield Result(case=case, verdict=left)

    def expect(self, cases: Sequence[Case], after: Sequence[Case] = ()) -> None:
        """Foretell which machines `cases` want, so that they are started ahead.

        `after` are the cases that come before them and may leave a machine standing.
        """
        self._leases.expect(cases, after)

    def _run_stage(self, stage: Stage, cases: list[Case]) -> Iterator[Result]:
        shared = [
            case
            for case in cases
            if case.plays
            and case.exchange is None
            and case.isolation is not Isolation.ALONE
            and len(case.parts()) == 1
        ]
        results = self._shared(stage, shared)
        for case in cases:
            if case.blocked is not None:
                verdict = Verdict(outcome=case.blocked.outcome, reason=case.blocked.reason)
                yield Result(case=case, verdict=verdict)
            elif case.claims:
                yield self.alone(case)
            elif case.intermittent:
                yield self._known(case)
            elif case.isolation is Isolation.ALONE:
                yield self._confirmed(self.alone(case))
            elif case.exchange is not None:
                yield self._talked(case)
            elif len(case.parts()) > 1:
                yield self._parted(case)
            else:
                yield next(results)

    def _shared(self, stage: Stage, cases: list[Case]) -> Iterator[Result]:
        """Yield the results of cases that share machines, one machine after the other."""
        todo = cases
        while todo:
            lease = self._leases.take(stage, again=todo is not cases)
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
            self._leases.end(stage)
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

    def _talked(self, case: Case) -> Result:
        """Return what became of a case that holds an exchange, on the machine of its stage."""
        lease = self._leases.take(case.stage)
        if isinstance(lease, NotStanding):
            return _fallen(case, lease)
        result = self._talk(case, lease.player)
        if result.verdict.outcome is Outcome.PASS:
            return result
        self._leases.end(case.stage)
        return self._proven(result, lease)

    def _talk(self, case: Case, player: Player) -> Result:
        try:
            seen = player.talk(case)
        except LaunchError as error:
            reason = f"{error.what}. {error.remedy}"
            return Result(case=case, verdict=Verdict(outcome=Outcome.NOT_STARTED, reason=reason))
        return Result(case=case, verdict=judge_talk(case, seen, self._messages), seen=seen)

    def _parted(self, case: Case) -> Result:
        """Return what became of a case that goes through phases, of which there is no way back.

        Each part is played where cases share a machine that is in its phase already.  Only that
        it passes is believed then: else it is played as a whole, on a fresh machine.
        """
        seen = None
        for part in case.parts():
            lease = self._leases.take(part.stage)
            if isinstance(lease, NotStanding):
                return _fallen(case, lease)
            ((_, first, seen),) = lease.player.play((part,))
            verdict = judge(part, seen, self._messages, first)
            if _spoils(part, verdict) or None in seen.replies:
                self._leases.end(part.stage)
            if verdict.outcome is not Outcome.PASS:
                alone = self._confirmed(self.alone(case, again=True))
                passes = alone.verdict.outcome is Outcome.PASS
                shared = Result(case=case, verdict=verdict, seen=seen)
                return self._unsettled(shared, alone) if passes else alone
        return Result(case=case, verdict=Verdict(outcome=Outcome.PASS), seen=seen)

    def alone(self, case: Case, before: Sequence[Case] = (), *, again: bool = False) -> Result:
        """Play a case on a fresh machine of its own, after `before`; claims need none."""
        if case.claims:
            return Result(case=case, verdict=judge_claims(case))
        standing = stand(case.stage, self._pool, self._messages, self.starts, again=again)
        if isinstance(standing, NotStanding):
            return _fallen(case, standing)
        with standing.machine:
            if case.exchange is not None:
                return self._talk(case, standing)
            for played, first, seen in standing.play((*before, case)):
                verdict = judge(played, seen, self._messages, first)
                if played is case:
                    return Result(
                        case=case, verdict=verdict, seen=seen, before=tuple(before), first=first
                    )
        return Result(case=case, verdict=Verdict(outcome=Outcome.FLAKY))

    def _proven(self, result: Result, lease: Lease) -> Result:
        """Return the result that the case has alone; what is proved already is believed."""
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
            return self._confirmed(alone)
        if {alone.verdict.outcome, result.verdict.outcome} <= _SHOWS_NOTHING:
            # It shows nothing either way, whatever words the refusals have.
            return alone
        company = self.alone(result.case, lease.played, again=True)
        if company.verdict.outcome in BROKEN and _defect(company) == defect:
            return company
        return self._unsettled(result, alone)

    def _confirmed(self, result: Result) -> Result:
        """Return what became of a case that was played alone, once more where a promise was broken.

        A promise that is kept the second time is broken in some plays alone.
        """
        defect, outcome = _defect(result), result.verdict.outcome
        if outcome not in BROKEN or self._proved.get(defect) is outcome:
            return result
        again = self.alone(result.case, result.before, again=True)
        if again.verdict.outcome in BROKEN:
            self._proved[_defect(again)] = again.verdict.outcome
            return again
        return self._repeated(result.case) or _flaky(result, again)

    def _unsettled(self, shared: Result, alone: Result) -> Result:
        """Return what became of a case that broke a promise among others, and not alone."""
        if shared.verdict.outcome in BROKEN:
            return self._repeated(shared.case, _defect(shared)) or _flaky(shared, alone)
        return _flaky(shared, alone)

    def _known(self, case: Case) -> Result:
        """Return what became of a case that is known to break its promise in some plays.

        What is said of it does not depend on how many of them did so this time.
        """
        found = self._repeated(case)
        if found is not None and not found.plays:
            return found
        reason = f"known to be broken in some plays: {case.intermittent}"
        if found is None:
            verdict = Verdict(outcome=Outcome.INTERMITTENT, reason=reason)
            return Result(case=case, verdict=verdict, plays=PLAYS)
        return replace(found, verdict=replace(found.verdict, reason=reason))

    def _repeated(self, case: Case, defect: str = "") -> Result | None:
        """Play a case PLAYS times alone; return what the plays that show `defect` come to.

        Any defect will do where none is named.  None where no play shows it.
        """
        plays = [self.alone(case, again=True) for _ in range(PLAYS)]
        showing = [
            play
            for play in plays
            if play.verdict.outcome in BROKEN and defect in ("", _defect(play))
        ]
        if not showing:
            return None
        if len(showing) == PLAYS:
            self._proved[_defect(showing[0])] = showing[0].verdict.outcome
            return showing[0]
        verdict = replace(showing[0].verdict, outcome=Outcome.INTERMITTENT)
        return replace(showing[0], verdict=verdict, plays=PLAYS, shown=len(showing))

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

    def _explained(self, result: Result, behind: Sequence[Result]) -> Result:
        """Return what became of a case whose death did not come again when it was tried.

        A build takes with it what it had answered and not sent: it may have died of one of the
        cases `behind`, which were on their way.  Then the case counts as it is alone.
        """
        if any(_same_death(result, other) for other in behind):
            return self.alone(result.case, again=True)
        return result


def _flaky(first: Result, alone: Result) -> Result:
    """Return what became of a case whose outcome did not come again, however often it was played.

    What an outcome means that breaks no promise, one play alone tells.
    """
    often = f"in each of {PLAYS} plays " if first.verdict.outcome in BROKEN else ""
    reason = (
        f"{first.verdict.outcome} at first ({first.verdict.reason}), "
        f"{alone.verdict.outcome} {often}alone on a fresh machine"
    )
    verdict = Verdict(outcome=Outcome.FLAKY, reason=reason)
    return Result(case=first.case, verdict=verdict, seen=first.seen)


def _same_death(one: Result, other: Result) -> bool:
    deaths = [result.seen.death for result in (one, other) if result.seen and result.seen.death]
    return len(deaths) == 2 and deaths[0].status == deaths[1].status


def _spoils(case: Case, verdict: Verdict) -> bool:
    """Return whether a machine that answered may not be as it was before `case`."""
    if case.isolation is Isolation.PURE and verdict.harmless:
        return False
    return verdict.outcome in _DOUBTFUL


def _waited(result: Result) -> bool:
    """Return whether a case took the time that is given to what does not come."""
    match result.seen:
        case None:
            return False
        case Talk(heard=heard):
            broke = any(turn.broke for turn in heard)
        case Observation(broke=how):
            broke = how is not None
    return result.seen.seconds >= (min(REST, result.case.limit) if broke else result.case.limit)


def _fallen(case: Case, standing: NotStanding) -> Result:
    return Result(case=case, verdict=standing.verdict, seen=None)


def _defect(result: Result) -> str:
    """Return what tells one defect from another: equal for cases that show the same one."""
    verdict = result.verdict
    if verdict.misses:
        return verdict.misses[0].fold
    return f"{verdict.outcome} {result.case.subject.name} {without_names(verdict.reason)}"
