"""Which queries tell the state of a machine (cases/state.toml); knows no schema and no reply."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from conformance.knowledge.common import REASON, VERSIONS
from conformance.knowledge.decoder import FileFault, Read, read_file
from conformance.knowledge.gathering import gathered
from conformance.knowledge.keys import DOTTED, Key
from conformance.knowledge.versions import VersionRange
from conformance.model.stage import Request
from conformance.model.state import StateQuery
from conformance.model.terms import ABSENT, Absent, JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class StateEntry:
    """A query that tells a part of the state."""

    request: Annotated[Request, Key(flat=True, only=("execute", "arguments"))]
    ignore: Annotated[
        tuple[tuple[str, ...], ...],
        Key("paths, with `*` for any name, of what changes by itself", items=DOTTED),
    ] = ()
    nothing: Annotated[
        JsonValue | Absent, Key("the reply that says the same as a refusal", default="none does")
    ] = ABSENT
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, Key("why, for `ignore` and `nothing`")] = ""

    @property
    def query(self) -> StateQuery:
        """The query."""
        return StateQuery(request=self.request, ignore=self.ignore, nothing=self.nothing)

    def faults(self) -> Iterator[FileFault]:
        """Yield what is wrong with the keys beside each other."""
        if (self.ignore or self.nothing is not ABSENT) and not self.reason:
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


@dataclass(frozen=True, slots=True)
class StateKnowledge:
    """The queries that tell the state of a machine.

    Beside the commands `unsettled` they tell nothing.  `asking` are globs of those that only ask.
    """

    entries: tuple[StateEntry, ...] = ()
    unsettled: frozenset[str] = frozenset()
    asking: tuple[str, ...] = ()

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
    )
