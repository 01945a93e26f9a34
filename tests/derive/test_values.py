"""Each argument is tried with the values of its kind, in a request that is accepted without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.derive.commands.trials import each_value
from conformance.derive.commands.values import value_cases
from conformance.derive.objects.values import value_cases as object_values
from conformance.judge.expect_answer import Accept, Answer
from conformance.knowledge.arguments import (
    ArgumentShape,
    ArgumentValue,
    Catalogue,
    ValueKind,
    ValuesOmitted,
)
from conformance.knowledge.commands import CommandRecipe
from conformance.knowledge.refusals import Reference
from conformance.knowledge.valid_request import Effect
from conformance.model.case import Case, Isolation, Role
from conformance.model.stage import Request
from conformance.model.terms import JsonValue, as_object
from tests.derive.builds import build, knowledge
from tests.derive.inputs import a_build, known
from tests.qapi.schemas import alternate, array, command, member, optional, schema_of, struct

CATALOGUE = Catalogue(
    (
        ValueKind(
            name="name",
            type=ArgumentShape.STRING,
            paths=("name", "*.name", "job-id"),
            names=True,
            values=(ArgumentValue(name="empty"), ArgumentValue(name="long", text="ab", times=3)),
            reason="",
        ),
        ValueKind(
            name="text",
            type=ArgumentShape.STRING,
            values=(ArgumentValue(name="percent", text="%s"),),
            reason="",
        ),
        ValueKind(
            name="number",
            type=ArgumentShape.INTEGER,
            values=(ArgumentValue(name="513", number=513),),
            reason="",
        ),
        ValueKind(
            name="elements",
            type=ArgumentShape.ARRAY,
            values=(ArgumentValue(name="none", times=0), ArgumentValue(name="two", times=2)),
            reason="",
        ),
    )
)
SCHEMA = schema_of(
    struct(
        "Arguments",
        member("name", "str"),
        optional("note", "str"),
        optional("list", "[Inner]"),
        optional("either", "Either"),
        optional("count", "int"),
    ),
    struct("Inner", member("name", "str")),
    array("[Inner]", "Inner"),
    alternate("Either", "str", "Inner"),
    command("do", "Arguments"),
)
RECIPE = CommandRecipe(
    name="do",
    arguments={"name": "a"},
    setup=(Request("prepare"),),
    cleanup=(Request("undo"),),
)


def _cases(recipe: CommandRecipe = RECIPE, **more: Any) -> dict[str, Case]:
    made = value_cases(a_build(SCHEMA), known(recipe, catalogue=CATALOGUE, **more), "do")
    return {case.id.removeprefix("do/values/"): case for case in made}


def _asked(case: Case) -> list[Mapping[str, JsonValue]]:
    subjects = (step.request for step in case.steps if step.role is Role.SUBJECT)
    return [as_object(request.arguments) for request in subjects]


def test_strings_integers_and_arrays_are_tried_at_every_depth() -> None:
    assert list(_cases()) == ["name", "note", "list", "either", "count", "list.0.name"]


def test_the_first_kind_that_fits_gives_the_values() -> None:
    cases = _cases()

    assert _asked(cases["name"]) == [{"name": ""}, {"name": "ababab"}]
    assert _asked(cases["note"]) == [{"name": "a", "note": "%s"}]
    assert _asked(cases["either"]) == [{"name": "a", "either": "%s"}]
    assert _asked(cases["count"]) == [{"name": "a", "count": 513}]


def test_an_array_repeats_its_element() -> None:
    none, two = (arguments["list"] for arguments in _asked(_cases()["list"]))

    assert none == []
    assert isinstance(two, list)
    first, second = two
    assert first == second


def test_the_accepted_request_comes_first_and_each_value_has_its_set_up() -> None:
    case = _cases()["name"]

    around = [(step.role, step.request.execute) for step in case.steps]
    assert around == [
        (Role.SETUP, "prepare"),
        (Role.WITNESS, "do"),
        (Role.CLEANUP, "undo"),
        *[(Role.SETUP, "prepare"), (Role.SUBJECT, "do"), (Role.CLEANUP, "undo")] * 2,
    ]
    assert isinstance(case.steps[1].expect, Accept)
    assert {step.expect for step in case.steps[3:]} == {Answer()}
    assert case.together == ("name=empty", "name=long")


def test_what_changes_the_machine_for_good_is_set_up_once_and_has_no_witness() -> None:
    case = _cases(CommandRecipe(**{**_fields(RECIPE), "effect": Effect.DESTRUCTIVE}))["name"]

    assert case.isolation is Isolation.ALONE
    roles = [step.role for step in case.steps]
    assert roles == [Role.SETUP, Role.SUBJECT, Role.SUBJECT]
    assert [len(each.steps) for each in each_value(case)] == [2, 2]


def _fields(recipe: CommandRecipe) -> dict[str, Any]:
    kept = ("name", "arguments", "setup", "cleanup")
    return {name: getattr(recipe, name) for name in kept}


def test_each_value_alone_keeps_the_accepted_request_and_its_own_surroundings() -> None:
    case = _cases()["name"]

    first, second = each_value(case)

    assert [step.role for step in first.steps] == [step.role for step in case.steps[:6]]
    assert _asked(first) + _asked(second) == _asked(case)
    assert not first.together


def test_omitted_arguments_are_not_tried() -> None:
    omitted = ValuesOmitted(commands=("d*",), paths=("n*",), reason="")
    catalogue = Catalogue(CATALOGUE.kinds, (omitted,))

    made = value_cases(a_build(SCHEMA), known(RECIPE, catalogue=catalogue), "do")

    assert [case.about for case in made] == ["list", "either", "count", "list.0.name"]


def test_what_is_left_to_thorough_runs_is_tried_there_alone() -> None:
    omitted = ValuesOmitted(commands=("d*",), paths=("n*",), thorough=True, reason="")
    knowledge = known(RECIPE, catalogue=Catalogue(CATALOGUE.kinds, (omitted,)))

    usual, thorough = (
        {case.about for case in value_cases(a_build(SCHEMA, thorough=each), knowledge, "do")}
        for each in (False, True)
    )

    assert thorough - usual == {"name", "note"}
    assert usual < thorough


def test_a_reference_names_each_other_thing_that_is_there() -> None:
    recipe = CommandRecipe(
        name="do",
        arguments={"name": "n0"},
        setup=(
            Request("make", {"node-name": "n0", "driver": "x"}),
            Request("make", {"job-id": "j0"}),
        ),
        references=(Reference(at=("name",), to="node"),),
    )

    case = _cases(recipe)["name/another"]

    assert _asked(case) == [{"name": "j0"}]
    assert case.together == ("name=j0",)
    assert "name/another" not in _cases()


def test_the_members_of_an_object_type_are_tried_likewise() -> None:
    cases = {each.about: each for each in object_values(build(typed=True), knowledge(), "toy")}

    strings = knowledge().catalogue.values("object-add", "text", ArgumentShape.STRING)
    case = cases["text"]
    assert case.id == "object-add/toy/values/text"
    assert case.together == tuple(f"text={value.name}" for value in strings)
    roles = [step.role for step in case.steps]
    assert roles == [Role.WITNESS, Role.CLEANUP] + [Role.SUBJECT, Role.CLEANUP] * len(strings)
    assert [given["text"] for given in _asked(case)] == [value.like("") for value in strings]
    assert len([*each_value(case)]) == len(strings)
    assert "narrow" in cases
    assert "list" in cases
    assert "flag" not in cases
