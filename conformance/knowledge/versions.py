"""Ranges of QEMU versions as the files under cases/ write them."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
        self._clauses()

    def _clauses(self) -> list[tuple[Callable[[Version, Version], bool], Version]]:
        clauses = []
        for part in filter(None, self.text.split(",")):
            match = _CLAUSE.fullmatch(part)
            if match is None:
                raise ValueError(f"{part!r} is no bound such as '>=5.2'")
            sign, major, minor, micro = match.groups()
            clauses.append((_OPERATORS[sign], (int(major), int(minor or 0), int(micro or 0))))
        return clauses

    def __contains__(self, version: Version) -> bool:
        return all(holds(version, bound) for holds, bound in self._clauses())


def of_arch(arches: Sequence[str], arch: str) -> bool:
    """Return whether what is of `arches`, of any where that is empty, holds for guests of `arch`.

    An architecture that is not known, "", may be any.
    """
    return not arch or not arches or arch in arches
