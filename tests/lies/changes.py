"""Changes of JSON values: each returns a function from a value to one that differs at a path.

A path is members with dots between; `*` stands for all elements or members, a number for an
element. A change takes place wherever its path leads, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Change = Callable[[Any], Any]


def at(path: str, change: Change) -> Change:
    """Change what stands at a path."""
    steps = path.split(".") if path else []
    return lambda value: _at(value, steps, change)


def put(path: str, new: Any) -> Change:
    """Put another value where one stands."""
    return at(path, lambda old: new)


def plus(path: str, more: int = 1) -> Change:
    """Add to a number."""
    return at(path, lambda old: old + more)


def turned(path: str) -> Change:
    """Turn true and false."""
    return at(path, lambda old: not old)


def mended(path: str, more: str = "x") -> Change:
    """Lengthen a string."""
    return at(path, lambda old: f"{old}{more}")


def without(path: str) -> Change:
    """Leave out the member, or the element of that number, that stands at a path."""
    above, _, last = path.rpartition(".")
    return at(above, lambda old: _less(old, last))


def given(path: str, new: Any) -> Change:
    """Give a member a value, whether it had one or not."""
    above, _, last = path.rpartition(".")
    return at(above, lambda old: {**old, last: new} if isinstance(old, dict) else old)


def one_less(path: str) -> Change:
    """Leave out the last element of an array that has one."""
    return at(path, lambda old: old[:-1])


def one_more(path: str) -> Change:
    """Give an array that has elements its first one once more."""
    return at(path, lambda old: [*old, *old[:1]])


def backwards(path: str) -> Change:
    """Turn an array round."""
    return at(path, lambda old: old[::-1])


def where(path: str, fits: Callable[[Any], bool], change: Change) -> Change:
    """Change those that fit among what stands at a path."""
    return at(path, lambda old: change(old) if fits(old) else old)


def named(name: str) -> Callable[[Any], bool]:
    """Return whether a value has that name."""
    return lambda value: value.get("name") == name


def _at(value: Any, steps: list[str], change: Change) -> Any:
    if not steps:
        return change(value)
    first, *rest = steps
    if isinstance(value, list):
        return [
            _at(each, rest, change) if first in ("*", str(number)) else each
            for number, each in enumerate(value)
        ]
    if isinstance(value, dict):
        return {
            name: _at(each, rest, change) if first in ("*", name) else each
            for name, each in value.items()
        }
    return value


def _less(value: Any, last: str) -> Any:
    if isinstance(value, list):
        return [each for number, each in enumerate(value) if str(number) != last]
    if isinstance(value, dict):
        return {name: each for name, each in value.items() if name != last}
    return value
