"""Each event of a build is brought about by its recipes, or says why it is not."""

from __future__ import annotations

from dataclasses import replace

from conformance.derive.events import NO_RECIPE, event_cases
from conformance.judge.expect_answer import Accept, Ends
from conformance.knowledge.events import (
    Emission,
    EventRecipe,
    EventRecipes,
    Limited,
    Order,
    Provocation,
    UnprovokedEvent,
)
from conformance.knowledge.versions import VersionRange
from conformance.model.case import Case, Emits, Isolation, Limit, Role
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import ABSENT, Outcome, SubjectKind
from tests.derive.inputs import a_build, cases_of, known
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


def _cases(
    recipe: EventRecipe | None = RECIPE, *why: UnprovokedEvent, lacks: str = ""
) -> list[Case]:
    return _made(EventRecipes((recipe,) if recipe else (), why), {"rope": lacks} if lacks else {})


def _made(recipes: EventRecipes, lacks: dict[str, str] | None = None) -> list[Case]:
    build = a_build(SCHEMA, lacks=lacks or {})
    return cases_of(event_cases, build, known(events=recipes), SCHEMA.events)


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
    assert case.rules == ("Q30", "W74", "W77", "X32")


def test_an_event_without_a_recipe_is_blocked_and_says_why() -> None:
    why = UnprovokedEvent(event="FELL", versions=ALWAYS, reason="needs an earthquake")

    reasons = {
        case.id: (case.blocked.outcome, case.blocked.reason)
        for case in _cases(None, why)
        if case.blocked
    }

    assert reasons == {
        "RANG/valid/recipe": (Outcome.UNTRIED, NO_RECIPE),
        "FELL/valid/recipe": (Outcome.UNTRIED, "needs an earthquake"),
    }


def test_what_the_host_or_the_build_lacks_blocks_a_case() -> None:
    gone = replace(RECIPE, cleanup=(Request("unhang", ABSENT),))

    outcomes = [
        (case.blocked.outcome, case.blocked.reason)
        for recipe in (RECIPE, gone)
        for case in _cases(recipe, lacks="no rope here")
        if case.subject.name == "RANG" and case.blocked is not None
    ]

    # Where the build has no such command, no other host would help.
    assert outcomes == [
        (Outcome.UNTESTABLE_HERE, "no rope here"),
        (Outcome.NOT_APPLICABLE, "this build's schema has no command unhang"),
    ]


def test_of_several_recipes_each_has_a_case() -> None:
    again = replace(RECIPE, name="again", stage=None, needs=())

    ids = [case.id for case in _made(EventRecipes((RECIPE, again))) if case.subject.name == "RANG"]

    assert ids == ["RANG/valid/recipe", "RANG/valid/again"]


def test_a_limited_event_is_limited_in_its_cases_and_its_last_is_awaited() -> None:
    burst = replace(RECIPE, needs=(), steps=(RECIPE.steps[1], RECIPE.steps[1]))
    limited = Limited(event="RANG", versions=ALWAYS, by=("bell",), unless={}, reason="deaf")
    recipes = EventRecipes((burst,), (), (limited,))

    case = next(case for case in _made(recipes) if case.subject.name == "RANG")

    assert case.limits == (Limit(event="RANG", by=("bell",), rule="W50"),)
    assert [each.rule for step in case.steps for each in step.emits] == ["X32", "W50"]
    assert case.rules == ("Q30", "W50", "W74", "W77", "X32")


def test_where_guests_are_of_another_architecture_an_event_says_so() -> None:
    recipes = EventRecipes((replace(RECIPE, arches=("x86_64",)),))
    names: dict[str | None, int] = {"x86_64": 1, None: 1, "aarch64": 0}

    found = {arch: len(recipes.for_arch(arch).find("RANG", (10, 0, 0))) for arch in names}

    assert found == names
    why = recipes.for_arch("aarch64").why_not("RANG", (10, 0, 0))
    assert why == "no recipe provokes it where guests are of aarch64"
