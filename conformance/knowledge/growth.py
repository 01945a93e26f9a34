"""Which queries are asked of more and more things, or of two processes beside each other.

The files are cases/growth.toml and cases/fresh-memory.toml.

Knows no schema and no reply.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from conformance.knowledge.common import REASON, VERSIONS, NamesPart
from conformance.knowledge.decoder import Read, read_file
from conformance.knowledge.gathering import gathered
from conformance.knowledge.keys import Key
from conformance.knowledge.versions import VersionRange
from conformance.model.stage import Request

_NUMBER, _BEFORE = "{n}", "{before}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """A query, and the requests that make one more of the things that it tells of."""

    name: Annotated[str, Key("tells it from others", identity=True)]
    request: Annotated[Request, Key(flat=True, only=("execute", "arguments"))]
    things: Annotated[str, Key("what there are more and more of, in the plural")]
    setup: Annotated[tuple[Request, ...], Key("requests that must succeed first")] = ()
    one: Annotated[
        tuple[Request, ...],
        Key(
            "the requests that make one more: `{n}` in a string is its number of three digits, "
            "`{before}` that of the one before",
            some=True,
        ),
    ]
    nests: Annotated[
        str, Key("why its answer may grow with the square of them: then it is only measured")
    ] = ""
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, REASON]

    def making(self, number: int) -> Iterator[Request]:
        """Yield the requests that make the thing of that number."""
        words = {_NUMBER: f"{number:03}", _BEFORE: f"{number - 1:03}"}
        for request in self.one:
            yield request.with_arguments(_filled(request.arguments, words))


def _filled(value: object, words: Mapping[str, str]) -> object:
    match value:
        case str():
            for mark, word in words.items():
                value = value.replace(mark, word)
            return value
        case Mapping():
            return {name: _filled(item, words) for name, item in value.items()}
        case list() | tuple():
            return [_filled(item, words) for item in value]
        case _:
            return value


class FreshSubject(enum.StrEnum):
    """Of what a query of two processes is asked."""

    # Of the build, once.
    BUILD = "build"
    # Of each type.
    TYPES = "types"
    # Of each device type that a user may plug in.
    DEVICES = "devices"
    # Of each property of an object of each type that needs nothing beside it.
    OBJECTS = "objects"


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshQuery:
    """A query that is asked of two processes."""

    request: Annotated[Request, Key(flat=True, only=("execute", "arguments"))]
    of: Annotated[
        FreshSubject,
        Key(
            "what it is asked of, one after the other: the `build`, all `types`, all `devices`, "
            "the properties of `objects`; `{name}` in a string is the type, or the property"
        ),
    ] = FreshSubject.BUILD
    ignore: Annotated[
        tuple[str, ...], Key("properties, as globs, that are of a process, not of the build")
    ] = ()
    reason: Annotated[str, REASON]

    def naming(self, name: str) -> Request:
        """Return the request about the thing of that name."""
        return self.request.with_arguments(_filled(self.request.arguments, {"{name}": name}))


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshMemory:
    """Two processes whose fresh memory holds different bytes, and what both are asked."""

    name: Annotated[str, Key("tells it from others", identity=True)]
    environment: Annotated[
        tuple[str, ...], Key("variables of the process, NAME=VALUE", some=True, each=True)
    ]
    other: Annotated[tuple[str, ...], Key("those of the other process", some=True, each=True)]
    asks: Annotated[tuple[FreshQuery, ...], Key("what both are asked", some=True)]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, kw_only=True)
class GrowthPart(NamesPart):
    """What a file says of queries that are asked of more and more, or of two processes."""

    growth: Annotated[
        tuple[Growth, ...],
        Key("a query whose answer, asked of twice as many things, is to be twice as long"),
    ] = ()
    fresh_memory: Annotated[
        tuple[FreshMemory, ...],
        Key(
            "what two processes whose fresh memory differs are asked, and must answer alike",
            name="fresh_memory",
        ),
    ] = ()


def load_fresh_memory(path: Path, more: Sequence[Read[GrowthPart]] = ()) -> tuple[FreshMemory, ...]:
    """Return what the file `path` and `more` say; raises KnowledgeError."""
    return gathered([*more, read_file(path, GrowthPart)], "fresh_memory")


def load_growths(path: Path, more: Sequence[Read[GrowthPart]] = ()) -> tuple[Growth, ...]:
    """Return what the file `path` and `more` say; raises KnowledgeError."""
    return gathered([*more, read_file(path, GrowthPart)], "growth")
