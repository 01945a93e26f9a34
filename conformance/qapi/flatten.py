"""Unions as the flat objects that they are on the wire; knows nothing of values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from conformance.qapi.model import Enum, Member, Object, Schema, UnknownNameError


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One of the closed objects that an object type stands for.

    `tags` are the members that select it, outermost first, each with its value; all are members of
    this object. `members` are all its members: those of the base, the tags, and those of the
    branch.
    """

    tags: tuple[tuple[str, str], ...]
    members: tuple[Member, ...]


_ROOT: Final = Branch(tags=(), members=())


def branches(schema: Schema, object_type_name: str) -> tuple[Branch, ...]:
    """Return the branches of an object type, in the order of its tag's values.

    A struct has one. A variant that is a union itself is replaced by its branches; members that
    hold unions are not. Raises UnknownNameError if `name` is no object type.
    """
    return tuple(_leaves(schema, schema.object(object_type_name), _ROOT))


def first_branch(schema: Schema, object_type_name: str) -> Branch:
    """Return the first of the branches of an object type, likewise."""
    return next(_leaves(schema, schema.object(object_type_name), _ROOT))


def branch_of(schema: Schema, object_type_name: str, *cases: str) -> Branch:
    """Return the branch that the tag values `cases` select, outermost first.

    With fewer cases than tags, the members that the last tags add are left out. Raises
    UnknownNameError for a value that its tag lacks, or for one value too many.
    """
    current = schema.object(object_type_name)
    found = Branch(tags=(), members=current.members)
    for case in cases:
        if current.tag is None:
            raise UnknownNameError(f"the type {current.name!r} has no tag that could be {case!r}")
        if case not in tag_values(schema, current):
            raise UnknownNameError(f"the tag {current.tag!r} has no value {case!r}")
        inner = variant_of(schema, current, case)
        found = Branch(
            tags=(*found.tags, (current.tag, case)), members=found.members + inner.members
        )
        current = inner
    return found


def tag_values(schema: Schema, union: Object) -> tuple[str, ...]:
    """Return the values that the tag of `union` may have, in the schema's order."""
    tag = next(member for member in union.members if member.name == union.tag)
    values = schema.type(tag.type)
    if not isinstance(values, Enum):
        raise UnknownNameError(f"the tag {union.tag!r} of {union.name!r} is no enumeration")
    return values.values


def variant_of(schema: Schema, union: Object, case: str) -> Object:
    """Return the object whose members `union` has only where its tag is `case`."""
    for variant in union.variants:
        if variant.case == case:
            return schema.object(variant.type)
    # A value without a variant adds no member (Q21).
    return Object(name="", members=())


def _leaves(schema: Schema, current: Object, outer: Branch) -> Iterator[Branch]:
    members = outer.members + current.members
    if current.tag is None:
        yield Branch(tags=outer.tags, members=members)
        return
    for case in tag_values(schema, current):
        inner = Branch(tags=(*outer.tags, (current.tag, case)), members=members)
        yield from _leaves(schema, variant_of(schema, current, case), inner)
