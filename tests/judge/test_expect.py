"""Whether a well-formed reply is what its step expects."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.judge.expect import check, miss_of
from conformance.judge.expect_answer import (
    Accept,
    Answer,
    Ends,
    Known,
    Refused,
    Reject,
    Succeeds,
    Understood,
    without_names,
)
from conformance.judge.expect_qom import (
    Holds,
    Instance,
    LinksTo,
    ListsProperties,
    ListsTypes,
    ReadsAs,
    value_problem,
)
from conformance.judge.expect_value import Adds, Lists, Repeats, Returns, Unchanged, shows_value
from conformance.judge.observation import Observation
from conformance.judge.verdict import judge
from conformance.model.case import Role
from conformance.model.expectation import Expectation, Kind
from conformance.model.stage import Request
from conformance.model.state import StateQuery
from conformance.model.terms import ErrorClass, JsonValue, Outcome
from conformance.qapi.qom import TypeInfo
from tests.judge.made import case, first, judge_of_messages, line, refusal, step, success

NOT_FOUND = Reject(frozenset({ErrorClass.DEVICE_NOT_FOUND}))
LISTED = [{"name": "obj", "type": "child<toy>"}, {"name": "n", "type": "uint8"}]
KNOWN = {
    "a": TypeInfo(name="a", abstract=True),
    "b": TypeInfo(name="b", parent="a"),
}
A: dict[str, JsonValue]
B: dict[str, JsonValue]
A, B = {"name": "a", "abstract": True}, {"name": "b", "parent": "a"}
TOY = frozenset({"toy"})

TABLE: list[tuple[str, Expectation, dict[str, Any], Kind | None]] = [
    ("listed", Lists((A, B)), success([B, A]), None),
    ("listed twice", Lists((A,)), success([A, A]), Kind.VALUE),
    ("not all listed", Lists((A, B)), success([A]), Kind.VALUE),
    ("no list", Lists((A, B)), success({}), Kind.VALUE),
    ("accepted", Accept(), success(), None),
    ("not accepted", Accept(), refusal(), Kind.REFUSED),
    ("refused", Reject(), refusal(), None),
    ("not refused", Reject(), success(), Kind.ACCEPTED),
    ("refused with its class", NOT_FOUND, refusal("DeviceNotFound"), None),
    ("refused with another class", NOT_FOUND, refusal(), Kind.CLASS),
    ("refused, whatever the class", Refused(), refusal("DeviceNotFound"), None),
    ("not refused as elsewhere", Refused(), success(), Kind.ACCEPTED),
    ("answered with success", Answer(), success(), None),
    ("answered with an error", Answer(), refusal("CommandNotFound"), None),
    ("understood and done", Understood(), success(), None),
    ("understood and refused for what is there", Understood(), refusal("DeviceNotFound"), None),
    ("refused for who knows what", Understood(), refusal(), Kind.REFUSED),
    ("refused before it was read", Understood(), refusal("CommandNotFound"), Kind.REFUSED),
    ("ends, and says so", Ends(), success(), None),
    ("does not end", Ends(), refusal(), Kind.REFUSED),
    ("known and accepted", Known(), success(), None),
    ("known and refused", Known(), refusal(), None),
    ("not known", Known(), refusal("CommandNotFound"), Kind.CLASS),
    ("one of the values", Returns((1, 2)), success(2), None),
    ("none of the values", Returns((1, 2)), success(3), Kind.VALUE),
    ("true is not 1", Returns((1,)), success(True), Kind.VALUE),
    ("1.0 is not 1", Returns((1,)), success(1.0), Kind.VALUE),
    ("refused in place of a value", Returns((1,)), refusal(), Kind.REFUSED),
    ("reads", shows_value(("1", "name"), "n"), success(LISTED), None),
    ("reads otherwise", shows_value(("1", "name"), "m"), success(LISTED), Kind.VALUE),
    ("reads nothing there", shows_value(("2", "name"), "n"), success(LISTED), Kind.VALUE),
    ("reads of one", shows_value(({"name": "obj"}, "name"), "obj"), success(LISTED), None),
    ("reads of none", shows_value(({"name": "x"}, "name"), "x"), success(LISTED), Kind.VALUE),
    ("reads of no array", shows_value(({"a": 1},), 1), success({"a": 1}), Kind.VALUE),
    ("reads a null", shows_value(("a",), None), success({"a": None}), None),
    ("reads no null", shows_value(("b",), None), success({"a": None}), Kind.VALUE),
    ("repeats", Repeats(0), success(LISTED), None),
    ("repeats not", Repeats(0), success(LISTED[:1]), Kind.VALUE),
    ("holds", Holds((("obj", "child<toy>"),), ("gone",)), success(LISTED), None),
    ("holds less", Holds((("other", "child<toy>"),)), success(LISTED), Kind.VALUE),
    ("holds another type", Holds((("obj", "child<x>"),)), success(LISTED), Kind.VALUE),
    ("still holds", Holds(absent=("obj",)), success(LISTED), Kind.VALUE),
    ("no container, nothing in it", Holds(absent=("obj",)), refusal("DeviceNotFound"), None),
    ("no container", Holds((("obj", "x"),)), refusal("DeviceNotFound"), Kind.REFUSED),
    ("container refused", Holds(absent=("obj",)), refusal(), Kind.REFUSED),
    ("reads as its type", ReadsAs("uint8"), success(255), None),
    ("reads beyond its type", ReadsAs("uint8"), success(256), Kind.VALUE),
    ("links to an object", LinksTo(frozenset({"/a"})), success("/a"), None),
    ("links to nothing", LinksTo(frozenset({"/a"})), success(""), None),
    ("links to nowhere", LinksTo(frozenset({"/a"})), success("/b"), Kind.VALUE),
    ("links to no path", LinksTo(frozenset({"/a"})), success(None) | {"return": None}, Kind.VALUE),
    ("lists types", ListsTypes(KNOWN, frozenset("ab")), success([A, B]), None),
    ("lists some types", ListsTypes(KNOWN), success([B]), None),
    ("lists too few types", ListsTypes(KNOWN, frozenset("ab")), success([A]), Kind.VALUE),
    ("lists too many types", ListsTypes(KNOWN, frozenset("a")), success([A, B]), Kind.VALUE),
    ("lists a type twice", ListsTypes(KNOWN), success([B, B]), Kind.VALUE),
    ("lists another type", ListsTypes(KNOWN), success([{"name": "c"}]), Kind.VALUE),
    ("lists a type otherwise", ListsTypes(KNOWN), success([{"name": "a"}]), Kind.VALUE),
    ("has what its type has", Instance((("n", "uint8"),)), success(LISTED), None),
    ("lacks what its type has", Instance((("m", "uint8"),)), success(LISTED), Kind.VALUE),
    ("has it otherwise", Instance((("n", "int8"),)), success(LISTED), Kind.VALUE),
    ("has more than its type", Instance(()), success(LISTED), Kind.VALUE),
    ("lists properties", ListsProperties(TOY), success(LISTED), None),
    ("lists an unknown child", ListsProperties(frozenset()), success(LISTED), Kind.VALUE),
    ("lists a property twice", ListsProperties(TOY), success(LISTED * 2), Kind.VALUE),
    (
        "a default of another type",
        ListsProperties(TOY),
        success([{"name": "n", "type": "uint8", "default-value": "1"}]),
        Kind.VALUE,
    ),
    (
        "a default",
        ListsProperties(TOY),
        success([{"name": "n", "type": "uint8", "default-value": 1}]),
        None,
    ),
    ("the same as before", ListsProperties(TOY, {"n": "uint8"}), success(LISTED[1:]), None),
    ("more than before", ListsProperties(TOY, {"n": "uint8"}), success(LISTED), Kind.VALUE),
]


@pytest.mark.parametrize(
    ("expect", "message", "kind"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_a_reply_is_held_against_what_is_expected(
    expect: Expectation, message: dict[str, Any], kind: Kind | None
) -> None:
    one = step(expect)

    problem = first(check(case(one), one, message, (success(LISTED),)))

    assert (problem.kind if problem else None) is kind


def test_a_problem_becomes_a_miss_of_the_steps_rule() -> None:
    one = step(Accept())
    problem = first(check(case(one), one, refusal(), ()))
    assert problem is not None

    miss = miss_of(case(one), one, problem)

    assert (miss.rule, miss.kind) == ("X20", Kind.REFUSED)
    assert miss.summary == "do: refused with GenericError: no 'a' at /b 7"


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("uint8", [0, 255], [-1, 256, True, "1", 1.0]),
        ("int8", [-128, 127], [-129, 128]),
        ("size", [0, 2**64 - 1], [-1, 2**64]),
        ("int", [-(2**63), 2**63 - 1], [2**63, None]),
        ("string", ["", "a"], [1, None]),
        ("bool", [True, False], [1, "on", None]),
        ("double", [1, 0.5], [True, "1"]),
        ("SomeStruct", [{}, 1, "a"], [None]),
    ],
)
def test_a_value_is_of_a_property_type(kind: str, right: list[Any], wrong: list[Any]) -> None:
    assert [value for value in right if value_problem(kind, value)] == []
    assert [value for value in wrong if not value_problem(kind, value)] == []


def test_errors_that_differ_in_names_alone_are_one() -> None:
    first, second = (
        without_names(f"Property '{name}' of /objects/{name} is {number}")
        for name, number in (("a", 1), ("b", 0x20))
    )

    assert first == second
    assert "Property" in first
    assert without_names("Parameter 'a' is missing") != without_names("Parameter 'a' is unexpected")


def test_misses_about_one_member_fold_into_one_and_about_two_do_not() -> None:
    one = step(Reject())
    folds = set()
    for about in ("size", "size", "share"):
        problem = first(check(case(one, about=about), one, success()))
        assert problem is not None
        folds.add(miss_of(case(one, about=about), one, problem).fold)

    assert len(folds) == 2


NODES = [{"name": "a", "n": 1}, {"name": "b", "n": 2}]


@pytest.mark.parametrize(
    ("then", "now", "change"),
    [
        (success(NODES), success([NODES[1], NODES[0]]), None),
        (success(NODES), success([NODES[0], {"name": "b", "n": 3}]), "1.n became 3"),
        (success(NODES), success([NODES[0]]), "what it returned became not there"),
        (success(NODES), success([*NODES, NODES[0]]), 'what it returned became {"name":"a","n":1}'),
        (success({"a": 1}), success({"a": True}), "a became true"),
        (success({"a": 1}), success({"a": 1, "b": None}), "b became null"),
        (success({"a": 1, "clock": 5}), success({"a": 1, "clock": 6}), None),
        (success([[1, 2], [3, 4]]), success([[4, 3], [2, 1]]), None),
        (success([[1, 2], [3, 4]]), success([[4, 3], [2, 2]]), "0.0 became 2"),
        (success([]), refusal(), None),
        (refusal(), success([1]), "what it returned became 1"),
        (refusal(), refusal("DeviceNotFound"), None),
    ],
)
def test_a_query_tells_of_what_has_changed(
    then: dict[str, Any], now: dict[str, Any], change: str | None
) -> None:
    query = StateQuery(request=Request("read"), ignore=(("clock",),), nothing=[])
    asked = case(step(), step(Unchanged(query, 0)))

    problem = first(check(asked, asked.steps[1], now, (then,)))

    assert (None if problem is None else problem.what) == change


def test_where_a_refusal_says_nothing_of_its_own_it_is_a_state_as_well() -> None:
    query = StateQuery(request=Request("read"))
    asked = case(step(), step(Unchanged(query, 0)))

    def problem(then: dict[str, Any], now: dict[str, Any]) -> str | None:
        found = first(check(asked, asked.steps[1], now, (then,)))
        return None if found is None else found.what

    assert problem(refusal(), refusal()) is None
    assert problem(refusal(), refusal("DeviceNotFound")) == 'error.class became "DeviceNotFound"'
    assert problem(success([]), refusal()) is not None


@pytest.mark.parametrize(
    ("now", "problem"),
    [
        ([{"id": "a"}, {"id": "b", "more": 1}], None),
        ([{"id": "b"}, {"id": "a"}], None),
        ([{"id": "a"}], 'what it returned has no {"id":"b"} more, but []'),
        ([{"id": "a"}, {"id": "c"}], 'what it returned has no {"id":"b"} more, but [{"id":"c"}]'),
        (
            [{"id": "a"}, {"id": "b"}, {"id": "c"}],
            'what it returned also has {"id":"c"} more',
        ),
        ([{"id": "b"}], 'what it returned has {"id":"a"} no longer'),
    ],
)
def test_a_list_has_what_was_created_and_all_else_as_before(now: Any, problem: str | None) -> None:
    asked = case(step(), step(Adds(StateQuery(request=Request("read")), 0, (), ({"id": "b"},))))

    found = first(check(asked, asked.steps[1], success(now), (success([{"id": "a"}]),)))

    assert (None if found is None else found.what) == problem


def test_a_list_within_an_answer_grows_alone() -> None:
    at = ({"node": "n"}, "bitmaps")
    asked = case(step(), step(Adds(StateQuery(request=Request("read")), 0, at, ({"name": "b"},))))
    then = [{"node": "m", "size": 1}, {"node": "n", "size": 1}]
    grown = {"node": "n", "size": 1, "bitmaps": [{"name": "b"}]}

    def problem(now: Any) -> str | None:
        found = first(check(asked, asked.steps[1], success(now), (success(then),)))
        return None if found is None else found.what

    assert problem([then[0], grown]) is None
    assert problem([{"node": "m", "size": 2}, grown]) == "0.size became 2"
    assert problem([then[0], {**grown, "size": 2}]) == "1.size became 2"
    assert problem(then) is not None


def test_what_is_refused_where_it_must_be_done_shows_nothing() -> None:
    asked = case(step(Succeeds()))
    found = first(check(asked, asked.steps[0], refusal()))

    assert found is not None
    otherwise = asked.steps[0].expect.inconclusive(found)
    assert otherwise is not None
    assert otherwise.outcome is Outcome.UNTRIED
    assert check(asked, asked.steps[0], success({})) == ()


def test_what_must_be_refused_elsewhere_stands_in_the_way_where_it_is_accepted() -> None:
    asked = case(step(Refused()))
    problem = first(check(asked, asked.steps[0], success()))

    assert problem is not None
    otherwise = Refused().inconclusive(problem)
    assert otherwise is not None
    assert otherwise.outcome is Outcome.BLOCKED_BY_FINDING


def test_what_nothing_promises_to_be_refused_may_succeed() -> None:
    expect = Refused(promised=False)
    asked = case(step(expect))
    problem = first(check(asked, asked.steps[0], success()))

    assert problem is not None
    otherwise = expect.inconclusive(problem)
    assert otherwise is not None
    assert otherwise.outcome is Outcome.NOT_APPLICABLE


def test_every_wrong_default_of_a_type_is_told_under_the_rule_about_defaults() -> None:
    listed = [
        {"name": "a", "type": "int", "default-value": "1"},
        {"name": "b", "type": "bool", "default-value": True},
        {"name": "c", "type": "str", "default-value": 3},
    ]
    asked = case(step(ListsProperties(frozenset()), execute="list"))
    seen = Observation(replies=(line(success(listed)),))

    verdict = judge(asked, seen, judge_of_messages(), 0)

    assert [(miss.rule, miss.summary) for miss in verdict.misses] == [
        ("X08", "list: the default of 'a' is wrong: the int reads \"1\""),
        ("X08", "list: the default of 'c' is wrong: the str reads 3"),
    ]
    assert len({miss.fold for miss in verdict.misses}) == 2
    assert "X08" in asked.rules


def test_a_refusal_with_another_class_does_not_hide_what_comes_behind_it() -> None:
    reads = step(Returns((1,)), execute="read", role=Role.CHECK)
    asked = case(step(Reject()), reads)
    seen = Observation(replies=(line(refusal("DeviceNotFound")), line(success(2, 1))))

    verdict = judge(asked, seen, judge_of_messages(), 0)

    assert [miss.kind for miss in verdict.misses] == [Kind.CLASS, Kind.VALUE]
    hidden = Observation(replies=(line(success()), line(success(2, 1))))
    assert [m.kind for m in judge(asked, hidden, judge_of_messages(), 0).misses] == [Kind.ACCEPTED]


def test_a_case_is_about_the_rules_that_it_can_find_broken() -> None:
    def rules(expect: Expectation, role: Role) -> tuple[str, ...]:
        return case(step(expect, role=role)).rules

    assert rules(Accept(), Role.SUBJECT) == ("X20",)
    assert rules(Accept(), Role.SETUP) == rules(Accept(), Role.WITNESS) == ()
    assert rules(Refused(), Role.SUBJECT) == ()
