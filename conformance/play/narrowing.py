"""Finds which of several requests in one case break its promise, by playing each alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from conformance.derive.combining import each_choice
from conformance.derive.commands.in_states import each_request
from conformance.derive.commands.trials import each_value, value_of, values_from
from conformance.derive.commands.unchanged import each_alone
from conformance.judge.observation import Observation
from conformance.model.case import Case
from conformance.model.expectation import Kind
from conformance.model.terms import BROKEN, Aspect, Outcome
from conformance.play.alone import Result, defects_of, did_beside
from conformance.play.proof import Prover

_APART: Final[Mapping[Aspect, Callable[[Case], Iterable[Case]]]] = {
    Aspect.PAIRS: each_choice,
    Aspect.STATES: each_request,
}
"""What divides a case of whose requests each may show something else."""


def narrowed(result: Result, prover: Prover) -> Result:
    """Return the result of the one request among several that shows the same, if one does.

    Of values, and of requests in a state, each is tried alone: what comes behind one that ends the
    build was not reached.  One that breaks its promise in some plays only stays as it is.
    """
    if result.verdict.outcome not in BROKEN or result.plays or not result.case.together:
        return result
    if result.case.aspect is Aspect.VALUES:
        return _value_by_value(result, prover)
    apart = _APART.get(result.case.aspect)
    if apart is not None:
        return one_by_one(result, apart(result.case), prover)
    rules = [miss.rule for miss in result.verdict.misses]
    files = any(miss.kind is Kind.FILE for miss in result.verdict.misses)
    for case in each_alone(result.case, _missed(result), files=files):
        play = prover.alone(case, again=True, one_by_one=did_beside(result))
        if play.verdict.outcome in BROKEN and [m.rule for m in play.verdict.misses] == rules:
            return play
    return result


def one_by_one(result: Result, cases: Iterable[Case], prover: Prover) -> Result:
    """Return the result of the first of `cases` that shows anything, with those of the others.

    They are parts of the case that showed it.  What comes behind one that hangs is not tried: each
    could take as long.
    """
    first: dict[frozenset[str], Result] = {}
    for case in cases:
        play = _alone(case, prover)
        if play.verdict.outcome in BROKEN:
            first.setdefault(defects_of(play), play)
        if play.verdict.outcome is Outcome.TIMEOUT:
            break
    return _with_further(result, first)


def _value_by_value(result: Result, prover: Prover) -> Result:
    """Return the result of the first value that shows anything, with those of the others.

    What comes behind a value that shows something is tried together, again and again, unless it is
    not known which one shows it: then each is tried alone.  What comes behind a value that hangs is
    not tried: each could take as long.
    """
    first: dict[frozenset[str], Result] = {}
    rest: Result | None = result
    while rest is not None and rest.verdict.outcome in BROKEN:
        number = _first_to_show(rest)
        singles = [*each_value(rest.case)]
        chosen = singles if number is None else singles[number : number + 1]
        for case in chosen:
            play = _alone(case, prover)
            if play.verdict.outcome in BROKEN:
                first.setdefault(defects_of(play), play)
            if play.verdict.outcome is Outcome.TIMEOUT:
                rest = None
                break
        left = values_from(rest.case, number + 1) if rest and number is not None else None
        rest = prover.alone(left, again=True) if left is not None else None
    return _with_further(result, first)


def _alone(case: Case, prover: Prover) -> Result:
    play = prover.alone(case, again=True, one_by_one=True)
    return prover.confirmed(play, one_by_one=True)


def _with_further(result: Result, first: Mapping[frozenset[str], Result]) -> Result:
    told = tuple(first.values())
    return replace(told[0], further=told[1:]) if told else result


def _first_to_show(result: Result) -> int | None:
    """Return the number of the first value that shows something, None if it is not known."""
    if did_beside(result):
        return None
    steps = sorted(_missed(result))
    return value_of(result.case, steps[0]) if steps else None


def _missed(result: Result) -> frozenset[int]:
    """Return the steps that were not answered as they must be."""
    seen = result.seen
    last = seen.broke_off if isinstance(seen, Observation) else None
    return result.verdict.missed if last is None else result.verdict.missed | {last}
