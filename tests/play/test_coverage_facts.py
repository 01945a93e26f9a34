"""What was accepted, and which refusals name the member, is read off the answers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from conformance.judge.expect_answer import Accept, Answer, Ends, Reject
from conformance.judge.expect_value import Confirms, ReadsBack
from conformance.judge.observation import Line, Observation
from conformance.judge.verdict import Verdict
from conformance.model.case import Case, Emits, Role, Step
from conformance.model.expectation import Expectation
from conformance.model.terms import Outcome
from conformance.play.alone import Result
from conformance.play.coverage_facts import AnswerFacts, answers_of, event_names
from conformance.wire.framing import FramingFault, Message
from tests.play.made import case, step

DONE: dict[str, Any] = {"return": {}}


def _error(desc: Any) -> dict[str, Any]:
    return {"error": {"class": "GenericError", "desc": desc}}


def _line(value: dict[str, Any]) -> Line:
    return Line(json.dumps(value).encode(), Message(value))


def _result(case: Case, *replies: dict[str, Any] | None, passed: bool = True) -> Result:
    lines = tuple(None if each is None else _line(each) for each in replies)
    outcome = Outcome.PASS if passed else Outcome.VACUOUS
    return Result(case=case, verdict=Verdict(outcome=outcome), seen=Observation(replies=lines))


def _refused(role: Role = Role.WITNESS) -> Case:
    witness = replace(step("made"), role=role)
    return case("x", step("made", expect=Reject()), witness)


def test_the_witness_of_a_refusal_counts_as_accepted() -> None:
    assert answers_of(_result(_refused(), _error("no"), DONE), None).accepted
    assert not answers_of(_result(_refused(), _error("no"), _error("no")), None).accepted


@pytest.mark.parametrize("role", [Role.SETUP, Role.CHECK, Role.CLEANUP])
def test_other_requests_do_not(role: Role) -> None:
    assert not answers_of(_result(_refused(role), _error("no"), DONE), None).accepted


def test_the_request_of_another_command_does_not() -> None:
    assert not answers_of(_result(case("x", step("other")), DONE), None).accepted


@pytest.mark.parametrize(
    ("expect", "reply", "accepted"),
    [
        (Accept(), DONE, True),
        (Accept(), _error("no"), False),
        (Accept(), None, False),
        (Reject(), DONE, False),
        (Answer(), DONE, False),
        (Ends(), None, True),
    ],
    ids=["accepted", "refused", "lost", "wrongly", "whatever", "ended"],
)
def test_what_was_not_promised_to_succeed_is_not_accepted(
    expect: Expectation, reply: dict[str, Any] | None, accepted: bool
) -> None:
    assert answers_of(_result(case("x", step("made", expect=expect)), reply), None).accepted is (
        accepted
    )


def test_a_lost_answer_counts_only_where_the_build_ended_as_it_should() -> None:
    result = _result(case("x", step("made", expect=Ends())), None, passed=False)

    assert not answers_of(result, None).accepted


def test_a_case_that_was_not_played_tells_nothing() -> None:
    verdict = Verdict(outcome=Outcome.UNTRIED)

    assert answers_of(Result(case=_refused(), verdict=verdict), "a") == AnswerFacts()


@pytest.mark.parametrize(
    ("desc", "named"),
    [
        ("Parameter 'a.b.bus-name' is missing", 1),
        ("bus-name[0]: wrong", 1),
        ("the bus-names are wrong", 0),
        ("my-bus-name is wrong", 0),
        ("wrong", 0),
        (None, 0),
    ],
    ids=["quoted", "element", "longer", "other", "none", "no-text"],
)
def test_a_refusal_names_the_member_where_its_name_stands_as_a_word(desc: Any, named: int) -> None:
    found = answers_of(_result(_refused(), _error(desc), DONE), "kind:a.bus-name")

    assert found == AnswerFacts(accepted=True, refused=1, named=named)


def test_refusals_that_are_about_no_member_are_not_counted() -> None:
    assert answers_of(_result(_refused(), _error("no"), DONE), None) == AnswerFacts(accepted=True)


def test_events_are_known_by_their_names() -> None:
    result = _result(case("x", step("made")), DONE)
    torn = Line(b"?", FramingFault("W68", "no JSON"))
    lines = (_line({"event": "STOP"}), _line({"event": "STOP"}), _line({"event": 1}), torn)
    seen = Observation(replies=(), events=lines)

    assert event_names(result) == frozenset()
    assert event_names(replace(result, seen=seen)) == {"STOP"}


@pytest.mark.parametrize(
    ("more", "looked"),
    [
        (step("query", expect=ReadsBack((), "{any}", 0)), True),
        (step("again", expect=Confirms(0)), True),
        (replace(step("last"), emits=(Emits(event="TOLD", data={}, rule="X31"),)), True),
        (replace(step("last"), emits=(Emits(event="TOLD", data={}, rule="X32"),)), False),
        (step("query"), False),
    ],
    ids=["shown", "confirmed", "told", "told by another rule", "not"],
)
def test_an_argument_that_was_read_back_was_looked_at(more: Step, looked: bool) -> None:
    result = _result(case("x", step("made"), replace(more, role=Role.CHECK)), DONE, DONE)

    assert answers_of(result, "mode").looked is looked
