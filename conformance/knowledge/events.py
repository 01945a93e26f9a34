"""Recipes of events: what brings one about, what it must say, and which nothing here provokes.

docs/recipes.md describes the files.  Knows neither a schema nor a machine.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.knowledge.recipes import filled, requests_of, spec_of
from conformance.knowledge.tables import Table, read_table
from conformance.knowledge.versions import Version, VersionRange, of_arch
from conformance.model.errors import KnowledgeError
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import ABSENT, JsonValue


class Order(enum.StrEnum):
    """Where an event stands beside the reply to the request that brings it about."""

    # Nothing is promised of it.
    ANY = "any"
    # The event comes first.
    BEFORE = "before"
    # The reply comes first.
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Emission:
    """An event that a request brings about, whose data holds all of `data`."""

    event: str
    data: Mapping[str, JsonValue]
    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Provocation:
    """A request, and the events that must come of it before the next one is sent.

    `ends` tells that the request ends the build.
    """

    request: Request
    emissions: tuple[Emission, ...]
    ends: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecipe:
    """A dialogue that brings about one event, on a machine of its own or one that it shares.

    `stage` names the machine where `spec` says more of it than which machine it is, else it is "".
    """

    event: str
    name: str
    reason: str
    versions: VersionRange
    arches: tuple[str, ...] = ()
    stage: str
    spec: MachineSpec
    needs: tuple[str, ...]
    setup: tuple[Request, ...]
    steps: tuple[Provocation, ...]
    cleanup: tuple[Request, ...]
    alone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unprovoked:
    """Why nothing here brings about an event on builds of `versions`."""

    event: str
    versions: VersionRange
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited:
    """That builds of `versions` send at most one of a kind of an event per second.

    The members `by` of its data tell one kind from another.  One whose data hold all of `unless`,
    if that is anything, is not limited.
    """

    event: str
    versions: VersionRange
    by: tuple[str, ...]
    unless: Mapping[str, JsonValue]
    reason: str


class EventRecipes:
    """What is known of all events."""

    def __init__(
        self,
        recipes: Iterable[EventRecipe] = (),
        unprovoked: Iterable[Unprovoked] = (),
        limited: Iterable[Limited] = (),
    ) -> None:
        self._recipes = tuple(recipes)
        self._unprovoked = tuple(unprovoked)
        self._limited = tuple(limited)

    def find(self, event: str, version: Version) -> tuple[EventRecipe, ...]:
        """Return the recipes of `event` for builds of `version`, in the order of the files."""
        return tuple(r for r in self._recipes if r.event == event and version in r.versions)

    def why_not(self, event: str, version: Version) -> str:
        """Return why nothing provokes `event`, "" where nobody has said."""
        reasons = (
            each.reason
            for each in self._unprovoked
            if each.event == event and version in each.versions
        )
        return next(reasons, "")

    def for_arch(self, arch: str) -> EventRecipes:
        """Return those for builds whose guests are of `arch`, and which have none there."""
        recipes = tuple(r for r in self._recipes if of_arch(r.arches, arch))
        elsewhere = {r.event for r in self._recipes} - {r.event for r in recipes}
        why = (
            Unprovoked(
                event=name,
                versions=VersionRange(),
                reason=f"no recipe provokes it where guests are of {arch}",
            )
            for name in sorted(elsewhere)
        )
        return EventRecipes(recipes, (*self._unprovoked, *why), self._limited)

    def limited(self, event: str, version: Version) -> Limited | None:
        """Return how builds of `version` limit `event`, None where they send every one."""
        found = (x for x in self._limited if x.event == event and version in x.versions)
        return next(found, None)

    def needs(self) -> frozenset[str]:
        """Return all needs that a host is probed for."""
        return frozenset(need for recipe in self._recipes for need in recipe.needs)


def load_events(folder: Path) -> EventRecipes:
    """Return what the files `*.toml` in `folder` say; raises KnowledgeError."""
    tops = [read_table(path) for path in sorted(folder.glob("*.toml"))]
    specs: dict[str, MachineSpec] = {}
    for table in (table for top in tops for table in top.tables("stage")):
        name = table.take("name", str)
        if name in specs:
            raise KnowledgeError(f"{table.place}: the stage stands already")
        specs[name] = _spec(table)
    recipes = [_recipe(table, specs) for top in tops for table in top.tables("event")]
    unprovoked = [_unprovoked(table) for top in tops for table in top.tables("unprovoked")]
    limited = [_limited(table) for top in tops for table in top.tables("limited")]
    for top in tops:
        top.done()
    return EventRecipes(recipes, unprovoked, limited)


def _spec(table: Table) -> MachineSpec:
    spec = spec_of(table, MachineSpec())
    table.take("reason", str)
    table.done()
    return spec


def _recipe(table: Table, specs: Mapping[str, MachineSpec]) -> EventRecipe:
    stage = table.take("stage", str, "")
    if stage and stage not in specs:
        known = ", ".join(specs)
        raise KnowledgeError(f"{table.place}: no stage {stage!r}", f"Known: {known}.")
    recipe = EventRecipe(
        event=table.take("event", str),
        name=table.take("name", str, "recipe"),
        reason=table.take("reason", str),
        versions=table.versions(),
        arches=table.texts("arch"),
        stage=stage,
        spec=specs[stage] if stage else MachineSpec(),
        needs=table.texts("needs"),
        setup=requests_of(table, "setup"),
        steps=tuple(_steps(table)),
        cleanup=requests_of(table, "cleanup"),
        alone=table.take("alone", bool, False),
    )
    table.done()
    if all(e.event != recipe.event for step in recipe.steps for e in step.emissions):
        raise KnowledgeError(
            f"{table.place}: no step emits {recipe.event}", "Say of which request it comes."
        )
    return recipe


def _steps(table: Table) -> Iterator[Provocation]:
    for entry in table.tables("steps"):
        request = Request(entry.take("execute", str), filled(entry.take_any("arguments", ABSENT)))
        emissions = tuple(_emission(t) for t in entry.tables("emits"))
        yield Provocation(
            request=request, emissions=emissions, ends=entry.take("ends", bool, False)
        )
        entry.done()


def _emission(table: Table) -> Emission:
    word = table.take("order", str, Order.ANY.value)
    try:
        order = Order(word)
    except ValueError as error:
        raise KnowledgeError(f"{table.place}: {error}", f"Known: {', '.join(Order)}.") from error
    emission = Emission(
        event=table.take("event", str), data=filled(table.take("data", dict, {})), order=order
    )
    table.done()
    return emission


def _unprovoked(table: Table) -> Unprovoked:
    found = Unprovoked(
        event=table.take("event", str),
        versions=table.versions(),
        reason=table.take("reason", str),
    )
    table.done()
    return found


def _limited(table: Table) -> Limited:
    found = Limited(
        event=table.take("event", str),
        versions=table.versions(),
        by=table.texts("by"),
        unless=filled(table.take("unless", dict, {})),
        reason=table.take("reason", str),
    )
    table.done()
    return found
