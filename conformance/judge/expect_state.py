"""Expectations of a machine in a state: that it was reached, and that refusals leave it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from conformance.judge.expect_value import Tells, Unchanged
from conformance.model.expectation import Inconclusive, Problem, Reply
from conformance.model.terms import Outcome


@dataclass(frozen=True, slots=True)
class Reached(Tells):
    """The query returns what `pattern` says in the state: else what follows proves nothing."""

    reads: ClassVar[bool] = False
    binds: ClassVar[bool] = False

    def inconclusive(self, problem: Problem) -> Inconclusive | None:
        """Return that the machine is in another state."""
        return Inconclusive(outcome=Outcome.UNTRIED, reason="the state was not reached")


@dataclass(frozen=True, slots=True)
class LeftAlone(Unchanged):
    """The query is answered as by the step `step`, if the steps `requests` were all refused."""

    requests: tuple[int, ...]

    def words(self) -> str:
        """Return the words."""
        steps = ", ".join(str(number + 1) for number in self.requests)
        return f"answered as in step {self.step + 1}, if what was asked is refused (step {steps})"

    def problem(self, reply: Reply) -> Problem | None:
        """Return the first difference from the answer then; what was accepted may change it."""
        if any("error" not in reply.earlier[number] for number in self.requests):
            return None
        return Unchanged.problem(self, reply)
