"""Recipes of commands: a request that succeeds, and requests that QEMU must refuse.

docs/recipes.md describes the files. Knows neither a schema nor a machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
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
)
from conformance.knowledge.decoder import FileFault, Read
from conformance.knowledge.gathering import gathered, read_folder
from conformance.knowledge.keys import Key
from conformance.knowledge.observations import VERIFY, Look, looks_for
from conformance.knowledge.peers import NOBODY, PeersKnowledge, PeersPart, peers_of
from conformance.knowledge.ranges import RangeRecipe
from conformance.knowledge.readbacks import ReadbacksPart
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
    """Another request of a command that succeeds, in its own state or way.

    It runs on the machine of the command's recipe, or on that of its own `spec`. A `destructive`
    one changes that machine for good.
    """

    name: Annotated[str, Key("the case is COMMAND/valid/NAME", identity=True)]
    arguments: Annotated[Mapping[str, JsonValue], Key("its arguments")] = field(
        default_factory=dict
    )
    setup: Annotated[tuple[Request, ...], SETUP] = ()
    cleanup: Annotated[tuple[Request, ...], CLEANUP] = ()
    destructive: Annotated[bool, Key("whether it changes the machine for good")] = False
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    arches: Annotated[tuple[str, ...], ARCH] = ()
    needs: Annotated[tuple[str, ...], NEEDS] = ()
    reason: Annotated[str, REASON_GIVEN] = ""
    references: Annotated[tuple[Reference, ...], REFERENCES] = ()
    verify: Annotated[tuple[Look, ...], VERIFY] = ()
    spec: Annotated[MachineSpec | None, MACHINE] = None

    def faults(self) -> Iterator[FileFault]:
        """Yield contradictions between the keys."""
        if self.spec is not None and self.references:
            yield FileFault(
                "references",
                "'machine' and 'references' contradict each other",
                "References are tested only on the recipe's machine.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRecipe:
    """A request of one command that succeeds, with its set-up and clean-up.

    It applies to builds of `versions` and of `arches` (empty: of any). `descriptor` is the source
    of a file descriptor to pass along, "" for none. `needs` are probes: if one fails, the request
    cannot succeed. `state_queries` return something else once the command has taken effect;
    `verify` says exactly what queries return then.
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
            "the source of a file descriptor to pass along, also with each further request: "
            '`"socketpair"`, `"memfd"`, or the path of a device'
        ),
    ] = ""
    needs: Annotated[tuple[str, ...], NEEDS] = ()
    spec: Annotated[MachineSpec, MACHINE] = MachineSpec()
    setup: Annotated[tuple[Request, ...], SETUP] = ()
    cleanup: Annotated[tuple[Request, ...], CLEANUP] = ()
    state_queries: Annotated[
        tuple[Request, ...],
        Key(
            "queries whose reply changes once the command has taken effect",
            name="state_queries",
        ),
    ] = ()
    effect: Annotated[
        Effect,
        Key(
            "what success does to the machine, after the clean-up. `none`: nothing; "
            "`destructive`: it changes the machine for good, so each case has its own; "
            "`end`: it ends QEMU; `completes-machine`: it ends the preconfig phase, into "
            "which `args` must lead"
        ),
    ] = Effect.NONE
    reason: Annotated[str, Key("why it needs this machine, and why it has this effect")] = ""
    fails_in_preconfig: Annotated[
        str,
        Key(
            "why it fails in preconfig although it is allowed there: if QEMU refuses it, "
            "then with an error class that no argument check gives",
            name="fails_in_preconfig",
        ),
    ] = ""
    always_fails: Annotated[
        str,
        Key("why no request of it ever succeeds: its gates are then untried"),
    ] = ""
    lacking: Annotated[
        str,
        Key(
            "what machines of this architecture lack, so that no request of it succeeds: "
            "what needs one is not applicable",
            excludes=("always_fails",),
        ),
    ] = ""
    through: Annotated[
        tuple[str, ...],
        Key("ways, as ids spell them, on which the types are tried that several ways lead to"),
    ] = ()
    verify: Annotated[tuple[Look, ...], VERIFY] = ()
    not_observable: Annotated[
        str,
        Key(
            "instead of `verify`: why no query shows its effect",
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
        Key("requests that QEMU must refuse: the cases COMMAND/errors/NAME", name="errors"),
    ] = ()
    unprovoked: Annotated[
        tuple[UnprovokedError, ...], Key("documented errors that no recipe provokes")
    ] = ()

    def faults(self) -> Iterator[FileFault]:
        """Yield contradictions between the keys."""
        if not self.reason and (self.effect is not Effect.NONE or self.spec != MachineSpec()):
            key = "machine" if self.effect is Effect.NONE else "effect"
            yield FileFault(key, "'reason' is missing", "Say why it is needed.")

    def fits(self, version: Version, arch: str | None) -> bool:
        """Return whether it applies to a build; an unknown `arch`, None, may be any."""
        return version in self.versions and of_arch(self.arches, arch)

    def for_arch(self, arch: str | None) -> CommandRecipe:
        """Return the recipe with the further requests for guests of `arch`."""
        fitting = tuple(each for each in self.further if of_arch(each.arches, arch))
        return self if fitting == self.further else replace(self, further=fitting)

    def first(self, version: Version) -> ValidRequest:
        """Return the recipe's own request, with the looks and references for `version`."""
        return ValidRequest(
            request=Request(self.name, self.arguments or ABSENT, descriptor=self.descriptor),
            spec=self.spec,
            setup=self.setup,
            cleanup=self.cleanup,
            effect=self.effect,
            status=Status.INCOMPLETE if self.always_fails or self.lacking else Status.SUCCEEDS,
            needs=self.needs,
            always_fails=self.always_fails or self.lacking,
            possible=not self.lacking,
            queries=self.state_queries,
            looks=looks_for(self.verify, version),
            references=tuple(references_for(self.references, version)),
        )

    def further_requests(self, version: Version) -> Iterator[ValidRequest]:
        """Yield the further requests for `version`."""
        for each in self.further:
            if version in each.versions:
                yield ValidRequest(
                    name=each.name,
                    request=Request(
                        self.name, each.arguments or ABSENT, descriptor=self.descriptor
                    ),
                    spec=self.spec if each.spec is None else each.spec,
                    setup=each.setup,
                    cleanup=each.cleanup,
                    effect=Effect.DESTRUCTIVE if each.destructive else Effect.NONE,
                    needs=(*self.needs, *each.needs),
                    looks=looks_for(each.verify, version),
                    references=tuple(references_for(each.references, version)),
                    reason=each.reason,
                )

    def requests(self, version: Version) -> Iterator[ValidRequest]:
        """Yield the recipe's own request, then the further ones for `version`."""
        yield self.first(version)
        yield from self.further_requests(version)

    def refusals_for(self, version: Version) -> tuple[Refusal, ...]:
        """Return the refusals for `version`."""
        return tuple(refusal for refusal in self.refusals if version in refusal.versions)


class CommandRecipes(Mapping[str, CommandRecipe]):
    """The recipes of all commands by name; the first match for a command counts.

    `peers` are whom they talk to.
    """

    def __init__(self, recipes: Iterable[CommandRecipe], peers: PeersKnowledge = NOBODY) -> None:
        self._all = tuple(recipes)
        self.peers = peers
        self._first = {recipe.name: recipe for recipe in reversed(self._all)}

    def __getitem__(self, name: str) -> CommandRecipe:
        return self._first[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._first)

    def __len__(self) -> int:
        return len(self._first)

    def for_build(self, version: Version, arch: str | None) -> CommandRecipes:
        """Return the recipes for one build, at most one per command."""
        found: dict[str, CommandRecipe] = {}
        for recipe in self._all:
            if recipe.fits(version, arch):
                found.setdefault(recipe.name, recipe.for_arch(arch))
        return CommandRecipes(found.values(), self.peers)

    def needs(self) -> frozenset[str]:
        """Return all needs to probe the host for."""
        further = (need for recipe in self._all for each in recipe.further for need in each.needs)
        own = (need for recipe in self._all for need in recipe.needs)
        return frozenset((*own, *further, *self.peers.needs()))


@dataclass(frozen=True, kw_only=True)
class CommandsPart(ReadbacksPart, PeersPart):
    """The entries of a file about commands."""

    commands: Annotated[
        tuple[CommandRecipe, ...],
        Key(
            "a request of a command that succeeds, and requests that QEMU must refuse",
            name="command",
        ),
    ] = ()
    ranges: Annotated[
        tuple[RangeRecipe, ...],
        Key("the request in which arguments of a command are tried", name="range"),
    ] = ()


def read_commands(
    folder: Path, more: Sequence[Read[CommandsPart]] = ()
) -> list[Read[CommandsPart]]:
    """Return the content of `more` and of the files in `folder`; raises KnowledgeError."""
    return [*more, *read_folder(folder, CommandsPart)]


def commands_of(parts: Sequence[Read[CommandsPart]]) -> CommandRecipes:
    """Return the command recipes of all `parts`; raises KnowledgeError."""
    return CommandRecipes(gathered(parts, "commands"), peers_of(parts))


def ranges_of(
    parts: Sequence[Read[CommandsPart]],
) -> Mapping[str, tuple[RangeRecipe, ...]]:
    """Return the entries `[[range]]` of all `parts`, by command; raises KnowledgeError."""
    found: dict[str, tuple[RangeRecipe, ...]] = {}
    for recipe in gathered(parts, "ranges"):
        found[recipe.command] = (*found.get(recipe.command, ()), recipe)
    return found
