"""What stands at a path of a value, what is left without some, and what a step is to show there."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.judge.expect import check
from conformance.judge.expect_value import NotYet, Repeats, Shows, Sight
from conformance.judge.json_path import brief, path_text, stands_at, without
from conformance.judge.observation import Observation
from conformance.judge.verdict import judge
from conformance.model.case import Role
from conformance.model.expectation import Expectation, Kind
from conformance.model.terms import ABSENT, Outcome, PathPart
from tests.judge.made import case, first, judge_of_messages, line, refusal, step, success

NODES: list[dict[str, Any]] = [{"name": "a", "n": 1, "t": 5}, {"name": "b", "n": None, "t": 6}]
A: tuple[PathPart, ...] = ({"name": "a"}, "n")
B: tuple[PathPart, ...] = ({"name": "b"}, "n")
C: tuple[PathPart, ...] = ({"name": "c"}, "n")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (A, 1),
        (B, None),
        (C, ABSENT),
        (("1", "t"), 6),
        (("2",), ABSENT),
        (("name",), ABSENT),
        (({"n": True},), ABSENT),
        (({"name": "a", "n": 1}, "t"), 5),
        (("0", {"name": "a"}), ABSENT),
        ((), NODES),
    ],
    ids=[
        "member",
        "null",
        "no element",
        "number",
        "beyond",
        "name",
        "type",
        "two",
        "object",
        "all",
    ],
)
def test_a_path_leads_to_what_stands_there(path: tuple[PathPart, ...], found: Any) -> None:
    assert stands_at(NODES, path) == found


def test_a_number_leads_into_an_object_by_its_name_and_into_nothing_else() -> None:
    assert stands_at({"0": 5}, ("0",)) == 5
    assert stands_at("text", ("0",)) is ABSENT


def test_what_is_no_object_or_lacks_the_member_is_passed_over() -> None:
    mixed = [1, {"n": 2}, {"name": "a", "n": 3}]

    assert stands_at(mixed, A) == 3


def test_what_is_left_out_is_out_and_the_rest_stays_as_it_is() -> None:
    assert without(NODES, (("*", "t"), ("0", "name"), ("x",))) == [
        {"n": 1},
        {"name": "b", "n": None},
    ]
    assert without({"a": 1, "b": 2}, (("*",),)) == {}
    assert without(3, (("a",),)) == 3
    assert NODES[0]["t"] == 5


def test_a_path_and_a_value_are_told_in_few_words() -> None:
    assert path_text(A) == '{"name":"a"}.n'
    assert path_text(()) == "what it returned"
    assert brief("a" * 200) == '"' + "a" * 99 + "..."


TABLE: list[tuple[str, Expectation, Any, Kind | None]] = [
    ("the value", Shows(A, Sight.VALUE, 1), NODES, None),
    ("another value", Shows(A, Sight.VALUE, 2), NODES, Kind.VALUE),
    ("null where it is wanted", Shows(B, Sight.VALUE, None), NODES, None),
    ("nothing in place of null", Shows(C, Sight.VALUE, None), NODES, Kind.VALUE),
    ("there", Shows(B, Sight.THERE), NODES, None),
    ("not there", Shows(C, Sight.THERE), NODES, Kind.VALUE),
    ("gone", Shows(C, Sight.ABSENT), NODES, None),
    ("not gone", Shows(B, Sight.ABSENT), NODES, Kind.VALUE),
    ("as before", Shows(A, Sight.DIFFERENT), NODES, Kind.VALUE),
    ("another than before", Shows(A, Sight.DIFFERENT), NODES[1:], None),
    ("there no more", Shows(B, Sight.DIFFERENT), NODES[:1], None),
    ("never there", Shows(C, Sight.DIFFERENT), NODES, Kind.VALUE),
    ("not yet", NotYet(Shows(A, Sight.VALUE, 2)), NODES, None),
    ("so before", NotYet(Shows(A, Sight.VALUE, 1)), NODES, Kind.VALUE),
    ("gone before", NotYet(Shows(C, Sight.ABSENT)), NODES, Kind.VALUE),
    ("anything may come to differ", NotYet(Shows(A, Sight.DIFFERENT)), NODES, None),
    ("less what moves", Repeats(0, (("*", "t"),)), [{**NODES[0], "t": 9}, NODES[1]], None),
    ("more than moves", Repeats(0, (("*", "t"),)), [{**NODES[0], "n": 9}, NODES[1]], Kind.VALUE),
]


@pytest.mark.parametrize(
    ("expect", "value", "kind"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_a_reply_shows_what_it_should(expect: Expectation, value: Any, kind: Kind | None) -> None:
    one = step(expect)

    miss = first(check(case(one), one, success(value), (success(NODES),)))

    assert (miss.kind if miss else None) is kind


def test_a_query_that_is_refused_shows_nothing() -> None:
    one = step(Shows(A, Sight.ABSENT))

    miss = first(check(case(one), one, refusal(), (success(NODES),)))

    assert miss is not None
    assert miss.kind is Kind.REFUSED


def test_what_was_so_before_leaves_a_case_vacuous() -> None:
    steps = (
        step(NotYet(Shows(A, Sight.VALUE, 1)), execute="read", role=Role.SETUP),
        step(),
        step(Shows(A, Sight.VALUE, 1), execute="read", role=Role.CHECK),
    )
    replies = tuple(map(line, (success(NODES), success(number=1), success(NODES, 2))))

    verdict = judge(case(*steps), Observation(replies=replies), judge_of_messages(), 0)

    assert (verdict.outcome, verdict.misses) == (Outcome.VACUOUS, ())
    assert '{"name":"a"}.n is 1 before' in verdict.reason
