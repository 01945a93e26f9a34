"""Whether the types of a schema agree with one another; knows nothing of how they were read.

What it lets through can be flattened and validated against without further question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from conformance.qapi.model import (
    Alternate,
    Array,
    Builtin,
    Enum,
    JsonType,
    Member,
    Object,
    Schema,
    SchemaError,
    Type,
)


def check_type(schema: Schema, kind: Type, place: str) -> None:
    """Raise SchemaError at `place` or below it unless `kind` fits into `schema`."""
    match kind:
        case Array():
            _check_known(schema, kind.element, f"{place}: element-type")
        case Enum():
            _check_distinct(kind.values, f"{place}: members", "value")
        case Alternate():
            _check_alternate(schema, kind, place)
        case Object():
            _check_object(schema, kind, place)
        case Builtin():
            pass


def json_kinds(kind: Type) -> frozenset[JsonType]:
    """Return what a value of `kind` can be on the wire, empty for what no alternate may hold.

    An integer is a number too, so that the two cannot be told apart.
    """
    match kind:
        case Enum():
            return frozenset({JsonType.STRING})
        case Array():
            return frozenset({JsonType.ARRAY})
        case Object():
            return frozenset({JsonType.OBJECT})
        case Builtin(json_type=JsonType.NUMBER):
            return frozenset({JsonType.INT, JsonType.NUMBER})
        case Builtin(json_type=JsonType.VALUE) | Alternate():
            return frozenset()
        case Builtin():
            return frozenset({kind.json_type})


def _check_known(schema: Schema, name: str, place: str) -> None:
    if name not in schema.types:
        raise SchemaError(place, f"there is no type {name!r}")


def _check_distinct(names: Iterable[str], place: str, what: str) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            raise SchemaError(place, f"the {what} {name!r} stands there {times} times")


def _check_alternate(schema: Schema, alternate: Alternate, place: str) -> None:
    taken: dict[JsonType, str] = {}
    for index, name in enumerate(alternate.members):
        where = f"{place}: members[{index}]: type"
        _check_known(schema, name, where)
        kinds = json_kinds(schema.types[name])
        if not kinds:
            raise SchemaError(where, f"no JSON type tells {name!r} from other branches")
        for kind in sorted(kinds):
            if kind in taken:
                raise SchemaError(where, f"{name!r} and {taken[kind]!r} are both of type {kind}")
            taken[kind] = name


def _check_object(schema: Schema, union: Object, place: str) -> None:
    for index, member in enumerate(union.members):
        _check_known(schema, member.type, f"{place}: members[{index}]: type")
    _check_distinct((m.name for m in union.members), f"{place}: members", "member")
    if union.tag is None:
        return
    values = _tag_values(schema, union, f"{place}: tag")
    for index, variant in enumerate(union.variants):
        where = f"{place}: variants[{index}]"
        if variant.case not in values:
            raise SchemaError(f"{where}: case", f"{variant.case!r} is no value of {union.tag!r}")
        if not isinstance(schema.types.get(variant.type), Object):
            raise SchemaError(f"{where}: type", f"there is no object type {variant.type!r}")
        _check_branch(schema, variant.type, union.members, (union.name,), where)
    _check_distinct((v.case for v in union.variants), f"{place}: variants", "case")


def _tag_values(schema: Schema, union: Object, place: str) -> frozenset[str]:
    for member in union.members:
        if member.name == union.tag:
            break
    else:
        raise SchemaError(place, f"{union.tag!r} is no member")
    if member.optional:
        raise SchemaError(place, f"the member {union.tag!r} is optional")
    kind = schema.types[member.type]
    if not isinstance(kind, Enum):
        raise SchemaError(place, f"the member {union.tag!r} is no enumeration")
    return frozenset(kind.values)


def _check_branch(
    schema: Schema, name: str, outer: tuple[Member, ...], path: tuple[str, ...], place: str
) -> None:
    """Raise SchemaError unless the object `name` can be a branch within `path` beside `outer`."""
    branch = schema.types.get(name)
    if not isinstance(branch, Object):
        # The entry that names it is at fault, and is named when its turn comes.
        return
    if name in path:
        raise SchemaError(place, f"the object {name!r} is a branch of itself")
    members = outer + branch.members
    _check_distinct((m.name for m in members), f"{place}: type", "member")
    for variant in branch.variants:
        _check_branch(schema, variant.type, members, (*path, name), place)
