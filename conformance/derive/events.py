"""Cases of events: a request provokes each, and its data must say what happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from conformance.derive.inputs import Introspected
from conformance.derive.steps import ACCEPTED, PLAIN, supporting_step, supporting_steps
from conformance.judge.expect_answer import Accept, Ends, Reject
from conformance.judge.expect_value import Shows, Sight, shows_value
from conformance.knowledge.events import (
    Confirmation,
    Emission,
    EventRecipe,
    EventRecipes,
    Order,
    Provocation,
)
from conformance.knowledge.everything import Knowledge
from conformance.model.blocked import Blocked, not_applicable, unmet, untried
from conformance.model.canonical import canonical
from conformance.model.case import (
    Agreement,
    Case,
    Count,
    Emits,
    Isolation,
    Limit,
    Role,
    Step,
    Subject,
)
from conformance.model.expectation import Expectation
from conformance.model.stage import Request, Stage
from conformance.model.terms import Absent, Aspect, SubjectKind

NO_RECIPE: Final = "no recipe provokes it"
"""The reason for an event with neither a recipe nor a reason."""
_RULE: Final = "X32"
_LIMIT: Final = "W50"
_ONCE: Final = "W74"
_LAST: Final = Request("query-version")
"""A request that brings nothing about."""


def event_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield a case for each recipe of an event of the schema, a blocked one without any."""
    events = knowledge.events
    recipes = events.find(name, build.version)
    limits = _limits(name, build, events)
    for recipe in recipes:
        yield _case(recipe, build, limits)
    if not recipes:
        why = events.why_not(name, build.version) or NO_RECIPE
        yield _blocked(name, "recipe", untried(why))


def _case(recipe: EventRecipe, build: Introspected, limits: tuple[Limit, ...]) -> Case:
    blocked = not_applicable(_missing(recipe, build)) or unmet(recipe.needs, build.lacks)
    if blocked is not None:
        return _blocked(recipe.event, recipe.name, blocked)
    return Case(
        id=f"{recipe.event}/{Aspect.VALID}/{recipe.name}",
        subject=Subject(kind=SubjectKind.EVENT, name=recipe.event),
        aspect=Aspect.VALID,
        stage=Stage(name=f"event-{recipe.stage}", spec=recipe.spec) if recipe.stage else PLAIN,
        steps=tuple(_steps(recipe, build, limits)),
        isolation=Isolation.ALONE if recipe.alone else Isolation.SHARED,
        about=recipe.name,
        limits=limits,
        counts=tuple(_counts(recipe, limits)),
    )


def _limits(event: str, build: Introspected, events: EventRecipes) -> tuple[Limit, ...]:
    found = events.limited(event, build.version)
    if found is None:
        return ()
    return (Limit(event=event, by=found.by, unless=found.unless, rule=_LIMIT),)


def _counts(recipe: EventRecipe, limits: Sequence[Limit]) -> Iterator[Count]:
    """Yield how often the recipe's event may come.

    What a step of a burst brings about may come by itself where the host is slow.
    """
    if recipe.repeats:
        return
    own = [e for step in recipe.steps for e in step.emissions if e.event == recipe.event]
    alike: dict[str, list[Emission]] = {}
    for each in own:
        alike.setdefault(canonical(each.data), []).append(each)
    for those in alike.values():
        # What says less of its data stands for what says more, too.
        listed = sum(1 for each in own if those[0].data.items() <= each.data.items())
        most = max(listed, len(recipe.steps)) if limits and len(own) > 1 else listed
        yield Count(event=recipe.event, data=those[0].data, most=most, rule=_ONCE)


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


def _missing(recipe: EventRecipe, build: Introspected) -> str | None:
    """Return which commands of a recipe the schema lacks, None if it has all."""
    lacking = []
    requests = (*recipe.setup, *(step.request for step in recipe.steps), *recipe.cleanup)
    for name in dict.fromkeys(request.execute for request in requests):
        if name not in build.schema.commands:
            lacking.append(f"this build's schema has no command {name}")
    return "; ".join(lacking) or None


def _steps(recipe: EventRecipe, build: Introspected, limits: Sequence[Limit]) -> Iterator[Step]:
    yield from supporting_steps(recipe.setup, Role.SETUP)
    limited = {each.event for each in limits}
    come: set[str] = set()
    for provocation in recipe.steps:
        # Events of the set-up are only a means.
        own = any(each.event == recipe.event for each in provocation.emissions)
        role = Role.SUBJECT if own else Role.SETUP
        # QEMU sends the first of a limited event at once. A later one may have to wait, and is lost
        # if QEMU forgets it.
        late = limited & come
        yield _provoking(provocation, role, recipe.reason, late)
        come |= {each.event for each in provocation.emissions}
        for each in provocation.verify:
            known = each.request.execute in build.schema.commands
            if known and build.version in each.versions:
                yield _confirming(each)
    yield from supporting_steps(recipe.cleanup, Role.CLEANUP)
    if not recipe.steps[-1].ends and _LAST.execute in build.schema.commands:
        # What comes twice may come behind the last awaited event.
        yield supporting_step(_LAST, Role.CLEANUP)


def _confirming(wanted: Confirmation) -> Step:
    """Return the step of a query that must show what an event told."""
    expect: Expectation = ACCEPTED
    agrees: tuple[Agreement, ...] = ()
    if wanted.refused is not None:
        expect = Reject(frozenset({wanted.refused}))
    elif wanted.absent:
        expect = Shows(wanted.at, Sight.ABSENT)
    elif not isinstance(wanted.value, Absent):
        expect = shows_value(wanted.at, wanted.value)
    elif wanted.event is not None:
        agreement = Agreement(
            event=wanted.event, data=wanted.data, member=wanted.member, path=wanted.at, rule=_RULE
        )
        agrees = (agreement,)
    return Step(
        request=wanted.request,
        expect=expect,
        role=Role.CHECK,
        rule=_RULE,
        why="the query shows what the event told",
        agrees=agrees,
    )


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
