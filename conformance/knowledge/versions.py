"""Ranges of QEMU versions as the files under cases/ write them."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

Version: TypeAlias = tuple[int, int, int]
"""major, minor, micro of a QEMU release."""

_OPERATORS: Final[dict[str, Callable[[Version, Version], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "<": operator.lt,
    ">": operator.gt,
    "==": operator.eq,
}
_CLAUSE: Final = re.compile(r"\s*(>=|<=|==|<|>)\s*(\d+)(?:\.(\d+))?(?:\.(\d+))?\s*")


@dataclass(frozen=True, slots=True)
class VersionRange:
    """A conjunction of bounds such as `>=5.2,<8.0`; the empty text is every version."""

    text: str = ""

    def __post_init__(self) -> None:
        _clauses(self.text)

    def __contains__(self, version: Version) -> bool:
        return all(holds(version, bound) for holds, bound in _clauses(self.text))

    def __and__(self, other: VersionRange) -> VersionRange:
        return VersionRange(",".join(filter(None, (self.text, other.text))))

    def meets(self, other: VersionRange) -> bool:
        """Return whether some version is in both."""
        bounds = [bound for _, bound in (*_clauses(self.text), *_clauses(other.text))]
        # The least version in both is the very first, a bound, or the next after one.
        least = [(0, 0, 0), *bounds, *((major, minor, micro + 1) for major, minor, micro in bounds)]
        return any(version in self and version in other for version in least)


@lru_cache(maxsize=1024)
def _clauses(text: str) -> tuple[tuple[Callable[[Version, Version], bool], Version], ...]:
    """Return the bounds that `text` is made of; raises ValueError."""
    clauses = []
    for part in filter(None, text.split(",")):
        match = _CLAUSE.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} is no bound such as '>=5.2'")
        sign, major, minor, micro = match.groups()
        clauses.append((_OPERATORS[sign], (int(major), int(minor or 0), int(micro or 0))))
    return tuple(clauses)


def release_range(name: str) -> VersionRange:
    """Return all versions of a release, "major.minor"."""
    major, _, minor = name.partition(".")
    return VersionRange(f">={name},<{major}.{int(minor) + 1}")


NOT: Final = "!"
"""The prefix of an architecture for all others."""


def of_arch(arches: Sequence[str], arch: str | None) -> bool:
    """Return whether something for `arches` (empty: any) applies to guests of `arch`.

    All of `arches` may be excluded ones ("!x86_64"). An unknown architecture, None, may be any.
    """
    if arch is None or not arches:
        return True
    return f"{NOT}{arch}" not in arches if arches[0].startswith(NOT) else arch in arches


def arches_meet(some: Sequence[str], others: Sequence[str]) -> bool:
    """Return whether both apply to guests of some architecture."""
    for these, those in ((some, others), (others, some)):
        if these and not these[0].startswith(NOT):
            return any(of_arch(those, arch) for arch in these)
    return True
