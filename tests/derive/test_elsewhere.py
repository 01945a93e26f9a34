"""What a recipe asks on one machine is asked on another one, too, and types in preconfig."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.derive.commands.elsewhere import elsewhere_cases
from conformance.derive.objects.elsewhere import early_cases, machine_cases
from conformance.derive.steps import ANSWERED
from conformance.digest.declaration import EntityKind
from conformance.digest.digest import DigestEntity
from conformance.knowledge.commands import CommandRecipe
from conformance.knowledge.valid_request import Effect
from conformance.model.case import Case, Isolation
from conformance.model.flavour import Program
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import ABSENT
from conformance.qapi.qom import ObjectModel, TypeInfo
from tests.derive.builds import build as miniature
from tests.derive.builds import knowledge
from tests.derive.inputs import a_build, declaring, known
from tests.qapi.schemas import command, schema_of

SCHEMA = schema_of(command("do"), command("look"), command("go"))
LOOK = Request("look", ABSENT)
BOARD = MachineSpec(machine="board", args=("-more",))


def made(recipe: CommandRecipe | None, **settings: Any) -> list[Case]:
    return list(elsewhere_cases(a_build(SCHEMA, **settings), known(recipe, ordinary="pc"), "do"))


def test_what_needs_a_machine_is_sent_to_a_bare_one_alone() -> None:
    (case,) = made(CommandRecipe(name="do", spec=BOARD, setup=(LOOK,)))

    assert case.id == "do/gates/without-machine"
    assert case.stage.spec == MachineSpec()
    assert [(step.request.execute, step.expect) for step in case.steps] == [("do", ANSWERED)]


@pytest.mark.parametrize(
    ("effect", "isolation"),
    [(Effect.NONE, Isolation.SHARED), (Effect.DESTRUCTIVE, Isolation.ALONE)],
)
def test_what_changes_a_machine_has_one_of_its_own(effect: Effect, isolation: Isolation) -> None:
    (case,) = made(CommandRecipe(name="do", spec=BOARD, effect=effect))

    assert case.isolation is isolation


def test_what_needs_no_machine_is_sent_to_one_with_its_set_up() -> None:
    (case,) = made(CommandRecipe(name="do", setup=(LOOK,)))

    assert case.id == "do/gates/with-machine"
    assert case.stage.spec == MachineSpec(machine="pc")
    assert [step.request.execute for step in case.steps] == ["look", "do"]
    assert case.steps[-1].expect == ANSWERED


def test_a_build_without_that_machine_cannot_be_asked_there() -> None:
    model = ObjectModel(types=(TypeInfo(name="t"),), creatable=(), properties={}, trees={})
    recipes = known(CommandRecipe(name="do"), ordinary="pc", walk={"pc": "pc-"})

    (case,) = elsewhere_cases(a_build(SCHEMA, model=model), recipes, "do")

    assert case.blocked is not None
    assert case.blocked.reason == "this build has no machine pc"


@pytest.mark.parametrize(
    "recipe",
    [
        None,
        CommandRecipe(name="do", spec=BOARD, effect=Effect.END),
        CommandRecipe(name="do", effect=Effect.DESTRUCTIVE),
        CommandRecipe(name="do", arguments={"odd": 1}, spec=BOARD),
        CommandRecipe(name="do", spec=MachineSpec(args=("-more",))),
    ],
    ids=["unknown", "ends", "changes a machine", "invalid", "options of its own"],
)
def test_nothing_is_asked_elsewhere(recipe: CommandRecipe | None) -> None:
    assert made(recipe) == []


def test_a_program_without_machines_is_asked_nowhere_else() -> None:
    recipe = CommandRecipe(name="do", spec=BOARD)

    assert made(recipe, program=Program.STORAGE_DAEMON) == []


def early(*, thorough: bool, allowed: bool | None = None) -> list[str]:
    types = (
        TypeInfo(name="root"),
        TypeInfo(name="a", parent="root"),
        TypeInfo(name="b", parent="root"),
    )
    model = ObjectModel(types=types, creatable=(), properties={}, trees={})
    entity = DigestEntity(kind=EntityKind.COMMAND, name="qom-list-properties")
    facts = declaring({entity.name: entity}) if allowed is False else None
    build = a_build(SCHEMA, model=model, thorough=thorough, facts=facts)
    leaving = CommandRecipe(name="go", effect=Effect.COMPLETES, spec=MachineSpec(args=("-early",)))
    cases = list(early_cases(build, known(leaving), "qom-list"))
    assert all(case.stage.spec.args == ("-early",) for case in cases)
    return [case.about for case in cases]


def test_the_first_type_of_each_parent_is_described_early_and_all_on_request() -> None:
    assert early(thorough=False) == ["a", "root"]
    assert early(thorough=True) == ["root", "a", "b"]


def test_no_type_is_asked_for_where_the_query_comes_too_early() -> None:
    assert early(thorough=True, allowed=False) == []


def test_a_type_that_needs_no_machine_is_created_on_one() -> None:
    (case,) = machine_cases(miniature(typed=True), knowledge(), "iothread")

    assert case.id == "object-add/iothread/valid/on-a-machine"
    assert case.stage.spec.machine == knowledge().ordinary
    assert [step.request.execute for step in case.steps] == ["object-add", "qom-list", "object-del"]
