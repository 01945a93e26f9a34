"""Recipes of events: what brings one about, what it must say, and which nothing here provokes.

docs/recipes.md describes the files.  Knows neither a schema nor a machine.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from conformance.knowledge.common import (
    ARCH,
    CLEANUP,
    ISOLATION,
    MACHINE,
    NEEDS,
    REASON,
    REPLACES,
    SETUP,
    VERSIONS,
    RequestsPart,
)
from conformance.knowledge.decoder import FileFault, FileProblem, Read, raise_problems
from conformance.knowledge.gathering import gathered, read_folder
from conformance.knowledge.keys import Key, unknown_word
from conformance.knowledge.versions import Version, VersionRange, of_arch
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import JsonValue


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

    event: Annotated[str, Key("the event")]
    data: Annotated[
        Mapping[str, JsonValue], Key("members that its data must have, of objects likewise")
    ] = field(default_factory=dict)
    order: Annotated[Order, Key("where it stands beside the reply")] = Order.ANY


@dataclass(frozen=True, slots=True, kw_only=True)
class Provocation:
    """A request, and the events that must come of it before the next one is sent.

    `ends` tells that the request ends the build.
    """

    request: Annotated[Request, Key(flat=True, only=("execute", "arguments"))]
    emissions: Annotated[
        tuple[Emission, ...],
        Key("the events that must come of it before the next request is sent", name="emits"),
    ] = ()
    ends: Annotated[bool, Key("whether the request ends QEMU")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecipe:
    """A dialogue that brings about one event, on a machine of its own or one that it shares.

    `stage` names the machine where `spec` says more of it than which machine it is, else it is
    None.
    """

    event: Annotated[str, Key("the event", identity=True)]
    name: Annotated[str, Key("tells two recipes of one event apart", identity=True)] = "recipe"
    reason: Annotated[str, Key("how it comes about")]
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    arches: Annotated[tuple[str, ...], ARCH] = ()
    replaces: Annotated[bool, REPLACES] = False
    stage: Annotated[
        str | None,
        Key("the machine: a `[[stage]]` of any file", default="a machine of type none, bare"),
    ] = None
    spec: MachineSpec = MachineSpec()
    needs: Annotated[tuple[str, ...], NEEDS] = ()
    setup: Annotated[tuple[Request, ...], SETUP] = ()
    steps: Annotated[
        tuple[Provocation, ...], Key("the requests, and the events that each brings about")
    ] = ()
    cleanup: Annotated[tuple[Request, ...], CLEANUP] = ()
    alone: Annotated[bool, ISOLATION] = False

    def faults(self) -> Iterator[FileFault]:
        """Yield what is wrong with the keys beside each other."""
        if all(e.event != self.event for step in self.steps for e in step.emissions):
            yield FileFault(
                "steps", f"no step emits {self.event}", "Say of which request it comes."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEntry:
    """A machine that events can come about on, by a name."""

    name: Annotated[str, Key("the name, known in every file", identity=True)]
    spec: Annotated[MachineSpec, MACHINE] = MachineSpec()
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnprovokedEvent:
    """Why nothing here brings about an event on builds of `versions`."""

    event: Annotated[str, Key("the event", identity=True)]
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited:
    """That builds of `versions` send at most one of a kind of an event per second.

    The members `by` of its data tell one kind from another.  One whose data hold all of `unless`,
    if that is anything, is not limited.
    """

    event: Annotated[str, Key("the event", identity=True)]
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    by: Annotated[
        tuple[str, ...],
        Key("the members of its data that tell kinds apart", default="all are of one kind"),
    ] = ()
    unless: Annotated[
        Mapping[str, JsonValue],
        Key("one whose data hold all of this is not limited", default="all are"),
    ] = field(default_factory=dict)
    reason: Annotated[str, REASON]


class EventRecipes:
    """What is known of all events."""

    def __init__(
        self,
        recipes: Iterable[EventRecipe] = (),
        unprovoked: Iterable[UnprovokedEvent] = (),
        limited: Iterable[Limited] = (),
    ) -> None:
        self._recipes = tuple(recipes)
        self._unprovoked = tuple(unprovoked)
        self._limited = tuple(limited)

    def find(self, event: str, version: Version) -> tuple[EventRecipe, ...]:
        """Return the recipes of `event` for builds of `version`, in the order of the files."""
        found: dict[str, EventRecipe] = {}
        for recipe in self._recipes:
            if recipe.event == event and version in recipe.versions:
                # Of two of one name, the first replaces the other.
                found.setdefault(recipe.name, recipe)
        return tuple(found.values())

    def why_not(self, event: str, version: Version) -> str | None:
        """Return why nothing provokes `event`, None where nobody has said."""
        reasons = (
            each.reason
            for each in self._unprovoked
            if each.event == event and version in each.versions
        )
        return next(reasons, None)

    def for_arch(self, arch: str | None) -> EventRecipes:
        """Return those for builds whose guests are of `arch`, and which have none there."""
        recipes = tuple(r for r in self._recipes if of_arch(r.arches, arch))
        elsewhere = {r.event for r in self._recipes} - {r.event for r in recipes}
        why = (
            UnprovokedEvent(
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


@dataclass(frozen=True, kw_only=True)
class EventsPart(RequestsPart):
    """What a file says of events."""

    stages: Annotated[
        tuple[StageEntry, ...], Key("a machine that events can come about on", name="stage")
    ] = ()
    events: Annotated[
        tuple[EventRecipe, ...], Key("a dialogue that brings an event about", name="event")
    ] = ()
    unprovoked: Annotated[
        tuple[UnprovokedEvent, ...], Key("an event that nothing here brings about")
    ] = ()
    limited: Annotated[
        tuple[Limited, ...],
        Key(
            "an event of which at most one of a kind is sent per second (rule W50): no case of it "
            "may see two of a kind sooner, and what it lists behind the first is the last of a "
            "burst, which must not be lost"
        ),
    ] = ()


def load_events(folder: Path, more: Sequence[Read[EventsPart]] = ()) -> EventRecipes:
    """Return what the files `*.toml` in `folder` say, that of `more` first.

    Raises KnowledgeError.
    """
    parts = [*more, *read_folder(folder, EventsPart)]
    stages = {stage.name: stage.spec for stage in gathered(parts, "stages")}
    raise_problems(list(unknown_stages(parts)))
    recipes = gathered(parts, "events")
    return EventRecipes(
        (replace(r, spec=stages[r.stage]) if r.stage else r for r in recipes),
        gathered(parts, "unprovoked"),
        gathered(parts, "limited"),
    )


def unknown_stages(parts: Sequence[Read[Any]]) -> Iterator[FileProblem]:
    """Yield each event whose stage is in none of the files."""
    stages = {stage.name: None for part in parts for stage in part.kept.stages}
    for part in parts:
        for number, recipe in enumerate(part.kept.events):
            if recipe.stage and recipe.stage not in stages:
                error = unknown_word(recipe.stage, stages)
                yield part.source.problem(
                    ("event", number, "stage"), f"'stage' {error.what}", error.remedy
                )
