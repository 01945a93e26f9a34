"""Where integers are within the values of a type, and values that hold one there.

Types can be recursive: each is entered once, on the shortest way to it, and what that leaves out is
counted. Knows nothing of ranges, cases or recipes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from conformance.model.frozen import frozen_value
from conformance.model.terms import ABSENT, Absent, JsonValue, as_object
from conformance.qapi.flatten import tag_values, variant_of
from conformance.qapi.model import (
    Alternate,
    Array,
    Builtin,
    Member,
    Object,
    Schema,
)
from conformance.space.integers import is_integer
from conformance.space.values import exemplar


@frozen_value(frozen=True, slots=True)
class Into:
    """The way leads into the member `name` of an object."""

    name: str


@dataclass(frozen=True, slots=True)
class BranchTaken:
    """The way leads through the branch of a union where its member `tag` is `case`."""

    tag: str
    case: str


@dataclass(frozen=True, slots=True)
class Element:
    """The way leads to the first element of an array."""


@dataclass(frozen=True, slots=True)
class AlternateTaken:
    """The way leads through the branch of an alternate that has the type `type`."""

    type: str


Turn: TypeAlias = Into | BranchTaken | Element | AlternateTaken
Way: TypeAlias = tuple[Turn, ...]
Edit: TypeAlias = Callable[[JsonValue | Absent], JsonValue]
"""Makes a new value from the one at the end of a way, ABSENT if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerPath:
    """An integer of type `type`, and the way to it, outermost step first.

    `label` spells the way: "options.driver:qcow2.cluster-size", "nodes.0" for an element.
    """

    label: str
    type: Builtin
    way: Way

    @property
    def member(self) -> str:
        """The name of the innermost member that holds the integer, or an array of it."""
        return next((turn.name for turn in reversed(self.way) if isinstance(turn, Into)), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerPaths:
    """The integers that values of a type can hold, nearest first.

    `left_out` counts the places that lead back into an object type that was entered before and that
    holds integers.
    """

    paths: tuple[IntegerPath, ...]
    left_out: int


def integer_paths(
    schema: Schema, type_name: str, at: Mapping[str, str] | None = None
) -> IntegerPaths:
    """Return where integers are within values of the object type, at every depth.

    Every branch of a union counts, even two branches of one type. An object type is entered once:
    that ends recursion, and keeps a type that many members share from being tried a hundred times.
    One that `at` has is entered on the way there alone, as ids spell it.
    """
    search = _Search(schema, at=at or {})
    search.enter(type_name, ())
    return search.reach()


def member_paths(schema: Schema, member: Member) -> IntegerPaths:
    """Return where integers are within one member of an object, likewise."""
    search = _Search(schema)
    search.enter_member(member)
    return search.reach()


@dataclass(slots=True)
class _Search:
    schema: Schema
    at: Mapping[str, str] = field(default_factory=dict)
    found: list[IntegerPath] = field(default_factory=list)
    _todo: deque[tuple[str, Way]] = field(default_factory=deque)
    _holds: dict[str, set[str]] = field(default_factory=dict)
    """The object types that each entered one leads to directly."""
    _with_integers: set[str] = field(default_factory=set)
    _again: list[str] = field(default_factory=list)

    def reach(self) -> IntegerPaths:
        """Return what is found from what was entered."""
        while self._todo:
            name, way = self._todo.popleft()
            self._members(name, self.schema.object(name), way)
        return IntegerPaths(paths=tuple(self.found), left_out=self._left_out())

    def enter_member(self, member: Member) -> None:
        # What holds the member is no type that can be reached again.
        self._holds[""] = set()
        self._reach("", member.type, (Into(member.name),))

    def enter(self, name: str, way: Way) -> None:
        self._holds[name] = set()
        self._todo.append((name, way))

    def _members(self, owner: str, kind: Object, way: Way) -> None:
        for member in kind.members:
            self._reach(owner, member.type, (*way, Into(member.name)))
        if kind.tag is None:
            return
        for case in tag_values(self.schema, kind):
            inner = variant_of(self.schema, kind, case)
            self._members(owner, inner, (*way, BranchTaken(kind.tag, case)))

    def _reach(self, owner: str, name: str, way: Way) -> None:
        """Record what the type `name` holds."""
        for inner, place in held_types(self.schema, name, way):
            kind = self.schema.type(inner)
            if isinstance(kind, Builtin) and is_integer(kind):
                self._with_integers.add(owner)
                self.found.append(IntegerPath(label=label_of(place), type=kind, way=place))
            elif isinstance(kind, Object):
                self._holds[owner].add(inner)
                elsewhere = inner in self.at and self.at[inner] != label_of(place)
                if inner in self._holds or elsewhere:
                    self._again.append(inner)
                else:
                    self.enter(inner, place)

    def _left_out(self) -> int:
        holding = set(self._with_integers)
        while True:
            more = {name for name, inner in self._holds.items() if inner & holding} - holding
            if not more:
                return sum(name in holding for name in self._again)
            holding |= more


def held_types(
    schema: Schema, name: str, way: Way, around: frozenset[str] = frozenset()
) -> Iterator[tuple[str, Way]]:
    """Yield the types that are no arrays or alternates which a value at `way` is or holds.

    `around` are the arrays and alternates around it, which can hold themselves.
    """
    kind = schema.type(name)
    if not isinstance(kind, Array | Alternate):
        yield name, way
    elif name not in around:
        inner = (
            [(kind.element, Element())]
            if isinstance(kind, Array)
            else [(member, AlternateTaken(member)) for member in kind.members]
        )
        for each, turn in inner:
            yield from held_types(schema, each, (*way, turn), around | {name})


def label_of(way: Way) -> str:
    """Spell a way; the branch of an alternate is clear from what follows."""
    words = []
    for turn in way:
        match turn:
            case Into(name=name):
                words.append(name)
            case BranchTaken(tag=tag, case=case):
                words.append(f"{tag}:{case}")
            case Element():
                words.append("0")
            case AlternateTaken():
                pass
    return ".".join(words)


def with_integer(
    schema: Schema, type_name: str, path: IntegerPath, value: int, base: Mapping[str, JsonValue]
) -> dict[str, JsonValue]:
    """Return a value of the object type with the integer `value` at `path`.

    It is `base` as far as that agrees with the path, with the mandatory members that `base` lacks.
    """
    return dict(as_object(edited(schema, type_name, path.way, lambda _: value, base)))


def member_with_integer(
    schema: Schema, member: Member, path: IntegerPath, value: int, base: JsonValue
) -> JsonValue:
    """Return a value of the member that has the integer `value` at `path`, else like `base`."""
    return edited(schema, member.type, path.way[1:], lambda _: value, base)


def integer_at(path: IntegerPath, base: Mapping[str, JsonValue]) -> int | None:
    """Return the integer that `base` holds at `path`, or None."""
    value = value_at(path.way, base)
    return value if type(value) is int else None


def value_at(way: Way, base: JsonValue) -> JsonValue | Absent:
    """Return what `base` holds at the end of `way`, ABSENT where it does not agree with the way."""
    value: JsonValue | Absent = base
    for turn in way:
        match turn:
            case Into(name=name):
                value = as_object(value).get(name, ABSENT)
            case BranchTaken(tag=tag, case=case):
                value = value if as_object(value).get(tag) == case else ABSENT
            case Element():
                value = value[0] if isinstance(value, list) and value else ABSENT
            case AlternateTaken():
                pass
    return value


def contradicts(way: Way, base: JsonValue) -> bool:
    """Return whether `base` takes another branch of a union than `way` does."""
    for depth, turn in enumerate(way):
        if isinstance(turn, BranchTaken):
            value = as_object(value_at(way[:depth], base))
            if value.get(turn.tag, turn.case) != turn.case:
                return True
    return False


def with_value_at(way: Way, base: JsonValue, value: JsonValue) -> JsonValue:
    """Return `base`, which agrees with `way`, with `value` at the end of it."""
    if not way:
        return value
    turn, rest = way[0], way[1:]
    if isinstance(turn, Into):
        assert isinstance(base, Mapping), "it agrees with the way"
        return {**base, turn.name: with_value_at(rest, base[turn.name], value)}
    if isinstance(turn, Element):
        assert isinstance(base, list), "it agrees with the way"
        return [with_value_at(rest, base[0], value), *base[1:]]
    return with_value_at(rest, base, value)


def edited(
    schema: Schema, type_name: str, way: Way, edit: Edit, base: JsonValue | Absent
) -> JsonValue:
    """Return a value of the type in which `edit` has changed what is at the end of `way`.

    It is `base` as far as that agrees with the way, with the mandatory members that `base` lacks;
    an object at the end of the way is completed likewise before it is edited.
    """
    kind = schema.type(type_name)
    match kind:
        case Array(element=element):
            rest = list(base) if isinstance(base, list) else []
            first = rest[0] if rest else ABSENT
            return [edited(schema, element, way[1:], edit, first), *rest[1:]]
        case Alternate():
            chosen = way[0]
            assert isinstance(chosen, AlternateTaken), "a way chooses at every alternate"
            return edited(schema, chosen.type, way[1:], edit, base)
        case Object():
            return _object(schema, kind, way, edit, as_object(base))
        case _:
            return edit(base)


def _object(
    schema: Schema, kind: Object, way: Way, edit: Edit, base: Mapping[str, JsonValue]
) -> JsonValue:
    tags: dict[str, str] = {}
    while way and isinstance(turn := way[0], BranchTaken):
        tags[turn.tag] = turn.case
        way = way[1:]
    into = way[0] if way else None
    types: dict[str, str] = {}
    members = kind.members
    if tags:
        # A member of the same name in two branches may have two types.
        types = {m.name: m.type for m in _members_at(schema, kind, base, {})}
    if kind.tag is not None:
        members = _members_at(schema, kind, {**base, **tags}, tags)
    made = {
        m.name: base[m.name]
        for m in members
        if m.name in base and types.get(m.name, m.type) == m.type
    } | tags
    for member in members:
        if isinstance(into, Into) and member.name == into.name:
            inner = made.get(member.name, ABSENT)
            made[member.name] = edited(schema, member.type, way[1:], edit, inner)
        elif not member.optional and member.name not in made:
            made[member.name] = exemplar(schema, member.type)
    return made if into is not None else edit(made)


def _members_at(
    schema: Schema, kind: Object, wanted: Mapping[str, JsonValue], tags: dict[str, str]
) -> tuple[Member, ...]:
    """Return the members of the branch that `wanted` selects, else the first; note it in `tags`."""
    members = kind.members
    while kind.tag is not None:
        cases = tag_values(schema, kind)
        case = wanted.get(kind.tag)
        tags[kind.tag] = case if case in cases else cases[0]
        kind = variant_of(schema, kind, tags[kind.tag])
        members += kind.members
    return members
