"""Finds which of several requests in one case break its promise, by playing each alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from conformance.derive.commands.unchanged import each_alone
from conformance.derive.commands.values import each_value, from_value, value_at
from conformance.judge.observation import Observation
from conformance.model.case import Case
from conformance.model.expectation import Kind
from conformance.model.terms import BROKEN, Aspect, Outcome
from conformance.play.alone import Result, did_beside
from conformance.play.proof import Prover, defects_of


def narrowed(result: Result, prover: Prover) -> Result:
    """Return the result of the one request among several that shows the same, if one does.

    Of values, each is tried alone: what comes behind one that ends the build was not reached.  One
    that breaks its promise in some plays only stays as it is.
    """
    if result.verdict.outcome not in BROKEN or result.plays or not result.case.together:
        return result
    if result.case.aspect is Aspect.VALUES:
        return _value_by_value(result, prover)
    rules = [miss.rule for miss in result.verdict.misses]
    files = any(miss.kind is Kind.FILE for miss in result.verdict.misses)
    for case in each_alone(result.case, _missed(result), files=files):
        play = prover.alone(case, again=True, one_by_one=did_beside(result))
        if play.verdict.outcome in BROKEN and [m.rule for m in play.verdict.misses] == rules:
            return play
    return result


def _value_by_value(result: Result, prover: Prover) -> Result:
    """Return the result of the first value that shows anything, with those of the others.

    What comes behind a value that hangs is not tried: each could take as long.
    """
    first: dict[frozenset[str], Result] = {}
    for play in _broken_values(result, prover):
        first.setdefault(defects_of(play), play)
    told = tuple(first.values())
    return replace(told[0], further=told[1:]) if told else result


def _broken_values(result: Result, prover: Prover) -> Iterator[Result]:
    """Yield the results of the values that show something alone.

    Where the build ends at one, those before it are answered: it is tried alone, and the others
    behind it together again.  Where that does not show it again, each is tried alone.
    """
    case, ended = result.case, _ended_at(result)
    while ended is not None:
        play = _alone(tuple(each_value(case))[ended], prover)
        if play.verdict.outcome not in BROKEN:
            break
        yield play
        case = from_value(case, ended + 1)
        if play.verdict.outcome is Outcome.TIMEOUT or not case.together:
            return
        rest = prover.alone(case, again=True, one_by_one=True)
        if rest.verdict.outcome not in BROKEN:
            return
        ended = _ended_at(rest)
    for each in each_value(case):
        play = _alone(each, prover)
        if play.verdict.outcome in BROKEN:
            yield play
        if play.verdict.outcome is Outcome.TIMEOUT:
            return


def _alone(case: Case, prover: Prover) -> Result:
    play = prover.alone(case, again=True, one_by_one=True)
    return prover.confirmed(play, one_by_one=True)


def _ended_at(result: Result) -> int | None:
    """Return the number of the value at which the build ended, None if it did anything else."""
    seen = result.seen
    if not isinstance(seen, Observation) or seen.broke_off is None or None not in seen.replies:
        return None
    if any(miss.kind not in (Kind.CRASH, Kind.HANG) for miss in result.verdict.misses):
        return None
    return value_at(result.case, seen.replies.index(None))


def _missed(result: Result) -> frozenset[int]:
    """Return the steps that were not answered as they must be."""
    seen = result.seen
    last = seen.broke_off if isinstance(seen, Observation) else None
    return result.verdict.missed if last is None else result.verdict.missed | {last}
