"""Plays cases alone on fresh machines; believes what one play shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from conformance.judge.expect_answer import without_names
from conformance.judge.observation import Observation, Talk
from conformance.judge.process import leak_misses, lost_objects
from conformance.judge.reply import MessageJudge
from conformance.judge.script_verdict import judge_talk
from conformance.judge.verdict import Verdict, judge, judge_claims
from conformance.launch.pool import Pool
from conformance.model.blocked import Blocked
from conformance.model.case import Case
from conformance.model.combination import Together
from conformance.model.complaint import Complaints
from conformance.model.errors import LaunchError
from conformance.model.expectation import Kind
from conformance.model.peer_talk import PeerTalk
from conformance.model.search import SearchTotals
from conformance.model.terms import Outcome
from conformance.play.player import Impatient, Player
from conformance.play.stages import StageFailed, prepare_stage
from conformance.prepare.starts import Starts


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The outcome of a case, and the observation that shows it.

    `before` are the cases that the machine had seen before, if they are needed to reproduce it;
    `first` is the id of the first request, if the case ran alone; `beside` is a play on a machine
    of its own that this one is compared with. For a case with different outcomes, `shown` of
    `plays` plays alone broke the promise; else both are 0.
    """

    case: Case
    verdict: Verdict
    seen: Observation | Talk | None = None
    before: tuple[Case, ...] = ()
    first: int = 0
    beside: Result | None = None
    plays: int = 0
    shown: int = 0
    further: tuple[Result, ...] = ()
    """Those of other requests of the case that show other defects."""
    lost: tuple[int, ...] = ()
    """Of a case with rounds, the objects that were lost with so many, and with twice as many."""
    together: Together | None = None
    """What its choices came to together, if it has any and broke no promise."""
    searched: SearchTotals | None = None
    """What it came to, if it is a search."""
    talks: tuple[PeerTalk, ...] = ()
    """What the peers of its machine said, if it ran alone."""
    whole: bool = False
    """Whether all its requests are needed to show it, also those behind one without an answer: a
    build that dies takes answers along, and may have died of one of those."""
    unready: Result | None = None
    """What was seen of the set-up of its stage, if that failed."""


_FAILURES: Final = 2
"""After so many failures in a row the set-up of a stage is not tried again."""


class Soloist:
    """Plays cases on machines of their own."""

    def __init__(self, pool: Pool, messages: MessageJudge, starts: Starts) -> None:
        self._pool = pool
        self._messages = messages
        self._starts = starts
        self._failures: Counter[str] = Counter()
        """How often the set-up of each stage has failed since its last success."""
        self._failed: dict[str, StageFailed] = {}

    def alone(
        self,
        case: Case,
        before: Sequence[Case] = (),
        *,
        again: bool = False,
        one_by_one: bool = False,
        impatient: Impatient | None = None,
    ) -> Result:
        """Play a case on a fresh machine of its own, after `before`; claims need none.

        With `one_by_one`, each request waits for the answer to the one before. `impatient` as for
        Player.play.
        """
        if case.blocked is not None:
            return Result(case=case, verdict=not_played(case.blocked))
        if case.claims:
            return Result(case=case, verdict=judge_claims(case))
        name = case.stage.name
        if self._failures[name] >= _FAILURES:
            return failed(case, self._failed[name])
        standing = prepare_stage(case.stage, self._pool, self._messages, self._starts, again=again)
        if isinstance(standing, StageFailed):
            # A set-up that waits for an event in vain takes long.
            self._failures[name] += standing.verdict.outcome is Outcome.UNTRIED
            self._failed[name] = standing
            return failed(case, standing)
        del self._failures[name]
        try:
            if case.exchange is not None:
                return talked(case, standing, self._messages)
            plays = standing.play((*before, case), one_by_one=one_by_one, impatient=impatient)
            for played, first, seen in plays:
                verdict = judge(played, seen, self._messages, first)
                if played is case:
                    verdict = verdict if before else verdict.alone()
                    return Result(
                        case=case,
                        verdict=verdict,
                        seen=seen,
                        before=tuple(before),
                        first=first,
                        talks=standing.machine.peers.talks(),
                    )
        finally:
            self._pool.give_back(standing.machine)
        return Result(case=case, verdict=Verdict(outcome=Outcome.FLAKY))


def lasting(case: Case, play: Callable[[Case, bool], Result], complaints: Complaints) -> Result:
    """Return the result of a case that ends the build after some rounds, and after twice so many.

    `play` plays a case alone; True asks for a machine beyond those that are started ahead.
    """
    once = play(case, False)
    if once.verdict.outcome is not Outcome.PASS or not isinstance(once.seen, Observation):
        return once
    *rounds, end = case.steps
    twice = play(replace(case, steps=(*rounds, *rounds, end)), True)
    if twice.verdict.outcome is not Outcome.PASS or not isinstance(twice.seen, Observation):
        return twice
    lost = tuple(lost_objects(each, complaints).total() for each in (once.seen, twice.seen))
    misses = tuple(leak_misses(case, once.seen, twice.seen, complaints))
    if not misses:
        return replace(twice, lost=lost)
    verdict = Verdict(outcome=Outcome.FAIL, reason=misses[0].summary, misses=misses)
    return replace(twice, verdict=verdict, lost=lost)


def not_played(blocked: Blocked) -> Verdict:
    """Return the verdict on a case that is not played."""
    return Verdict(outcome=blocked.outcome, reason=blocked.reason)


def did_beside(result: Result) -> bool:
    """Return whether the process did something that is wrong beside its answers.

    Which request it did that for only shows where no other is under way.
    """
    return any(miss.kind is Kind.PROCESS for miss in result.verdict.misses)


def defects_of(result: Result) -> frozenset[str]:
    """Return what identifies the defects that a result shows: equal for cases that show the same.

    There is at least one.
    """
    verdict = result.verdict
    if verdict.misses:
        return frozenset(miss.fold for miss in verdict.misses)
    reason = without_names(verdict.reason)
    return frozenset({f"{verdict.outcome} {result.case.subject.name} {reason}"})


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
    setup = Result(case=standing.case, verdict=standing.verdict, seen=standing.seen)
    return Result(case=case, verdict=standing.verdict, unready=setup)
