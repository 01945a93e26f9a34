"""Makes a case smaller: with fewer steps, and with less in their requests.

Knows not what a case shows, nor which of its parts matter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Final

from conformance.judge.expect_value import ReadsBack, Unchanged, UnchangedIfRefused
from conformance.model.case import Case, Step
from conformance.model.terms import JsonValue

_WORD: Final = 16
"""The length of a string that a reader takes for a name: shorter ones stay as they are."""


def with_steps(case: Case, kept: Collection[int]) -> Case | None:
    """Return the case with some of its steps, None if one of them looks at a step that is gone."""
    places = {number: place for place, number in enumerate(sorted(kept))}
    steps: list[Step] = []
    for number in sorted(kept):
        moved = _moved(case.steps[number], places)
        if moved is None:
            return None
        steps.append(moved)
    return replace(case, steps=tuple(steps), together=(), kept=None)


def looks_of(case: Case) -> Mapping[int, int]:
    """Return the steps that look at the state again, each with the step that it looked at first."""
    return {
        number: step.expect.step
        for number, step in enumerate(case.steps)
        if isinstance(step.expect, Unchanged | UnchangedIfRefused)
    }


def _moved(step: Step, places: Mapping[int, int]) -> Step | None:
    match step.expect:
        case Unchanged() | ReadsBack() as expect:
            if expect.step not in places:
                return None
            return replace(step, expect=replace(expect, step=places[expect.step]))
        case UnchangedIfRefused() as expect:
            subjects = tuple(places[each] for each in expect.subjects if each in places)
            if expect.step not in places or not subjects:
                return None
            moved = replace(expect, step=places[expect.step], subjects=subjects)
            return replace(step, expect=moved)
        case _:
            return step


def with_less(case: Case, number: int) -> Iterator[Case]:
    """Yield the case with less in the request of the step of that number, each in one way."""
    step = case.steps[number]
    arguments = step.request.arguments
    if not isinstance(arguments, Mapping):
        return
    for smaller in smaller_values(dict(arguments)):
        request = step.request.with_arguments(smaller)
        steps = list(case.steps)
        steps[number] = replace(step, request=request)
        yield replace(case, steps=tuple(steps))


def smaller_values(value: JsonValue) -> Iterator[JsonValue]:
    """Yield values that are a little smaller: those that lose most come first."""
    match value:
        case Mapping():
            for name in value:
                yield {key: each for key, each in value.items() if key != name}
            for name, inner in value.items():
                for less in smaller_values(inner):
                    yield {**value, name: less}
        case list() if value:
            for place in range(len(value)):
                yield [*value[:place], *value[place + 1 :]]
            for place, inner in enumerate(value):
                for less in smaller_values(inner):
                    yield [*value[:place], less, *value[place + 1 :]]
        case str() if len(value) > _WORD:
            yield value[: len(value) // 2]
        case bool():
            pass
        case int() if abs(value) > 1:
            yield from dict.fromkeys((0, 1))
        case _:
            pass
