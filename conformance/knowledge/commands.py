"""Recipes of commands: a request that succeeds, and requests that must be refused.

docs/recipes.md describes the files.  Knows neither a schema nor a machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from conformance.knowledge.common import (
    ARCH,
    CLEANUP,
    MACHINE,
    NEEDS,
    REASON_GIVEN,
    REPLACES,
    SETUP,
    VERSIONS,
    RequestsPart,
)
from conformance.knowledge.decoder import FileFault, Read
from conformance.knowledge.gathering import gathered
from conformance.knowledge.keys import Key
from conformance.knowledge.observations import VERIFY, Look, looks_for
from conformance.knowledge.ranges import RangeRecipe
from conformance.knowledge.refusals import (
    REFERENCES,
    Reference,
    Refusal,
    UnprovokedError,
    references_for,
)
from conformance.knowledge.valid_request import Effect, Status, ValidRequest
from conformance.knowledge.versions import Version, VersionRange, of_arch
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import ABSENT, JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Further:
    """Another request of a command that succeeds, in a state or a way of its own.

    It is made on the machine of the command's recipe, or on that of its own `spec`, and
    `destructive` tells that this one is another from then on.
    """

    name: Annotated[str, Key("the case is COMMAND/valid/NAME", identity=True)]
    arguments: Annotated[Mapping[str, JsonValue], Key("its arguments")] = field(
        default_factory=dict
    )
    setup: Annotated[tuple[Request, ...], SETUP] = ()
    cleanup: Annotated[tuple[Request, ...], CLEANUP] = ()
    destructive: Annotated[bool, Key("whether the machine is another one from then on")] = False
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, REASON_GIVEN] = ""
    references: Annotated[tuple[Reference, ...], REFERENCES] = ()
    verify: Annotated[tuple[Look, ...], VERIFY] = ()
    spec: Annotated[MachineSpec | None, MACHINE] = None

    def faults(self) -> Iterator[FileFault]:
        """Yield what is wrong with the keys beside each other."""
        for key, given in (("references", self.references), ("verify", self.verify)):
            if self.spec is not None and given:
                yield FileFault(
                    key,
                    f"'machine' and {key!r} contradict each other",
                    "References and effects are looked for on the recipe's machine only.",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRecipe:
    """A request of one command that succeeds, with what must stand before and be undone after.

    It is for builds of `versions` and of `arches`, of any where that is empty.
    `descriptor` is the source of a file descriptor that goes with it, "" where none does.  `needs`
    are probes: where one fails the request cannot succeed.  `state_queries` return
    something else once the command has taken effect; `verify` says just what queries return then.
    """

    name: Annotated[str, Key("the command", identity=True)]
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    arches: Annotated[tuple[str, ...], ARCH] = ()
    replaces: Annotated[bool, REPLACES] = False
    arguments: Annotated[Mapping[str, JsonValue], Key("arguments with which it succeeds")] = field(
        default_factory=dict
    )
    descriptor: Annotated[
        str,
        Key(
            'the source of a file descriptor that goes along: `"socketpair"`, `"memfd"`, or the '
            "path of a device"
        ),
    ] = ""
    needs: Annotated[tuple[str, ...], NEEDS] = ()
    spec: Annotated[MachineSpec, MACHINE] = MachineSpec()
    setup: Annotated[tuple[Request, ...], SETUP] = ()
    cleanup: Annotated[tuple[Request, ...], CLEANUP] = ()
    state_queries: Annotated[
        tuple[Request, ...],
        Key(
            "queries that return something else once the command has taken effect",
            name="state_queries",
        ),
    ] = ()
    effect: Annotated[
        Effect,
        Key(
            "what a success does to the machine, clean-up done. `none`: nothing; `destructive`: "
            "the machine is another one, and its own; `end`: it ends QEMU; `completes-machine`: it "
            "ends the phase before the machine is complete, into which `args` then lead"
        ),
    ] = Effect.NONE
    reason: Annotated[str, Key("why the machine is what it is, and what the effect is")] = ""
    fails_in_preconfig: Annotated[
        str,
        Key(
            "why it does not succeed before the machine is complete even where it is allowed then: "
            "it must be refused, if at all, with a class that no check of arguments gives",
            name="fails_in_preconfig",
        ),
    ] = ""
    always_fails: Annotated[
        str,
        Key("why no request of it ever succeeds: its gates are then untried"),
    ] = ""
    verify: Annotated[tuple[Look, ...], VERIFY] = ()
    not_observable: Annotated[
        str,
        Key(
            "in place of `verify`: why nothing shows what it does",
            name="not_observable",
            excludes=("verify",),
        ),
    ] = ""
    further: Annotated[
        tuple[Further, ...], Key("other requests that succeed, on the same machine")
    ] = ()
    references: Annotated[tuple[Reference, ...], REFERENCES] = ()
    refusals: Annotated[
        tuple[Refusal, ...],
        Key("requests that must be refused: the cases COMMAND/errors/NAME", name="errors"),
    ] = ()
    unprovoked: Annotated[
        tuple[UnprovokedError, ...], Key("documented errors that nothing here provokes")
    ] = ()

    def faults(self) -> Iterator[FileFault]:
        """Yield what is wrong with the keys beside each other."""
        if not self.reason and (self.effect is not Effect.NONE or self.spec != MachineSpec()):
            key = "machine" if self.effect is Effect.NONE else "effect"
            yield FileFault(key, "'reason' is missing", "Say why it is needed.")

    def fits(self, version: Version, arch: str | None) -> bool:
        """Return whether it is for a build; one whose `arch` is not known, None, is of any."""
        return version in self.versions and of_arch(self.arches, arch)

    def first(self, version: Version) -> ValidRequest:
        """Return the recipe's own request, with the looks and references of `version`."""
        return ValidRequest(
            request=Request(self.name, self.arguments or ABSENT, descriptor=self.descriptor),
            spec=self.spec,
            setup=self.setup,
            cleanup=self.cleanup,
            effect=self.effect,
            status=Status.INCOMPLETE if self.always_fails else Status.SUCCEEDS,
            needs=self.needs,
            always_fails=self.always_fails,
            queries=self.state_queries,
            looks=looks_for(self.verify, version),
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
                    effect=Effect.DESTRUCTIVE if each.destructive else Effect.NONE,
                    needs=self.needs,
                    looks=looks_for(each.verify, version),
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

    def for_build(self, version: Version, arch: str | None) -> CommandRecipes:
        """Return those for one build, of each command one at most."""
        found: dict[str, CommandRecipe] = {}
        for recipe in self._all:
            if recipe.fits(version, arch):
                found.setdefault(recipe.name, recipe)
        return CommandRecipes(found.values())

    def needs(self) -> frozenset[str]:
        """Return all needs that a host is probed for."""
        return frozenset(need for recipe in self._all for need in recipe.needs)


@dataclass(frozen=True, kw_only=True)
class CommandsPart(RequestsPart):
    """What a file says of commands."""

    commands: Annotated[
        tuple[CommandRecipe, ...],
        Key(
            "a request of a command that succeeds, and requests that must be refused",
            name="command",
        ),
    ] = ()
    ranges: Annotated[
        tuple[RangeRecipe, ...],
        Key("a request in which arguments of a command are tried", name="range"),
    ] = ()


def commands_of(parts: Sequence[Read[CommandsPart]]) -> CommandRecipes:
    """Return the recipes of commands in all `parts`; raises KnowledgeError."""
    return CommandRecipes(gathered(parts, "commands"))


def ranges_of(
    parts: Sequence[Read[CommandsPart]],
) -> Mapping[str, tuple[RangeRecipe, ...]]:
    """Return the entries `[[range]]` of all `parts`, by command; raises KnowledgeError."""
    found: dict[str, tuple[RangeRecipe, ...]] = {}
    for recipe in gathered(parts, "ranges"):
        found[recipe.command] = (*found.get(recipe.command, ()), recipe)
    return found
