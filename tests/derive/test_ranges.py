"""Both ends of every integer are tried and one beyond each; no more is claimed than is known."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.derive.commands.ranges import range_cases
from conformance.judge.expect_answer import Accept, Answer, Reject, Understood
from conformance.knowledge.commands import CommandRecipe
from conformance.knowledge.ranges import Limits, RangeRecipe
from conformance.knowledge.valid_request import Effect
from conformance.knowledge.versions import VersionRange
from conformance.model.case import Case, Isolation, Role
from conformance.model.expectation import Expectation
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import Aspect, Outcome
from conformance.qapi.model import Schema
from tests.derive.inputs import a_build, known
from tests.derive.widths import wide_schema_of
from tests.qapi.schemas import Entry, command, member, optional, struct

UNDO = Request("undo", {})
PREPARE = Request("prepare", {})
UP = 2**64 - 1


def schema_with(kind: str, *more: Entry) -> Schema:
    arguments = struct("Arguments", member("name", "str"), optional("n", kind), *more)
    return wide_schema_of(arguments, command("do", "Arguments"))


def cases_of(
    kind: str, recipe: RangeRecipe | None = None, *more: Entry, **settings: Any
) -> dict[str, Case]:
    schema = schema_with(kind, *more)
    given = {"version": (8, 1, 0), "lacks": {"gpu": "no gpu here"}, **settings}
    commands = given.pop("commands", ())
    ranges = given.pop("recipes", {"do": (recipe,)} if recipe else {})
    if given.pop("older", False):
        given["older"] = schema
    build = a_build(schema, **given)
    return {case.id: case for case in range_cases(build, known(*commands, ranges=ranges), "do")}


def recipe_with(**settings: Any) -> RangeRecipe:
    whole = {
        "command": "do",
        "arguments": {"name": "a"},
        "setup": (PREPARE,),
        "cleanup": (UNDO,),
        **settings,
    }
    return RangeRecipe(**whole)


def asked(case: Case, role: Role = Role.SUBJECT) -> tuple[Any, Expectation, str]:
    """Return the integer that a step of the role asks for, what must come of it, and its rule."""
    (step,) = (step for step in case.steps if step.role is role)
    arguments: Any = step.request.arguments
    return arguments["n"], step.expect, step.rule


WIDTHS = [
    ("int8", "Q04", -128, 127),
    ("int16", "Q04", -(2**15), 2**15 - 1),
    ("int32", "Q04", -(2**31), 2**31 - 1),
    ("int64", "Q03", -(2**63), 2**63 - 1),
    ("uint8", "Q05", 0, 255),
    ("uint16", "Q05", 0, 2**16 - 1),
    ("uint32", "Q05", 0, 2**32 - 1),
    ("uint64", "Q06", 0, UP),
    ("size", "Q07", 0, UP),
]


@pytest.mark.parametrize(("kind", "rule", "low", "high"), WIDTHS, ids=[w[0] for w in WIDTHS])
def test_both_ends_and_one_beyond_each_are_tried_under_the_rule_of_the_width(
    kind: str, rule: str, low: int, high: int
) -> None:
    cases = cases_of(kind, recipe_with())

    assert list(cases) == [
        "do/valid/n=least",
        "do/valid/n=greatest",
        "do/invalid/n/below",
        "do/invalid/n/above",
    ]
    assert asked(cases["do/valid/n=least"]) == (low, Accept(), rule)
    assert asked(cases["do/valid/n=greatest"]) == (high, Accept(), rule)
    # What is below zero may be taken for a large number where that has 64 bits.
    below = Answer() if rule in ("Q06", "Q07") else Reject()
    assert asked(cases["do/invalid/n/below"]) == (low - 1, below, rule)
    assert asked(cases["do/invalid/n/above"]) == (high + 1, Reject(), rule)


def test_the_refused_value_has_an_accepted_one_beside_it_in_the_same_request() -> None:
    cases = cases_of("uint8", recipe_with(arguments={"name": "a", "n": 7}))

    assert asked(cases["do/invalid/n/above"], Role.WITNESS) == (7, Accept(), "Q30")
    roles = [step.role for step in cases["do/invalid/n/above"].steps]
    assert roles == [Role.SETUP, Role.SUBJECT, Role.WITNESS, Role.CLEANUP]


def test_what_may_be_let_through_is_taken_away_before_its_witness() -> None:
    steps = cases_of("size", recipe_with())["do/invalid/n/below"].steps

    assert [(step.request.execute, step.role) for step in steps] == [
        ("prepare", Role.SETUP),
        ("do", Role.SUBJECT),
        ("undo", Role.CLEANUP),
        ("prepare", Role.SETUP),
        ("do", Role.WITNESS),
        ("undo", Role.CLEANUP),
    ]
    assert [isinstance(step.expect, Answer) for step in steps] == [
        False, True, True, True, False, False,
    ]  # fmt: skip


def test_without_a_recipe_a_request_is_made_of_which_no_success_is_claimed() -> None:
    cases = cases_of("uint8")

    assert asked(cases["do/valid/n=greatest"]) == (255, Understood(), "Q05")
    assert asked(cases["do/invalid/n/above"]) == (256, Reject(), "Q05")
    assert asked(cases["do/invalid/n/above"], Role.WITNESS) == (1, Understood(), "Q30")


def test_without_a_recipe_no_request_names_what_another_names() -> None:
    named = [
        step.request.arguments["name"]  # type: ignore[index]
        for case in cases_of("uint8").values()
        for step in case.steps
    ]

    assert len(named) == len(set(named)) == 6


def test_the_request_of_the_command_that_succeeds_stands_in_for_a_recipe() -> None:
    plain = CommandRecipe(name="do", arguments={"name": "b"}, setup=(PREPARE,))
    case = cases_of("uint8", commands=(plain,))["do/valid/n=least"]

    # That it succeeds with the integer too, nobody said.
    assert asked(case) == (0, Understood(), "Q05")
    assert [step.request.arguments for step in case.steps] == [{}, {"name": "b", "n": 0}]


def test_a_command_that_changes_the_machine_is_not_asked_its_own_request() -> None:
    plain = CommandRecipe(name="do", arguments={"name": "b"}, effect=Effect.DESTRUCTIVE)
    case = cases_of("uint8", commands=(plain,))["do/valid/n=least"]

    (step,) = case.steps
    assert step.request.arguments != {"name": "b", "n": 0}


def test_of_an_integer_of_no_known_width_only_what_no_type_takes_is_tried() -> None:
    cases = cases_of("int", recipe_with())

    assert list(cases) == ["do/invalid/n/below", "do/invalid/n/above"]
    assert asked(cases["do/invalid/n/below"]) == (-(2**63) - 1, Reject(), "Q06")
    assert asked(cases["do/invalid/n/above"]) == (2**64, Reject(), "Q06")


def test_of_widths_of_an_earlier_release_no_refusal_is_promised() -> None:
    cases = cases_of("uint8", recipe_with(), older=True)

    assert asked(cases["do/valid/n=greatest"]) == (255, Accept(), "Q05")
    assert asked(cases["do/invalid/n/above"]) == (2**64, Reject(), "Q06")


def test_documented_limits_are_promised_at_both_ends() -> None:
    limits = Limits(least=2, greatest=9, documented=True, reason="the text")
    cases = cases_of("uint8", recipe_with(limits={"n": limits}))

    tried = {name.removeprefix("do/"): asked(case) for name, case in cases.items()}
    assert tried == {
        "valid/n=min": (2, Accept(), "X27"),
        "valid/n=max": (9, Accept(), "X27"),
        "invalid/n/below": (-1, Reject(), "Q05"),
        "invalid/n/above": (256, Reject(), "Q05"),
        "invalid/n/under": (1, Reject(), "X27"),
        "invalid/n/far-under": (0, Reject(), "X27"),
        "invalid/n/over": (10, Reject(), "X27"),
        "invalid/n/far-over": (255, Reject(), "X27"),
    }
    assert asked(cases["do/invalid/n/over"], Role.WITNESS)[0] == 2


def test_limits_of_the_code_are_accepted_and_nothing_is_claimed_beyond() -> None:
    limits = Limits(least=0, greatest=9, reason="the code")
    cases = cases_of("uint8", recipe_with(limits={"n": limits}))

    tried = {name.removeprefix("do/"): asked(case) for name, case in cases.items()}
    assert tried == {
        "valid/n=least": (0, Accept(), "Q05"),
        "valid/n=max": (9, Accept(), "Q05"),
        "valid/n=greatest": (255, Understood(), "Q05"),
        "invalid/n/below": (-1, Reject(), "Q05"),
        "invalid/n/above": (256, Reject(), "Q05"),
    }


def test_ends_can_be_open_and_other_values_tried() -> None:
    limits = Limits(open="for the host to say", also_try=(77, 300))
    cases = cases_of("uint8", recipe_with(limits={"n": limits}))

    assert asked(cases["do/valid/n=least"]) == (0, Understood(), "Q05")
    assert asked(cases["do/valid/n=77"]) == (77, Understood(), "Q05")
    assert "do/valid/n=300" not in cases
    # What was refused left nothing to take away.
    cleanup = cases["do/valid/n=least"].steps[-1]
    assert (cleanup.request, cleanup.expect) == (UNDO, Answer())


@pytest.mark.parametrize("kind", ["uint8", "size"])
def test_ends_that_are_left_out_are_not_sent_nor_what_is_taken_for_them(kind: str) -> None:
    limits = Limits(omit="it would fill the disk")
    cases = cases_of(kind, recipe_with(limits={"n": limits}))

    blocked = {name for name, case in cases.items() if case.blocked}
    lenient = {"do/invalid/n/below"} if kind == "size" else set()
    assert blocked == {"do/valid/n=least", "do/valid/n=greatest"} | lenient
    assert all(cases[name].steps == () for name in blocked)


@pytest.mark.parametrize(
    ("settings", "outcome", "reason"),
    [
        ({"omit": "it ends the host"}, Outcome.UNTRIED, "it ends the host"),
        ({"behind_finding": "it ends the build"}, Outcome.BLOCKED_BY_FINDING, "it ends the build"),
        ({"needs": ("gpu", "cpu")}, Outcome.UNTESTABLE_HERE, "no gpu here"),
    ],
    ids=["left out", "behind a finding", "lacking"],
)
def test_what_cannot_be_tried_says_whose_doing_that_is(
    settings: dict[str, Any], outcome: Outcome, reason: str
) -> None:
    for case in cases_of("uint8", recipe_with(**settings)).values():
        assert case.blocked is not None
        assert case.blocked.outcome is outcome
        assert case.blocked.reason == reason


def test_a_request_that_is_known_to_be_refused_for_what_is_there_is_understood() -> None:
    cases = cases_of("uint8", recipe_with(refused="there is no device"))

    assert asked(cases["do/valid/n=least"]) == (0, Understood(), "Q05")
    assert asked(cases["do/invalid/n/above"], Role.WITNESS) == (1, Understood(), "Q30")


@pytest.mark.parametrize(
    "unfit",
    [
        {"versions": VersionRange("<8")},
        {"paths": ("m*",)},
        {"arguments": {"name": "a", "gone": 1, "other": 2}, "paths": ("n",)},
    ],
    ids=["another version", "other integers", "not valid here"],
)
def test_a_recipe_that_does_not_fit_is_passed_over(unfit: dict[str, Any]) -> None:
    fits = recipe_with(arguments={"name": "b"})
    cases = cases_of("uint8", recipes={"do": (recipe_with(**unfit), fits)})

    if "gone" in unfit.get("arguments", {}):
        # What the schema does not have is left out, and the rest is a request.
        assert asked(cases["do/valid/n=least"])[1] == Accept()
        assert cases["do/valid/n=least"].steps[1].request.arguments == {"name": "a", "n": 0}
    else:
        assert cases["do/valid/n=least"].steps[1].request.arguments == {"name": "b", "n": 0}


def test_machines_are_shared_by_the_requests_of_one_command_that_want_the_same() -> None:
    pc = MachineSpec(machine="pc")
    plain = cases_of("uint8", recipe_with())["do/valid/n=least"]
    on_pc = cases_of("uint8", recipe_with(spec=pc))["do/valid/n=least"]
    alone = cases_of("uint8", recipe_with(spec=pc, alone=True))["do/invalid/n/above"]

    assert plain.stage.name != on_pc.stage.name == alone.stage.name
    assert (plain.stage.spec, on_pc.stage.spec) == (MachineSpec(), pc)
    assert (on_pc.isolation, alone.isolation) == (Isolation.SHARED, Isolation.ALONE)


def test_cases_are_about_the_integer_and_its_aspect() -> None:
    cases = cases_of("uint8", recipe_with())

    assert {case.about for case in cases.values()} == {"n"}
    assert [case.aspect for case in cases.values()] == [Aspect.VALID] * 2 + [Aspect.INVALID] * 2
    assert cases["do/invalid/n/above"].fault == "n: 256 lies outside 0..255"
