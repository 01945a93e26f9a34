"""Two refusals compared: whether they tell a fault from the request without it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.judge.expect_answer import Answer, Reject
from conformance.judge.observation import Observation
from conformance.judge.refusals import (
    left_behind,
    refused_witness,
    told_apart,
    with_one_fault,
    without_faults,
    without_made_up,
)
from conformance.model.case import Case, Role
from conformance.model.stage import Request
from conformance.model.terms import Outcome
from tests.judge.made import case, line, step, success


def _error(desc: str, error_class: str = "GenericError") -> dict[str, Any]:
    return {"class": error_class, "desc": desc}


def _pair(faulty: Any, witness: Any) -> Case:
    """Return a case of a request with those arguments, and of its witness."""
    fault = step(Reject(), role=Role.SUBJECT)
    proof = step(role=Role.WITNESS)
    return replace(
        case(
            replace(fault, request=Request("add", faulty)),
            replace(proof, request=Request("add", witness)),
        ),
        fault="a fault",
    )


def _refused(*errors: dict[str, Any]) -> Observation:
    return Observation(replies=tuple(line({"error": each, "id": 0}) for each in errors))


GOOD = {"id": "w0123abcd", "driver": "file", "size": 5}


@pytest.mark.parametrize(
    ("faulty", "refusals", "apart"),
    [
        ({**GOOD, "size": "x"}, ("No 'w0123abcd' here", "No 'w0123abcd' here"), False),
        ({**GOOD, "size": "x"}, ("expected: integer", "No 'w0123abcd' here"), True),
        # The values that they carry are no difference, nor is one that the suite has made up.
        ({**GOOD, "id": "other"}, ("No 'other' here", "No 'w0123abcd' here"), False),
        ({**GOOD, "size": "x"}, ("No 'w0123abcd' here", "No 'w76543210' here"), False),
        ({**GOOD, "size": -7}, ("Cannot take -7", "Cannot take 5"), False),
        ({**GOOD, "size": True}, ("Cannot take on", "Cannot take 5"), False),
        ({**GOOD, "more": 1}, ("'more' of 'file'", "'file' of 'file'"), False),
        # A value is no part of a longer word, and a name that both have counts.
        ({**GOOD, "id": "fil"}, ("A filter is missing", "A driver is missing"), True),
        ({**GOOD, "size": "x"}, ("Wrong 'size'", "Wrong 'driver'"), True),
    ],
    ids=[
        *("same", "other", "value", "made-up", "number", "boolean", "name"),
        *("part-of-a-word", "member"),
    ],
)
def test_refusals_differ_in_what_the_requests_do_not_carry(
    faulty: Any, refusals: tuple[str, str], apart: bool
) -> None:
    made, (first, second) = _pair(faulty, GOOD), map(_error, refusals)

    assert told_apart(made, _refused(first, second), second) is apart


def test_another_class_tells_them_apart() -> None:
    here, there = _error("not found"), _error("not found", "DeviceNotFound")

    assert told_apart(_pair({}, GOOD), _refused(here, there), there)


def test_each_of_several_faults_must_have_been_seen() -> None:
    one = _pair({**GOOD, "size": "x"}, GOOD)
    both = replace(one, steps=(one.steps[0], *one.steps))
    seen, alike = _error("expected: integer"), _error("No file")

    assert told_apart(both, _refused(seen, seen, alike), alike)
    assert not told_apart(both, _refused(seen, alike, alike), alike)


def test_a_witness_counts_behind_refused_faults_only() -> None:
    made, error = _pair({}, GOOD), _error("no")
    fault, proof = made.steps

    assert refused_witness(made, _refused(error, error)) == 1
    taken = Observation(replies=(line(success()), line({"error": error, "id": 1})))
    assert refused_witness(made, taken) is None
    assert refused_witness(replace(made, steps=(proof, fault)), _refused(error, error)) is None
    assert refused_witness(replace(made, fault=None), _refused(error, error)) is None
    open_ended = replace(made, steps=(replace(fault, expect=Answer()), proof))
    assert refused_witness(open_ended, _refused(error, error)) is None
    assert refused_witness(made, None) is None


def test_a_case_without_its_faults_keeps_what_they_need_and_leave() -> None:
    made = _pair({}, GOOD)
    setup, check, gone = step(role=Role.SETUP), step(role=Role.CHECK), step(role=Role.CLEANUP)
    fault, proof = made.steps
    whole = replace(made, steps=(setup, fault, fault, check, proof, gone))

    assert _roles(without_faults(whole)) == [Role.SETUP, Role.WITNESS, Role.CLEANUP]
    assert [_roles(each) for each in with_one_fault(whole)] == [
        [Role.SETUP, Role.SUBJECT, Role.CHECK, Role.WITNESS, Role.CLEANUP]
    ] * 2
    assert list(with_one_fault(made)) == []


def test_what_is_left_behind_is_a_finding_of_its_own_rule() -> None:
    error = _error("duplicate 'x'")

    verdict = left_behind(_pair({}, GOOD), _refused(error, error))

    assert verdict.outcome is Outcome.FAIL
    assert [miss.rule for miss in verdict.misses] == ["W65"]
    assert "duplicate 'x'" in verdict.reason
    assert not verdict.harmless


def test_the_names_that_the_suite_makes_up_are_told() -> None:
    assert without_made_up('{"id":"w0123abcd"} w01 xw0123abcd') == '{"id":"*"} w01 xw0123abcd'


def _roles(made: Case) -> list[Role]:
    return [each.role for each in made.steps]
