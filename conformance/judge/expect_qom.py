"""Expectations of what the commands of the object model return."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from conformance.judge.expect_answer import refused
from conformance.judge.expect_value import ValueExpectation
from conformance.judge.json_path import brief
from conformance.model.expectation import Inconclusive, Kind, Problem, Reply
from conformance.model.terms import ErrorClass, Outcome
from conformance.qapi.qom import INTEGER_RANGES, TypeInfo, type_from_json

NO_CLASS: Final = "the build lists the type and finds no class of it"
"""Why the properties of a listed type cannot be queried."""
_TYPED: Final = "X08"
"""The rule about the types of properties, and of their defaults."""
_OWN: Final = ("child<", "link<")
"""How the types of properties begin that an object may have for itself."""
_STRINGS: Final = frozenset({"str", "string"})


@dataclass(frozen=True, slots=True)
class Holds(ValueExpectation):
    """qom-list succeeds: it shows `present` (name to type), and nothing in `absent`."""

    present: tuple[tuple[str, str], ...] = ()
    absent: tuple[str, ...] = ()

    reads = False

    def words(self) -> str:
        """Return the expectation in words."""
        return "; ".join(
            [f"lists {name} as {kind}" for name, kind in self.present]
            + [f"lists no {name}" for name in self.absent]
        )

    def problem(self, reply: Reply) -> Problem | None:
        """Return the refusal, or the first wrong name."""
        missing = (
            reply.error is not None and reply.error.get("class") == ErrorClass.DEVICE_NOT_FOUND
        )
        if missing and not self.present:
            # Containers are created on first use: a missing one is empty.
            return None
        return ValueExpectation.problem(self, reply)  # slots leave super() the class before them

    def problem_of(self, value: Any, reply: Reply) -> Problem | None:
        """Return the first name that is not as expected."""
        types = {entry["name"]: entry["type"] for entry in value}
        for name, type_name in self.present:
            if types.get(name) != type_name:
                found = f"has the type {types[name]}" if name in types else "is not listed"
                return Problem(f"{name!r} {found}", f"{name!r} is listed as {type_name}")
        for name in self.absent:
            if name in types:
                return Problem(f"{name!r} is listed", f"there is no {name!r}")
        return None


@dataclass(frozen=True, slots=True)
class Instance(ValueExpectation):
    """qom-list shows the properties of an object: the `declared` ones of its type (name to type).

    Besides, it may have children and links of its own; with `more`, other properties, too, which it
    got when it was made.
    """

    declared: tuple[tuple[str, str], ...]
    more: bool = False

    reads = False

    def words(self) -> str:
        """Return the expectation in words."""
        return f"lists the {len(self.declared)} properties of its type"

    def problem_of(self, value: Any, reply: Reply) -> Problem | None:
        """Return the first property that is not as its type has it."""
        types = {entry["name"]: entry["type"] for entry in value}
        for name, type_name in self.declared:
            if types.get(name) != type_name:
                found = f"has the type {types[name]}" if name in types else "is not listed"
                expected = f"{name!r} is listed as {type_name}, as qom-list-properties does"
                return Problem(f"{name!r} {found}", expected)
        if self.more:
            return None
        own = {name for name, kind in types.items() if not kind.startswith(_OWN)}
        for name in sorted(own - {name for name, _ in self.declared}):
            expected = f"there is no {name!r}, which qom-list-properties does not list"
            return Problem(f"{name!r} is listed", expected)
        return None


@dataclass(frozen=True, slots=True)
class ReadsAs(ValueExpectation):
    """qom-get succeeds with a value that a property of QOM type `type` can have (X08, X09)."""

    type: str

    def words(self) -> str:
        """Return the expectation in words."""
        return f"returns a value of the QOM type {self.type}"

    def problem_of(self, value: Any, reply: Reply) -> Problem | None:
        """Return that the value is of another type."""
        wrong = value_problem(self.type, value)
        fold = f"{self.type} {reply.about.rsplit('/', 1)[-1]}"
        return Problem(wrong, f"a value of type {self.type}", fold) if wrong else None

    def inconclusive(self, problem: Problem) -> Inconclusive | None:
        """Return that a property is not readable."""
        return _unreadable(problem)


@dataclass(frozen=True, slots=True)
class MayRead(ValueExpectation):
    """qom-get of `name` returns a value of QOM type `type`, or is refused.

    Nobody says which.  A child reads as `path`, where it stands.
    """

    type: str
    name: str
    path: str = ""

    def words(self) -> str:
        """Return the expectation in words."""
        return f"returns a value of the QOM type {self.type}, if it can be read"

    def problem(self, reply: Reply) -> Problem | None:
        """Return what is wrong with the value of a reply that has one."""
        if reply.error is not None:
            return None
        return self.problem_of(reply.message["return"], reply)

    def problem_of(self, value: Any, reply: Reply) -> Problem | None:
        """Return that the value is of another type, or that a child stands elsewhere."""
        if self.path:
            if value == self.path:
                return None
            return Problem(f"returned {brief(value)}", f"the value {brief(self.path)}", self.type)
        kind = "str" if self.type.startswith(_OWN) else self.type
        wrong = value_problem(kind, value)
        fold = f"{kind} {self.name}"
        return Problem(wrong, f"a value of type {kind}", fold, everywhere=True) if wrong else None


@dataclass(frozen=True, slots=True)
class LinksTo(ValueExpectation):
    """qom-get succeeds with "" or one of `paths`: the link leads to an object of the tree."""

    paths: frozenset[str]

    def words(self) -> str:
        """Return the expectation in words."""
        return "returns the path of an object of the tree, or nothing"

    def problem_of(self, value: Any, reply: Reply) -> Problem | None:
        """Return where the link leads instead."""
        if isinstance(value, str) and (value == "" or value in self.paths):
            return None
        return Problem(f"the link reads {brief(value)}", "the path of an object, or nothing")

    def inconclusive(self, problem: Problem) -> Inconclusive | None:
        """Return that a link is not readable."""
        return _unreadable(problem)


@dataclass(frozen=True, slots=True)
class ListsTypes(ValueExpectation):
    """qom-list-types returns entries of `known` (name to entry), each equal to it.

    `exactly`, if given, are all names.
    """

    known: Mapping[str, TypeInfo]
    exactly: frozenset[str] | None = None

    def words(self) -> str:
        """Return the expectation in words."""
        exactly = self.exactly
        return "lists known types" if exactly is None else f"lists exactly {len(exactly)} types"

    def problem_of(self, value: Any, reply: Reply) -> Problem | None:
        """Return the first entry that differs, or missing and extra ones."""
        entries: list[TypeInfo] = [type_from_json(entry) for entry in value]
        for entry in entries:
            known = self.known.get(entry.name)
            if known != entry:
                return Problem(f"lists {entry}", f"the entry of the whole list, {known}")
        names = [entry.name for entry in entries]
        if len(set(names)) != len(names):
            return Problem("lists a type twice", "each type once")
        if self.exactly is not None and set(names) != self.exactly:
            more = sorted(set(names) - self.exactly)[:3]
            less = sorted(self.exactly - set(names))[:3]
            what = f"lists {more} too many and {less} too few"
            return Problem(what, "the types that the filter fits")
        return None


@dataclass(frozen=True, slots=True)
class ListsProperties(ValueExpectation):
    """qom-list or qom-list-properties succeeds with well-formed entries (X12, X08).

    `entries` (name to type), if given, are all of them; a child's type is in `types`.
    """

    types: frozenset[str]
    entries: Mapping[str, str] | None = None

    rules = (_TYPED,)

    def words(self) -> str:
        """Return the expectation in words."""
        listed = "well-formed" if self.entries is None else f"{len(self.entries)} known"
        return f"lists {listed} properties"

    def problem_of(self, value: Any, reply: Reply) -> Problem | None:
        """Return the first of the problems."""
        return next(self._all(value), None)

    def problems(self, reply: Reply) -> Sequence[Problem]:
        """Return the refusal, or each malformed entry, and the entries that differ."""
        refusal = refused(reply)
        return tuple(self._all(reply.message["return"])) if refusal is None else (refusal,)

    def _all(self, value: Any) -> Iterator[Problem]:
        found = {entry["name"]: entry["type"] for entry in value}
        if len(found) != len(value):
            what = "lists a property twice"
            yield Problem(what, "each property once", what)
        for entry in value:
            yield from self._wrong(entry)
        if self.entries is not None and found != dict(self.entries):
            differ = sorted(dict(set(found.items()) ^ set(self.entries.items())))[:3]
            what = f"the properties {differ} differ"
            yield Problem(what, "the same properties as when asked before")

    def _wrong(self, entry: Mapping[str, Any]) -> Iterator[Problem]:
        type_name = entry["type"]
        child = type_name[6:-1] if type_name.startswith("child<") else ""
        if child and child not in self.types:
            what = f"{entry['name']!r} is {type_name}"
            expected = "a child's type stands in qom-list-types"
            yield Problem(what, expected, what, rule=_TYPED)
        if "default-value" in entry:
            wrong = value_problem(type_name, entry["default-value"])
            if wrong:
                what = f"the default of {entry['name']!r} is wrong: {wrong}"
                expected = f"a default of the property's own type {type_name}"
                yield Problem(what, expected, what, rule=_TYPED)

    def inconclusive(self, problem: Problem) -> Inconclusive | None:
        """Return that a type of a module that is not installed may be listed."""
        if problem.kind is not Kind.REFUSED or self.entries is not None:
            return None
        return Inconclusive(outcome=Outcome.NOT_APPLICABLE, reason=NO_CLASS, told=False)


def value_problem(type_name: str, value: Any) -> str | None:
    """Return why `value` is not of the QOM type `type_name`, None if it may be.

    If the type's name does not give the JSON type, anything but null is allowed.
    """
    if type_name in INTEGER_RANGES:
        least, greatest = INTEGER_RANGES[type_name]
        right = type(value) is int and least <= value <= greatest
    elif type_name in _STRINGS:
        right = isinstance(value, str)
    elif type_name == "bool":
        right = isinstance(value, bool)
    elif type_name == "null":
        right = value is None
    elif type_name == "double":
        right = isinstance(value, int | float) and not isinstance(value, bool)
    else:
        right = value is not None
    return None if right else f"the {type_name} reads {brief(value)}"


def _unreadable(problem: Problem) -> Inconclusive | None:
    if problem.kind is not Kind.REFUSED:
        return None
    return Inconclusive(outcome=Outcome.NOT_APPLICABLE, reason="cannot be read")
