"""Reads one expression of a schema as the entity that it declares.

Knows nothing of other expressions: linking.py checks whether the names it uses exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from conformance.digest.declaration import (
    DeclaredBranch,
    DeclaredFeature,
    DeclaredMember,
    DeclaredValue,
    Documentation,
    Entity,
    EntityKind,
    Flag,
    SourcePlace,
)
from conformance.source.condition import read_condition
from conformance.source.expression import (
    BoolValue,
    ListValue,
    ObjectValue,
    SourceError,
    StringValue,
    Value,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keys:
    """Which keys an object may have, and which are mandatory."""

    required: frozenset[str]
    optional: frozenset[str]

    @classmethod
    def of(cls, required: str, optional: str) -> _Keys:
        return cls(required=frozenset(required.split()), optional=frozenset(optional.split()))


_KEYS: Final[Mapping[EntityKind, _Keys]] = {
    EntityKind.COMMAND: _Keys.of(
        "command",
        "data returns boxed gen success-response allow-oob allow-preconfig coroutine if features",
    ),
    EntityKind.EVENT: _Keys.of("event", "data boxed if features"),
    EntityKind.ENUM: _Keys.of("enum data", "prefix if features"),
    EntityKind.STRUCT: _Keys.of("struct data", "base if features"),
    EntityKind.UNION: _Keys.of("union data", "base discriminator if features"),
    EntityKind.ALTERNATE: _Keys.of("alternate data", "if features"),
}

_MEMBER_KEYS: Final = _Keys.of("type", "if features")
_BRANCH_KEYS: Final = _Keys.of("type", "if")
_VALUE_KEYS: Final = _Keys.of("name", "if features")
_FEATURE_KEYS: Final = _Keys.of("name", "if")

_FLAGS: Final[Mapping[str, tuple[bool, Flag]]] = {
    "allow-oob": (True, Flag.ALLOW_OOB),
    "allow-preconfig": (True, Flag.ALLOW_PRECONFIG),
    "coroutine": (True, Flag.COROUTINE),
    "gen": (False, Flag.NO_GEN),
    "success-response": (False, Flag.NO_SUCCESS_RESPONSE),
}
"""The only value that each of these keys may have, and what it means."""

_NAME: Final = re.compile(r"(?:__[A-Za-z0-9.-]+_)?(?P<stem>[A-Za-z0-9][A-Za-z0-9_-]*)")
"""A name, with an optional vendor prefix."""


def read_definition(expression: ObjectValue, documentation: Documentation | None) -> Entity:
    """Return the entity that `expression` declares; raises SourceError.

    A union without discriminator (possible up to 6.0) has neither tag nor base members yet:
    linking.py adds them.
    """
    kind = _kind_of(expression)
    _check_keys(expression, _KEYS[kind], f"{kind} declaration")
    name = _declared_name(expression, kind)
    entity = Entity(
        kind=kind,
        name=name.text,
        condition=read_condition(expression.get("if")),
        features=_features(expression.get("features")),
        documentation=documentation,
        place=expression.place,
    )
    data = expression.get("data")
    match kind:
        case EntityKind.COMMAND | EntityKind.EVENT:
            return _with_arguments(entity, expression, data)
        case EntityKind.ENUM:
            _optional_string(expression, "prefix")
            return replace(entity, values=_values(data, expression.place))
        case EntityKind.STRUCT:
            base = _optional_string(expression, "base")
            return replace(entity, members=_members(data, expression.place), base=base)
        case EntityKind.UNION:
            return _union(entity, expression, data)
        case EntityKind.ALTERNATE:
            members = tuple(_alternatives(data, expression.place))
            return replace(entity, members=members)


def _kind_of(expression: ObjectValue) -> EntityKind:
    kinds = [kind for kind in EntityKind if expression.get(kind) is not None]
    if len(kinds) != 1:
        problem = "the expression must have exactly one of " + ", ".join(
            map(repr, map(str, EntityKind))
        )
        raise SourceError(expression.place, problem)
    return kinds[0]


def _declared_name(expression: ObjectValue, kind: EntityKind) -> StringValue:
    name = _string(expression.get(kind), str(kind), expression.place)
    _check_name(name)
    is_type = kind not in (EntityKind.COMMAND, EntityKind.EVENT)
    if is_type and name.text.endswith("List"):
        raise SourceError(name.place, f"{name.text!r}: names that end with 'List' are reserved")
    return name


def _with_arguments(entity: Entity, expression: ObjectValue, data: Value | None) -> Entity:
    boxed = _flag(expression, "boxed", True)
    flags = frozenset(
        flag for key, (value, flag) in _FLAGS.items() if _flag(expression, key, value)
    )
    if flags >= {Flag.ALLOW_OOB, Flag.COROUTINE}:
        problem = "'allow-oob' and 'coroutine' cannot go together"
        raise SourceError(expression.place, problem)
    returns = expression.get("returns")
    entity = replace(entity, boxed=boxed, flags=flags, returns=_type(returns) if returns else None)
    if isinstance(data, StringValue):
        return replace(entity, arg_type=data.text)
    if boxed:
        raise SourceError(expression.place, "'boxed' needs 'data' that names a type")
    return replace(entity, members=_members(data, expression.place)) if data else entity


def _union(entity: Entity, expression: ObjectValue, data: Value | None) -> Entity:
    base, tag = expression.get("base"), _optional_string(expression, "discriminator")
    branches = tuple(_branches(data, expression.place))
    if not branches and tag is None:
        raise SourceError(expression.place, f"the union {entity.name!r} has no branches")
    if (base is None) != (tag is None):
        raise SourceError(expression.place, "'base' and 'discriminator' go together")
    entity = replace(entity, tag=tag, branches=branches)
    if isinstance(base, ObjectValue):
        return replace(entity, base_members=_members(base, expression.place))
    return replace(entity, base=_optional_string(expression, "base"))


def _members(data: Value | None, place: SourcePlace) -> tuple[DeclaredMember, ...]:
    return tuple(_each_member(_object(data, "members", place)))


def _each_member(data: ObjectValue) -> Iterator[DeclaredMember]:
    seen: set[str] = set()
    for key, value in data.members:
        name = replace(key, text=key.text.removeprefix("*"))
        _check_name(name)
        if name.text == "u" or name.text.startswith(("has-", "has_")):
            raise SourceError(key.place, f"the name {name.text!r} is reserved for members")
        if name.text in seen:
            raise SourceError(key.place, f"the member {name.text!r} stands twice")
        seen.add(name.text)
        detail = _detailed(value, "type", _MEMBER_KEYS, f"member {name.text!r}")
        yield DeclaredMember(
            name=name.text,
            type=_type(detail["type"]),
            optional=name.text != key.text,
            condition=read_condition(detail.get("if")),
            features=_features(detail.get("features")),
            place=key.place,
        )


def _branches(data: Value | None, place: SourcePlace) -> Iterator[DeclaredBranch]:
    for key, value in _object(data, "branches", place).members:
        _check_name(key, digits=True)
        detail = _detailed(value, "type", _BRANCH_KEYS, f"branch {key.text!r}")
        yield DeclaredBranch(
            case=key.text,
            type=_type(detail["type"]),
            condition=read_condition(detail.get("if")),
            place=key.place,
        )


def _alternatives(data: Value | None, place: SourcePlace) -> Iterator[DeclaredMember]:
    alternatives = _object(data, "alternatives", place).members
    if not alternatives:
        raise SourceError(place, "the alternate has no alternatives")
    for key, value in alternatives:
        _check_name(key)
        detail = _detailed(value, "type", _BRANCH_KEYS, f"alternative {key.text!r}")
        yield DeclaredMember(
            name=key.text,
            type=_type(detail["type"]),
            condition=read_condition(detail.get("if")),
            place=key.place,
        )


def _values(data: Value | None, place: SourcePlace) -> tuple[DeclaredValue, ...]:
    values: dict[str, DeclaredValue] = {}
    for item in _list(data, "'data' of an enum", place):
        detail = _detailed(item, "name", _VALUE_KEYS, "value")
        name = _string(detail["name"], "name", item.place)
        _check_name(name, digits=True)
        if name.text in values:
            raise SourceError(item.place, f"the value {name.text!r} stands twice")
        values[name.text] = DeclaredValue(
            name=name.text,
            condition=read_condition(detail.get("if")),
            features=_features(detail.get("features")),
            place=item.place,
        )
    return tuple(values.values())


def _features(value: Value | None) -> tuple[DeclaredFeature, ...]:
    if value is None:
        return ()
    features: dict[str, DeclaredFeature] = {}
    for item in _list(value, "'features'", value.place):
        detail = _detailed(item, "name", _FEATURE_KEYS, "feature")
        name = _string(detail["name"], "name", item.place)
        _check_name(name)
        if name.text in features:
            raise SourceError(item.place, f"the feature {name.text!r} stands twice")
        condition = read_condition(detail.get("if"))
        features[name.text] = DeclaredFeature(name=name.text, condition=condition)
    return tuple(features.values())


def _detailed(value: Value, short: str, keys: _Keys, what: str) -> Mapping[str, Value]:
    """Return the members of `value`; a value that is no object stands for one with only `short`."""
    if not isinstance(value, ObjectValue):
        return {short: value}
    _check_keys(value, keys, what)
    return {key.text: member for key, member in value.members}


def _check_keys(value: ObjectValue, keys: _Keys, what: str) -> None:
    allowed = keys.required | keys.optional
    for key, _ in value.members:
        if key.text not in allowed:
            known = ", ".join(sorted(allowed))
            raise SourceError(
                key.place, f"unknown key {key.text!r} in the {what}; it may have {known}"
            )
    for name in sorted(keys.required):
        if value.get(name) is None:
            raise SourceError(value.place, f"the {what} has no {name!r}")


def _check_name(name: StringValue, *, digits: bool = False) -> None:
    match = _NAME.fullmatch(name.text)
    if match is None or not (digits or match["stem"][0].isalpha()):
        raise SourceError(name.place, f"{name.text!r} is no valid name")
    if name.text.startswith(("q_", "q-")):
        raise SourceError(name.place, f"{name.text!r}: names that begin with 'q_' are reserved")


def _type(value: Value) -> str:
    match value:
        case StringValue(text=text):
            return text
        case ListValue(items=(StringValue(text=text),)):
            return f"[{text}]"
    raise SourceError(value.place, "a type is a name, or a list that holds one name")


def _flag(expression: ObjectValue, key: str, only: bool) -> bool:
    value = expression.get(key)
    if value is not None and not (isinstance(value, BoolValue) and value.truth is only):
        raise SourceError(value.place, f"{key!r} can only be {str(only).lower()}")
    return value is not None


def _optional_string(expression: ObjectValue, key: str) -> str | None:
    value = expression.get(key)
    return _string(value, key, expression.place).text if value is not None else None


def _string(value: Value | None, key: str, place: SourcePlace) -> StringValue:
    if isinstance(value, StringValue) and value.text:
        return value
    raise SourceError(
        value.place if value else place, f"{key!r} must be a string that is not empty"
    )


def _object(value: Value | None, what: str, place: SourcePlace) -> ObjectValue:
    if isinstance(value, ObjectValue):
        return value
    raise SourceError(value.place if value else place, f"{what} must be an object")


def _list(value: Value | None, what: str, place: SourcePlace) -> Sequence[Value]:
    if isinstance(value, ListValue):
        return value.items
    raise SourceError(value.place if value else place, f"{what} must be a list")
