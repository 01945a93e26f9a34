"""All values of an enumeration, or plain members of an object, tried one after the other."""

from __future__ import annotations

from typing import Any

from conformance.derive.commands.variations import variation_cases
from conformance.judge.expect_answer import Answer
from conformance.judge.expect_odd import NoOddOneOut
from conformance.knowledge.absences import Conditional
from conformance.knowledge.commands import CommandRecipe
from conformance.knowledge.valid_request import Effect
from conformance.model.case import Case, Role
from conformance.model.stage import Request
from tests.derive.inputs import a_build, cases_of_schema, known
from tests.qapi.schemas import Entry, command, enum, member, optional, schema_of, struct

MODES = enum("Mode", "off", "on", "auto")
RECIPE = CommandRecipe(name="do", arguments={"name": "a"}, cleanup=(Request("undo", {}),))


def _siblings(*members: Entry, recipe: CommandRecipe = RECIPE, **more: Any) -> dict[str, Case]:
    arguments = struct("Arguments", member("name", "str"), *members)
    schema = schema_of(arguments, command("do", "Arguments"), MODES)
    cases = cases_of_schema(variation_cases, schema, recipe, "do", **more)
    return {
        case.id.removeprefix("do/valid/siblings/"): case for case in cases if "siblings" in case.id
    }


def _told(case: Case) -> NoOddOneOut:
    (told,) = (step.expect for step in case.steps if isinstance(step.expect, NoOddOneOut))
    return told


def test_the_values_of_an_enumeration_are_tried_in_one_case() -> None:
    case = _siblings(optional("mode", "Mode"))["values/mode"]

    subjects = [n for n, step in enumerate(case.steps) if step.role is Role.SUBJECT]
    told = _told(case)
    assert [each.name for each in told.alternatives] == ["mode=off", "mode=on", "mode=auto"]
    assert [each.steps for each in told.alternatives] == [(n,) for n in subjects]
    assert case.steps[subjects[-1]].rule == "X36"
    others = [step.expect for n, step in enumerate(case.steps) if n != subjects[-1]]
    assert others == [Answer()] * len(others)


def test_two_values_tell_nothing_nor_do_those_that_must_succeed_anyway() -> None:
    assert _siblings(optional("flag", "bool")) == {}
    few = [optional(name, "bool") for name in ("a", "b", "c")]
    assert _siblings(*few) == {}


def test_members_are_siblings_whose_values_name_nothing() -> None:
    flags = [optional(name, "bool") for name in ("a", "b", "c", "d")]

    case = _siblings(*flags, optional("file", "str"), optional("count", "int"))["members/arguments"]

    alternatives = _told(case).alternatives
    assert [each.name for each in alternatives] == ["a", "b", "c", "d"]
    # Each is tried as true and as false.
    assert [len(each.steps) for each in alternatives] == [2] * 4


def test_a_request_that_needs_a_machine_of_its_own_is_left_out() -> None:
    alone = CommandRecipe(name="do", arguments={"name": "a"}, effect=Effect.DESTRUCTIVE)

    assert _siblings(optional("mode", "Mode"), recipe=alone) == {}


def test_what_hangs_on_something_else_is_excused() -> None:
    entry = Conditional(commands=("do",), refusal="no kernel *", reason="r")
    schema = schema_of(
        struct("Arguments", member("name", "str"), optional("mode", "Mode")),
        command("do", "Arguments"),
        MODES,
    )
    cases = variation_cases(a_build(schema), known(RECIPE, conditional=(entry,)), "do")

    told = [_told(case) for case in cases if "siblings" in case.id]
    assert [each.excused for each in told] == [("no kernel *",)]
