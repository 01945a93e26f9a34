"""Valid values of a type of the schema: one exemplar, and values that cover its branches.

Deterministic and bounded: recursion ends where a type recurs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from conformance.model.terms import JsonValue
from conformance.qapi.flatten import branches, first_branch
from conformance.qapi.model import Alternate, Array, Builtin, Enum, JsonType, Object, Schema

WORD: Final = "word"
"""A string without meaning: short, since requests are read byte by byte."""

_STANDS_FOR: Final[Mapping[JsonType, JsonValue]] = {
    JsonType.STRING: WORD,
    JsonType.NUMBER: 1,
    JsonType.INT: 1,
    JsonType.BOOLEAN: True,
    JsonType.NULL: None,
    JsonType.VALUE: 1,
    JsonType.OBJECT: {},
    JsonType.ARRAY: [],
}
_DEPTH: Final = 6
"""Deeper nested objects are left out: no type of any release needs more."""


def exemplar(schema: Schema, type_name: str, depth: int = 0) -> JsonValue:
    """Return one valid value of the type, the smallest possible."""
    match schema.types[type_name]:
        case Builtin(json_type=json_type):
            return _STANDS_FOR[json_type]
        case Enum(members=members):
            return members[0].name
        case Array(element=element):
            return [] if depth > _DEPTH else [exemplar(schema, element, depth + 1)]
        case Alternate(members=members):
            return exemplar(schema, _plainest(schema, members), depth + 1)
        case Object():
            branch = first_branch(schema, type_name)
            tags = dict(branch.tags)
            return {
                member.name: tags[member.name]
                if member.name in tags
                else exemplar(schema, member.type, depth + 1)
                for member in branch.members
                if not member.optional and depth <= _DEPTH
            }
    raise TypeError(type_name)


def _plainest(schema: Schema, members: tuple[str, ...]) -> str:
    """Return the branch of an alternate that needs least: objects may be recursive."""
    plain = (name for name in members if not isinstance(schema.types[name], Object))
    return next(plain, members[0])


def renamed(value: JsonValue, word: str) -> JsonValue:
    """Return `value` with `word` in place of every string without meaning."""
    match value:
        case str():
            return word if value == WORD else value
        case dict():
            return {key: renamed(item, word) for key, item in value.items()}
        case list():
            return [renamed(item, word) for item in value]
        case _:
            return value


def variations(schema: Schema, type_name: str) -> Iterator[tuple[str, JsonValue]]:
    """Yield (label, value) pairs that together take every branch of the type once.

    Integers are left to the caller, who knows their ranges.
    """
    match schema.types[type_name]:
        case Builtin(json_type=JsonType.BOOLEAN):
            yield "true", True
            yield "false", False
        case Builtin():
            yield "given", exemplar(schema, type_name)
        case Enum(members=members):
            for member in members:
                yield member.name, member.name
        case Array(element=element):
            yield from _arrays(schema, element)
        case Alternate(members=members):
            for branch in members:
                for label, value in variations(schema, branch):
                    yield f"{kind_of(schema, branch)}:{label}", value
        case Object():
            yield from _objects(schema, type_name)


def _arrays(schema: Schema, element: str) -> Iterator[tuple[str, JsonValue]]:
    inner = [value for _, value in variations(schema, element)]
    yield "empty", []
    yield "one", inner[:1]
    yield "several", (inner * 2)[:3]


def _objects(schema: Schema, type_name: str) -> Iterator[tuple[str, JsonValue]]:
    for branch in branches(schema, type_name):
        tags = dict(branch.tags)
        label = ",".join(tags.values())
        least = {
            m.name: tags.get(m.name) if m.name in tags else exemplar(schema, m.type)
            for m in branch.members
            if not m.optional
        }
        yield label or "mandatory-only", least
        optional = [m for m in branch.members if m.optional]
        if optional:
            most = {m.name: exemplar(schema, m.type) for m in optional}
            yield f"{label or 'object'}+all", least | most


def kind_of(schema: Schema, type_name: str) -> str:
    """Return the JSON type of the type's values, which selects a branch of an alternate."""
    match schema.types[type_name]:
        case Builtin(json_type=json_type):
            return str(json_type)
        case Enum():
            return "string"
        case Array():
            return "array"
        case _:
            return "object"
