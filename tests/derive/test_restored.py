"""Known requests are undone between two looks at the state, and created things seen exactly."""

from __future__ import annotations

from dataclasses import replace

from conformance.derive.commands.restored import created_cases, restored_cases
from conformance.derive.commands.unchanged import each_alone
from conformance.judge.expect_answer import Succeeds
from conformance.judge.expect_value import Adds, Unchanged
from conformance.knowledge.commands import CommandRecipe, Further
from conformance.knowledge.state_queries import (
    Beside,
    Creation,
    Leaving,
    StateEntry,
    StateKnowledge,
    Undoing,
)
from conformance.knowledge.valid_request import Effect
from conformance.model.case import Case, Role
from conformance.model.stage import Awaited, MachineSpec, Request
from tests.derive.inputs import a_build, known
from tests.qapi.schemas import command, event, member, optional, schema_of, struct

SCHEMA = schema_of(
    struct("Arguments", member("name", "str"), optional("inner", "Arguments")),
    command("do", "Arguments"),
    command("undo"),
    command("prepare"),
    command("query-things"),
    command("query-others"),
    event("DONE"),
)
THINGS, OTHERS = Request("query-things"), Request("query-others")
STATE = StateKnowledge((StateEntry(request=THINGS), StateEntry(request=OTHERS)))
RECIPE = CommandRecipe(
    name="do",
    arguments={"name": "a"},
    cleanup=(Request("undo"),),
    further=(
        Further(
            name="second",
            arguments={"name": "b", "inner": {"name": "c"}},
            setup=(Request("prepare"),),
            cleanup=(Request("undo"),),
        ),
    ),
)


def restored(recipe: CommandRecipe = RECIPE, state: StateKnowledge = STATE) -> list[Case]:
    return list(restored_cases(a_build(SCHEMA), known(recipe, state=state), "do"))


def created(*creations: Creation, beside: tuple[Beside, ...] = ()) -> list[Case]:
    state = replace(STATE, creations=creations, beside=beside)
    return list(created_cases(a_build(SCHEMA), known(RECIPE, state=state), "do"))


def sent(case: Case) -> list[str]:
    return [step.request.execute for step in case.steps]


def test_all_requests_of_a_machine_stand_between_two_looks() -> None:
    (case,) = restored()

    looks = ["query-things", "query-others"]
    assert case.id == "do/lifecycle/restored/1"
    assert sent(case) == [*looks, "do", "undo", "prepare", "do", "undo", *looks]
    assert case.together == ("recipe", "second")
    assert all(isinstance(step.expect, Unchanged) for step in case.steps[-2:])
    assert {step.rule for step in case.steps[-2:]} == {"X46"}


def test_each_request_is_tried_with_its_own_set_up_and_clean_up() -> None:
    (case,) = restored()

    first, second = each_alone(case, {len(case.steps) - 1})

    assert sent(first) == ["query-others", "do", "undo", "query-others"]
    assert sent(second) == ["query-others", "prepare", "do", "undo", "query-others"]
    assert (first.about, second.about) == ("recipe", "second")
    for each in (first, second):
        expect = each.steps[-1].expect
        assert isinstance(expect, Unchanged)
        assert expect.step == 0


def test_other_machines_have_cases_of_their_own() -> None:
    (further,) = RECIPE.further
    other = replace(further, spec=MachineSpec(args=("-device", "x")))

    assert [case.together for case in restored(replace(RECIPE, further=(other,)))] == [
        ("recipe",),
        ("second",),
    ]


def test_what_nothing_undoes_is_not_tried_unless_the_data_say_how() -> None:
    recipe = replace(RECIPE, effect=Effect.DESTRUCTIVE, further=(), reason="so", cleanup=())
    how = Undoing(commands=("do",), awaits=(Awaited(event="DONE"),), undo=(Request("undo"),))

    assert restored(recipe) == []
    (case,) = restored(recipe, replace(STATE, undoing=(how,)))

    subject = next(step for step in case.steps if step.role is Role.SUBJECT)
    assert [each.event for each in subject.emits] == ["DONE"]
    assert sent(case)[3] == "undo"


def test_a_request_without_a_clean_up_is_tried_only_where_it_undoes_itself() -> None:
    recipe = replace(RECIPE, cleanup=(), further=())

    assert restored(recipe) == []
    (case,) = restored(recipe, replace(STATE, undoing=(Undoing(commands=("do",)),)))

    assert sent(case)[2:3] == ["do"]


def test_what_stays_is_not_looked_at_or_not_tried() -> None:
    shown = Leaving(command="do", requests=("second",), queries=("query-things",), reason="so")
    lost = Leaving(command="do", requests=("second",), reason="so")

    _, second = restored(state=replace(STATE, leaving=(shown,)))
    (first,) = restored(state=replace(STATE, leaving=(lost,)))

    assert "query-things" not in sent(second)
    assert first.together == ("recipe",)


def test_what_a_request_names_must_appear_and_nothing_else() -> None:
    case, _ = created(Creation(command="do", request=THINGS, named={"id": "name"}, reason="so"))

    assert case.id == "do/lifecycle/created/recipe"
    *_, subject, things, others = case.steps
    assert isinstance(subject.expect, Succeeds)
    assert isinstance(things.expect, Adds)
    assert things.expect.elements == ({"id": "a"},)
    assert isinstance(others.expect, Unchanged)
    assert things.rule == others.rule == "X47"


def test_each_object_of_a_request_may_be_one_more() -> None:
    _, second = created(
        Creation(command="do", request=THINGS, named={"id": "name"}, per="name", reason="so")
    )

    expect = second.steps[-2].expect
    assert isinstance(expect, Adds)
    assert expect.elements == ({"id": "b"}, {"id": "c"})


def test_a_creation_may_depend_on_the_arguments_and_show_beside() -> None:
    creation = Creation(command="do", given={"name": "b*"}, request=THINGS, reason="so")
    beside = Beside(command="do", requests=(OTHERS,), reason="so")

    (case,) = created(creation, beside=(beside,))

    assert case.about == "created/second"
    assert "query-others" not in sent(case)
