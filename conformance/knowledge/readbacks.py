"""Which queries, events and files show what a request was given (cases/readbacks/).

docs/recipes.md describes the keys. Knows neither a schema nor a machine.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Final, TypeVar

from conformance.knowledge.common import ARCH, VERSIONS, NamesPart
from conformance.knowledge.decoder import FileFault, Read
from conformance.knowledge.gathering import gathered, read_folder
from conformance.knowledge.keys import DOTTED, TURN, Key
from conformance.knowledge.ranges import ANY_PATH
from conformance.knowledge.versions import Version, VersionRange, of_arch
from conformance.model.stage import Awaited, Request
from conformance.model.terms import JsonValue, PathPart

OWN: Final = "{member}"
"""The turn of a path that stands for the way to the argument, from `of` on."""

JSON_TURN: Final = "{json}"
"""The turn of a path into the value that a string holds as JSON."""
_T = TypeVar("_T")


class Since(enum.StrEnum):
    """What the rest of what a query shows is compared with."""

    # What it shows before the request.
    BEFORE = "before"
    # What it shows after the request without the argument.
    BASE = "base"


@dataclass(frozen=True, slots=True, kw_only=True)
class Readback:
    """What shows what a command made or changed, and which arguments show there.

    That is a query, a request that `confirms` the argument, an event that `told` it, or a `file`:
    its size, and its beginning in hexadecimal.  An argument shows at `at`, under its own name, if
    the schema has a member of that name and of a fitting type there. `named` are the places, below
    `at`, of those that have another name there, `spelt` the patterns of those that have another
    value. `less` are arguments that do not show although a member has their name, with reasons.
    """

    commands: Annotated[tuple[str, ...], Key("the commands", some=True, identity=True, each=True)]
    paths: Annotated[
        tuple[str, ...],
        Key(
            "globs of the arguments that show there, each with or without a value",
            default="all",
            some=True,
            identity=True,
        ),
    ] = ANY_PATH
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    arches: Annotated[tuple[str, ...], ARCH] = ()
    awaits: Annotated[
        tuple[Awaited, ...],
        Key(
            "events that must come first, if the request is known to succeed; else nothing is read"
        ),
    ] = ()
    then: Annotated[
        tuple[Request, ...],
        Key("requests that must then succeed, before the query; only if it is known to"),
    ] = ()
    undo: Annotated[tuple[Request, ...], Key("requests to send behind it")] = ()
    request: Annotated[Request | None, Key(flat=True, only=("execute", "arguments"))] = None
    confirms: Annotated[
        bool,
        Key(
            "whether the request succeeds only if the argument is as it was given; then that "
            "counts, and not what it returns"
        ),
    ] = False
    told: Annotated[
        Awaited | None,
        Key(
            "an event, in place of `execute`, that tells the argument behind the request or the "
            "last one of `then`; `{value}` in its data is what it must tell"
        ),
    ] = None
    file: Annotated[
        str,
        Key(
            "instead of a query, the file in the scratch folder that shows it, at the end: its "
            "`kind`, its `size`, and its first 64 KiB as `hex`"
        ),
    ] = ""
    at: Annotated[
        tuple[PathPart, ...],
        Key(
            "where in the reply the thing stands, as in `verify`; `{json}` reads a string as JSON",
            default="the whole reply",
            items=TURN,
        ),
    ] = ()
    of: Annotated[
        tuple[str, ...],
        Key("the argument that holds what shows there", default="all arguments", form=DOTTED),
    ] = ()
    named: Annotated[
        Mapping[str, tuple[str, ...]],
        Key(
            "by glob of the argument, where below `at` it shows if not under its own name; "
            "`{member}` is the way to it",
            items=DOTTED,
        ),
    ] = field(default_factory=dict)
    spelt: Annotated[
        Mapping[str, JsonValue],
        Key(
            "by glob of the argument and its value (`detect-zeroes=on`), the pattern of what "
            "shows (see States); `{value}` is the value sent"
        ),
    ] = field(default_factory=dict)
    less: Annotated[
        Mapping[str, str],
        Key("by glob, why an argument does not show there although a member has its name"),
    ] = field(default_factory=dict)
    stays: Annotated[
        Since | None,
        Key(
            "what all other members there must be equal to: `before` is what the query shows "
            "before the request, `base` what it shows after the request without the argument",
            default="nothing",
        ),
    ] = None
    moves: Annotated[
        Mapping[str, str],
        Key("by path there, with `*` for any name, why it follows from other arguments"),
    ] = field(default_factory=dict)

    def faults(self) -> Iterator[FileFault]:
        """Yield what is wrong with the keys beside each other."""
        if sum(map(bool, (self.request, self.told, self.file))) != 1:
            yield FileFault(
                "execute",
                "what shows the arguments is a request, an event ('told') or a file",
                "Say just one.",
            )
        if self.stays and not self.request:
            yield FileFault("stays", "'stays' is about a query", "Take it out.")
        if self.moves and self.stays is None:
            yield FileFault("moves", "'moves' without 'stays' says nothing", "Say 'stays', too.")

    def fits(self, version: Version, arch: str | None) -> bool:
        """Return whether it applies to a build; an unknown `arch`, None, may be any."""
        return version in self.versions and of_arch(self.arches, arch)

    def shows(self, label: str, varied: str) -> bool:
        """Return whether the argument at `label`, with the value of `varied`, may show there."""
        return _is_among(self.paths, (label, varied)) and not _is_among(
            (*self.less,), (label, varied)
        )

    @property
    def needs_success(self) -> bool:
        """Whether it shows nothing unless the request succeeds."""
        return bool(self.awaits or self.then or self.confirms or self.told)

    def place_of(self, label: str) -> tuple[str, ...] | None:
        """Return where the argument at `label` shows, None if under its own name."""
        return _first(self.named, (label,), None)

    def spelling(self, label: str, varied: str) -> JsonValue | None:
        """Return the pattern for an argument, also as `varied` spells its value; None for none."""
        return _first(self.spelt, (varied, label), None)


def _first(entries: Mapping[str, _T], words: tuple[str, ...], otherwise: _T | None) -> _T | None:
    fitting = (value for glob, value in entries.items() if _is_among((glob,), words))
    return next(fitting, otherwise)


@lru_cache(maxsize=8192)
def _is_among(globs: tuple[str, ...], words: tuple[str, ...]) -> bool:
    return any(fnmatchcase(word, glob) for glob in globs for word in words)


@dataclass(frozen=True, kw_only=True)
class ReadbacksPart(NamesPart):
    """The entries of a file about queries that show arguments."""

    readbacks: Annotated[
        tuple[Readback, ...],
        Key("what shows what the arguments of a command were", name="readback"),
    ] = ()


@dataclass(frozen=True)
class Readbacks:
    """What shows arguments, by command."""

    entries: tuple[Readback, ...] = ()

    def for_build(self, version: Version, arch: str | None) -> Readbacks:
        """Return those for one build."""
        return Readbacks(tuple(each for each in self.entries if each.fits(version, arch)))

    def of(self, command: str) -> Sequence[Readback]:
        """Return those of a command; the first that shows an argument counts."""
        return self._by_command.get(command, ())

    @cached_property
    def _by_command(self) -> Mapping[str, Sequence[Readback]]:
        found: dict[str, list[Readback]] = {}
        for each in self.entries:
            for command in dict.fromkeys(each.commands):
                found.setdefault(command, []).append(each)
        return found


def load_readbacks(folder: Path, more: Sequence[Read[ReadbacksPart]] = ()) -> Readbacks:
    """Return what the files in `folder` and `more` say; raises KnowledgeError."""
    return Readbacks(gathered([*more, *read_folder(folder, ReadbacksPart)], "readbacks"))
