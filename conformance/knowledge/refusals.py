"""What a command's recipe says of requests that must be refused though their types are right.

docs/recipes.md describes the files.  Knows neither a schema nor a machine.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from conformance.knowledge.recipes import filled, requests_of, spec_of
from conformance.knowledge.tables import Table
from conformance.knowledge.versions import Version, VersionRange
from conformance.model.errors import KnowledgeError
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import ErrorClass, JsonValue

_NO_MACHINE: Final = MachineSpec(machine="")
_OF_ARGUMENTS: Final = frozenset({ErrorClass.GENERIC, ErrorClass.COMMAND_NOT_FOUND})
"""The classes that a request can be refused with before its command has looked at anything."""


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

    A refusal with a `spec` happens on that machine and not on the recipe's, with nothing of the
    recipe around it.  Then `witness` are the arguments with which the command succeeds there; where
    it never does, the classes alone must tell that the request was understood.
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
    spec: MachineSpec | None = None
    witness: Mapping[str, JsonValue] | None = None


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
        versions = table.versions()
        when = When(table.take("when", str, When.APART.value))
        usual = ("GenericError",) if when is When.APART else ()
        classes = frozenset(map(ErrorClass, table.texts("classes") or usual))
    except ValueError as error:
        raise KnowledgeError(f"{table.place}: {error}") from error
    spec = spec_of(table, _NO_MACHINE)
    witness = table.take_any("witness", None)
    if not isinstance(witness, dict | None):
        raise KnowledgeError(f"{table.place}: 'witness' is no table")
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
        spec=spec if spec.machine else None,
        witness=None if witness is None else filled(witness),
    )
    table.done()
    _check_machine(refusal, table.place, given=spec != _NO_MACHINE)
    return refusal


def _check_machine(refusal: Refusal, place: str, *, given: bool) -> None:
    """Raise KnowledgeError where the refusal proves nothing on a machine of its own, or has none.

    The class of which any wrong argument is told shows nothing without a request that succeeds.
    """
    if refusal.spec is None:
        if given or refusal.witness is not None:
            hint = "Name the machine that this refusal has to itself."
            raise KnowledgeError(f"{place}: 'machine' is missing", hint)
        return
    if refusal.witness is None and (not refusal.classes or refusal.classes & _OF_ARGUMENTS):
        hint = "Give the arguments with which the command succeeds there, or classes of its own."
        raise KnowledgeError(f"{place}: 'witness' is missing", hint)


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
            versions=table.versions(),
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
