"""Cases of events: each is brought about, and must come with the data that tell what happened.

Knows neither machines nor how long an event takes to come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from conformance.derive.commands.valid import PLAIN
from conformance.derive.steps import supporting_step
from conformance.judge.expect_answer import Accept, Ends
from conformance.knowledge.events import EventRecipe, EventRecipes, Order, Provocation
from conformance.knowledge.versions import Version
from conformance.model.blocked import Blocked, not_applicable, unmet, untried
from conformance.model.case import Case, Emits, Isolation, Limit, Role, Step, Subject
from conformance.model.stage import Stage
from conformance.model.terms import Aspect, SubjectKind
from conformance.qapi.model import Schema

NO_RECIPE: Final = "no recipe provokes it"
"""Of an event of which nobody has said how it comes about, nor why it cannot here."""
_RULE: Final = "X32"
_LIMIT: Final = "W50"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventContext:
    """What a build's events can be provoked with: its schema, and what its host lacks."""

    recipes: EventRecipes
    version: Version
    schema: Schema
    lacks: Mapping[str, str]


def event_cases(context: EventContext) -> Iterator[Case]:
    """Yield a case for each recipe of each event of the schema, a blocked one where none is."""
    for name in context.schema.events:
        recipes = context.recipes.find(name, context.version)
        for recipe in recipes:
            yield _case(recipe, context)
        if not recipes:
            why = context.recipes.why_not(name, context.version) or NO_RECIPE
            yield _blocked(name, "recipe", untried(why))


def _case(recipe: EventRecipe, context: EventContext) -> Case:
    blocked = not_applicable(_missing(recipe, context)) or unmet(recipe.needs, context.lacks)
    if blocked is not None:
        return _blocked(recipe.event, recipe.name, blocked)
    limits = _limits(recipe.event, context)
    return Case(
        id=f"{recipe.event}/{Aspect.VALID}/{recipe.name}",
        subject=Subject(kind=SubjectKind.EVENT, name=recipe.event),
        aspect=Aspect.VALID,
        stage=Stage(name=f"event-{recipe.stage}", spec=recipe.spec) if recipe.stage else PLAIN,
        steps=tuple(_steps(recipe, limits)),
        isolation=Isolation.ALONE if recipe.alone else Isolation.SHARED,
        about=recipe.name,
        limits=limits,
    )


def _limits(event: str, context: EventContext) -> tuple[Limit, ...]:
    found = context.recipes.limited(event, context.version)
    if found is None:
        return ()
    return (Limit(event=event, by=found.by, unless=found.unless, rule=_LIMIT),)


def _blocked(event: str, name: str, blocked: Blocked | None) -> Case:
    return Case(
        id=f"{event}/{Aspect.VALID}/{name}",
        subject=Subject(kind=SubjectKind.EVENT, name=event),
        aspect=Aspect.VALID,
        stage=PLAIN,
        steps=(),
        about=name,
        blocked=blocked,
    )


def _missing(recipe: EventRecipe, context: EventContext) -> str:
    """Return which commands of a recipe the schema does not have, "" where it has all."""
    lacking = []
    requests = (*recipe.setup, *(step.request for step in recipe.steps), *recipe.cleanup)
    for name in dict.fromkeys(request.execute for request in requests):
        if name not in context.schema.commands:
            lacking.append(f"this build's schema has no command {name}")
    return "; ".join(lacking)


def _steps(recipe: EventRecipe, limits: Sequence[Limit]) -> Iterator[Step]:
    for request in recipe.setup:
        yield supporting_step(request, Role.SETUP)
    limited = {each.event for each in limits}
    come: set[str] = set()
    for provocation in recipe.steps:
        # What is to be ready before the event comes about, is only a way to it.
        own = any(each.event == recipe.event for each in provocation.emissions)
        role = Role.SUBJECT if own else Role.SETUP
        # Of a limited event the first is sent at once.  One that comes behind it may have to wait,
        # and is lost where whoever limits it forgets it.
        late = limited & come
        yield _provoking(provocation, role, recipe.reason, late)
        come |= {each.event for each in provocation.emissions}
    for request in recipe.cleanup:
        yield supporting_step(request, Role.CLEANUP)


def _provoking(provocation: Provocation, role: Role, why: str, late: AbstractSet[str]) -> Step:
    return Step(
        request=provocation.request,
        expect=Ends() if provocation.ends else Accept(),
        role=role,
        rule="Q30",
        why=why,
        emits=tuple(
            Emits(
                event=each.event,
                data=each.data,
                answered=None if each.order is Order.ANY else each.order is Order.AFTER,
                rule=_LIMIT if each.event in late else _RULE,
            )
            for each in provocation.emissions
        ),
    )
