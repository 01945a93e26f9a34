"""Says what is told of a case with several requests: of the one that breaks, or what all come to.

Loads on demand what takes such a case apart. That is what derives cases, with all knowledge behind
it: half of what a run of a few cases would load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.judge.reply import MessageJudge
from conformance.launch.pool import Pool
from conformance.model.terms import BROKEN, Aspect
from conformance.play.alone import Result
from conformance.play.proof import Prover
from conformance.prepare.starts import Starts

if TYPE_CHECKING:
    from conformance.play.combiner import Combiner


class Refiner:
    """Makes what is told of a result; `close` ends the machine that it holds, if any."""

    def __init__(self, pool: Pool, messages: MessageJudge, starts: Starts, prover: Prover) -> None:
        self._given = (pool, messages, starts, prover)
        self._prover = prover
        self._combiner: Combiner | None = None

    def close(self) -> None:
        """End the machine that is still held."""
        if self._combiner is not None:
            self._combiner.close()

    def refined(self, result: Result) -> Result:
        """Return the result of the one request that breaks, or with what accepted choices come to.

        A result of one request stays as it is.
        """
        told = result
        if result.case.together and result.verdict.outcome in BROKEN:
            from conformance.play.narrowing import narrowed

            told = narrowed(result, self._prover)
        if result.case.aspect is not Aspect.PAIRS:
            return told
        if self._combiner is None:
            from conformance.play.combiner import Combiner

            self._combiner = Combiner(*self._given)
        return self._combiner.combined(result, told)
