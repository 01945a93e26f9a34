"""Steps that read and set the properties of an object, one by one.

Knows neither how the object came to be nor which type it is of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from conformance.derive.steps import ANSWERED, supporting_step
from conformance.judge.expect_answer import Reject
from conformance.judge.expect_qom import Instance, MayRead
from conformance.judge.expect_value import Unchanged
from conformance.knowledge.arguments import ArgumentShape, Catalogue
from conformance.model.case import Role, Step
from conformance.model.stage import Request
from conformance.model.state import StateQuery
from conformance.model.terms import JsonValue
from conformance.qapi.model import JsonType
from conformance.qapi.qom import INTEGER_RANGES, Property
from conformance.space.faults import SWITCHED, WRONG

_WANTED: Final[Mapping[str, JsonType]] = {
    "bool": JsonType.BOOLEAN,
    "str": JsonType.STRING,
    "string": JsonType.STRING,
    **dict.fromkeys(INTEGER_RANGES, JsonType.INT),
}
"""The JSON type of each property type whose name alone determines it."""
_BEYOND: Final = 2**64
"""An integer that no property holds."""
_STRINGS: Final = frozenset({"str", "string"})
_WORDS: Final[Mapping[str, JsonValue]] = {"empty": "", "unknown": "no-such-value"}
"""Strings for properties whose type says that some words are values."""


def json_type(item: Property) -> JsonType | None:
    """Return the JSON type of a property's values, None if its type does not say."""
    return JsonType.STRING if item.child_of or item.link_to else _WANTED.get(item.type)


def wrong_values(item: Property) -> Iterator[tuple[str, JsonValue]]:
    """Yield (name, value) of each JSON type but the property's own; none if that is unknown."""
    wanted = json_type(item)
    if wanted is None:
        return
    for kind, value in WRONG.items():
        if kind is not wanted:
            wrong = SWITCHED if (wanted, kind) == (JsonType.BOOLEAN, JsonType.STRING) else value
            yield str(kind), wrong


def open_values(command: str, item: Property, known: Catalogue) -> Iterator[tuple[str, JsonValue]]:
    """Yield (name, value) of what a property may take or refuse: nothing promises which."""
    if item.child_of:
        return
    if item.type in INTEGER_RANGES:
        least, greatest = INTEGER_RANGES[item.type]
        found = {
            "least": least,
            "greatest": greatest,
            "zero": 0,
            "below": least - 1,
            "above": greatest + 1,
            "beyond": _BEYOND,
        }
        seen: set[int] = set()
        for name, value in found.items():
            if value not in seen:
                seen.add(value)
                yield name, value
    elif item.type in _STRINGS:
        for each in known.values(command, item.name, ArgumentShape.STRING):
            yield each.name, each.like("")
    elif item.link_to:
        yield from {**_WORDS, "another": "/machine"}.items()
    elif item.type != "bool":
        yield from _WORDS.items()
        yield from ((str(kind), value) for kind, value in WRONG.items())


def listed(path: str, properties: Iterable[Property]) -> Step:
    """Return the step that lists an object with the properties of its type."""
    return Step(
        request=Request("qom-list", {"path": path}),
        expect=Instance(tuple((item.name, item.type) for item in properties), more=True),
        role=Role.SUBJECT,
        rule="X12",
    )


def readings(path: str, properties: Iterable[Property]) -> Iterator[Step]:
    """Yield the steps that read each property of an object."""
    for item in properties:
        child = f"{path}/{item.name}" if item.child_of else ""
        yield Step(
            request=_get(path, item.name),
            expect=MayRead(item.type, item.name, child),
            role=Role.SUBJECT,
            rule="X09",
        )


def reading(path: str, item: Property) -> StateQuery:
    """Return the query that shows a property of an object."""
    return StateQuery(request=_get(path, item.name))


def refused_settings(path: str, item: Property, before: int) -> tuple[Step, ...]:
    """Return the steps that set a property to what it must refuse, between two looks at it.

    `before` is the number of steps of the case before them; none if its type says too little.
    """
    query = reading(path, item)
    subjects = tuple(_set(path, item.name, value, Role.SUBJECT) for _, value in wrong_values(item))
    if not subjects:
        return ()
    first = supporting_step(query.request, Role.SETUP, ANSWERED)
    last = Step(request=query.request, expect=Unchanged(query, before), role=Role.CHECK, rule="W65")
    return (first, *subjects, last)


def open_settings(
    path: str, items: Iterable[Property], known: Catalogue
) -> Iterator[tuple[str, Step]]:
    """Yield (name, step) of what properties are set to that nothing promises to be taken."""
    for item in items:
        for name, value in open_values("qom-set", item, known):
            request = _set_request(path, item.name, value)
            step = Step(request=request, expect=ANSWERED, role=Role.SUBJECT, rule="W35")
            yield f"{item.name}={name}", step


def _get(path: str, name: str) -> Request:
    return Request("qom-get", {"path": path, "property": name})


def _set(path: str, name: str, value: JsonValue, role: Role) -> Step:
    return Step(request=_set_request(path, name, value), expect=Reject(), role=role, rule="X28")


def _set_request(path: str, name: str, value: JsonValue) -> Request:
    return Request("qom-set", {"path": path, "property": name, "value": value})
