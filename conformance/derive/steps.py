"""The steps of requests that a case is not about."""

from __future__ import annotations

from typing import Final

from conformance.judge.expect_answer import Accept
from conformance.model.case import Emits, Role, Step
from conformance.model.expectation import Expectation
from conformance.model.stage import Request

ACCEPTED: Final = Accept()


def supporting_step(request: Request, role: Role, expect: Expectation = ACCEPTED) -> Step:
    """Return the step of a valid request that the case is not about."""
    emits = tuple(Emits(event=each.event, data=each.data, rule="") for each in request.awaits)
    return Step(request=request, expect=expect, role=role, rule="Q30", emits=emits)
