"""Unique names for what a case may leave on its machine."""

from __future__ import annotations

from dataclasses import replace

from conformance.knowledge.ranges import UNIQUE
from conformance.model.canonical import digest
from conformance.model.case import Case, Step


def named_apart(case: Case) -> Case:
    """Return the case with a unique word for each UNIQUE in its requests."""
    if not any(_has_mark(step.request.arguments) for step in case.steps):
        return case
    word = f"u{digest([case.id])[:8]}"
    return replace(case, steps=tuple(_step_named(step, word) for step in case.steps))


def _step_named(step: Step, word: str) -> Step:
    named = _named(step.request.arguments, word)
    if named is step.request.arguments:
        return step
    return replace(step, request=replace(step.request, arguments=named))


def _has_mark(value: object) -> bool:
    """Return whether the mark is anywhere in `value`: most requests lack it."""
    match value:
        case str():
            return UNIQUE in value
        case dict():
            return any(map(_has_mark, value.values()))
        case list():
            return any(map(_has_mark, value))
        case _:
            return False


def _named(value: object, word: str) -> object:
    """Return `value` with the mark replaced by `word`, or itself without a mark."""
    match value:
        case str():
            return value.replace(UNIQUE, word) if UNIQUE in value else value
        case dict():
            inner = {key: _named(item, word) for key, item in value.items()}
            return inner if any(inner[key] is not value[key] for key in value) else value
        case list():
            items = [_named(item, word) for item in value]
            return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
        case _:
            return value
