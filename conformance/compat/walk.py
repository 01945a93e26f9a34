"""What differs within two types at one place, and which pairs of types they lead to.

A pair of types is examined once, however often it is reached; `difference` finds out who reaches
it. A type's name serves to find it, never to compare it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from conformance.compat import schema_path as route
from conformance.compat.change import ChangeKind, Direction
from conformance.compat.relation import Relation, described, relation
from conformance.compat.schema_path import SchemaStep
from conformance.qapi.flatten import variant_of
from conformance.qapi.model import (
    Alternate,
    Array,
    Builtin,
    Enum,
    JsonType,
    Member,
    Object,
    Schema,
    Type,
)


class Guard(enum.IntEnum):
    """How little the old side promised about a place, by the features on the way to it."""

    # Fully promised.
    NONE = 0
    # Something on the way is deprecated.
    DEPRECATED = 1
    # Something on the way is unstable.
    UNSTABLE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A schema to compare, and its object types that may have members it does not show.

    Of a `partial` schema, not all commands and events are known.
    """

    schema: Schema
    open: frozenset[str] = frozenset()
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """A difference within a pair of types, `steps` away from it."""

    kind: ChangeKind
    steps: tuple[SchemaStep, ...]
    features: tuple[str, ...] = ()
    old: str = ""
    new: str = ""


def feature_changes(
    steps: tuple[SchemaStep, ...], old: Iterable[str], new: Iterable[str]
) -> Iterator[Local]:
    before, after = tuple(old), tuple(new)
    for name in sorted({*before} - {*after}):
        yield Local(kind=ChangeKind.FEATURE_REMOVED, steps=steps, features=before, old=name)
    for name in sorted({*after} - {*before}):
        yield Local(kind=ChangeKind.FEATURE_ADDED, steps=steps, features=before, new=name)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two types at one place.

    `old_more` and `new_more` are members that one side has around the types and the other may have
    within them: where a union is cut does not matter. If the old side did not distinguish branches
    (not `told`), additions in a new branch are not reported.
    """

    old: str
    new: str
    direction: Direction
    old_more: frozenset[Member] = frozenset()
    new_more: frozenset[Member] = frozenset()
    told: bool = True


@dataclass(frozen=True, slots=True)
class Edge:
    """From a pair of types to one that is part of it."""

    steps: tuple[SchemaStep, ...]
    guard: Guard
    pair: Pair


@dataclass(frozen=True, slots=True)
class TypePair:
    """What is known of a pair of types, or of where the walk began."""

    local: list[Local] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)


_Members: TypeAlias = dict[str, Member]
_Cases: TypeAlias = dict[str, tuple[str, ...]]
_NOTHING: Final = Object(name="", members=())


_OF_TYPES: Final = {
    Relation.WIDER: ChangeKind.TYPE_WIDENED,
    Relation.NARROWER: ChangeKind.TYPE_NARROWED,
    Relation.OTHER: ChangeKind.TYPE_CHANGED,
}
_OF_INTEGERS: Final = {
    Relation.WIDER: ChangeKind.RANGE_WIDENED,
    Relation.NARROWER: ChangeKind.RANGE_NARROWED,
    # Some were lost, whatever was added.
    Relation.OTHER: ChangeKind.RANGE_NARROWED,
}


class Pairs:
    """Walks through two schemas side by side; `nodes` holds the pairs examined so far."""

    def __init__(self, old: Compared, new: Compared) -> None:
        self._old, self._new = old, new
        self.nodes: dict[Pair, TypePair] = {}
        self._todo: list[Pair] = []

    def begin(self, types: tuple[str, str], direction: Direction) -> TypePair:
        """Compare two types and everything they lead to; return what is known of their place."""
        node = TypePair()
        self._values(node, (), types, _Place(direction=direction))
        while self._todo:
            pair = self._todo.pop()
            self._pair(self.nodes[pair], pair)
        return node

    def _values(
        self, node: TypePair, steps: tuple[SchemaStep, ...], names: tuple[str, str], place: _Place
    ) -> None:
        """Compare the types of a value `steps` away from `node`."""
        passed = set()
        while names not in passed and not self._unknown(names):
            passed.add(names)
            match self._both(names):
                case Array() as old, Array() as new:
                    steps, names = (*steps, route.ELEMENT), (old.element, new.element)
                case (Alternate(), Alternate()) | (Object(), Object()) | (Enum(), Enum()):
                    pair = Pair(names[0], names[1], place.direction)
                    self._go(node, Edge(steps, place.guard, pair))
                case _:
                    self._kinds(node, steps, names, place)

    def _both(self, names: tuple[str, str]) -> tuple[Type, Type]:
        return self._old.schema.types[names[0]], self._new.schema.types[names[1]]

    def _kinds(
        self, node: TypePair, steps: tuple[SchemaStep, ...], names: tuple[str, str], place: _Place
    ) -> None:
        """Compare types of two kinds, or built-in ones."""
        old, new = self._both(names)
        how, common = relation(self._old.schema, old, self._new.schema, new)
        integers = JsonType.INT in _json_types(old) & _json_types(new)
        if how is not Relation.SAME:
            node.local.append(
                Local(
                    kind=(_OF_INTEGERS if integers else _OF_TYPES)[how],
                    steps=steps,
                    features=place.features,
                    old=described(self._old.schema, old),
                    new=described(self._new.schema, new),
                )
            )
        if common is not None:
            inner = self._old.schema.types[common[0]]
            chosen = route.alternative(route.alternative_kind(inner))
            self._values(node, (*steps, chosen), common, place)

    def _unknown(self, names: tuple[str, str]) -> bool:
        return any(
            name in side.open and isinstance(side.schema.types[name], Builtin)
            for name, side in zip(names, (self._old, self._new), strict=True)
        )

    def _go(self, node: TypePair, edge: Edge) -> None:
        node.edges.append(edge)
        if edge.pair not in self.nodes:
            self.nodes[edge.pair] = TypePair()
            self._todo.append(edge.pair)

    def _pair(self, node: TypePair, pair: Pair) -> None:
        old, new = _type(self._old.schema, pair.old), _type(self._new.schema, pair.new)
        node.local.extend(feature_changes((), _features_of(old), _features_of(new)))
        match old, new:
            case Enum(), Enum():
                node.local.extend(_enumeration(old, new))
            case Alternate(), Alternate():
                self._alternates(node, pair, old, new)
            case Object(), Object():
                self._objects(node, pair, old, new)

    def _alternates(self, node: TypePair, pair: Pair, old: Alternate, new: Alternate) -> None:
        before = {route.alternative_kind(_type(self._old.schema, n)): n for n in old.members}
        after = {route.alternative_kind(_type(self._new.schema, n)): n for n in new.members}
        for kind, name in sorted(before.items()):
            steps = (route.alternative(kind),)
            there = route.counterpart(kind, after)
            if there is None:
                said = described(self._old.schema, _type(self._old.schema, name))
                removed = ChangeKind.ALTERNATIVE_REMOVED
                node.local.append(Local(kind=removed, steps=steps, old=said))
            else:
                place = _Place(direction=pair.direction)
                self._values(node, steps, (name, after[there]), place)
        for kind, name in sorted(after.items()):
            if route.counterpart(kind, before) is None:
                said = described(self._new.schema, _type(self._new.schema, name))
                steps = (route.alternative(kind),)
                node.local.append(Local(kind=ChangeKind.ALTERNATIVE_ADDED, steps=steps, new=said))

    def _objects(self, node: TypePair, pair: Pair, old: Object, new: Object) -> None:
        before = _by_name((*old.members, *pair.old_more))
        after = _by_name((*new.members, *pair.new_more))
        tag = self._tag(node, old, new)
        was, now = self._values_of(before, after, tag)
        both = [case for case in was if case in now]
        cases = [(each, self._before(old, each), self._after(new, each)) for each in both]
        gone = _within(before, after, self._new.schema, [each for *_, each in cases])
        come = _within(after, before, self._old.schema, [each for _, each, _ in cases])
        for name, each in before.items():
            if name in after:
                self._member(node, pair, (each, after[name]), tag)
            elif name not in gone and new.name not in self._new.open:
                node.local.append(_removed(each))
        for name, each in after.items():
            told = pair.told or each in pair.new_more
            if told and not (name in before or name in come or old.name in self._old.open):
                node.local.append(_added(each))
        for case, left, right in cases:
            told = pair.told and bool(old.tag)
            inner = Pair(left.name, right.name, pair.direction, _set(gone), _set(come), told)
            step, features = route.branch(tag, case), was[case]
            if left.members or right.members or gone or come:
                self._go(node, Edge((step,), guard_of(case, features), inner))

    def _tag(self, node: TypePair, old: Object, new: Object) -> str:
        """Return the tag by which two objects are compared branch by branch, "" if none."""
        if old.tag and new.tag and old.tag != new.tag:
            kind = ChangeKind.TAG_CHANGED
            node.local.append(Local(kind=kind, steps=(), old=old.tag, new=new.tag))
            return ""
        return old.tag or new.tag or ""

    def _values_of(self, before: _Members, after: _Members, tag: str) -> tuple[_Cases, _Cases]:
        """Return the values of a tag on both sides with their features."""
        was = _values_of(self._old.schema, before.get(tag))
        now = _values_of(self._new.schema, after.get(tag))
        # A member that is no enumeration, or is missing, may go with any branch.
        return (was if was is not None else now or {}), (now if now is not None else was or {})

    def _before(self, old: Object, case: str) -> Object:
        return variant_of(self._old.schema, old, case) if old.tag else _NOTHING

    def _after(self, new: Object, case: str) -> Object:
        return variant_of(self._new.schema, new, case) if new.tag else _NOTHING

    def _member(self, node: TypePair, pair: Pair, both: tuple[Member, Member], tag: str) -> None:
        old, new = both
        steps = (route.member(old.name),)
        if old.optional != new.optional:
            kind = ChangeKind.NOW_OPTIONAL if new.optional else ChangeKind.NOW_MANDATORY
            node.local.append(Local(kind=kind, steps=steps, features=old.features))
        node.local.extend(feature_changes(steps, old.features, new.features))
        before, after = _type(self._old.schema, old.type), _type(self._new.schema, new.type)
        if old.name == tag and isinstance(before, Enum) and isinstance(after, Enum):
            steps = (route.tag(tag),)
        guard = guard_of(old.name, old.features)
        place = _Place(direction=pair.direction, guard=guard, features=old.features)
        self._values(node, steps, (old.type, new.type), place)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What is known of the place of a value before its type is examined."""

    direction: Direction
    guard: Guard = Guard.NONE
    features: tuple[str, ...] = ()


def guard_of(name: str, features: Iterable[str]) -> Guard:
    """Return how little is promised of something with this name and these features."""
    known = tuple(features)
    # Before 6.2 had the feature, "x-" marked what is experimental (10.0: qapi-code-gen).
    if "unstable" in known or name.startswith("x-"):
        return Guard.UNSTABLE
    return Guard.DEPRECATED if "deprecated" in known else Guard.NONE


def _features_of(kind: Type) -> tuple[str, ...]:
    """Return the features of a type."""
    return () if isinstance(kind, Builtin) else kind.features


def _enumeration(old: Enum, new: Enum) -> Iterator[Local]:
    before = {each.name: each.features for each in old.members}
    after = {each.name: each.features for each in new.members}
    for name in dict.fromkeys((*before, *after)):
        steps = (route.value(name),)
        if name not in after:
            yield Local(kind=ChangeKind.VALUE_REMOVED, steps=steps, features=before[name])
        elif name not in before:
            yield Local(kind=ChangeKind.VALUE_ADDED, steps=steps, features=after[name])
        else:
            yield from feature_changes(steps, before[name], after[name])


def _removed(each: Member) -> Local:
    steps = (route.member(each.name),)
    return Local(kind=ChangeKind.MEMBER_REMOVED, steps=steps, features=each.features)


def _added(each: Member) -> Local:
    kind = ChangeKind.OPTIONAL_ADDED if each.optional else ChangeKind.MANDATORY_ADDED
    return Local(kind=kind, steps=(route.member(each.name),), features=each.features)


def _json_types(kind: Type) -> set[JsonType]:
    return {kind.json_type} if isinstance(kind, Builtin) else set()


def _type(schema: Schema, name: str) -> Type:
    # "" is the branch of a value without a variant.
    return schema.types[name] if name else _NOTHING


def _values_of(schema: Schema, tag: Member | None) -> _Cases | None:
    kind = schema.types[tag.type] if tag is not None else None
    return {e.name: e.features for e in kind.members} if isinstance(kind, Enum) else None


def _within(
    here: _Members, there: _Members, schema: Schema, branches: Iterable[Object]
) -> _Members:
    """Return the members that the other side, `schema`, has only in branches."""
    inside: set[str] = set()
    todo, seen = list(branches), {""}
    while todo:
        kind = todo.pop()
        if kind.name not in seen:
            seen.add(kind.name)
            inside |= {each.name for each in kind.members}
            todo += [schema.object(variant.type) for variant in kind.variants]
    return {name: each for name, each in here.items() if name not in there and name in inside}


def _by_name(members: Iterable[Member]) -> _Members:
    found: _Members = {}
    for each in members:
        found.setdefault(each.name, each)
    return found


def _set(members: _Members) -> frozenset[Member]:
    return frozenset(members.values())
