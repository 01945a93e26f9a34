"""Checks values against types, by the strict reading of QAPI; knows no server's texts.

Objects are closed, null is not absent, true is not 1, 1.0 is no integer. An integer of
introspection may be anything from -2**63 to 2**64-1; a schema with widths bounds it further.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from conformance.model.frozen import frozen_value
from conformance.qapi.consistency import json_kinds
from conformance.qapi.flatten import tag_values, variant_of
from conformance.qapi.model import (
    Alternate,
    Array,
    Builtin,
    Enum,
    IntRange,
    JsonType,
    Object,
    Schema,
)


@frozen_value(frozen=True, slots=True)
class Violation:
    """Why a value is not of its type: `problem`, at `path` within the value.

    A path looks like "backend.data[2].x"; that of the value itself is "".
    """

    path: str
    problem: str


class _Miss:
    """A fault on its way out of the recursion: the steps of its path, innermost first."""

    __slots__ = ("problem", "steps")

    def __init__(self, problem: str, *steps: str) -> None:
        self.problem = problem
        self.steps = [*steps]

    def fault(self) -> Violation:
        return Violation("".join(reversed(self.steps)).removeprefix("."), self.problem)


_Check: TypeAlias = Callable[[Any], "_Miss | None"]


def validate(schema: Schema, type_name: str, value: object) -> Violation | None:
    """Return why `value` is not of a type of `schema`, or None if it is.

    For more than one value, keep a Validator.
    """
    return Validator(schema).check(type_name, value)


class Validator:
    """The types of one schema, compiled on first use.

    Checking needs stack in proportion to the depth of the value.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._checks: dict[str, _Check] = {}

    def check(self, type_name: str, value: object) -> Violation | None:
        """Return the first fault of `value`, in the order of the type's members, or None.

        `value` is JSON as `json.loads` returns it. Raises UnknownNameError for an unknown type.
        """
        check = self._checks.get(type_name) or self._compile(type_name)
        miss = check(value)
        return None if miss is None else miss.fault()

    def _compile(self, name: str) -> _Check:
        """Return the check of the type `name`, and compile every type it consists of.

        A type can be part of itself. Checks are therefore looked up by name in `_checks` while they
        run; it holds all of them before the first one runs.
        """
        ready: dict[str, _Check] = {}
        waiting = [name]
        while waiting:
            current = waiting.pop()
            if current in self._checks or current in ready:
                continue
            kind = self._schema.type(current)
            match kind:
                case Builtin():
                    check = _builtin(kind)
                case Enum():
                    check = _one_of(frozenset(kind.values))
                case Array():
                    waiting.append(kind.element)
                    check = _array(kind.element, self._checks)
                case Alternate():
                    waiting += kind.members
                    check = self._alternate(kind)
                case Object():
                    check = self._object(kind, frozenset(), waiting)
            ready[current] = check
        # All at once: a missing type must not leave others behind that rely on it.
        self._checks.update(ready)
        return self._checks[name]

    def _alternate(self, kind: Alternate) -> _Check:
        by_type: dict[type, str] = {}
        for name in kind.members:
            for json_type in json_kinds(self._schema.type(name)):
                by_type[_PYTHON[json_type]] = name
        return _alternate(by_type, self._checks)

    def _object(self, kind: Object, outer: frozenset[str], waiting: list[str]) -> _Check:
        """Return the check of an object that may also have the members `outer`."""
        waiting += (member.type for member in kind.members)
        types = {member.name: member.type for member in kind.members}
        mandatory = tuple(member.name for member in kind.members if not member.optional)
        known = outer | types.keys()
        if kind.tag is None:
            return _struct(types, mandatory, known, self._checks)
        cases = {
            case: self._object(variant_of(self._schema, kind, case), known, waiting)
            for case in tag_values(self._schema, kind)
        }
        return _union(types, mandatory, (kind.tag, cases), self._checks)


_PYTHON: dict[JsonType, type] = {
    JsonType.STRING: str,
    JsonType.INT: int,
    JsonType.NUMBER: float,
    JsonType.BOOLEAN: bool,
    JsonType.NULL: type(None),
    JsonType.OBJECT: dict,
    JsonType.ARRAY: list,
}
_NAMES: dict[type, str] = {
    str: "a string",
    int: "an integer",
    float: "a number that is no integer",
    bool: "a boolean",
    type(None): "null",
    dict: "an object",
    list: "an array",
}


def _shown(value: object) -> str:
    return _NAMES.get(type(value), f"a {type(value).__name__}")


def _builtin(kind: Builtin) -> _Check:
    match kind.json_type:
        case JsonType.VALUE:
            return lambda value: None
        case JsonType.INT:
            return _integer(kind.range)
        case JsonType.NUMBER:
            return _number
        case other:
            return _of_type(_PYTHON[other])


def _of_type(wanted: type) -> _Check:
    problem = f"is not {_NAMES[wanted]} but "

    def check(value: Any) -> _Miss | None:
        return None if type(value) is wanted else _Miss(problem + _shown(value))

    return check


def _integer(allowed: IntRange) -> _Check:
    low, high = allowed.low, allowed.high

    def check(value: Any) -> _Miss | None:
        # Compare types, not isinstance: to Python, true is an integer.
        if type(value) is not int:
            return _Miss(f"is not an integer but {_shown(value)}")
        if low <= value <= high:
            return None
        return _Miss(f"is not within {low} to {high}")

    return check


def _number(value: Any) -> _Miss | None:
    if type(value) is int or type(value) is float:
        return None
    return _Miss(f"is not a number but {_shown(value)}")


def _one_of(values: frozenset[str]) -> _Check:
    def check(value: Any) -> _Miss | None:
        if type(value) is not str:
            return _Miss(f"is not a string but {_shown(value)}")
        return None if value in values else _Miss(f"has no value {_clip(value)}")

    return check


def _array(element: str, checks: dict[str, _Check]) -> _Check:
    def check(value: Any) -> _Miss | None:
        if type(value) is not list:
            return _Miss(f"is not an array but {_shown(value)}")
        check_element = checks[element]
        for index, item in enumerate(value):
            miss = check_element(item)
            if miss is not None:
                miss.steps.append(f"[{index}]")
                return miss
        return None

    return check


def _alternate(by_type: dict[type, str], checks: dict[str, _Check]) -> _Check:
    wanted = " or ".join(_NAMES[kind] for kind in by_type)

    def check(value: Any) -> _Miss | None:
        name = by_type.get(type(value))
        if name is None:
            return _Miss(f"is not {wanted} but {_shown(value)}")
        return checks[name](value)

    return check


def _struct(
    types: dict[str, str],
    mandatory: tuple[str, ...],
    known: frozenset[str],
    checks: dict[str, _Check],
) -> _Check:
    """Return the check of an object that ends here: members that are not `known` are faults."""
    members = _members(types, mandatory, checks)

    def check(value: Any) -> _Miss | None:
        miss = members(value)
        if miss is not None or value.keys() <= known:
            return miss
        unknown = next(name for name in value if name not in known)
        return _Miss("is no member of this object", f".{unknown}")

    return check


def _union(
    types: dict[str, str],
    mandatory: tuple[str, ...],
    tagged: tuple[str, dict[str, _Check]],
    checks: dict[str, _Check],
) -> _Check:
    """Return the check of an object that continues in the branch that its tag selects."""
    members = _members(types, mandatory, checks)
    tag, cases = tagged

    def check(value: Any) -> _Miss | None:
        # The tag is a mandatory member of an enumeration: it is present and has a case.
        return members(value) or cases[value[tag]](value)

    return check


def _members(
    types: dict[str, str], mandatory: tuple[str, ...], checks: dict[str, _Check]
) -> _Check:
    def check(value: Any) -> _Miss | None:
        if type(value) is not dict:
            return _Miss(f"is not an object but {_shown(value)}")
        for name in mandatory:
            if name not in value:
                return _Miss("is missing", f".{name}")
        for name, type_name in types.items():
            if name in value:
                miss = checks[type_name](value[name])
                if miss is not None:
                    miss.steps.append(f".{name}")
                    return miss
        return None

    return check


def _clip(text: str) -> str:
    # 60 characters distinguish any name; a fuzzer's string may be megabytes.
    return repr(text) if len(text) <= 60 else f"{text[:60]!r}..."
