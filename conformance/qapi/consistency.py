"""Checks that the types of a schema agree with each other; knows nothing of reading them.

A schema without contradictions can be flattened and validated against without further checks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator

from conformance.qapi.model import (
    Alternate,
    Array,
    Builtin,
    Enum,
    JsonType,
    Object,
    Schema,
    SchemaError,
    Type,
)
from conformance.qapi.names import shown


class ContradictionError(SchemaError):
    """A contradiction in a schema, or a wrong form of it, and the `rule` that this breaks.

    Both texts are shortened: a build may use any name.
    """

    def __init__(self, rule: str, place: str, problem: str) -> None:
        super().__init__(shown(place), shown(problem))
        self.rule = rule


def json_kinds(kind: Type) -> frozenset[JsonType]:
    """Return the JSON types that a value of `kind` can have; empty where no alternate may hold it.

    An integer is also a number: the two cannot be told apart.
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


class Checker:
    """Finds contradictions within one schema.

    `unread` are the names of entries that could not be read; nothing more is said of them.
    """

    def __init__(self, schema: Schema, unread: frozenset[str] = frozenset()) -> None:
        self._schema = schema
        self._types = schema.types
        self._unread = unread

    def contradictions(self, kind: Type, place: str) -> Iterator[ContradictionError]:
        """Yield what is wrong with `kind` in this schema, each fault at `place` or below it."""
        match kind:
            case Array():
                yield from self.any_type(kind.element, f"{place}: element-type")
            case Enum():
                yield from _distinct("Q12", kind.values, f"{place}: members", "value")
            case Alternate():
                yield from self._alternate(kind, place)
            case Object():
                yield from self._object(kind, place)
            case Builtin():
                pass

    def object_type(self, rule: str, name: str, place: str) -> Iterator[ContradictionError]:
        """Yield a contradiction if `name` is no object type of the schema."""
        if name not in self._unread and not isinstance(self._types.get(name), Object):
            yield ContradictionError(rule, place, f"there is no object type {name!r}")

    def any_type(self, name: str, place: str) -> Iterator[ContradictionError]:
        """Yield a contradiction if `name` is no type of the schema."""
        if name not in self._types and name not in self._unread:
            yield ContradictionError("Q68", place, f"there is no type {name!r}")

    def _alternate(self, alternate: Alternate, place: str) -> Iterator[ContradictionError]:
        taken: dict[JsonType, str] = {}
        for index, name in enumerate(alternate.members):
            where = f"{place}: members[{index}]: type"
            if name not in self._types:
                yield from self.any_type(name, where)
                continue
            kinds = json_kinds(self._types[name])
            if not kinds:
                problem = f"no JSON type tells {name!r} from other branches"
                yield ContradictionError("Q63", where, problem)
            for kind in sorted(kinds & taken.keys())[:1]:
                problem = f"{name!r} and {taken[kind]!r} are both of type {kind}"
                yield ContradictionError("Q63", where, problem)
            taken |= {kind: name for kind in kinds if kind not in taken}

    def _object(self, union: Object, place: str) -> Iterator[ContradictionError]:
        for index, member in enumerate(union.members):
            yield from self.any_type(member.type, f"{place}: members[{index}]: type")
        names = [member.name for member in union.members]
        yield from _distinct("Q60", names, f"{place}: members", "member")
        if union.tag is None:
            return
        values = yield from self._tag_values(union, f"{place}: tag")
        for index, variant in enumerate(union.variants):
            where = f"{place}: variants[{index}]"
            if values is not None and variant.case not in values:
                problem = f"{variant.case!r} is no value of {union.tag!r}"
                yield ContradictionError("Q62", f"{where}: case", problem)
            yield from self.object_type("Q62", variant.type, f"{where}: type")
            yield from self._branch(variant.type, union, (union.name,), where)
        cases = [variant.case for variant in union.variants]
        yield from _distinct("Q62", cases, f"{place}: variants", "case")

    def _tag_values(
        self, union: Object, place: str
    ) -> Generator[ContradictionError, None, frozenset[str] | None]:
        """Return the values that the tag of `union` may have, or None if they are not known."""
        tag = next((member for member in union.members if member.name == union.tag), None)
        if tag is None:
            yield ContradictionError("Q60", place, f"{union.tag!r} is no member")
            return None
        if tag.optional:
            yield ContradictionError("Q60", place, f"the member {union.tag!r} is optional")
        kind = self._types.get(tag.type)
        if isinstance(kind, Enum):
            return frozenset(kind.values)
        if kind is not None:
            yield ContradictionError("Q60", place, f"the member {union.tag!r} is no enumeration")
        return None

    def _branch(
        self, name: str, union: Object, path: tuple[str, ...], place: str
    ) -> Iterator[ContradictionError]:
        """Yield why the object `name` cannot be a branch of `union`, at any depth.

        `path` are the unions that lead to it. Faults between the branch and inner unions are
        reported for the inner unions.
        """
        branch = self._types.get(name)
        if name == union.name:
            problem = f"the object {name!r} is a branch of itself"
            yield ContradictionError("Q62", place, problem)
        if name in path or not isinstance(branch, Object):
            return
        outer = {member.name for member in union.members}
        for member in branch.members:
            if member.name in outer:
                problem = f"the member {member.name!r} stands there 2 times"
                yield ContradictionError("Q22", f"{place}: type", problem)
        for variant in branch.variants:
            yield from self._branch(variant.type, union, (*path, name), place)


def _distinct(
    rule: str, names: Iterable[str], place: str, what: str
) -> Iterator[ContradictionError]:
    for name, times in Counter(names).items():
        if times > 1:
            yield ContradictionError(rule, place, f"the {what} {name!r} stands there {times} times")
