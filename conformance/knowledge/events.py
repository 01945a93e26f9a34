"""Recipes of events: what provokes an event, its data, and which events no recipe provokes.

docs/recipes.md describes the files. Knows neither a schema nor a machine.
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
    NamesPart,
)
from conformance.knowledge.decoder import FileFault, FileProblem, Read, raise_problems
from conformance.knowledge.gathering import gathered, read_folder
from conformance.knowledge.keys import DOTTED, TRUE, TURN, Key, unknown_word
from conformance.knowledge.versions import Version, VersionRange, of_arch
from conformance.model.event_facts import EventFacts, TellingEvent
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import ABSENT, Absent, ErrorClass, JsonValue, PathPart


class Order(enum.StrEnum):
    """The order of an event and the reply to the request that provokes it."""

    # No promise.
    ANY = "any"
    # The event comes first.
    BEFORE = "before"
    # The reply comes first.
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Emission:
    """An event that a request provokes, whose data includes all of `data`."""

    event: Annotated[str, Key("the event")]
    data: Annotated[
        Mapping[str, JsonValue], Key("members that its data must have, in nested objects, too")
    ] = field(default_factory=dict)
    order: Annotated[Order, Key("its order relative to the reply")] = Order.ANY
    ordered_by: Annotated[
        str, Key("where the source of QEMU gives that order; needed with `order`")
    ] = ""

    def faults(self) -> Iterator[FileFault]:
        """Yield that an order has no source, or a source no order."""
        if (self.order is Order.ANY) is bool(self.ordered_by):
            yield FileFault(
                "order",
                "'order' and 'ordered_by' do not stand together",
                "Give both, or none: an order is held against a build only with its source.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """A query after a provocation, and what it must show of what the event told."""

    request: Annotated[Request, Key(flat=True, only=("execute", "arguments"))]
    at: Annotated[
        tuple[PathPart, ...],
        Key("where in the reply (as in `verify` of a command)", default="all of it", items=TURN),
    ] = ()
    value: Annotated[JsonValue | Absent, Key("exactly this is there", one_of="wanted")] = ABSENT
    absent: Annotated[bool, Key("nothing is there", one_of="wanted", form=TRUE)] = False
    refused: Annotated[
        ErrorClass | None, Key("QEMU refuses the query with that class", one_of="wanted")
    ] = None
    event: Annotated[
        str | None,
        Key("what the last event of that name told, in its member `member`", one_of="wanted"),
    ] = None
    data: Annotated[
        Mapping[str, JsonValue], Key("only with `event`: members that its data must have")
    ] = field(default_factory=dict)
    member: Annotated[
        tuple[str, ...], Key("only with `event`: the path in its data", form=DOTTED)
    ] = ()
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()

    def faults(self) -> Iterator[FileFault]:
        """Yield contradictions between the keys."""
        if (self.event is None) is bool(self.member):
            yield FileFault(
                "member", "'event' and 'member' do not stand together", "Give both, or none."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Provocation:
    """A request, and the events that must arrive before the next one is sent.

    `ends` means that the request ends the build.
    """

    request: Annotated[Request, Key(flat=True, only=("execute", "arguments"))]
    emissions: Annotated[
        tuple[Emission, ...],
        Key("the events that must arrive before the next request is sent", name="emits"),
    ] = ()
    verify: Annotated[
        tuple[Confirmation, ...],
        Key("queries that must then show what the events have told"),
    ] = ()
    ends: Annotated[bool, Key("whether the request ends QEMU")] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecipe:
    """A dialogue that provokes one event, on its own machine or a shared one.

    `stage` names the machine if `spec` has more than `machine`, else it is None.
    """

    event: Annotated[str, Key("the event", identity=True)]
    name: Annotated[str, Key("distinguishes two recipes of one event", identity=True)] = "recipe"
    reason: Annotated[str, Key("how the event is provoked")]
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    arches: Annotated[tuple[str, ...], ARCH] = ()
    replaces: Annotated[bool, REPLACES] = False
    stage: Annotated[
        str | None,
        Key("the machine: a `[[stage]]` of any file", default="`-machine none`, nothing else"),
    ] = None
    spec: MachineSpec = MachineSpec()
    needs: Annotated[tuple[str, ...], NEEDS] = ()
    setup: Annotated[tuple[Request, ...], SETUP] = ()
    steps: Annotated[
        tuple[Provocation, ...], Key("the requests, and the events that each provokes")
    ] = ()
    cleanup: Annotated[tuple[Request, ...], CLEANUP] = ()
    repeats: Annotated[
        str, Key("why the event may come more often than the steps list it", default="it may not")
    ] = ""
    alone: Annotated[bool, ISOLATION] = False

    def faults(self) -> Iterator[FileFault]:
        """Yield contradictions between the keys."""
        if all(e.event != self.event for step in self.steps for e in step.emissions):
            yield FileFault("steps", f"no step emits {self.event}", "Name it in `emits` of a step.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEntry:
    """A named machine for recipes of events."""

    name: Annotated[str, Key("the name, valid in every file", identity=True)]
    spec: Annotated[MachineSpec, MACHINE] = MachineSpec()
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnprovokedEvent:
    """Why no recipe provokes an event on builds of `versions`."""

    event: Annotated[str, Key("the event", identity=True)]
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Commands that may bring an event about on builds of `versions`, besides those of recipes."""

    event: Annotated[str, Key("the event", identity=True)]
    commands: Annotated[
        tuple[str, ...], Key("the commands, as globs; `*` for an event that may come at any time")
    ]
    data: Annotated[
        Mapping[str, JsonValue],
        Key(
            "members of its data: an event that has all of them is brought about by these "
            "commands alone",
            identity=True,
        ),
    ] = field(default_factory=dict)
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited:
    """An event that builds of `versions` send at most once per second for each kind.

    The members `by` of its data distinguish kinds. An event whose data includes all of a non-empty
    `unless` is not limited.
    """

    event: Annotated[str, Key("the event", identity=True)]
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    by: Annotated[
        tuple[str, ...],
        Key("the members of its data that distinguish kinds", default="all are one kind"),
    ] = ()
    unless: Annotated[
        Mapping[str, JsonValue],
        Key(
            "an event whose data has all of these members is not rate-limited",
            default="all are limited",
        ),
    ] = field(default_factory=dict)
    reason: Annotated[str, REASON]


class EventRecipes:
    """All recipes of events."""

    def __init__(
        self,
        recipes: Iterable[EventRecipe] = (),
        unprovoked: Iterable[UnprovokedEvent] = (),
        limited: Iterable[Limited] = (),
        causes: Iterable[Cause] = (),
    ) -> None:
        self._recipes = tuple(recipes)
        self._unprovoked = tuple(unprovoked)
        self._limited = tuple(limited)
        self._causes = tuple(causes)

    def find(self, event: str, version: Version) -> tuple[EventRecipe, ...]:
        """Return the recipes of `event` for builds of `version`, in file order."""
        found: dict[str, EventRecipe] = {}
        for recipe in self._recipes:
            if recipe.event == event and version in recipe.versions:
                # Of two with one name, the first counts.
                found.setdefault(recipe.name, recipe)
        return tuple(found.values())

    def why_not(self, event: str, version: Version) -> str | None:
        """Return why no recipe provokes `event`, None if no reason is given."""
        reasons = (
            each.reason
            for each in self._unprovoked
            if each.event == event and version in each.versions
        )
        return next(reasons, None)

    def for_arch(self, arch: str | None) -> EventRecipes:
        """Return the recipes for builds whose guests are of `arch`."""
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
        return EventRecipes(recipes, (*self._unprovoked, *why), self._limited, self._causes)

    def limited(self, event: str, version: Version) -> Limited | None:
        """Return how builds of `version` limit `event`, None if they send every one."""
        found = (x for x in self._limited if x.event == event and version in x.versions)
        return next(found, None)

    def facts(self, version: Version) -> EventFacts:
        """Return what is known of the events of builds of `version`, whatever the case.

        A recipe says what brings an event about, and an event that none brings about has no cause.
        """
        causes: dict[str, list[str]] = {}
        for recipe in self._recipes:
            for step in recipe.steps:
                for each in step.emissions:
                    causes.setdefault(each.event, []).append(step.request.execute)
        for unprovoked in self._unprovoked:
            causes.setdefault(unprovoked.event, [])
        known = [cause for cause in self._causes if version in cause.versions]
        for cause in known:
            if not cause.data:
                causes.setdefault(cause.event, []).extend(cause.commands)
        return EventFacts(
            limited=tuple(sorted({x.event for x in self._limited if version in x.versions})),
            causes={name: tuple(sorted(set(found))) for name, found in sorted(causes.items())},
            telling=tuple(
                TellingEvent(event=cause.event, data=cause.data, commands=cause.commands)
                for cause in known
                if cause.data
            ),
        )

    def needs(self) -> frozenset[str]:
        """Return all needs to probe the host for."""
        return frozenset(need for recipe in self._recipes for need in recipe.needs)


@dataclass(frozen=True, kw_only=True)
class EventsPart(NamesPart):
    """The entries of a file about events."""

    stages: Annotated[
        tuple[StageEntry, ...], Key("a machine for recipes of events", name="stage")
    ] = ()
    events: Annotated[
        tuple[EventRecipe, ...], Key("a dialogue that provokes an event", name="event")
    ] = ()
    unprovoked: Annotated[tuple[UnprovokedEvent, ...], Key("an event that no recipe provokes")] = ()
    causes: Annotated[
        tuple[Cause, ...],
        Key("what brings an event about besides the requests of recipes (rule W75)", name="cause"),
    ] = ()
    limited: Annotated[
        tuple[Limited, ...],
        Key(
            "an event that QEMU sends at most once per second for each kind (rule W50): no case "
            "may see two of a kind sooner; one that a case lists after the first is the last of "
            "a burst, and must arrive"
        ),
    ] = ()


def load_events(folder: Path, more: Sequence[Read[EventsPart]] = ()) -> EventRecipes:
    """Return the content of the files `*.toml` in `folder`, that of `more` first.

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
        gathered(parts, "causes"),
    )


def unknown_stages(parts: Sequence[Read[Any]]) -> Iterator[FileProblem]:
    """Yield each event whose stage no file defines; skip faulty events."""
    stages = dict.fromkeys(name for part in parts for name in _stage_names(part.source.top))
    for part in parts:
        for number, recipe in enumerate(part.kept.events):
            if recipe is not None and recipe.stage and recipe.stage not in stages:
                error = unknown_word(recipe.stage, stages)
                yield part.source.problem(
                    ("event", number, "stage"), f"'stage' {error.what}", error.remedy
                )


def _stage_names(top: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of a file's stages, also of faulty ones."""
    found = top.get("stage")
    for entry in found if isinstance(found, list) else ():
        name = entry.get("name") if isinstance(entry, dict) else None
        if isinstance(name, str):
            yield name
