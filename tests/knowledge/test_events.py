"""The recipes of events are read strictly, and those of a build's version count."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.knowledge.events import EventRecipes, Order, load_events
from conformance.knowledge.store import cases_folder
from conformance.launch.host import answers
from conformance.model.errors import KnowledgeError
from conformance.model.stage import BUILD_NEEDS, MachineSpec, Request
from conformance.model.terms import ABSENT

WHOLE = """
[[stage]]
name = "tower"
machine = "pc"
args = ["-smp", "2"]
reason = "has a bell"

[[event]]
event = "RANG"
name = "once"
versions = ">=6.0"
stage = "tower"
needs = ["kvm"]
isolation = "alone"
setup = [{ execute = "hang" }]
steps = [{ execute = "ring", arguments = { at = "{scratch}/rope" }, emits = [
    { event = "RANG", data = { times = 1 }, order = "after", ordered_by = "bell.c" },
    { event = "HEARD" },
] }, { execute = "fall", ends = true }]
cleanup = [{ execute = "unhang" }]
reason = "the bell is rung"

[[unprovoked]]
event = "STRUCK"
versions = "<6"
reason = "needs lightning"
"""
STAGE = '[[stage]]\nname = "s"\nreason = "r"\n'
STEPS = 'steps = [{ execute = "a", emits = [{ event = "E" }] }]\nreason = "r"\n'
EVENT = f'[[event]]\nevent = "E"\n{STEPS}'


def read(folder: Path, text: str) -> EventRecipes:
    (folder / "bells.toml").write_text(text)
    return load_events(folder)


def test_every_key_of_a_recipe_arrives(tmp_path: Path) -> None:
    recipes = read(tmp_path, WHOLE)
    (recipe,) = recipes.find("RANG", (7, 2, 0))

    assert recipe.spec == MachineSpec(machine="pc", args=("-smp", "2"))
    assert (recipe.name, recipe.stage, recipe.alone) == ("once", "tower", True)
    assert (recipe.setup, recipe.cleanup) == (
        (Request("hang", ABSENT),),
        (Request("unhang", ABSENT),),
    )
    ring, fall = recipe.steps
    assert ring.request == Request("ring", {"at": "/tmp/qmp/rope"})
    told = [(each.event, dict(each.data), each.order) for each in ring.emissions]
    assert told == [("RANG", {"times": 1}, Order.AFTER), ("HEARD", {}, Order.ANY)]
    assert (ring.ends, fall.ends) == (False, True)
    assert recipes.needs() == {"kvm"}


def test_recipes_and_reasons_are_of_versions(tmp_path: Path) -> None:
    recipes = read(tmp_path, WHOLE)

    assert recipes.find("RANG", (5, 2, 0)) == ()
    assert recipes.why_not("STRUCK", (5, 2, 0)) == "needs lightning"
    assert recipes.why_not("STRUCK", (6, 0, 0)) is None
    assert recipes.why_not("RANG", (5, 2, 0)) is None


def test_a_stage_may_stand_in_a_later_file(tmp_path: Path) -> None:
    (tmp_path / "z.toml").write_text(STAGE)

    recipes = read(tmp_path, EVENT.replace("steps", 'stage = "s"\nsteps'))

    assert [recipe.stage for recipe in recipes.find("E", (7, 2, 0))] == ["s"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (STAGE + STAGE, "s stands there twice, first in line 1"),
        ('[[stage]]\nname = "s"\n', "'reason' is missing"),
        (EVENT.replace("steps", 'stage = "t"\nsteps'), "'stage' is 't'"),
        (EVENT.replace("steps", 'versions = "7"\nsteps'), "versions"),
        (EVENT.replace("steps", "isolaton = 'alone'\nsteps"), "Did you mean 'isolation'"),
        (EVENT.replace('{ event = "E" }', '{ event = "F" }'), "no step emits E"),
        (
            EVENT.replace('{ event = "E" }', '{ event = "E", order = "x", ordered_by = "e.c" }'),
            "Known: any, before",
        ),
        (EVENT.replace('{ event = "E" }', '{ event = "E", order = "after" }'), "'ordered_by'"),
        (EVENT.replace('{ event = "E" }', '{ event = "E", ordered_by = "e.c" }'), "'ordered_by'"),
        (
            EVENT.replace('"E" }] }]', '"E" }], verify = [{ execute = "a", event = "E" }] }]'),
            "'member'",
        ),
        ('[[unprovoked]]\nevent = "E"\n', "'reason' is missing"),
    ],
    ids=[
        "two stages of a name",
        "stage without a reason",
        "unknown stage",
        "no version",
        "unknown key",
        "another event",
        "unknown order",
        "order without a source",
        "source without an order",
        "event without a member",
        "unprovoked without a reason",
    ],
)
def test_what_is_wrong_with_a_recipe_is_said(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(KnowledgeError) as raised:
        read(tmp_path, text)

    assert message in str(raised.value)


def test_the_recipes_that_ship_are_read_and_their_needs_have_probes() -> None:
    recipes = load_events(cases_folder() / "events")

    assert recipes.find("STOP", (10, 0, 0))
    asked = [need for need in recipes.needs() if need.partition(":")[0] not in BUILD_NEEDS]
    assert [need for need in asked if not answers(need)] == []
