"""The shape of a dataclass in a file, made from its fields: the keys, and the type of each.

Decoder, JSON Schema and reference walk over these shapes. Knows no file.
"""

from __future__ import annotations

import enum
import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from functools import cache, cached_property
from typing import Annotated, Any, Final, TypeAlias, Union, get_args, get_origin, get_type_hints

from conformance.knowledge import keys
from conformance.knowledge.keys import Form, Key
from conformance.knowledge.model_keys import MODEL_KEYS
from conformance.knowledge.versions import VersionRange
from conformance.model.stage import Request
from conformance.model.terms import Absent


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value."""

    form: Form


@dataclass(frozen=True, slots=True)
class Many:
    """An array, or its name in the table `named`; `kind` is the type of its value."""

    of: Node
    kind: type
    some: bool = False
    named: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """A table whose keys are names."""

    of: Node


@dataclass(frozen=True, slots=True)
class Record:
    """A table whose keys are the fields of a dataclass."""

    cls: type


@dataclass(frozen=True, slots=True)
class Requests:
    """An array of requests, in which a string stands for the named ones of the file."""

    cls: type = Request


@dataclass(frozen=True, slots=True)
class Choice:
    """A table that is one of several records: the one whose first key it has."""

    of: tuple[type, ...]


Node: TypeAlias = Leaf | Many | Named | Record | Requests | Choice

_PLAIN: Final[Mapping[Any, Form]] = {
    str: keys.TEXT,
    bool: keys.FLAG,
    int: keys.INTEGER,
    float: keys.NUMBER,
    VersionRange: keys.VERSIONS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A field read from a key or, with `flat`, from the keys of its own record."""

    field: str
    name: str
    key: Key
    node: Node
    required: bool
    default: Any = None
    optional: bool = False
    """Whether a flat record is None if none of its keys is given."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The fields of a dataclass that a file gives, in order."""

    cls: type
    slots: tuple[Slot, ...]

    def flattened(self) -> Iterator[tuple[Slot, bool]]:
        """Yield each key with its slot, flat records dissolved, and whether it is required."""
        for slot in self.slots:
            if not slot.key.flat:
                yield slot, slot.required and not slot.key.title
                continue
            bound = not (slot.optional or slot.key.inherits)
            for inner, required in flat_shape(slot).flattened():
                yield inner, required and bound

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All keys."""
        return tuple(slot.name for slot, _ in self.flattened() if not slot.key.title)

    @cached_property
    def choices(self) -> tuple[tuple[str, ...], ...]:
        """The groups of keys of which exactly one is given."""
        groups: dict[str, list[str]] = {}
        for slot, _ in self.flattened():
            if slot.key.one_of:
                groups.setdefault(slot.key.one_of, []).append(slot.name)
        return tuple(map(tuple, groups.values()))

    @cached_property
    def contradictions(self) -> tuple[tuple[str, str], ...]:
        """The pairs of keys that exclude each other."""
        return tuple((s.name, other) for s, _ in self.flattened() for other in s.key.excludes)


def flat_shape(slot: Slot) -> Shape:
    """Return the shape of a flat field's record, with the keys that the field allows."""
    assert isinstance(slot.node, Record)
    shape = shape_of(slot.node.cls)
    only = slot.key.only
    if not only:
        return shape
    return Shape(cls=shape.cls, slots=tuple(s for s in shape.slots if s.name in only))


@cache
def shape_of(cls: type) -> Shape:
    """Return the shape of a dataclass."""
    hints = get_type_hints(cls, include_extras=True)
    foreign = MODEL_KEYS.get(cls, {})
    slots = []
    for each in fields(cls):
        hint = hints[each.name]
        key = foreign.get(each.name)
        if get_origin(hint) is Annotated:
            hint, *more = get_args(hint)
            key = next((item for item in more if isinstance(item, Key)), key)
        if key is not None:
            slots.append(_slot(each, hint, key))
    return Shape(cls=cls, slots=tuple(slots))


def _slot(each: Field[Any], hint: Any, key: Key) -> Slot:
    inner, optional = _without_none(hint)
    default = each.default if each.default_factory is MISSING else each.default_factory()
    return Slot(
        field=each.name,
        name=key.name or each.name,
        key=key,
        node=_node(inner, key),
        required=key.needed or default is MISSING,
        default=default,
        optional=optional,
    )


def _without_none(hint: Any) -> tuple[Any, bool]:
    """Return a type without None, and whether it allows None."""
    if _is_union(hint) and not _is_json(hint):
        some = [arg for arg in get_args(hint) if arg is not types.NoneType]
        if len(some) < len(get_args(hint)) and len(some) == 1:
            return some[0], True
    return hint, False


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, types.UnionType)


def _is_json(hint: Any) -> bool:
    """Return whether a type is any JSON value, possibly absent."""
    return _is_union(hint) and {bool, float, str} <= set(get_args(hint))


def _node(hint: Any, key: Key) -> Node:
    if key.form is not None:
        return Leaf(key.form)
    origin, args = get_origin(hint), get_args(hint)
    if origin in (tuple, frozenset):
        if args[0] is Request and key.items is None:
            return Requests()
        return Many(_inner(args[0], key), origin, key.some, key.named)
    if _is_mapping(hint):
        if key.items is None and _is_json(args[1]):
            return Leaf(keys.TABLE)
        return Named(_node(args[1], key) if _is_mapping(args[1]) else _inner(args[1], key))
    return _inner(hint, key)


def _inner(hint: Any, key: Key) -> Node:
    """Return the type of an element, or of a value without elements."""
    if key.items is not None:
        return Leaf(key.items)
    if key.entry is not None:
        return Record(key.entry)
    if _is_json(hint) or hint is Absent:
        return Leaf(keys.ANY)
    if hint in _PLAIN:
        return Leaf(_PLAIN[hint])
    if get_origin(hint) is re.Pattern:
        return Leaf(keys.PATTERN)
    if _is_union(hint):
        return Choice(get_args(hint))
    if get_origin(hint) is not None:
        return _node(hint, Key(some=key.some))
    if issubclass(hint, enum.Enum):
        return Leaf(keys.enum_form(hint))
    return Record(hint)


def _is_mapping(hint: Any) -> bool:
    origin = get_origin(hint)
    return isinstance(origin, type) and issubclass(origin, Mapping)
