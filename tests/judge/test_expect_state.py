"""What proves a state, and what a refusal leaves of it."""

from __future__ import annotations

from conformance.judge.expect_state import Reached
from conformance.judge.expect_value import UnchangedIfRefused
from conformance.model.expectation import Reply
from conformance.model.stage import Request
from conformance.model.state import StateQuery
from conformance.model.terms import Outcome

LEFT = UnchangedIfRefused(StateQuery(request=Request("query-jobs")), 0, (1,))
JOB = {"return": [{"id": "j", "status": "paused"}]}
GONE: dict[str, list[str]] = {"return": []}
REFUSED = {"error": {"class": "GenericError", "desc": "no"}}


def test_a_state_that_was_not_reached_proves_nothing() -> None:
    expect = Reached([{"status": "paused"}])

    problem = expect.problem(Reply(message=GONE))

    assert problem is not None
    told = expect.inconclusive(problem)
    assert told is not None
    assert (told.outcome, told.reason) == (Outcome.UNTRIED, "the state was not reached")
    assert expect.problem(Reply(message=JOB)) is None
    assert not expect.binds


def test_what_was_refused_leaves_the_state() -> None:
    assert LEFT.problem(Reply(message=JOB, earlier=[JOB, REFUSED])) is None
    assert LEFT.problem(Reply(message=GONE, earlier=[JOB, REFUSED])) is not None


def test_what_was_accepted_may_change_it() -> None:
    assert LEFT.problem(Reply(message=GONE, earlier=[JOB, {"return": {}}])) is None
