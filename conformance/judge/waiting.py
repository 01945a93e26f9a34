"""Judges what a build did while a peer of it was silent; knows neither commands nor peers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.judge.miss import Miss
from conformance.judge.observation import Observation
from conformance.model.case import Case
from conformance.model.expectation import Kind

_MOST: Final = 0.8
"""The share of a peer's silence that a step has to take for it to have waited for the end of that:
clocks start apart, and a step that takes less waits for something else."""


def waiting_misses(case: Case, seen: Observation) -> Iterator[Miss]:
    """Yield what was held up by a step that waited for a silent peer, out of band first."""
    waits = case.meanwhile
    if waits is None or seen.held is None or seen.held < waits.seconds * _MOST:
        return
    command = case.steps[waits.step].request.execute
    if waits.beside is not None and not seen.overtaken:
        other = case.steps[waits.step + 1].request.execute
        yield Miss(
            rule=waits.beside,
            kind=Kind.HANG,
            summary=f"{other}, out of band: no answer before {command} stopped waiting",
            expected="an answer out of band while another command waits",
            fold=f"held-out-of-band {waits.beside} {command} {case.subject.name}",
        )
    yield Miss(
        rule=waits.rule,
        kind=Kind.HANG,
        summary=f"{command}: no answer to it, nor to others, until its silent peer hung up",
        expected="an answer while the peer is silent",
        fold=f"held {waits.rule} {command} {case.subject.name}",
    )
