"""What a command's recipe says of requests that must be refused though their types are right.

docs/recipes.md describes the files.  Knows neither a schema nor a machine.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.errors import KnowledgeError
from conformance.knowledge.recipes import filled, requests_of
from conformance.knowledge.tables import Table
from conformance.knowledge.versions import Version, VersionRange
from conformance.stage import Request
from conformance.terms import ErrorClass, JsonValue


class When(enum.StrEnum):
    """In which state a request is refused, beside the recipe's own that succeeds."""

    # In a state of its own; the recipe follows, from its set-up on.
    APART = "apart"
    # Between the recipe's set-up and its request.
    BEFORE = "before"
    # In the state that the recipe's request leaves.
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A request of the right types that must be refused with one of `classes`.

    None of them means that no class is promised.  `item` is the number, from 1, of the condition of
    the command's documented errors that it is a case of, 0 where it is none of them.  `lasting`
    tells that the machine is another one from then on.
    """

    name: str
    arguments: Mapping[str, JsonValue]
    setup: tuple[Request, ...]
    cleanup: tuple[Request, ...]
    classes: frozenset[ErrorClass]
    versions: VersionRange
    reason: str
    item: int = 0
    when: When = When.APART
    lasting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A member of a request that names something which must stand already.

    `at` leads to it among the arguments: names, and numbers of elements from 0.  `to` says what it
    names, `instead` is a name of that kind that nothing has, and `without` are the arguments that
    do not go along with it.  `classes` are those that the documentation names for just this, none
    where it names none; `item` is as in a Refusal.
    """

    at: tuple[str, ...]
    to: str
    instead: JsonValue
    without: frozenset[str] = frozenset()
    classes: frozenset[ErrorClass] = frozenset()
    item: int = 0
    versions: VersionRange = VersionRange()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unprovoked:
    """Why nothing here provokes a documented error: condition number `item`, or class `name`."""

    item: int
    name: str
    reason: str


def refusals_of(table: Table) -> tuple[Refusal, ...]:
    """Return the refusals under `errors`; raises KnowledgeError."""
    return tuple(map(_refusal, table.tables("errors")))


def references_of(table: Table) -> tuple[Reference, ...]:
    """Return the references under `refers`; raises KnowledgeError."""
    return tuple(map(_reference, table.tables("refers")))


def unprovoked_of(table: Table) -> tuple[Unprovoked, ...]:
    """Return what is said under `unprovoked`; raises KnowledgeError."""
    return tuple(map(_unprovoked, table.tables("unprovoked")))


def references_for(references: tuple[Reference, ...], version: Version) -> Iterator[Reference]:
    """Yield the references that hold for `version`; of those at one place the first."""
    seen: set[tuple[str, ...]] = set()
    for reference in references:
        if version in reference.versions and reference.at not in seen:
            seen.add(reference.at)
            yield reference


def _refusal(table: Table) -> Refusal:
    try:
        versions = VersionRange(table.take("versions", str, ""))
        when = When(table.take("when", str, When.APART.value))
        usual = ("GenericError",) if when is When.APART else ()
        classes = frozenset(map(ErrorClass, table.texts("classes") or usual))
    except ValueError as error:
        raise KnowledgeError(f"{table.place}: {error}") from error
    refusal = Refusal(
        name=table.take("name", str),
        arguments=filled(table.take("arguments", dict, {})),
        setup=requests_of(table, "setup"),
        cleanup=requests_of(table, "cleanup"),
        classes=classes,
        versions=versions,
        reason=table.take("reason", str),
        item=table.take("documented", int, 0),
        when=when,
        lasting=table.take("lasting", bool, False),
    )
    table.done()
    return refusal


def _reference(table: Table) -> Reference:
    to = table.take("to", str)
    instead: Any = table.take_any("instead", f"no-such-{to.replace(' ', '-')}")
    try:
        reference = Reference(
            at=tuple(table.take("at", str).split(".")),
            to=to,
            instead=filled(instead),
            without=frozenset(table.texts("without")),
            classes=frozenset(map(ErrorClass, table.texts("classes"))),
            item=table.take("documented", int, 0),
            versions=VersionRange(table.take("versions", str, "")),
        )
    except ValueError as error:
        raise KnowledgeError(f"{table.place}: {error}") from error
    table.done()
    return reference


def _unprovoked(table: Table) -> Unprovoked:
    unprovoked = Unprovoked(
        item=table.take("documented", int, 0),
        name=table.take("class", str, ""),
        reason=table.take("reason", str),
    )
    table.done()
    return unprovoked
