"""Where and how the effect of a command is seen: a query, and what it shows afterwards.

docs/recipes.md describes the keys.  Knows neither a schema nor a machine.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from conformance.knowledge.recipes import filled
from conformance.knowledge.tables import Table
from conformance.knowledge.versions import Version, VersionRange
from conformance.model.errors import KnowledgeError
from conformance.model.stage import Request
from conformance.model.terms import ABSENT, ErrorClass, JsonValue, PathPart


class Wanted(enum.StrEnum):
    """What is to be seen, by the key of the recipe that says so."""

    # Just that value stands at the path.
    VALUE = "value"
    # Something stands there.
    THERE = "there"
    # Nothing stands there.
    ABSENT = "absent"
    # Something else stands there than before the request.
    DIFFERS = "differs"
    # The request is refused with that class, for it can be made once only.
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitted:
    """An event that comes of the request whose effect is seen; its data hold all of `data`."""

    event: str
    data: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A request that shows an effect: at `path` of what it returns stands what `wanted` says.

    `value` is that of Wanted.VALUE, or the error class of Wanted.REFUSED.  What stands at the paths
    `moves` is another each time: it is left out where the reply is compared with an earlier one.
    `after` are events that come before there is anything to be seen.  Not `back`: it cannot be
    made where the set-up does not stand, so that nothing tells what was put back.
    """

    request: Request
    path: tuple[PathPart, ...] = ()
    wanted: Wanted
    value: JsonValue = None
    moves: tuple[tuple[str, ...], ...] = ()
    after: tuple[Emitted, ...] = ()
    back: bool = True
    versions: VersionRange = VersionRange()


def looks_for(looks: tuple[Look, ...], version: Version) -> tuple[Look, ...]:
    """Return those of `looks` that hold for `version`."""
    return tuple(look for look in looks if version in look.versions)


def looks_of(table: Table) -> tuple[Look, ...]:
    """Return what the array `sees` of a recipe holds; raises KnowledgeError."""
    return tuple(_look(entry) for entry in table.tables("sees"))


def _look(table: Table) -> Look:
    request = Request(table.take("execute", str), filled(table.take_any("arguments", ABSENT)))
    wanted, value = _wanted(table)
    versions = table.versions()
    look = Look(
        request=request,
        path=tuple(_part(table, part) for part in table.take("at", list, [])),
        wanted=wanted,
        value=value,
        moves=tuple(tuple(path.split(".")) for path in table.texts("moves")),
        after=tuple(_emitted(table)),
        back=table.take("back", bool, True),
        versions=versions,
    )
    table.done()
    if look.wanted in _PLACED and not look.path:
        raise KnowledgeError(f"{table.place}: 'at' is missing", "Say where it is to be seen.")
    return look


_PLACED: Final = frozenset({Wanted.THERE, Wanted.ABSENT})


def _wanted(table: Table) -> tuple[Wanted, JsonValue]:
    given = {word: table.take_any(word, ABSENT) for word in Wanted}
    found = [word for word, value in given.items() if value is not ABSENT]
    if len(found) != 1:
        known = ", ".join(Wanted)
        raise KnowledgeError(f"{table.place}: says {len(found)} things", f"One of: {known}.")
    (word,) = found
    value: Any = filled(given[word])
    if word is Wanted.REFUSED:
        if value not in {str(name) for name in ErrorClass}:
            known = ", ".join(ErrorClass)
            raise KnowledgeError(f"{table.place}: 'refused' is no class", f"Known: {known}.")
    elif word is not Wanted.VALUE and value is not True:
        raise KnowledgeError(f"{table.place}: {word!r} is true or left out")
    return word, value


def _part(table: Table, part: Any) -> PathPart:
    if type(part) is int:
        return str(part)
    if not isinstance(part, str | dict):
        raise KnowledgeError(f"{table.place}: 'at' holds names, numbers and tables of members")
    return part


def _emitted(table: Table) -> Iterator[Emitted]:
    for entry in table.tables("after"):
        yield Emitted(event=entry.take("event", str), data=filled(entry.take("data", dict, {})))
        entry.done()
