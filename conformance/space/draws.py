"""Draws values of a type at random: changes of a value that is known, and whole new ones.

The same random numbers give the same values. Knows a schema and words, and nothing of requests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from conformance.model.terms import JsonValue, as_object
from conformance.qapi.flatten import branches, tag_values, variant_of
from conformance.qapi.model import (
    Alternate,
    Array,
    Builtin,
    Enum,
    IntRange,
    JsonType,
    Member,
    Object,
    Schema,
)
from conformance.space.faults import json_type_of

_DEPTH: Final = 4
"""Objects that are nested deeper get their mandatory members alone."""
_MANY: Final = 4
"""The most elements of an array: QEMU reads byte by byte."""
_ODD_TEXTS: Final = (
    *("", "0", "-1", "on", "1k", "a,b=c", "a/../b", "%s%n", "json:{}", "ä", "1" * 65, "x" * 129),
    *("/", "/dev/null", "/objects", "fd:0", "\\", "'", '"', "none", "null", "auto"),
)
"""Strings that code which takes them apart may stumble over."""
_EDGES: Final = tuple(
    sorted(
        {
            0,
            *(
                (1 << bits) + by
                for bits in (0, 1, 3, 8, 9, 12, 16, 31, 32, 63)
                for by in (-1, 0, 1)
            ),
        }
    )
)
"""Powers of two and their neighbours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """Draws values of the types of a schema; strings are among `words` most of the time."""

    schema: Schema
    random: Random
    words: Sequence[str]

    def changed(self, type_name: str, value: JsonValue, kept: frozenset[str]) -> JsonValue:
        """Return a valid value of the object type with one to three changes of `value`.

        The members `kept`, at whatever depth, stay as they are where they are.
        """
        for _ in range(self.random.choice((1, 1, 1, 2, 2, 3))):
            value = self._changed(type_name, value, kept, 0)
        return value

    def _changed(
        self, type_name: str, value: JsonValue, kept: frozenset[str], depth: int
    ) -> JsonValue:
        kind = self.schema.types[type_name]
        match kind:
            case Object():
                return self._object_changed(kind, as_object(value), kept, depth)
            case Array(element=element) if isinstance(value, list) and value:
                return self._array_changed(element, value, kept, depth)
            case Alternate(members=members):
                same = [m for m in members if _is_of(json_type_of(self.schema, m), value)]
                if same and self.random.random() < 0.7:
                    return self._changed(same[0], value, kept, depth)
                return self.drawn(self.random.choice(members), depth)
            case _:
                return self.drawn(type_name, depth)

    def _object_changed(
        self, kind: Object, value: Mapping[str, JsonValue], kept: frozenset[str], depth: int
    ) -> JsonValue:
        if kind.tag is not None and kind.tag not in kept and self.random.random() < 0.15:
            return self._other_branch(kind, value, depth)
        free = [m for m in _members(self.schema, kind, value) if m.name not in kept]
        free = [member for member in free if member.name != kind.tag]
        if not free:
            return value
        member = self.random.choice(free)
        if member.name not in value:
            return {**value, member.name: self.drawn(member.type, depth + 1)}
        if member.optional and self.random.random() < 0.2:
            return {name: each for name, each in value.items() if name != member.name}
        inner = self._changed(member.type, value[member.name], kept, depth + 1)
        return {**value, member.name: inner}

    def _other_branch(
        self, kind: Object, value: Mapping[str, JsonValue], depth: int
    ) -> Mapping[str, JsonValue]:
        """Return the object with another tag, and what it has in common with its old branch."""
        branch = self.random.choice(branches(self.schema, kind.name))
        tags = dict(branch.tags)
        made: dict[str, JsonValue] = {}
        for member in branch.members:
            if member.name in tags:
                made[member.name] = tags[member.name]
            elif member.name in value and member in kind.members:
                made[member.name] = value[member.name]
            elif not member.optional:
                made[member.name] = self.drawn(member.type, depth + 1)
        return made

    def _array_changed(
        self, element: str, value: list[JsonValue], kept: frozenset[str], depth: int
    ) -> JsonValue:
        place = self.random.randrange(len(value))
        match self.random.randrange(4):
            case 0 if len(value) < _MANY:
                return [*value, value[place]]
            case 1:
                return [*value[:place], *value[place + 1 :]]
            case 2 if len(value) < _MANY:
                return [*value, self.drawn(element, depth + 1)]
            case _:
                changed = self._changed(element, value[place], kept, depth + 1)
                return [*value[:place], changed, *value[place + 1 :]]

    def drawn(self, type_name: str, depth: int = 0) -> JsonValue:
        """Return a valid value of the type."""
        kind = self.schema.types[type_name]
        match kind:
            case Builtin():
                return self._builtin(kind)
            case Enum(values=values):
                return self.random.choice(values)
            case Array(element=element):
                most = 0 if depth > _DEPTH else self.random.randrange(_MANY)
                return [self.drawn(element, depth + 1) for _ in range(most)]
            case Alternate(members=members):
                return self.drawn(self._alternative(members, depth), depth + 1)
            case Object():
                return self._object(kind, depth)

    def _alternative(self, members: Sequence[str], depth: int) -> str:
        plain = [m for m in members if not isinstance(self.schema.types[m], Object)]
        deep = depth > 1 and bool(plain) and self.random.random() < 0.8
        return self.random.choice(plain if deep else members)

    def _object(self, kind: Object, depth: int) -> JsonValue:
        branch = self.random.choice(branches(self.schema, kind.name))
        tags = dict(branch.tags)
        share = 0.0 if depth > _DEPTH else 0.25
        return {
            member.name: tags[member.name]
            if member.name in tags
            else self.drawn(member.type, depth + 1)
            for member in branch.members
            if not member.optional or self.random.random() < share
        }

    def _builtin(self, kind: Builtin) -> JsonValue:
        match kind.json_type:
            case JsonType.STRING:
                return self._text()
            case JsonType.INT:
                return self._integer(kind.range)
            case JsonType.NUMBER:
                return self.random.choice((0, 1, -1, 0.5, 1e9, 1e-9, 1 << 40))
            case JsonType.BOOLEAN:
                return self.random.random() < 0.5
            case JsonType.NULL:
                return None
            case JsonType.ARRAY:
                return []
            case JsonType.OBJECT:
                return {}
            case JsonType.VALUE:
                return self.random.choice((None, True, 0, 1, -1, self._text(), [], {}, 0.5))

    def _text(self) -> str:
        if self.words and self.random.random() < 0.7:
            return self.random.choice(self.words)
        return self.random.choice(_ODD_TEXTS)

    def _integer(self, allowed: IntRange) -> int:
        if self.random.random() < 0.1:
            return self.random.choice((allowed.low, allowed.high))
        found = self.random.choice(_EDGES) * self.random.choice((1, 1, 1, -1))
        # Of what may be of either sign, -1 is taken for the largest integer by some arguments.
        return min(max(found, allowed.low, -(1 << 63)), allowed.high, (1 << 63) - 1)


def texts_in(value: JsonValue) -> Iterator[str]:
    """Yield the strings in a value, at any depth."""
    match value:
        case str():
            yield value
        case Mapping():
            for each in value.values():
                yield from texts_in(each)
        case list() | tuple():
            for each in value:
                yield from texts_in(each)


def visited(schema: Schema, type_name: str, value: JsonValue) -> Iterator[str]:
    """Yield the members and branches that a valid value has, as words that tell them apart."""
    kind = schema.types[type_name]
    match kind:
        case Enum():
            yield f"{type_name}={value}"
        case Array(element=element) if isinstance(value, list):
            yield f"{type_name}[{min(len(value), 2)}]"
            for each in value:
                yield from visited(schema, element, each)
        case Alternate(members=members):
            for member in members:
                if _is_of(json_type_of(schema, member), value):
                    yield f"{type_name}:{member}"
                    yield from visited(schema, member, value)
                    return
        case Object():
            whole = as_object(value)
            for each in _members(schema, kind, whole):
                if each.name in whole:
                    yield f"{type_name}.{each.name}"
                    yield from visited(schema, each.type, whole[each.name])
        case _:
            pass


def _members(schema: Schema, kind: Object, value: Mapping[str, JsonValue]) -> tuple[Member, ...]:
    """Return the members that the value may have; those of its branch only if it names one."""
    members, current = kind.members, kind
    while current.tag is not None and value.get(current.tag) in tag_values(schema, current):
        current = variant_of(schema, current, str(value[current.tag]))
        members += current.members
    return members


_PYTHON: Final[Mapping[JsonType, tuple[type, ...]]] = {
    JsonType.STRING: (str,),
    JsonType.INT: (int,),
    JsonType.NUMBER: (int, float),
    JsonType.BOOLEAN: (bool,),
    JsonType.NULL: (type(None),),
    JsonType.OBJECT: (dict,),
    JsonType.ARRAY: (list,),
    JsonType.VALUE: (object,),
}


def _is_of(json_type: JsonType, value: JsonValue) -> bool:
    return type(value) in _PYTHON[json_type]
