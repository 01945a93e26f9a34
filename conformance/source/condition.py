"""Reads the condition of an `if`, in every notation that releases have had.

Releases before 6.1 write C expressions and lists of them, later ones names and objects. Knows no
symbol and no meaning of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from conformance.digest.declaration import Condition, SourcePlace
from conformance.source.expression import ListValue, ObjectValue, SourceError, StringValue, Value
from conformance.source.rulings import Matter, Rulings

_MAX_DEPTH: Final = 64
"""How deep parentheses and negations may nest in a C expression."""

_SYMBOL: Final = re.compile(r"[A-Z][A-Z0-9_]*")
"""A condition as it is written since 6.1, if it is one symbol."""
_TOKEN: Final = re.compile(r"\s*(?:(\w+)|(&&|\|\||[!()]))")


def read_condition(value: Value | None) -> Condition | None:
    """Return the condition that an `if` states, None if there is none; raises SourceError."""
    return None if value is None else _read(value)


def check_notation(expression: ObjectValue, rulings: Rulings) -> None:
    """Check that a definition writes its conditions as its release does; raises SourceError."""
    for condition in _conditions_of(expression):
        if isinstance(condition, ListValue):
            problem = "a condition is no list"
            rulings.object_to(Matter.OLD_CONDITION, condition.place, problem)
        elif isinstance(condition, StringValue) and not _SYMBOL.fullmatch(condition.text):
            problem = f"the condition {condition.text!r} is no name of a symbol"
            rulings.object_to(Matter.OLD_CONDITION, condition.place, problem)


def _conditions_of(owner: ObjectValue) -> Iterator[Value]:
    """Yield what the `if` of a definition or of one of its parts says, as it is written."""
    if (own := owner.get("if")) is not None:
        yield own
    for key in ("data", "base", "features"):
        part = owner.get(key)
        items: Iterable[Value] = ()
        if isinstance(part, ListValue):
            items = part.items
        elif isinstance(part, ObjectValue):
            items = (value for _, value in part.members)
        for item in items:
            if isinstance(item, ObjectValue):
                yield from _conditions_of(item)


def _read(value: Value) -> Condition:
    match value:
        case StringValue(text=text, place=place):
            return _Expression(text, place).condition()
        case ListValue(items=items, place=place):
            # Before 6.1, all conditions of a list must hold.
            return _joined("all", items, place)
        case ObjectValue(members=((key, operand),)) if key.text in ("all", "any", "not"):
            if key.text == "not":
                return {"not": _read(operand)}
            if isinstance(operand, ListValue):
                return _joined(key.text, operand.items, operand.place)
            raise SourceError(operand.place, f"{key.text!r} needs a list of conditions")
        case ObjectValue(place=place):
            raise SourceError(place, "a condition has exactly one of 'all', 'any' and 'not'")
    raise SourceError(value.place, "a condition is a string, a list or an object")


def _joined(operator: str, items: tuple[Value, ...], place: SourcePlace) -> Condition:
    if not items:
        raise SourceError(place, "an empty list is no condition")
    return _of(operator, [_read(item) for item in items])


def _of(operator: str, operands: list[Condition]) -> Condition:
    return operands[0] if len(operands) == 1 else {operator: tuple(operands)}


class _Expression:
    """A C expression of `defined(X)`, `!`, `&&`, `||` and parentheses; X alone is defined(X)."""

    def __init__(self, text: str, place: SourcePlace) -> None:
        self._text = text
        self._place = place
        self._tokens = list(self._split())
        self._next = 0

    def condition(self) -> Condition:
        found = self._any(0)
        if self._next < len(self._tokens):
            raise self._fault()
        return found

    def _split(self) -> Iterator[str]:
        offset = 0
        while offset < len(self._text.rstrip()):
            match = _TOKEN.match(self._text, offset)
            if match is None:
                raise self._fault()
            yield match[1] or match[2]
            offset = match.end()

    def _any(self, depth: int) -> Condition:
        operands = [self._all(depth)]
        while self._accept("||"):
            operands.append(self._all(depth))
        return _of("any", operands)

    def _all(self, depth: int) -> Condition:
        operands = [self._one(depth)]
        while self._accept("&&"):
            operands.append(self._one(depth))
        return _of("all", operands)

    def _one(self, depth: int) -> Condition:
        if depth > _MAX_DEPTH:
            raise self._fault()
        if self._accept("!"):
            return {"not": self._one(depth + 1)}
        if self._accept("("):
            return self._closed(self._any(depth + 1))
        if self._accept("defined"):
            return self._closed(self._name()) if self._accept("(") else self._name()
        return self._name()

    def _closed(self, condition: Condition) -> Condition:
        if not self._accept(")"):
            raise self._fault()
        return condition

    def _name(self) -> str:
        token = self._tokens[self._next] if self._next < len(self._tokens) else ""
        if not re.fullmatch(r"[A-Za-z_]\w*", token, re.ASCII):
            raise self._fault()
        self._next += 1
        return token

    def _accept(self, token: str) -> bool:
        found = self._next < len(self._tokens) and self._tokens[self._next] == token
        self._next += found
        return found

    def _fault(self) -> SourceError:
        return SourceError(self._place, f"{self._text!r} is no condition")
