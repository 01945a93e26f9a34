"""The further requests of a recipe: which cases they are, and on which machine."""

from __future__ import annotations

import pytest

from conformance.derive.commands.valid import further_cases
from conformance.derive.steps import PLAIN, own_stage
from conformance.judge.expect_answer import Accept
from conformance.knowledge.commands import CommandRecipe, Further
from conformance.knowledge.versions import Version, VersionRange
from conformance.model.case import Case, Isolation
from conformance.model.stage import MachineSpec, Request, Stage
from conformance.model.terms import ABSENT, Outcome
from tests.derive.inputs import a_build, known
from tests.qapi.schemas import command, optional, schema_of, struct

LOOK = Request("look", ABSENT)


SCHEMA = schema_of(struct("Args", optional("a", "int")), command("do", "Args"), command("look"))


def _cases(recipe: CommandRecipe, version: Version = (10, 0, 0)) -> list[Case]:
    return list(further_cases(a_build(SCHEMA, version), known(recipe), "do"))


def _recipe(spec: MachineSpec, *further: Further) -> CommandRecipe:
    return CommandRecipe(name="do", spec=spec, setup=(LOOK, LOOK), further=further)


def test_a_further_request_has_a_set_up_and_a_clean_up_of_its_own() -> None:
    further = Further(
        name="late", arguments={"a": 1}, setup=(LOOK,), cleanup=(LOOK,), reason="it is late"
    )
    (case,) = _cases(_recipe(MachineSpec(), further))

    assert case.id == "do/valid/late"
    assert [step.role for step in case.steps] == ["setup", "subject", "cleanup"]
    assert case.steps[1].request == Request("do", {"a": 1})
    assert (case.steps[1].expect, case.steps[1].why) == (Accept(), "it is late")
    assert (case.stage, case.isolation) == (PLAIN, Isolation.SHARED)


def test_what_lasts_gets_a_machine_of_its_own_and_that_is_the_recipes() -> None:
    spec = MachineSpec(machine="pc")
    (case,) = _cases(_recipe(spec, Further(name="on", arguments={}, destructive=True)))

    assert case.isolation is Isolation.ALONE
    assert case.stage.spec == spec
    assert case.stage.name != PLAIN.name
    assert case.steps[0].request.arguments is ABSENT


@pytest.mark.parametrize(("minor", "there"), [(1, False), (2, True)], ids=["before", "since"])
def test_a_further_request_holds_for_its_versions(minor: int, there: bool) -> None:
    recipe = _recipe(
        MachineSpec(), Further(name="new", arguments={}, versions=VersionRange(">=6.2"))
    )

    assert bool(_cases(recipe, (6, minor, 0))) is there


def test_what_the_schema_does_not_take_is_not_asked_for() -> None:
    recipe = _recipe(MachineSpec(), Further(name="odd", arguments={"b": 1}))
    (case,) = _cases(recipe)

    assert case.steps == ()
    assert case.blocked is not None
    assert case.blocked.outcome is Outcome.NOT_APPLICABLE
    assert "this build's schema does not take the request: b" in case.blocked.reason


@pytest.mark.parametrize(
    ("own", "stage"),
    [
        (MachineSpec(machine="pc"), own_stage("do", MachineSpec(machine="pc"))),
        (MachineSpec(), PLAIN),
    ],
    ids=["another machine", "the plain one"],
)
def test_a_machine_of_its_own_stands_in_place_of_the_recipes(
    own: MachineSpec, stage: Stage
) -> None:
    further = Further(name="elsewhere", arguments={}, spec=own)
    (case,) = _cases(_recipe(MachineSpec(machine="q35"), further))

    assert case.stage == stage
    assert case.stage.spec == own
