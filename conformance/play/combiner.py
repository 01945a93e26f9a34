"""Plays what the choices of a case come to together, once each was asked for by itself.

Rows that hold every two accepted choices come first, then the pairs of refused rows, then each
refused pair on a fresh machine, behind its halves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from conformance.derive.combining import Combinations, Row, doubtful_pairs, first_rows, pairs_in
from conformance.judge.observation import Line, Observation
from conformance.judge.refusals import error_of
from conformance.judge.reply import MessageJudge
from conformance.judge.verdict import Verdict, judge
from conformance.launch.pool import Pool
from conformance.model.case import Case, Role
from conformance.model.combination import RefusedPair, Together
from conformance.model.terms import BROKEN, Outcome
from conformance.play.alone import Result, defects_of, failed
from conformance.play.leases import Leases
from conformance.play.narrowing import one_by_one
from conformance.play.proof import Prover
from conformance.play.stages import StageFailed
from conformance.prepare.starts import Starts
from conformance.wire.framing import Message

TOLD: Final = 24
"""So many refused pairs of a case are asked for again, each on a fresh machine."""
_TRIES: Final = 4
"""So many choices that end the build are left out one after the other."""
_NOTHING: Final = "fewer than two choices of the request are accepted"


class Combiner:
    """Plays the combinations of cases, and keeps the machine that they share; `close` ends it."""

    def __init__(self, pool: Pool, messages: MessageJudge, starts: Starts, prover: Prover) -> None:
        self._messages = messages
        self._prover = prover
        self._leases = Leases(pool, messages, starts)

    def close(self) -> None:
        """End the machine that is still held."""
        self._leases.close()

    def combined(self, result: Result, told: Result) -> Result:
        """Return what is told of a case of pairs, with what its accepted choices come to together.

        `result` is what the case showed, `told` is what that was narrowed to.
        """
        outcome = result.verdict.outcome
        if told.plays:
            return told
        combinations = Combinations(result.case)
        numbers = tuple(range(1, len(result.case.together)))
        if outcome is Outcome.PASS:
            accepted = [n for n in numbers if _is_accepted(result, n)]
        elif outcome in BROKEN and told.case.together:
            accepted = self._accepted_beside(combinations, told)
        else:
            return told
        rows = first_rows(combinations.rows(accepted))
        if rows:
            return self._together(combinations, accepted, rows, told)
        if outcome is not Outcome.PASS:
            return told
        return replace(told, verdict=Verdict(outcome=Outcome.VACUOUS, reason=_NOTHING))

    def _accepted_beside(self, combinations: Combinations, told: Result) -> list[int]:
        """Return the choices that are accepted, without those that break a promise alone."""
        labels = combinations.case.together
        broken = {each.case.together[0] for each in (told, *told.further)}
        numbers = [n for n in range(1, len(labels)) if labels[n] not in broken]
        for _ in range(_TRIES):
            case = combinations.case_of([(n,) for n in numbers])
            play = self._prover.alone(case, again=True, one_by_one=True)
            if not isinstance(play.seen, Observation):
                break
            asked = [n for n, step in enumerate(case.steps) if step.role is Role.SUBJECT]
            lost = [
                n for n, step in zip(numbers, asked, strict=True) if not play.seen.replies[step]
            ]
            if not lost:
                return [n for i, n in enumerate(numbers) if _is_accepted(play, i)]
            numbers.remove(lost[0])
        return []

    def _together(
        self, combinations: Combinations, accepted: Sequence[int], rows: Sequence[Row], told: Result
    ) -> Result:
        """Return what is told with what the rows come to; what they break is told, too."""
        played = self._played(combinations.case_of(rows))
        if played.verdict.outcome is not Outcome.PASS:
            return _with(told, self._narrowed(played, combinations, rows))
        refused = [row for n, row in enumerate(rows) if not _is_accepted(played, n)]
        doubtful = doubtful_pairs([row for row in rows if row not in refused], refused)
        pairs = self._played(combinations.case_of(doubtful)) if doubtful else played
        if pairs.verdict.outcome is not Outcome.PASS:
            return _with(told, self._narrowed(pairs, combinations, doubtful))
        suspects = [pair for n, pair in enumerate(doubtful) if not _is_accepted(pairs, n)]
        found = Together(
            choices=len(combinations.case.together) - 1,
            accepted=len(accepted),
            pairs=sum(1 for _ in combinations.pairs_of(accepted)),
            tried=len(pairs_in(rows)),
            rows=len(rows),
            refused=len(refused),
            refused_pairs=tuple(self._refused_pairs(combinations, suspects[:TOLD])),
        )
        return replace(told, together=found)

    def _played(self, case: Case) -> Result:
        """Return what one play shows, on the machine that a case before may have left."""
        lease = self._leases.take(case.stage, again=True)
        if isinstance(lease, StageFailed):
            return failed(case, lease)
        ((_, first, seen),) = lease.player.play((case,))
        verdict = judge(case, seen, self._messages, first)
        if verdict.outcome is not Outcome.PASS:
            self._leases.end(case.stage)
        return Result(case=case, verdict=verdict, seen=seen)

    def _narrowed(self, result: Result, combinations: Combinations, rows: Sequence[Row]) -> Result:
        """Return the result of the first rows that show anything, less what they do not need."""
        if result.verdict.outcome not in BROKEN:
            return result
        found = one_by_one(result, (combinations.case_of((row,)) for row in rows), self._prover)
        least = tuple(self._least(each, combinations, rows) for each in (found, *found.further))
        return replace(least[0], further=least[1:])

    def _least(self, result: Result, combinations: Combinations, rows: Sequence[Row]) -> Result:
        """Return the result of two choices of a row that show the same, if two do."""
        row = next((row for row in rows if combinations.case_of((row,)) == result.case), ())
        if len(row) < 3 or result.verdict.outcome is Outcome.TIMEOUT:
            return result
        for pair in sorted(pairs_in([row])):
            play = self._prover.alone(combinations.case_of((pair,)), again=True, one_by_one=True)
            if play.verdict.outcome in BROKEN and defects_of(play) == defects_of(result):
                return play
        return result

    def _refused_pairs(
        self, combinations: Combinations, suspects: Sequence[Row]
    ) -> Iterator[RefusedPair]:
        """Yield the pairs that are refused on fresh machines that have accepted their halves."""
        labels = combinations.case.together
        for pair in suspects:
            play = self._prover.alone(combinations.alone(pair), again=True)
            if _is_accepted(play, 0) and _is_accepted(play, 1):
                error = error_of(_reply(play, 2))
                if error is not None:
                    one, two = (labels[n] for n in pair)
                    yield RefusedPair(one=one, two=two, error=str(error.get("desc")))


def _with(told: Result, found: Result) -> Result:
    """Return what is told of a case with what else was found."""
    if told.verdict.outcome not in BROKEN:
        return found
    if found.verdict.outcome not in BROKEN:
        return told
    return replace(told, further=(*told.further, replace(found, further=()), *found.further))


def _reply(result: Result, number: int) -> Line | None:
    """Return the reply to the subject of that number."""
    assert isinstance(result.seen, Observation), "a dialogue of steps was seen"
    subjects = [n for n, step in enumerate(result.case.steps) if step.role is Role.SUBJECT]
    return result.seen.replies[subjects[number]]


def _is_accepted(result: Result, number: int) -> bool:
    """Return whether the subject of that number was accepted."""
    if not isinstance(result.seen, Observation):
        return False
    line = _reply(result, number)
    return line is not None and isinstance(line.read, Message) and "return" in line.read.value
