"""The request of a command's recipe: which case it is, and on which machine."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.derive.commands.valid import recipe_cases
from conformance.derive.steps import PLAIN
from conformance.judge.expect_answer import Accept, Ends
from conformance.knowledge.commands import CommandRecipe
from conformance.knowledge.valid_request import Effect
from conformance.model.case import Isolation
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import ABSENT, Outcome
from tests.derive.inputs import a_build, known

LOOK = Request("look", ABSENT)


def test_a_recipe_is_a_valid_case_between_its_set_up_and_its_clean_up() -> None:
    recipe = CommandRecipe(name="do", arguments={"a": 1}, setup=(LOOK,), cleanup=(LOOK,))
    (case,) = recipe_cases(a_build(), known(recipe), "do")

    assert case.id == "do/valid/recipe"
    assert [step.role for step in case.steps] == ["setup", "subject", "cleanup"]
    assert case.steps[1].request == Request("do", {"a": 1})
    assert (case.stage, case.isolation, case.blocked) == (PLAIN, Isolation.SHARED, None)


@pytest.mark.parametrize(
    ("effect", "expect"),
    [(Effect.DESTRUCTIVE, Accept()), (Effect.END, Ends()), (Effect.COMPLETES, Accept())],
    ids=str,
)
def test_what_lasts_gets_a_machine_of_its_own(effect: Effect, expect: object) -> None:
    spec = MachineSpec(machine="pc")
    (case,) = recipe_cases(
        a_build(), known(CommandRecipe(name="do", spec=spec, effect=effect)), "do"
    )

    assert case.isolation is Isolation.ALONE
    assert case.stage.spec == spec
    assert case.steps[0].expect == expect
    assert case.steps[0].request.arguments is ABSENT


@pytest.mark.parametrize(
    ("settings", "outcome", "reason"),
    [
        ({"needs": ("kvm",)}, Outcome.UNTESTABLE_HERE, "there is no KVM"),
        ({"needs": ("kvm", "type:lamp")}, Outcome.NOT_APPLICABLE, "no lamp was built"),
        ({"always_fails": "it is gone"}, Outcome.UNTRIED, "no request of it succeeds: it is gone"),
        ({"lacking": "no lamp"}, Outcome.NOT_APPLICABLE, "no request of it succeeds: no lamp"),
    ],
    ids=["the host", "the build", "never", "nowhere"],
)
def test_what_cannot_succeed_here_says_whose_doing_that_is(
    settings: dict[str, Any], outcome: Outcome, reason: str
) -> None:
    lacks = {"kvm": "there is no KVM", "type:lamp": "no lamp was built"}
    (case,) = recipe_cases(a_build(lacks=lacks), known(CommandRecipe(name="do", **settings)), "do")

    assert case.blocked is not None
    assert (case.blocked.outcome, case.blocked.reason) == (outcome, reason)


def test_a_descriptor_goes_along_with_the_request() -> None:
    (case,) = recipe_cases(a_build(), known(CommandRecipe(name="do", descriptor="memfd")), "do")

    assert case.steps[0].request.descriptor == "memfd"
