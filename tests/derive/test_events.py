"""Each event of a build is brought about by its recipes, or says why it is not."""

from __future__ import annotations

from dataclasses import replace

from conformance.derive.case import Accept, Case, Emits, Ends, Isolation, Role
from conformance.derive.events import NO_RECIPE, EventContext, event_cases
from conformance.knowledge.events import (
    Emission,
    EventRecipe,
    EventRecipes,
    Order,
    Provocation,
    Unprovoked,
)
from conformance.knowledge.versions import VersionRange
from conformance.stage import MachineSpec, Request
from conformance.terms import ABSENT, Outcome, SubjectKind
from tests.qapi.schemas import command, event, schema_of

SCHEMA = schema_of(command("hang"), command("ring"), command("look"), event("RANG"), event("FELL"))
ALWAYS = VersionRange("")
HANG, RING = Request("hang", ABSENT), Request("ring", ABSENT)


def _emission(name: str, order: Order = Order.ANY) -> Emission:
    return Emission(event=name, data={"times": 1}, order=order)


RECIPE = EventRecipe(
    event="RANG",
    name="recipe",
    reason="the bell is rung",
    versions=ALWAYS,
    stage="tower",
    spec=MachineSpec(machine="pc"),
    needs=("rope",),
    setup=(HANG,),
    steps=(
        Provocation(request=HANG, emissions=(_emission("FELL"),), ends=False),
        Provocation(request=RING, emissions=(_emission("RANG", Order.AFTER),), ends=True),
    ),
    cleanup=(),
    alone=True,
)


def _cases(recipe: EventRecipe | None = RECIPE, *why: Unprovoked, lacks: str = "") -> list[Case]:
    context = EventContext(
        recipes=EventRecipes((recipe,) if recipe else (), why),
        version=(10, 0, 0),
        schema=SCHEMA,
        lacks={"rope": lacks} if lacks else {},
    )
    return list(event_cases(context))


def test_a_recipe_becomes_a_case_of_its_event() -> None:
    case = next(case for case in _cases() if case.subject.name == "RANG")

    assert (case.id, case.subject.kind) == ("RANG/valid/recipe", SubjectKind.EVENT)
    assert (case.stage.name, case.stage.spec.machine) == ("event-tower", "pc")
    assert case.isolation is Isolation.ALONE
    assert [(step.request.execute, step.role) for step in case.steps] == [
        ("hang", Role.SETUP),
        ("hang", Role.SETUP),
        ("ring", Role.SUBJECT),
    ]
    assert [step.expect for step in case.steps] == [Accept(), Accept(), Ends()]
    wanted = Emits(event="RANG", data={"times": 1}, answered=True, rule="X32")
    assert case.steps[-1].emits == (wanted,)
    assert case.steps[1].emits[0].answered is None
    assert case.in_step
    assert case.rules == ("Q30", "X32")


def test_an_event_without_a_recipe_is_blocked_and_says_why() -> None:
    why = Unprovoked(event="FELL", versions=ALWAYS, reason="needs an earthquake")

    reasons = {
        case.id: (case.blocked.outcome, case.blocked.reason)
        for case in _cases(None, why)
        if case.blocked
    }

    assert reasons == {
        "RANG/valid/recipe": (Outcome.UNTESTABLE_HERE, NO_RECIPE),
        "FELL/valid/recipe": (Outcome.UNTESTABLE_HERE, "needs an earthquake"),
    }


def test_what_the_host_or_the_build_lacks_blocks_a_case() -> None:
    gone = replace(RECIPE, cleanup=(Request("unhang", ABSENT),))

    case = next(case for case in _cases(gone, lacks="no rope here") if case.subject.name == "RANG")

    assert case.blocked is not None
    assert case.blocked.reason == "no rope here; this build's schema has no command unhang"


def test_of_several_recipes_each_has_a_case() -> None:
    context = EventContext(
        recipes=EventRecipes((RECIPE, replace(RECIPE, name="again", stage="", needs=()))),
        version=(10, 0, 0),
        schema=SCHEMA,
        lacks={},
    )

    ids = [case.id for case in event_cases(context) if case.subject.name == "RANG"]

    assert ids == ["RANG/valid/recipe", "RANG/valid/again"]
