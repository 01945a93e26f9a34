"""What the random search leaves alone, and histories that showed something once.

The file is cases/search.toml; knows neither a schema nor how anything is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from conformance.knowledge.argument_forms import is_among
from conformance.knowledge.common import MACHINE, NEEDS, REASON, VERSIONS, NamesPart
from conformance.knowledge.decoder import FileFault, Read, read_file
from conformance.knowledge.gathering import gathered
from conformance.knowledge.keys import Key
from conformance.knowledge.versions import Version, VersionRange
from conformance.model.stage import MachineSpec, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Untouched:
    """Members that the search leaves as a known request has them."""

    commands: Annotated[tuple[str, ...], Key("the commands, as globs", some=True)]
    members: Annotated[tuple[str, ...], Key("the names of the members, at any depth", some=True)]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsearched:
    """Commands that the search does not send with arguments of its own."""

    commands: Annotated[tuple[str, ...], Key("the commands, as globs", some=True)]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """Commands that may be refused when they have done a part of what they do."""

    commands: Annotated[tuple[str, ...], Key("the commands, as globs", some=True)]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeavingMore:
    """Commands some of whose requests leave more than what undoes the known ones takes away."""

    commands: Annotated[tuple[str, ...], Key("the commands, as globs", some=True)]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Anytime:
    """Requests that come at any time in a history."""

    requests: Annotated[tuple[Request, ...], Key("the requests", some=True)]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRecipe:
    """Requests that showed a defect once, to be sent again: each must be answered."""

    name: Annotated[str, Key("tells it from others", identity=True)]
    command: Annotated[
        str, Key("the command that it is about", default="that of the last request")
    ] = ""
    type: Annotated[str, Key("the object type that it is about, in place of a command")] = ""
    spec: Annotated[MachineSpec, MACHINE] = MachineSpec()
    requests: Annotated[tuple[Request, ...], Key("the requests, in order")] = ()
    watched: Annotated[
        tuple[Request, ...],
        Key("requests behind these, after which the state must be what it was before them"),
    ] = ()
    looks: Annotated[
        tuple[Request, ...],
        Key("the queries of the state that are asked around `watched`", default="all"),
    ] = ()
    needs: Annotated[tuple[str, ...], NEEDS] = ()
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, REASON]

    @property
    def about(self) -> str:
        """The command that it is about."""
        return self.command or self.all_requests[-1].execute

    @property
    def all_requests(self) -> tuple[Request, ...]:
        """All requests, in order."""
        return (*self.requests, *self.watched)

    def faults(self) -> Iterator[FileFault]:
        """Yield that nothing is sent."""
        if not self.all_requests:
            yield FileFault("requests", "no request is sent", "Give one, or some of `watched`.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchKnowledge:
    """All that files say of the search."""

    untouched: tuple[Untouched, ...] = ()
    unsearched: tuple[Unsearched, ...] = ()
    histories: tuple[HistoryRecipe, ...] = ()
    anytime: tuple[Anytime, ...] = ()
    partial: tuple[Partial, ...] = ()
    leaving_more: tuple[LeavingMore, ...] = ()

    def kept(self, command: str) -> frozenset[str]:
        """Return the members of a command that stay as they are."""
        fitting = (each for each in self.untouched if is_among(command, each.commands))
        return frozenset(name for each in fitting for name in each.members)

    def leaves_out(self, command: str) -> str | None:
        """Return why a command is not sent, None if it is."""
        fitting = (each for each in self.unsearched if is_among(command, each.commands))
        return next((each.reason for each in fitting), None)

    def does_parts(self, command: str) -> bool:
        """Return whether a command may have done a part when it is refused."""
        return any(is_among(command, each.commands) for each in self.partial)

    def leaves_more(self, command: str) -> bool:
        """Return whether some request of a command leaves more than the known ones."""
        return any(is_among(command, each.commands) for each in self.leaving_more)

    def histories_of(self, version: Version) -> tuple[HistoryRecipe, ...]:
        """Return the histories for a build."""
        return tuple(each for each in self.histories if version in each.versions)


@dataclass(frozen=True, kw_only=True)
class SearchPart(NamesPart):
    """What a file says of the random search."""

    untouched: Annotated[
        tuple[Untouched, ...], Key("members that the search leaves as a known request has them")
    ] = ()
    unsearched: Annotated[
        tuple[Unsearched, ...], Key("commands that the search does not change the arguments of")
    ] = ()
    partial: Annotated[
        tuple[Partial, ...],
        Key("commands that may be refused when they have done a part of what they do"),
    ] = ()
    leaving_more: Annotated[
        tuple[LeavingMore, ...],
        Key("commands some of whose requests leave more than the known ones", name="leaving_more"),
    ] = ()
    anytime: Annotated[
        tuple[Anytime, ...], Key("requests that come at any time in a search by history")
    ] = ()
    history: Annotated[
        tuple[HistoryRecipe, ...],
        Key("requests that showed a defect once, to be sent again: each must be answered"),
    ] = ()


def load_search(path: Path, more: Sequence[Read[SearchPart]] = ()) -> SearchKnowledge:
    """Return what the file `path` and `more` say; raises KnowledgeError."""
    parts = [*more, read_file(path, SearchPart)]
    return SearchKnowledge(
        untouched=gathered(parts, "untouched"),
        unsearched=gathered(parts, "unsearched"),
        histories=gathered(parts, "history"),
        anytime=gathered(parts, "anytime"),
        partial=gathered(parts, "partial"),
        leaving_more=gathered(parts, "leaving_more"),
    )
