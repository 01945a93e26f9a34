"""Plays the searches of a plan, as far as there is time for any; loads what draws on demand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from conformance.judge.verdict import Verdict
from conformance.model.case import Case
from conformance.model.stage import Stage
from conformance.model.terms import Outcome
from conformance.play.alone import Result
from conformance.play.proof import Prover
from conformance.play.search_time import SearchTime
from conformance.qapi.model import Schema

if TYPE_CHECKING:
    from conformance.play.searcher import Searcher


class Searches:
    """The searches of one target; `play` plays a case as any of a plan, `end` ends a stage."""

    def __init__(
        self,
        time: SearchTime | None,
        schema: Schema | None,
        prover: Prover,
        play: Callable[[Case], Result],
        end: Callable[[Stage], None],
    ) -> None:
        self._time, self._schema = time, schema
        self._given = (prover, play, end)
        self._searcher: Searcher | None = None

    def result(self, case: Case) -> Result:
        """Return the result of a search."""
        if self._time is None or self._schema is None:
            verdict = Verdict(outcome=Outcome.NOT_RUN, reason="nothing is drawn at random")
            return Result(case=case, verdict=verdict)
        if self._searcher is None:
            from conformance.play.searcher import Searcher

            self._searcher = Searcher(self._schema, *self._given)
        return self._searcher.searched(case, self._time)

    def go_on(self) -> None:
        """Raise what has interrupted a search, whose result is recorded by now."""
        if self._searcher is not None and self._searcher.interrupted is not None:
            raise self._searcher.interrupted
