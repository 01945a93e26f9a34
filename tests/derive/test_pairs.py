"""What is accepted alone stands together in rows that hold every two choices."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import Any

import pytest

from conformance.derive import combining
from conformance.derive.combining import (
    ApartError,
    Combinations,
    TriedChoice,
    doubtful_pairs,
    merged,
)
from conformance.derive.commands.pairs import pair_cases
from conformance.derive.objects.pairs import pair_cases as object_pairs
from conformance.judge.expect_answer import Answer
from conformance.knowledge.arguments import Catalogue, ChoicesOmitted
from conformance.knowledge.commands import CommandRecipe
from conformance.knowledge.ranges import Limits, RangeRecipe
from conformance.knowledge.valid_request import Effect
from conformance.model.blocked import unmet
from conformance.model.case import Case, Role
from conformance.model.stage import Request
from conformance.model.terms import JsonValue, Outcome, as_object
from tests.derive.builds import build, knowledge
from tests.derive.inputs import a_build, known
from tests.qapi.schemas import command, enum, member, optional, schema_of, struct

SCHEMA = schema_of(
    struct(
        "Arguments",
        member("name", "str"),
        optional("flag", "bool"),
        optional("mode", "Mode"),
        optional("note", "str"),
        optional("inner", "Inner"),
        optional("count", "int"),
    ),
    struct("Inner", optional("a", "bool"), optional("b", "bool")),
    enum("Mode", "on", "off"),
    command("do", "Arguments"),
)
RECIPE = CommandRecipe(
    name="do",
    arguments={"name": "{unique}-n"},
    setup=(Request("prepare", {"id": "{unique}"}),),
    cleanup=(Request("undo", {"id": "{unique}"}),),
)


def _case(recipe: CommandRecipe = RECIPE, **more: Any) -> Case:
    (case,) = pair_cases(a_build(SCHEMA), known(recipe, **more), "do")
    return case


def _subjects(case: Case) -> list[dict[str, JsonValue]]:
    subjects = (step.request for step in case.steps if step.role is Role.SUBJECT)
    return [dict(as_object(request.arguments)) for request in subjects]


def test_each_choice_is_asked_for_alone_behind_the_request_as_it_is() -> None:
    case = _case()

    assert case.id == "do/pairs/arguments"
    base, *choices = case.together
    assert base == "base"
    assert choices == [
        *["flag=true", "flag=false", "mode=on", "mode=off", "note=given", "inner=given"],
        *["count=given", "inner.a=true", "inner.a=false", "inner.b=true", "inner.b=false"],
    ]
    asked = _subjects(case)
    assert [len(each) for each in asked] == [1, *[2] * len(choices)]
    assert asked[1]["flag"] is True
    assert asked[-1]["inner"] == {"b": False}
    assert {step.expect for step in case.steps} == {Answer()}


def test_what_a_choice_leaves_behind_is_in_no_way_of_others() -> None:
    names = [each["name"] for each in _subjects(_case())]

    assert len({*map(str, names)}) == len(names)
    (one,) = Combinations(_case()).case_of([(1, 3)]).steps[1:2]
    name = as_object(one.request.arguments)["name"]
    assert str(name).endswith("-n")
    assert name not in names


def test_rows_hold_each_pair_of_what_was_accepted_and_nothing_else() -> None:
    found = Combinations(_case())
    labels = found.case.together
    accepted = [n for n in range(1, len(labels)) if labels[n] not in ("flag=false", "note=given")]

    rows = [*found.rows(accepted)]

    apart = {"inner=given"}
    expected = {
        (one, two)
        for one, two in combinations(accepted, 2)
        if labels[one].split("=")[0] != labels[two].split("=")[0]
        and not (apart & {labels[one], labels[two]} and "inner." in labels[one] + labels[two])
    }
    assert {pair for row in rows for pair in combinations(row, 2)} == expected
    assert {*found.pairs_of(accepted)} == expected
    assert len(rows) < len(expected) / 2
    assert rows == [*Combinations(_case()).rows(accepted)]


def test_a_row_has_the_arguments_of_all_its_choices() -> None:
    found = Combinations(_case())
    labels = found.case.together
    row = tuple(labels.index(each) for each in ("flag=true", "inner.a=true", "inner.b=false"))

    case = found.case_of([row])

    (asked,) = _subjects(case)
    assert {k: v for k, v in asked.items() if k != "name"} == {
        "flag": True,
        "inner": {"a": True, "b": False},
    }
    assert case.together == ("flag=true inner.a=true inner.b=false",)
    alone = found.alone(row[:2])
    assert alone.together == ("flag=true", "inner.a=true", "flag=true inner.a=true")


def test_the_pairs_of_refused_rows_are_doubted_unless_an_accepted_row_holds_them() -> None:
    assert doubtful_pairs([(1, 2, 3)], [(1, 2, 4), (2, 4, 5)]) == ((1, 4), (2, 4), (2, 5), (4, 5))


def test_integers_are_tried_at_the_ends_that_are_known() -> None:
    ranges = {
        "do": (
            RangeRecipe(
                command="do",
                paths=("count",),
                arguments={"name": "b"},
                limits={"count": Limits(least=2, greatest=9, reason="known")},
            ),
        )
    }

    case = _case(ranges=ranges)

    counts = [each["count"] for each in _subjects(case) if "count" in each]
    assert counts == [2, 9]
    rows = [*Combinations(case).rows(range(1, len(case.together)))]
    held = {case.together[n] for n in rows[0]}, {case.together[n] for n in rows[1]}
    assert {"count=least", "flag=true"} <= held[0]
    assert {"count=greatest", "flag=false"} <= held[1]


def test_data_leaves_choices_out_and_requests_that_change_the_machine_have_none() -> None:
    omitted = ChoicesOmitted(commands=("d*",), choices=("*=on",), reason="it waits")

    case = _case(catalogue=Catalogue(choices_omitted=(omitted,)))

    assert "mode=on" not in case.together
    assert "mode=off" in case.together
    destructive = CommandRecipe(name="do", arguments={"name": "a"}, effect=Effect.DESTRUCTIVE)
    assert not [*pair_cases(a_build(SCHEMA), known(destructive), "do")]


def test_without_the_library_the_cases_say_what_is_missing() -> None:
    (need,) = combining.NEEDS

    without = a_build(SCHEMA, lacks={need: "it is not installed"})
    (case,) = pair_cases(without, known(RECIPE), "do")

    assert case.blocked == unmet([need], without.lacks)
    assert case.blocked is not None
    assert case.blocked.outcome is Outcome.UNTESTABLE_HERE
    assert not case.steps


def test_so_many_choices_are_tried_first_values_first() -> None:
    given = [
        TriedChoice(axis=f"{n}", label=f"{n}={v}", arguments={})
        for n in range(30)
        for v in range(6)
    ]

    kept = combining.bounded(given)

    assert len(kept) == combining.CHOICES
    assert max(Counter(each.axis for each in kept).values()) <= combining.VALUES
    assert [each.axis for each in kept] == sorted((each.axis for each in kept), key=int)
    assert {each.axis for each in kept} == {each.axis for each in given}


@pytest.mark.parametrize(
    ("base", "one", "two", "both"),
    [
        ({"a": 1}, {"a": 2}, {"a": 1, "b": 3}, {"a": 2, "b": 3}),
        ({"a": 1, "b": 1}, {"a": 1}, {"a": 1, "b": 1, "c": 0}, {"a": 1, "c": 0}),
        ({}, {"o": {"x": 1}}, {"o": {"y": 2}}, {"o": {"x": 1, "y": 2}}),
        (
            {"l": [{"x": 1}]},
            {"l": [{"x": 2}]},
            {"l": [{"x": 1, "y": 0}]},
            {"l": [{"x": 2, "y": 0}]},
        ),
        ({}, {"a": True}, {"a": True}, {"a": True}),
    ],
)
def test_changes_of_two_are_merged(
    base: JsonValue, one: JsonValue, two: JsonValue, both: JsonValue
) -> None:
    assert merged(base, one, two) == both


@pytest.mark.parametrize(
    ("one", "two"), [({"a": 1}, {"a": True}), ({"a": [1]}, {"a": [1, 2]}), ({"a": 2}, {})]
)
def test_two_that_change_the_same_are_apart(one: JsonValue, two: JsonValue) -> None:
    with pytest.raises(ApartError, match="the same"):
        merged({"a": 0}, one, two)


def test_the_members_of_an_object_type_are_paired_likewise() -> None:
    (case,) = object_pairs(build(typed=True), knowledge(), "toy")

    assert case.id == "object-add/toy/pairs/members"
    assert {"flag=true", "flag=false", "narrow=least", "narrow=greatest"} <= {*case.together}
    ids = [each["id"] for each in _subjects(case)]
    assert len({*map(str, ids)}) == len(ids)
    assert {step.request.execute for step in case.steps} == {"object-add", "object-del"}
