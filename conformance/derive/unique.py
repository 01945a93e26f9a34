"""Unique names for what a case may leave on its machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from conformance.judge.expect_value import ReadsBack, Stays
from conformance.knowledge.ranges import UNIQUE
from conformance.model.canonical import digest
from conformance.model.case import Case, Step
from conformance.model.terms import JsonValue, PathPart, as_object


def word_of(*names: str) -> str:
    """Return a word that only what has these names has."""
    return f"u{digest([*names])[:8]}"


def with_word(steps: Sequence[Step], word: str, mark: str = UNIQUE) -> tuple[Step, ...]:
    """Return the steps with `word` for each `mark` in their requests and what they expect."""
    if not any(_has_mark(step.request.arguments, mark) for step in steps):
        return tuple(steps)
    return tuple(_step_named(step, word, mark) for step in steps)


def named_apart(case: Case) -> Case:
    """Return the case with a unique word for each UNIQUE in its requests and what they show."""
    for step in case.steps:
        if _has_mark(step.request.arguments):
            break
    else:
        return case
    word = word_of(case.id)
    shown = tuple(
        replace(
            each,
            name=each.name.replace(UNIQUE, word),
            pattern=cast(JsonValue, _named(each.pattern, word)),
        )
        for each in case.shown
    )
    return replace(case, steps=tuple(_step_named(step, word) for step in case.steps), shown=shown)


def _step_named(step: Step, word: str, mark: str = UNIQUE) -> Step:
    request, expect, emits = step.request, step.expect, step.emits
    arguments = _named(request.arguments, word, mark)
    if arguments is not request.arguments:
        request = request.with_arguments(arguments)
    match expect:
        case ReadsBack():
            path = _path(expect.path, word, mark)
            pattern = cast(JsonValue, _named(expect.pattern, word, mark))
            expect = replace(expect, pattern=pattern, path=path)
        case Stays():
            expect = replace(expect, path=_path(expect.path, word, mark))
        case _:
            pass
    if emits and any(_has_mark(each.data, mark) for each in emits):
        emits = tuple(
            replace(each, data=as_object(_named(each.data, word, mark))) for each in emits
        )
    if request is step.request and expect is step.expect and emits is step.emits:
        return step
    return replace(step, request=request, expect=expect, emits=emits)


def _path(path: tuple[PathPart, ...], word: str, mark: str) -> tuple[PathPart, ...]:
    parts = (_named(part, word, mark) for part in path)
    return tuple(part if isinstance(part, Mapping) else str(part) for part in parts)


def _has_mark(value: object, mark: str = UNIQUE) -> bool:
    """Return whether the mark is anywhere in `value`: most requests lack it."""
    match value:
        case str():
            return mark in value
        case dict():
            return any(_has_mark(each, mark) for each in value.values())
        case list():
            return any(_has_mark(each, mark) for each in value)
        case _:
            return False


def _named(value: object, word: str, mark: str = UNIQUE) -> object:
    """Return `value` with the mark replaced by `word`, or itself without a mark."""
    match value:
        case str():
            return value.replace(mark, word) if mark in value else value
        case dict():
            inner = {key: _named(item, word, mark) for key, item in value.items()}
            return inner if any(inner[key] is not value[key] for key in value) else value
        case list():
            items = [_named(item, word, mark) for item in value]
            return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
        case _:
            return value
