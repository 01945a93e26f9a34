"""An answer beside the pattern of what it must be."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.judge.expect_value import Agrees, Tells
from conformance.judge.pattern import differences
from conformance.model.expectation import Kind, Reply
from conformance.model.terms import JsonValue


@pytest.mark.parametrize(
    ("pattern", "value"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": "{absent}"}, {"b": 2}),
        ({"a": "{any}", "b": "{positive}"}, {"a": None, "b": 0.5}),
        ({"a": "{like x*z}"}, {"a": "xyz"}),
        ({"a": "{at least 3}", "b": "{at most 3}"}, {"a": 3, "b": 3}),
        (["{same n}", "{same n}", "{more}"], [4, 5, 4]),
        ([{"id": "a"}, {"id": "b"}], [{"id": "b"}, {"id": "a"}]),
        ([1, "{more}"], [3, 2, 1]),
        ([], []),
        ({"a": [{"b": "{same x}"}], "c": "{same x}"}, {"a": [{"b": "y"}], "c": "y"}),
    ],
)
def test_an_answer_fits(pattern: Any, value: Any) -> None:
    assert list(differences(pattern, value)) == []


@pytest.mark.parametrize(
    ("pattern", "value", "place", "found", "wanted"),
    [
        ({"a": 1}, {}, "a", "not there", "1"),
        ({"a": 1}, {"a": True}, "a", "true", "1"),
        ({"a": "{absent}"}, {"a": 2}, "a", "2", "nothing"),
        ({"a": "{positive}"}, {"a": 0}, "a", "0", "a number above zero"),
        ({"a": "{positive}"}, {"a": True}, "a", "true", "a number above zero"),
        ({"a": "{any}"}, {}, "a", "not there", "anything"),
        ({"a": "{like x*}"}, {"a": "yx"}, "a", '"yx"', "a string like x*"),
        ({"a": "{at least 3}"}, {"a": 2}, "a", "2", "an integer at least 3"),
        ({"a": "{at most 3}"}, {"a": 4}, "a", "4", "an integer at most 3"),
        ({"a": "{at most 3}"}, {"a": True}, "a", "true", "an integer at most 3"),
        (["{same n}", "{same n}"], [4, 5], "*", "5", "4, as elsewhere"),
        ([{"id": "a", "n": 1}], [{"id": "a", "n": 2}], "*.n", "2", "1"),
        ({"a": {"b": 1}}, {"a": 3}, "a", "3", '{"b":1}'),
        ([1], {"a": 1}, "", '{"a":1}', "an array"),
        ([1, 2, "{more}"], [1], "", "1 elements: [1]", "2 elements or more"),
    ],
)
def test_a_difference_has_its_place(
    pattern: Any, value: Any, place: str, found: str, wanted: str
) -> None:
    (only,) = differences(pattern, value)

    assert (only.place, only.found, only.wanted) == (place, found, wanted)


def test_one_element_too_many_is_told_beside_what_else_is_wrong() -> None:
    told = [
        (each.place, each.found)
        for each in differences(
            [{"id": "a", "n": 1}],
            [
                {"id": "b", "n": 1},
                {"id": "a", "n": 7},
            ],
        )
    ]

    assert told == [("", '2 elements: [{"id":"b","n":1},{"id":"a","n":7}]'), ("*.n", "7")]


def test_elements_are_told_apart_by_their_own_members() -> None:
    pattern: JsonValue = [{"id": "a", "in": {"x": 1, "y": 1}}, {"id": "b", "in": {"x": 2, "y": 2}}]
    value = [{"id": "b", "in": {"x": 1, "y": 1}}, {"id": "a", "in": {"x": 1, "y": 3}}]

    places = sorted((each.place, each.found) for each in differences(pattern, value))

    assert places == [("*.in.x", "1"), ("*.in.y", "1"), ("*.in.y", "3")]


def test_each_difference_is_a_problem_with_a_fold_of_its_own() -> None:
    problems = Tells({"a": 1, "b": 2, "c": 3}).problems(Reply(message={"return": {"a": 1}}))

    assert [(each.fold, each.kind) for each in problems] == [("b", Kind.VALUE), ("c", Kind.VALUE)]


def test_a_refusal_is_no_answer() -> None:
    reply = Reply(message={"error": {"class": "GenericError", "desc": "no"}})

    (problem,) = Tells({"a": 1}).problems(reply)

    assert problem.kind is Kind.REFUSED


@pytest.mark.parametrize(
    ("mine", "theirs", "part", "what"),
    [
        (["a", "b"], ["b", "a"], False, None),
        (["a"], ["b", "a"], True, None),
        (["a", "a"], ["a"], True, None),
        (["a"], ["b", "a"], False, '*.n does not show "b"'),
        (["a", "c"], ["a"], True, '*.n shows "c", x.* of the other query does not'),
    ],
)
def test_two_queries_agree(
    mine: list[str], theirs: list[str], part: bool, what: str | None
) -> None:
    expect = Agrees(("*", "n"), 0, ("x", "*"), part=part)
    reply = Reply(
        message={"return": [{"n": each} for each in mine]}, earlier=[{"return": {"x": theirs}}]
    )

    problem = expect.problem(reply)

    assert (problem.what if problem else None) == what


def test_a_query_that_is_refused_agrees_with_everything() -> None:
    refused = {"error": {"class": "GenericError", "desc": "no"}}
    expect = Agrees(("*",), 0, ("*",))

    assert expect.problem(Reply(message=refused, earlier=[{"return": [1]}])) is None
    assert expect.problem(Reply(message={"return": [1]}, earlier=[refused])) is None
