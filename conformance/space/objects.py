"""The objects within the values of a type: where each is, and its members there.

Types can be recursive: each is entered once, on the shortest way to it, and what that leaves out is
counted. Knows nothing of faults, cases or recipes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from conformance.qapi.flatten import tag_values, variant_of
from conformance.qapi.model import Member, Object, Schema
from conformance.space.paths import BranchTaken, Into, Way, held_types, label_of


@dataclass(frozen=True, kw_only=True)
class ObjectPlace:
    """An object, or what one branch of a union adds to it: `members`, at the end of `way`.

    `owner` is the type that has them. `foreign` is a member of another branch, which this one
    lacks, if there is one. `cases` are the values of the member `tag` that select a branch.
    """

    way: Way
    owner: str
    members: tuple[Member, ...]
    foreign: Member | None = None
    tag: str | None = None
    cases: tuple[str, ...] = ()

    @cached_property
    def label(self) -> str:
        """The way as ids spell it: "options.driver:qcow2", "" for the arguments themselves."""
        return label_of(self.way)

    def label_with(self, member: Member) -> str:
        """Return the way to one member as ids spell it."""
        return f"{self.label}.{member.name}" if self.label else member.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectPlaces:
    """The objects that values of a type can hold, nearest first.

    `left_out` counts the places that lead back into an object type entered before.
    """

    places: tuple[ObjectPlace, ...]
    left_out: int


def object_places(schema: Schema, type_name: str, through: Sequence[str] = ()) -> ObjectPlaces:
    """Return where objects are within values of the object type, itself included, at every depth.

    An object type is entered once, also as a branch: of two branches of one type, the first.  One
    that a way of `through`, as ids spell it, leads to is entered there.
    """
    return object_places_at(schema, [(type_name, ())], through)


def object_places_at(
    schema: Schema, starts: Iterable[tuple[str, Way]], through: Sequence[str] = ()
) -> ObjectPlaces:
    """Return where objects are within the object types `starts`, each at its way."""
    search = _Search(schema, _at=types_through(schema, starts, through))
    for name, way in starts:
        search.enter(name, way)
    return search.result()


def types_through(
    schema: Schema, starts: Iterable[tuple[str, Way]], through: Sequence[str]
) -> Mapping[str, str]:
    """Return the object types that the ways `through` lead to, each with its way."""
    if not through:
        return {}
    met: dict[str, str] = {}
    search = _Search(schema, _met=met)
    for name, way in starts:
        search.enter(name, way)
    search.result()
    return {met[label]: label for label in through if label in met}


@dataclass(slots=True)
class _Search:
    schema: Schema
    _at: Mapping[str, str] = field(default_factory=dict)
    """The types that are entered on one way alone."""
    _met: dict[str, str] | None = None
    """Where types were met, if anybody asks for it."""
    _todo: deque[tuple[str, Way]] = field(default_factory=deque)
    _entered: set[str] = field(default_factory=set)
    _left_out: int = 0

    def result(self) -> ObjectPlaces:
        """Return what is found from what was entered."""
        found: list[ObjectPlace] = []
        while self._todo:
            name, way = self._todo.popleft()
            found += self._layers(self.schema.object(name), way, None)
        return ObjectPlaces(places=tuple(found), left_out=self._left_out)

    def enter(self, name: str, way: Way) -> None:
        """Record that an object type is at `way`."""
        if self._met is not None:
            self._met[label_of(way)] = name
        if name in self._at and self._at[name] != label_of(way):
            self._left_out += 1
            return
        first = name not in self._entered
        self._entered.add(name)
        self._left_out += not first
        if first:
            self._todo.append((name, way))

    def _layers(self, kind: Object, way: Way, foreign: Member | None) -> Iterator[ObjectPlace]:
        """Yield the object's own members, and those that each of its branches adds."""
        cases = tag_values(self.schema, kind) if kind.tag else ()
        yield ObjectPlace(
            way=way,
            owner=kind.name,
            members=kind.members,
            foreign=foreign,
            tag=kind.tag,
            cases=cases,
        )
        for member in kind.members:
            for name, inner in held_types(self.schema, member.type, (*way, Into(member.name))):
                if isinstance(self.schema.type(name), Object):
                    self.enter(name, inner)
        if kind.tag is None:
            return
        variants = {case: variant_of(self.schema, kind, case) for case in cases}
        for case, variant in variants.items():
            if variant.name and variant.name in self._entered:
                self._left_out += 1
                continue
            self._entered.add(variant.name)
            own = {m.name for m in (*kind.members, *variant.members)}
            others = (m for other in variants.values() for m in other.members)
            stranger = next((m for m in others if m.name not in own), None)
            yield from self._layers(variant, (*way, BranchTaken(kind.tag, case)), stranger)
