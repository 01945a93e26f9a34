"""Looks into JSON values: what is at a path, and a value without some of its parts.

Knows no steps of cases and no schema.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from conformance.model.canonical import canonical, compact, same
from conformance.model.terms import ABSENT, PathPart

_ANY: Final = "*"
"""In an ignored path: every member of an object, every element of an array."""
_JSON: Final = "{json}"
"""In a path: the value that a string holds as JSON, behind its word "json:"."""


def stands_at(value: Any, path: Sequence[PathPart]) -> Any:
    """Return the value at `path` of a JSON value, ABSENT if there is none.

    The first element with the members of a part counts.
    """
    for part in path:
        value = _inside(value, part)
    return value


def all_at(value: Any, path: Sequence[str]) -> list[Any]:
    """Return the values at `path`, in which "*" is any member or element."""
    found = [value]
    for part in path:
        found = [each for outer in found for each in _each(outer, part)]
    return found


def _each(value: Any, part: str) -> list[Any]:
    if part == _ANY:
        return (
            [*value.values()]
            if isinstance(value, dict)
            else value
            if isinstance(value, list)
            else []
        )
    inner = _inside(value, part)
    return [] if inner is ABSENT else [inner]


def _inside(value: Any, part: PathPart) -> Any:
    if isinstance(part, Mapping):
        elements = value if isinstance(value, list) else ()
        return next((each for each in elements if _has(each, part)), ABSENT)
    if part == _JSON:
        return _read(value)
    if isinstance(value, list) and part.isdigit() and int(part) < len(value):
        return value[int(part)]
    return value.get(part, ABSENT) if isinstance(value, dict) else ABSENT


def _read(value: Any) -> Any:
    """Return the value of a string of JSON, ABSENT if it is none.

    A member "a.0.b" of an object stands for those within each other.
    """
    if not isinstance(value, str):
        return ABSENT
    try:
        return _nested(json.loads(value.removeprefix("json:")))
    except (ValueError, RecursionError):
        return ABSENT


def _nested(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    whole: dict[str, Any] = {}
    for name, inner in value.items():
        first, dot, rest = name.partition(".")
        at = whole.setdefault(first, {}) if dot else whole
        if isinstance(at, dict):
            at[rest if dot else name] = inner
    nested = {name: _nested(inner) for name, inner in whole.items()}
    numbers = [str(number) for number in range(len(nested))]
    return [nested[each] for each in numbers] if {*numbers} == {*nested} != set() else nested


def _has(element: Any, members: Mapping[str, Any]) -> bool:
    return isinstance(element, dict) and all(
        name in element and same(element[name], value) for name, value in members.items()
    )


def path_text(path: Sequence[PathPart]) -> str:
    """Return a path as text for a reader."""
    parts = (part if isinstance(part, str) else compact(part) for part in path)
    return ".".join(parts) or "what it returned"


def without(value: Any, paths: Sequence[Sequence[str]]) -> Any:
    """Return a copy of `value` without the values at `paths`."""
    for path in paths:
        value = _less(value, path)
    return value


def _less(value: Any, path: Sequence[str]) -> Any:
    if not path:
        return value
    if isinstance(value, list):
        pairs: Any = ((str(number), item) for number, item in enumerate(value))
        return [item for _, item in _kept(pairs, path)]
    return dict(_kept(value.items(), path)) if isinstance(value, dict) else value


def _kept(pairs: Any, path: Sequence[str]) -> list[tuple[str, Any]]:
    first, *rest = path
    kept = []
    for name, item in pairs:
        if first not in (_ANY, name):
            kept.append((name, item))
        elif rest:
            kept.append((name, _less(item, rest)))
    return kept


def brief(value: Any, limit: int = 100) -> str:
    """Return a value as JSON, truncated to `limit`."""
    text = compact(value)
    return text if len(text) <= limit else f"{text[:limit]}..."


def first_change(
    before: Any, after: Any, path: tuple[str, ...] = ()
) -> tuple[tuple[str, ...], Any, Any] | None:
    """Return where two values differ first, and what stands there in each, None if they do not.

    The order of elements means nothing, at any depth; ABSENT stands for nothing.
    """
    if isinstance(before, dict) and isinstance(after, dict):
        pairs = ((name, before.get(name, ABSENT), after.get(name, ABSENT)) for name in before)
        new = ((name, ABSENT, after[name]) for name in after if name not in before)
        changes = (first_change(old, now, (*path, name)) for name, old, now in (*pairs, *new))
        return next((change for change in changes if change is not None), None)
    if isinstance(before, list) and isinstance(after, list):
        gone, come = _rest(before, after), _rest(after, before)
        if len(gone) == len(come) == 1:
            return first_change(gone[0], come[0], (*path, str(before.index(gone[0]))))
        if gone or come:
            return (path, gone[0] if gone else ABSENT, come[0] if come else ABSENT)
        return None
    return None if same(before, after) else (path, before, after)


def changed_elements(before: Any, after: Any) -> tuple[list[Any], list[Any]]:
    """Return the elements that only the first of two arrays has, and those of the second alone.

    What is no array has no elements.
    """
    old = before if isinstance(before, list) else []
    new = after if isinstance(after, list) else []
    return _rest(old, new), _rest(new, old)


def emptied(value: Any, path: Sequence[PathPart]) -> Any:
    """Return a copy of `value` without what stands at `path`, of which it may have nothing."""
    if not path:
        return None
    part, *rest = path
    if isinstance(value, list):
        inner = _inside(value, part)
        return [emptied(each, rest) if each is inner else each for each in value]
    if isinstance(value, dict) and isinstance(part, str):
        others = {name: each for name, each in value.items() if name != part}
        if not rest or part not in value:
            return others
        return {**others, part: emptied(value[part], rest)}
    return value


def shown_at(value: Any) -> str:
    """Return what stands at a path, as a reader takes it in."""
    return "not there" if value is ABSENT else brief(value)


def _rest(these: list[Any], those: list[Any]) -> list[Any]:
    """Return what of one array is not in the other."""
    left = Counter(canonical(_sorted(each)) for each in those)
    rest = []
    for each in these:
        text = canonical(_sorted(each))
        if left[text]:
            left[text] -= 1
        else:
            rest.append(each)
    return rest


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(member) for name, member in value.items()}
    return sorted(map(_sorted, value), key=canonical) if isinstance(value, list) else value
