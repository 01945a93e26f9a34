"""Recipes of commands: a request that succeeds, and requests that must be refused.

docs/recipes.md describes the files.  Knows neither a schema nor a machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from conformance.knowledge.observations import Look, looks_for, looks_of
from conformance.knowledge.recipes import filled, requests_of, spec_of
from conformance.knowledge.refusals import (
    Reference,
    Refusal,
    Unprovoked,
    references_for,
    references_of,
    refusals_of,
    unprovoked_of,
)
from conformance.knowledge.tables import Table, read_table
from conformance.knowledge.valid_request import Effect, Status, ValidRequest
from conformance.knowledge.versions import Version, VersionRange, of_arch
from conformance.model.errors import KnowledgeError
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import ABSENT, JsonValue

_NO_MACHINE: Final = MachineSpec(machine="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Further:
    """Another request of a command that succeeds, in a state or a way of its own.

    It is made on the machine of the command's recipe, or on that of its own `spec`, and `lasting`
    tells that this one is another from then on.
    """

    name: str
    arguments: Mapping[str, JsonValue]
    setup: tuple[Request, ...] = ()
    cleanup: tuple[Request, ...] = ()
    lasting: bool = False
    versions: VersionRange = VersionRange()
    reason: str = ""
    references: tuple[Reference, ...] = ()
    sees: tuple[Look, ...] = ()
    spec: MachineSpec | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRecipe:
    """A request of one command that succeeds, with what must stand before and be undone after.

    It is for builds of `versions` and of `arches`, of any where that is empty.
    `descriptor` is the source of a file descriptor that goes with it, "" where none does.  `needs`
    are probes: where one fails the request cannot succeed.  `shows` are requests that return
    something else once the command has taken effect; `sees` say just what they return then.
    """

    name: str
    versions: VersionRange = VersionRange()
    arches: tuple[str, ...] = ()
    arguments: Mapping[str, JsonValue] = field(default_factory=dict)
    descriptor: str = ""
    needs: tuple[str, ...] = ()
    spec: MachineSpec = MachineSpec()
    setup: tuple[Request, ...] = ()
    cleanup: tuple[Request, ...] = ()
    shows: tuple[Request, ...] = ()
    effect: Effect = Effect.NONE
    reason: str = ""
    """Why the machine is what it is, and what the effect is."""
    unready: str = ""
    """Why it does not succeed before the machine is complete, even where it is allowed then."""
    never: str = ""
    """Why the request, and any other of the command, never succeeds."""
    sees: tuple[Look, ...] = ()
    unseen: str = ""
    """Why nothing shows what it does, where nothing does."""
    further: tuple[Further, ...] = ()
    references: tuple[Reference, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    unprovoked: tuple[Unprovoked, ...] = ()

    def fits(self, version: Version, arch: str) -> bool:
        """Return whether it is for a build; one whose `arch` is not known, "", is of any."""
        return version in self.versions and of_arch(self.arches, arch)

    def first(self, version: Version) -> ValidRequest:
        """Return the recipe's own request, with the looks and references of `version`."""
        return ValidRequest(
            request=Request(self.name, self.arguments or ABSENT, descriptor=self.descriptor),
            spec=self.spec,
            setup=self.setup,
            cleanup=self.cleanup,
            effect=self.effect,
            status=Status.INCOMPLETE if self.never else Status.SUCCEEDS,
            needs=self.needs,
            never=self.never,
            queries=self.shows,
            looks=looks_for(self.sees, version),
            references=tuple(references_for(self.references, version)),
        )

    def further_requests(self, version: Version) -> Iterator[ValidRequest]:
        """Yield the further requests that hold for `version`."""
        for each in self.further:
            if version in each.versions:
                yield ValidRequest(
                    name=each.name,
                    request=Request(self.name, each.arguments or ABSENT),
                    spec=self.spec if each.spec is None else each.spec,
                    setup=each.setup,
                    cleanup=each.cleanup,
                    effect=Effect.LASTING if each.lasting else Effect.NONE,
                    needs=self.needs,
                    looks=looks_for(each.sees, version),
                    references=tuple(references_for(each.references, version)),
                    reason=each.reason,
                )

    def requests(self, version: Version) -> Iterator[ValidRequest]:
        """Yield the recipe's own request, then the further ones that hold for `version`."""
        yield self.first(version)
        yield from self.further_requests(version)

    def refusals_for(self, version: Version) -> tuple[Refusal, ...]:
        """Return the refusals that hold for `version`."""
        return tuple(refusal for refusal in self.refusals if version in refusal.versions)


class CommandRecipes(Mapping[str, CommandRecipe]):
    """The recipes of all commands by name; of those of one command the first that fits counts."""

    def __init__(self, recipes: Iterable[CommandRecipe]) -> None:
        self._all = tuple(recipes)
        self._first = {recipe.name: recipe for recipe in reversed(self._all)}

    def __getitem__(self, name: str) -> CommandRecipe:
        return self._first[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._first)

    def __len__(self) -> int:
        return len(self._first)

    def for_build(self, version: Version, arch: str) -> CommandRecipes:
        """Return those for one build, of each command one at most."""
        found: dict[str, CommandRecipe] = {}
        for recipe in self._all:
            if recipe.fits(version, arch):
                found.setdefault(recipe.name, recipe)
        return CommandRecipes(found.values())

    def needs(self) -> frozenset[str]:
        """Return all needs that a host is probed for."""
        return frozenset(need for recipe in self._all for need in recipe.needs)


def load_commands(folder: Path) -> CommandRecipes:
    """Return the recipes of all files `*.toml` in `folder`; raises KnowledgeError."""
    found: list[CommandRecipe] = []
    # The commands that a recipe for all builds speaks of: another could never count.
    settled: set[str] = set()
    for path in sorted(folder.glob("*.toml")):
        top = read_table(path)
        for table in top.tables("command"):
            recipe = _command(table)
            if recipe.name in settled:
                raise KnowledgeError(
                    f"{table.place}: {recipe.name} has two recipes",
                    "Say with versions or arch which builds the one before it is for.",
                )
            if not recipe.versions.text and not recipe.arches:
                settled.add(recipe.name)
            found.append(recipe)
        # What is known of integers stands beside: knowledge/ranges.py reads it.
        top.take("range", list, [])
        top.done()
    return CommandRecipes(found)


def _command(table: Table) -> CommandRecipe:
    try:
        effect = Effect(table.take("effect", str, Effect.NONE.value))
    except ValueError as error:
        raise KnowledgeError(f"{table.place}: {error}", f"Known: {', '.join(Effect)}.") from error
    recipe = CommandRecipe(
        name=table.take("name", str),
        versions=table.versions(),
        arches=table.texts("arch"),
        arguments=filled(table.take("arguments", dict, {})),
        descriptor=table.take("descriptor", str, ""),
        needs=table.texts("needs"),
        spec=spec_of(table, MachineSpec()),
        setup=requests_of(table, "setup"),
        cleanup=requests_of(table, "cleanup"),
        shows=requests_of(table, "shows"),
        effect=effect,
        reason=table.take("reason", str, ""),
        unready=table.take("unready", str, ""),
        never=table.take("never", str, ""),
        sees=looks_of(table),
        unseen=table.take("unseen", str, ""),
        further=tuple(_further(t) for t in table.tables("further")),
        references=references_of(table),
        refusals=refusals_of(table),
        unprovoked=unprovoked_of(table),
    )
    table.done()
    if recipe.unseen and recipe.sees:
        raise KnowledgeError(f"{table.place}: has both 'sees' and 'unseen'", "Leave one out.")
    if not recipe.reason and (effect is not Effect.NONE or recipe.spec != MachineSpec()):
        raise KnowledgeError(f"{table.place}: 'reason' is missing", "Say why it is needed.")
    return recipe


def _further(table: Table) -> Further:
    spec = spec_of(table, _NO_MACHINE)
    further = Further(
        name=table.take("name", str),
        arguments=filled(table.take("arguments", dict, {})),
        setup=requests_of(table, "setup"),
        cleanup=requests_of(table, "cleanup"),
        lasting=table.take("lasting", bool, False),
        versions=table.versions(),
        reason=table.take("reason", str),
        references=references_of(table),
        sees=looks_of(table),
        spec=spec if spec.machine else None,
    )
    table.done()
    if spec != _NO_MACHINE and not spec.machine:
        raise KnowledgeError(f"{table.place}: says what goes with a machine but not which")
    if further.spec is not None and (further.references or further.sees):
        raise KnowledgeError(
            f"{table.place}: 'refers' and 'sees' are of the recipe's machine only",
            "Leave them out where 'machine' stands.",
        )
    return further
