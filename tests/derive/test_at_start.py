"""What an option makes at start is taken away, and made again by the command."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.derive.at_start import command_cases
from conformance.judge.expect_value import Unchanged
from conformance.knowledge.commands import CommandRecipe
from conformance.knowledge.ranges import RangeRecipe
from conformance.knowledge.state_queries import AtStart, StateEntry, StateKnowledge
from conformance.knowledge.versions import VersionRange
from conformance.model.case import Case, Isolation, Role
from conformance.model.stage import SCRATCH, MachineSpec, Peer, Request
from tests.derive.inputs import a_build, known
from tests.qapi.schemas import command, member, optional, schema_of, struct

SCHEMA = schema_of(
    struct("Node", member("name", "str"), optional("file", "str")),
    struct("Named", member("name", "str")),
    command("make", "Node"),
    command("need", "Named"),
    command("drop", "Named"),
    command("query"),
)
NEED, DROP = Request("need", {"name": "n"}), Request("drop", {"name": "a"})
RECIPE = CommandRecipe(
    name="make",
    arguments={"name": "a", "file": f"{SCRATCH}/x"},
    setup=(NEED,),
    cleanup=(DROP,),
    spec=MachineSpec(machine="pc", args=("-m", "16")),
)
MAKE = AtStart(command="make", option="-make", reason="r")
OPTIONS = (MAKE, replace(MAKE, command="need", option="-need"))


def cases(recipe: CommandRecipe = RECIPE, options: Any = OPTIONS, **more: Any) -> list[Case]:
    state = StateKnowledge(
        (StateEntry(request=Request("query"), drawn=(("*", "number"),), reason="r"),),
        at_start=options,
    )
    return list(command_cases(a_build(SCHEMA), known(recipe, state=state, **more), "make"))


def test_the_machine_starts_with_all_that_the_requests_would_make() -> None:
    (case,) = cases()

    assert case.id == "make/valid/at-start/recipe"
    assert case.isolation is Isolation.ALONE
    assert case.stage.spec.machine == "pc"
    assert case.stage.spec.args == (
        *("-m", "16"),
        *("-need", '{"name":"n"}'),
        *("-make", '{"name":"a","file":"{scratch}/x"}'),
    )


def test_what_is_there_is_taken_away_and_made_again_between_two_looks() -> None:
    (case,) = cases()

    asked = [(step.role, step.request.execute) for step in case.steps]
    assert asked == [
        (Role.SETUP, "query"),
        (Role.SETUP, "drop"),
        (Role.SETUP, "need"),
        (Role.SUBJECT, "make"),
        (Role.CHECK, "query"),
    ]
    look = case.steps[-1].expect
    assert isinstance(look, Unchanged)
    assert look.query.ignore == (("*", "number"),)


@pytest.mark.parametrize(
    ("recipe", "options"),
    [
        (RECIPE, (MAKE,)),
        (RECIPE, (replace(OPTIONS[0], versions=VersionRange("<9.0")), OPTIONS[1])),
        (replace(RECIPE, cleanup=()), OPTIONS),
        (replace(RECIPE, arguments={}), OPTIONS),
        (replace(RECIPE, spec=MachineSpec(peers=(Peer(serve="x", address="7000"),))), OPTIONS),
    ],
    ids=["no option for its set-up", "no such option yet", "nothing undoes it", "invalid", "calls"],
)
def test_what_cannot_be_made_at_start_has_no_case(recipe: CommandRecipe, options: Any) -> None:
    assert cases(recipe, options) == []


def test_the_requests_of_integers_are_made_at_start_too() -> None:
    of_file = RangeRecipe(
        command="make", paths=("file.*",), arguments={"name": "b"}, cleanup=(DROP,), reason="r"
    )
    apart = replace(of_file, apart=True, paths=("name",))

    found = cases(ranges={"make": (of_file, apart)})

    assert [case.about for case in found] == ["at-start/recipe", "at-start/file"]
