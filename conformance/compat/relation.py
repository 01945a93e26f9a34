"""How the values of two types relate, by their outermost shape; knows no place."""

from __future__ import annotations

import enum

from conformance.compat.schema_path import alternative_kind, counterpart
from conformance.qapi.model import (
    ANY_INT,
    UINT64,
    Alternate,
    Array,
    Builtin,
    Enum,
    IntRange,
    JsonType,
    Object,
    Schema,
    Type,
)


class Relation(enum.StrEnum):
    """What the new type holds compared with the old one."""

    # The same values, or unknown.
    SAME = "same"
    # All values of the old type, and more.
    WIDER = "wider"
    # Some values of the old type, and no others.
    NARROWER = "narrower"
    # Other values.
    OTHER = "other"


_BACK = {Relation.WIDER: Relation.NARROWER, Relation.NARROWER: Relation.WIDER}


def relation(
    old_schema: Schema, old: Type, new_schema: Schema, new: Type
) -> tuple[Relation, tuple[str, str] | None]:
    """Return how two types relate that are not both arrays, enumerations, objects or alternates.

    Also returns the names of two types to compare further, where one is an alternate with a type
    like the other.
    """
    match old, new:
        case Builtin(), Builtin():
            return _builtins(old, new), None
        case _, Alternate():
            inside = {alternative_kind(new_schema.types[name]): name for name in new.members}
            kind = counterpart(alternative_kind(old), inside)
            if kind is None or kind is JsonType.VALUE:
                return Relation.OTHER, None
            return Relation.WIDER, (old.name, inside[kind])
        case Alternate(), _:
            how, common = relation(new_schema, new, old_schema, old)
            return _BACK.get(how, how), common and (common[1], common[0])
        case Builtin(), _:
            return _BACK.get(_holds(old, new), Relation.OTHER), None
        case _, Builtin():
            return _holds(new, old), None
        case _:
            return Relation.OTHER, None


def _builtins(old: Builtin, new: Builtin) -> Relation:
    if old.json_type is not new.json_type:
        how = _holds(new, old)
        return how if how is Relation.WIDER else _BACK.get(_holds(old, new), Relation.OTHER)
    if old.json_type is not JsonType.INT or ANY_INT in (old.range, new.range):
        # What introspection calls an integer may have any width.
        return Relation.SAME
    before, after = _taken(old.range), _taken(new.range)
    if before == after:
        return Relation.SAME
    if _inside(before, after):
        return Relation.WIDER
    return Relation.NARROWER if _inside(after, before) else Relation.OTHER


def _taken(range_: IntRange) -> IntRange:
    # For uint64, QEMU also accepts negative integers, for compatibility, as it says (10.0.13,
    # qapi/qobject-input-visitor.c, lines 454-458).
    return ANY_INT if range_ == UINT64 else range_


def _inside(inner: IntRange, outer: IntRange) -> bool:
    return outer.low <= inner.low and inner.high <= outer.high


def _holds(outer: Builtin, inner: Type) -> Relation:
    """Return WIDER where every value of `inner` is one of `outer`, else OTHER."""
    match outer.json_type:
        case JsonType.VALUE:
            return Relation.WIDER
        case JsonType.NUMBER:
            fits = isinstance(inner, Builtin) and inner.json_type is JsonType.INT
        case JsonType.STRING:
            fits = isinstance(inner, Enum)
        case JsonType.ARRAY:
            fits = isinstance(inner, Array)
        case JsonType.OBJECT:
            fits = isinstance(inner, Object)
        case _:
            fits = False
    return Relation.WIDER if fits else Relation.OTHER


_LISTED = 6
"""How many values of an enumeration are named before the rest is counted."""


def described(schema: Schema, kind: Type) -> str:
    """Return a type in words, by name only if it is built in."""
    match kind:
        case Array():
            return f"array of {_outermost(schema.types[kind.element])}"
        case Alternate():
            return " or ".join(described(schema, schema.types[name]) for name in kind.members)
        case _:
            return _outermost(kind)


def _outermost(kind: Type) -> str:
    match kind:
        case Builtin(json_type=JsonType.INT) if kind.range != ANY_INT:
            return kind.name
        case Builtin():
            return kind.json_type
        case Enum():
            more = len(kind.members) - _LISTED
            names = ", ".join(kind.values[:_LISTED])
            return f"one of {names}" + (f" and {more} more" if more > 0 else "")
        case Array():
            return "arrays"
        case Object():
            return "object"
        case Alternate():
            return "one of several types"
