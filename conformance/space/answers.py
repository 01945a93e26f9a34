"""The members that an answer can have, and which of them a pattern of it names.

Knows no command and no reply.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from conformance.model.pattern import ABSENCE, is_known
from conformance.model.terms import JsonValue, PathPart
from conformance.qapi.flatten import tag_values, variant_of
from conformance.qapi.model import Alternate, Array, Builtin, JsonType, Object, Schema
from conformance.space.objects import object_places_at
from conformance.space.paths import held_types


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerMembers:
    """The members of an answer by owner and name, with the path of each as ids spell it.

    An object type is entered once; `left_out` counts the places that lead back into one.
    """

    labels: Mapping[tuple[str, str], str]
    left_out: int


def types_at(schema: Schema, type_name: str, path: Sequence[PathPart]) -> tuple[str | None, ...]:
    """Return the types of what can stand at `path` of a value of a type.

    None is any value: what stands within such a value, or within a string, can be anything.
    """
    kinds: tuple[str | None, ...] = (_untyped(schema, type_name),)
    for part in path:
        kinds = tuple(inner for kind in kinds for inner in _types_inside(schema, kind, part))
    return kinds


def _untyped(schema: Schema, name: str) -> str | None:
    kind = schema.type(name)
    return None if isinstance(kind, Builtin) and kind.json_type is JsonType.VALUE else name


def _types_inside(schema: Schema, name: str | None, part: PathPart) -> Iterator[str | None]:
    if name is None:
        yield None
        return
    match schema.type(name):
        case Alternate(members=members):
            for each in members:
                yield from _types_inside(schema, each, part)
        case Array(element=element) if isinstance(part, Mapping) or part.isdigit():
            yield _untyped(schema, element)
        case Object(members=members, variants=variants) if isinstance(part, str):
            yield from (_untyped(schema, each.type) for each in members if each.name == part)
            for variant in variants:
                yield from _types_inside(schema, variant.type, part)
        case Builtin(json_type=JsonType.STRING) if part == "{json}":
            yield None
        case _:
            return


@dataclass(slots=True)
class FittedPattern:
    """A pattern without what a schema lacks, and the members that it names, by their paths.

    `known` are those whose value it tells.
    """

    pattern: JsonValue = None
    named: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)


def answer_members(schema: Schema, type_name: str) -> AnswerMembers:
    """Return the members of the answers of a type, at all depths."""
    starts = [
        (name, way)
        for name, way in held_types(schema, type_name, ())
        if isinstance(schema.type(name), Object)
    ]
    found = object_places_at(schema, starts)
    labels: dict[tuple[str, str], str] = {}
    for place in found.places:
        for member in place.members:
            label = ".".join(part for part in place.label_with(member).split(".") if part != "0")
            labels.setdefault((place.owner, member.name), label)
    return AnswerMembers(labels=labels, left_out=found.left_out)


def fitted(schema: Schema, type_name: str, pattern: JsonValue) -> FittedPattern:
    """Return a pattern without the members that no object of the schema has there."""
    made = _Fitting(schema, answer_members(schema, type_name).labels)
    made.found.pattern = made.fit((type_name,), pattern)
    return made.found


class _Fitting:
    def __init__(self, schema: Schema, labels: Mapping[tuple[str, str], str]) -> None:
        self._schema = schema
        self._labels = labels
        self.found = FittedPattern()

    def fit(self, kinds: Sequence[str], pattern: JsonValue) -> JsonValue:
        """Return `pattern`, a value of one of the types `kinds`, without what none has."""
        if isinstance(pattern, Mapping):
            owners = [each for kind in kinds for each in self._objects(kind, pattern)]
            return dict(self._members(owners, pattern))
        if isinstance(pattern, Sequence) and not isinstance(pattern, str):
            elements = [each for kind in kinds for each in self._elements(kind)]
            return [self.fit(elements, part) for part in pattern]
        return pattern

    def _members(
        self, owners: Sequence[Object], pattern: Mapping[str, JsonValue]
    ) -> Iterator[tuple[str, JsonValue]]:
        for name, part in pattern.items():
            having = [
                (owner, member)
                for owner in owners
                for member in owner.members
                if member.name == name
            ]
            if not having and owners:
                continue
            for owner, _ in having:
                self._note(self._labels.get((owner.name, name)), part)
            yield name, self.fit([member.type for _, member in having], part)

    def _note(self, label: str | None, part: JsonValue) -> None:
        if label is None or part == ABSENCE:
            return
        self.found.named.add(label)
        if not isinstance(part, str) or is_known(part):
            self.found.known.add(label)

    def _objects(self, kind: str, pattern: Mapping[str, JsonValue]) -> Iterator[Object]:
        """Yield the object types that an object of the type consists of, with its branch."""
        match self._schema.type(kind):
            case Alternate() as choice:
                for each in choice.members:
                    yield from self._objects(each, pattern)
            case Object() as whole:
                yield whole
                if whole.tag is None:
                    return
                taken = pattern.get(whole.tag)
                cases = tag_values(self._schema, whole)
                for case in cases if taken not in cases else (str(taken),):
                    variant = variant_of(self._schema, whole, case)
                    if variant.name:
                        yield from self._objects(variant.name, pattern)

    def _elements(self, kind: str) -> Iterator[str]:
        match self._schema.type(kind):
            case Array() as array:
                yield array.element
            case Alternate() as choice:
                for each in choice.members:
                    yield from self._elements(each)
