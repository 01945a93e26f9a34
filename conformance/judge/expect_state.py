"""The expectation that a machine was brought into a state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from conformance.judge.expect_value import Tells
from conformance.model.expectation import Inconclusive, Problem
from conformance.model.terms import Outcome


@dataclass(frozen=True, slots=True)
class Reached(Tells):
    """The query returns what `pattern` says in the state: else what follows proves nothing."""

    reads: ClassVar[bool] = False
    binds: ClassVar[bool] = False

    def inconclusive(self, problem: Problem) -> Inconclusive | None:
        """Return that the machine is in another state."""
        return Inconclusive(outcome=Outcome.UNTRIED, reason="the state was not reached")
