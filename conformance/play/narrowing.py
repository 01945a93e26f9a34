"""Finds which of several requests in one case break its promise, by playing each alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from conformance.derive.commands.in_states import each_request
from conformance.derive.commands.unchanged import each_alone
from conformance.derive.commands.values import each_value
from conformance.judge.observation import Observation
from conformance.model.case import Case
from conformance.model.expectation import Kind
from conformance.model.terms import BROKEN, Aspect, Outcome
from conformance.play.alone import Result, did_beside
from conformance.play.proof import Prover, defects_of

_APART: Final[Mapping[Aspect, Callable[[Case], Iterable[Case]]]] = {
    Aspect.VALUES: each_value,
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
    apart = _APART.get(result.case.aspect)
    if apart is not None:
        return _one_by_one(result, apart(result.case), prover)
    rules = [miss.rule for miss in result.verdict.misses]
    files = any(miss.kind is Kind.FILE for miss in result.verdict.misses)
    for case in each_alone(result.case, _missed(result), files=files):
        play = prover.alone(case, again=True, one_by_one=did_beside(result))
        if play.verdict.outcome in BROKEN and [m.rule for m in play.verdict.misses] == rules:
            return play
    return result


def _one_by_one(result: Result, cases: Iterable[Case], prover: Prover) -> Result:
    """Return the result of the first case that shows anything, with those of the others.

    What comes behind one that hangs is not tried: each could take as long.
    """
    first: dict[frozenset[str], Result] = {}
    for case in cases:
        play = prover.alone(case, again=True, one_by_one=True)
        play = prover.confirmed(play, one_by_one=True)
        if play.verdict.outcome in BROKEN:
            first.setdefault(defects_of(play), play)
        if play.verdict.outcome is Outcome.TIMEOUT:
            break
    told = tuple(first.values())
    return replace(told[0], further=told[1:]) if told else result


def _missed(result: Result) -> frozenset[int]:
    """Return the steps that were not answered as they must be."""
    seen = result.seen
    last = seen.broke_off if isinstance(seen, Observation) else None
    return result.verdict.missed if last is None else result.verdict.missed | {last}
