"""What queries tell in known states is asked of every build that can be brought into them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.derive.commands.answers import answer_cases
from conformance.knowledge.states import KnownAnswer, MachineState, States
from conformance.knowledge.untyped_arguments import Unchecked
from conformance.model.case import Case
from conformance.model.stage import Request
from tests.derive.inputs import a_build, known
from tests.qapi.schemas import command, member, schema_of, struct

SCHEMA = schema_of(
    struct("Plugged", member("driver", "str")),
    struct("Shown", member("name", "str")),
    command("plug", "Plugged"),
    command("query-name", ret="Shown"),
)
STATE = MachineState(
    name="plugged",
    setup=(Request("plug", {"driver": "disk", "drive": "node"}),),
    shows=(KnownAnswer(request=Request("query-name"), answer={"name": "a"}),),
)


def asked(*unchecked: Unchecked, state: MachineState = STATE) -> Case:
    knowledge = known(states=States((state,)), unchecked=unchecked)
    (case,) = answer_cases(a_build(SCHEMA), knowledge, "query-name")
    return case


def test_a_state_that_the_schema_does_not_take_is_not_tried() -> None:
    case = asked()

    assert case.blocked is not None
    assert case.steps == ()


def test_a_command_whose_arguments_no_schema_tells_may_take_more() -> None:
    case = asked(Unchecked(name="plug", reason="its driver alone knows them"))

    assert case.blocked is None
    assert [step.request.execute for step in case.steps] == ["query-name"]


@pytest.mark.parametrize("unchecked", [(), (Unchecked(name="gone", reason="no build has it"),)])
def test_a_state_with_an_unknown_command_is_not_tried(unchecked: tuple[Unchecked, ...]) -> None:
    state = replace(STATE, setup=(Request("gone"),))

    assert asked(*unchecked, state=state).blocked is not None
