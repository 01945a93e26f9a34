"""Which queries tell the state of a machine (cases/state.toml); knows no schema and no reply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from conformance.knowledge.common import REASON, REASON_GIVEN, VERSIONS
from conformance.knowledge.decoder import FileFault, Read, read_file
from conformance.knowledge.gathering import gathered
from conformance.knowledge.keys import DOTTED, TURN, Key
from conformance.knowledge.search import SearchKnowledge
from conformance.knowledge.versions import Version, VersionRange
from conformance.model.stage import Awaited, Request
from conformance.model.state import StateQuery
from conformance.model.terms import ABSENT, Absent, JsonValue, PathPart, as_object


@dataclass(frozen=True, slots=True, kw_only=True)
class StateEntry:
    """A query that tells a part of the state."""

    request: Annotated[Request, Key(flat=True, only=("execute", "arguments"))]
    ignore: Annotated[
        tuple[tuple[str, ...], ...],
        Key("paths, with `*` for any name, of what changes by itself", items=DOTTED),
    ] = ()
    drawn: Annotated[
        tuple[tuple[str, ...], ...],
        Key(
            "paths, as those of `ignore`, of what each thing gets anew when it is made",
            items=DOTTED,
        ),
    ] = ()
    nothing: Annotated[
        JsonValue | Absent, Key("the reply that says the same as a refusal", default="none does")
    ] = ABSENT
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, Key("why, for `ignore`, `drawn` and `nothing`")] = ""

    @property
    def query(self) -> StateQuery:
        """The query."""
        return StateQuery(request=self.request, ignore=self.ignore, nothing=self.nothing)

    def faults(self) -> Iterator[FileFault]:
        """Yield what is wrong with the keys beside each other."""
        if (self.ignore or self.drawn or self.nothing is not ABSENT) and not self.reason:
            yield FileFault("reason", "'reason' is missing", "Say why.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsettled:
    """Commands whose set-up leaves a machine that changes by itself."""

    commands: Annotated[tuple[str, ...], Key("the commands", some=True)]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Commands that only ask."""

    commands: Annotated[tuple[str, ...], Key("globs of their names", some=True)]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcusedFile:
    """Files in the scratch folder that refused requests and queries may change."""

    files: Annotated[tuple[str, ...], Key("globs of their paths", some=True)]
    commands: Annotated[tuple[str, ...], Key("globs of the commands", some=True)]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """A known request whose clean-up does not bring back all that its queries show."""

    command: Annotated[str, Key("the command", identity=True)]
    requests: Annotated[
        tuple[str, ...],
        Key("the names of its `further` requests, `recipe` for the recipe's own", default="all"),
    ] = ()
    queries: Annotated[
        tuple[str, ...],
        Key("the queries that show something else afterwards", default="not tried at all"),
    ] = ()
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, REASON]

    def fits(self, command: str, name: str, version: Version) -> bool:
        """Return whether it is about a request of a build."""
        named = not self.requests or name in self.requests
        return command == self.command and named and version in self.versions


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoing:
    """How to undo known requests that a recipe's own clean-up does not undo."""

    commands: Annotated[tuple[str, ...], Key("the commands", some=True)]
    requests: Annotated[
        tuple[str, ...],
        Key("the names of their `further` requests, `recipe` for a recipe's own", default="all"),
    ] = ()
    awaits: Annotated[
        tuple[Awaited, ...], Key("the events that must come before it can be undone")
    ] = ()
    undo: Annotated[
        tuple[Request, ...],
        Key("requests that undo the set-up and the request", default="it undoes itself"),
    ] = ()
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, Key("why the recipe has no clean-up that does it")] = ""

    def fits(self, command: str, name: str, version: Version) -> bool:
        """Return whether it is about a request of a build."""
        named = not self.requests or name in self.requests
        return command in self.commands and named and version in self.versions


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """A command that adds to what a query lists."""

    command: Annotated[str, Key("the command")]
    given: Annotated[
        Mapping[str, JsonValue],
        Key("globs that its arguments of these names match", name="when", default="any"),
    ] = field(default_factory=dict)
    request: Annotated[Request, Key(flat=True, only=("execute", "arguments"))]
    at: Annotated[
        tuple[PathPart, ...],
        Key(
            "where the list is: names, and tables that select an element; `{NAME}` in one is "
            "the argument NAME",
            default="the whole reply",
            items=TURN,
        ),
    ] = ()
    named: Annotated[
        Mapping[str, str],
        Key(
            "the members by which the new element is known, and the argument that gives "
            "the value of each"
        ),
    ] = field(default_factory=dict)
    per: Annotated[
        str,
        Key(
            "it adds one element for each object in its arguments, at any depth, with this member",
            default="just one",
        ),
    ] = ""
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, REASON_GIVEN] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Queries that show what a command creates in another way than by one more element."""

    command: Annotated[str, Key("the command that creates something")]
    given: Annotated[
        Mapping[str, JsonValue],
        Key("globs that its arguments of these names match", name="when", default="any"),
    ] = field(default_factory=dict)
    requests: Annotated[tuple[Request, ...], Key("the queries")] = ()
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class AtStart:
    """An option that makes at start what a command makes of the same arguments."""

    command: Annotated[str, Key("the command", identity=True)]
    option: Annotated[str, Key("the option; its value are the arguments as JSON")]
    not_compared: Annotated[
        tuple[str, ...],
        Key(
            "queries that show when or where the thing was made, with the path or the property "
            "behind a space, if they have one"
        ),
    ] = ()
    lasting: Annotated[
        tuple[str, ...],
        Key("types of devices, as globs, that are not taken away if they are there from the start"),
    ] = ()
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, REASON]

    def compares(self, query: StateQuery) -> bool:
        """Return whether the query shows the same of what the option and the command make."""
        given = as_object(query.request.arguments) if query.request.arguments is not ABSENT else {}
        about = given.get("property", given.get("path", ""))
        return f"{query.request.execute} {about}".strip() not in self.not_compared


@dataclass(frozen=True, kw_only=True)
class StatePart:
    """What a file says of the state of machines."""

    state_queries: Annotated[
        tuple[StateEntry, ...],
        Key(
            "a query that changes nothing, and whose reply is part of a machine's state",
            name="state_query",
        ),
    ] = ()
    unsettled: Annotated[
        tuple[Unsettled, ...],
        Key(
            "commands whose set-up leaves a machine that changes by itself: its state says nothing"
        ),
    ] = ()
    asking: Annotated[
        tuple[Asking, ...], Key("commands that only ask, and must change nothing (rule X35)")
    ] = ()
    excused_files: Annotated[
        tuple[ExcusedFile, ...],
        Key(
            "files that requests which change nothing may leave in the scratch folder",
            name="excused_file",
        ),
    ] = ()
    leaving: Annotated[
        tuple[Leaving, ...],
        Key("known requests that leave something behind their clean-up, and why (rule X46)"),
    ] = ()
    undoing: Annotated[
        tuple[Undoing, ...],
        Key("how to undo known requests whose recipe does not say so (rule X46)"),
    ] = ()
    creations: Annotated[
        tuple[Creation, ...],
        Key("what a command adds to the reply of a query (rule X47)", name="creation"),
    ] = ()
    beside: Annotated[
        tuple[Beside, ...],
        Key("queries that show something else about what was created, and why"),
    ] = ()
    at_start: Annotated[
        tuple[AtStart, ...],
        Key("an option that takes the arguments of a command as JSON (rule X56)"),
    ] = ()


@dataclass(frozen=True, slots=True)
class StateKnowledge:
    """The queries that tell the state of a machine.

    Beside the commands `unsettled` they tell nothing.  `asking` are globs of those that only ask.
    """

    entries: tuple[StateEntry, ...] = ()
    unsettled: frozenset[str] = frozenset()
    asking: tuple[str, ...] = ()
    files: tuple[ExcusedFile, ...] = ()
    leaving: tuple[Leaving, ...] = ()
    undoing: tuple[Undoing, ...] = ()
    creations: tuple[Creation, ...] = ()
    beside: tuple[Beside, ...] = ()
    at_start: tuple[AtStart, ...] = ()
    search: SearchKnowledge = SearchKnowledge()

    def excused_files(self, command: str) -> tuple[str, ...]:
        """Return the files (globs) that a command may change though it changes nothing else."""
        fitting = (
            each for each in self.files if any(fnmatchcase(command, glob) for glob in each.commands)
        )
        return tuple(glob for each in fitting for glob in each.files)

    def anew(self, queries: Iterable[StateQuery]) -> Iterator[StateQuery]:
        """Yield the queries, of what has been made anew."""
        drawn = {each.request.text(): each.drawn for each in self.entries}
        for query in queries:
            more = drawn.get(query.request.text(), ())
            yield replace(query, ignore=(*query.ignore, *more)) if more else query

    def only_asks(self, command: str) -> bool:
        """Return whether a command must change nothing."""
        return any(fnmatchcase(command, glob) for glob in self.asking)


def load_state(path: Path, more: Sequence[Read[StatePart]] = ()) -> StateKnowledge:
    """Return what the file `path` and `more` say; raises KnowledgeError."""
    parts = [*more, read_file(path, StatePart)]
    return StateKnowledge(
        entries=gathered(parts, "state_queries"),
        unsettled=frozenset(n for each in gathered(parts, "unsettled") for n in each.commands),
        asking=tuple(glob for each in gathered(parts, "asking") for glob in each.commands),
        files=gathered(parts, "excused_files"),
        leaving=gathered(parts, "leaving"),
        undoing=gathered(parts, "undoing"),
        creations=gathered(parts, "creations"),
        beside=gathered(parts, "beside"),
        at_start=gathered(parts, "at_start"),
    )
