"""Compares an answer with the pattern of what it must be; knows no step and no schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from conformance.judge.json_path import brief
from conformance.model.canonical import compact, same
from conformance.model.pattern import (
    ABSENCE,
    ANYTHING,
    MORE,
    PLAIN,
    POSITIVE,
    bounds_of,
    fits_glob,
    glob_of,
    shared_name,
)
from conformance.model.terms import ABSENT, JsonValue

_NAME: Final = 10
"""How much more a string of an element says of which one it is than anything else in it."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """Where a value is not as its pattern: what stands there and what must, in words."""

    path: tuple[str, ...]
    found: str
    wanted: str

    @property
    def place(self) -> str:
        """The path without the numbers of elements, which are one defect."""
        return ".".join("*" if part.isdigit() else part for part in self.path)


def differences(pattern: JsonValue, value: Any) -> Iterator[Deviation]:
    """Yield where `value` is not as `pattern` says, outermost first."""
    return _Comparison().of(pattern, value, ())


class _Comparison:
    """One comparison, with the values of shared names that were met."""

    def __init__(self) -> None:
        self._shared: dict[str, Any] = {}

    def of(self, pattern: Any, value: Any, path: tuple[str, ...]) -> Iterator[Deviation]:
        if isinstance(pattern, Mapping) and isinstance(value, dict):
            for name, part in pattern.items():
                yield from self.of(part, value.get(name, ABSENT), (*path, name))
        elif isinstance(pattern, Sequence) and not isinstance(pattern, str):
            yield from self._array(pattern, value, path)
        elif not self._fits(pattern, value):
            yield Deviation(path, _shown(value), _wanted(pattern, self._shared))

    def _fits(self, pattern: Any, value: Any) -> bool:
        if pattern == ABSENCE:
            return value is ABSENT
        if value is ABSENT:
            return False
        if pattern == ANYTHING:
            return True
        if pattern == POSITIVE:
            return type(value) in (int, float) and value > 0
        glob, name = glob_of(pattern), shared_name(pattern)
        if glob is not None:
            return fits_glob(value, glob)
        bounds = bounds_of(pattern)
        if bounds is not None:
            return type(value) is int and bounds[0] <= value <= bounds[1]
        if name is not None:
            return same(self._shared.setdefault(name, value), value)
        return not isinstance(pattern, Mapping) and same(value, pattern)

    def _array(
        self, pattern: Sequence[Any], value: Any, path: tuple[str, ...]
    ) -> Iterator[Deviation]:
        open_ended = pattern[-1:] == [MORE]
        wanted = pattern[:-1] if open_ended else pattern
        if not isinstance(value, list):
            yield Deviation(path, _shown(value), "an array")
            return
        right = len(value) >= len(wanted) if open_ended else len(value) == len(wanted)
        if not right:
            many = f"{len(wanted)} elements{' or more' if open_ended else ''}"
            yield Deviation(path, f"{len(value)} elements: {brief(value)}", many)
        left = dict(enumerate(value))
        odd: dict[int, Any] = {}
        for number, part in enumerate(wanted):
            fitting = next((each for each in left if not self._distance(part, left[each])), None)
            if fitting is None:
                odd[number] = part
            else:
                # For the values of shared names.
                yield from self.of(part, left.pop(fitting), (*path, str(fitting)))
        for number, index in self._nearest(odd, left):
            yield from self.of(odd[number], value[index], (*path, str(index)))

    def _nearest(
        self, patterns: Mapping[int, Any], values: Mapping[int, Any]
    ) -> Iterator[tuple[int, int]]:
        """Yield which pattern is compared with which value, each with the one nearest to it."""
        pairs = sorted(
            (self._distance(pattern, value), number != index, number, index)
            for number, pattern in patterns.items()
            for index, value in values.items()
        )
        taken: dict[int, int] = {}
        for _, _, number, index in pairs:
            if number not in taken and index not in taken.values():
                taken[number] = index
        yield from sorted(taken.items())

    def _distance(self, pattern: Any, value: Any) -> int:
        """Return how much they differ; the names in an element tell it from the others."""
        trial = _Comparison()
        trial._shared = dict(self._shared)
        found = trial.of(pattern, value, ())
        return sum(_NAME if len(each.path) < 2 and each.wanted[0] == '"' else 1 for each in found)


def _shown(value: Any) -> str:
    return "not there" if value is ABSENT else brief(value)


def _wanted(pattern: Any, shared: Mapping[str, Any]) -> str:
    glob, name = glob_of(pattern), shared_name(pattern)
    if glob is not None:
        return f"a string like {glob}"
    if bounds_of(pattern):
        return f"an integer {str(pattern)[1:-1]}"
    if name is not None:
        return f"{brief(shared[name])}, as elsewhere" if name in shared else PLAIN[ANYTHING]
    return PLAIN.get(pattern, brief(pattern)) if isinstance(pattern, str) else compact(pattern)
