"""Packs values into texts that a page holds and opens only when they are looked at."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from conformance.model import canonical
from conformance.report.wording import visible

_LEVEL: Final = 9


def packed(value: Any) -> str:
    """Return a JSON value as base64 of its deflated text, in zlib's form."""
    return base64.b64encode(zlib.compress(canonical.compact(value).encode(), _LEVEL)).decode()


def shown(text: str) -> str:
    """Return text of many lines with all other control characters spelt out."""
    lines = text.split("\n")
    return "\n".join("\t".join(map(visible, line.split("\t"))) for line in lines)


@dataclass(slots=True)
class Numbered:
    """Values by their numbers, each of them once; the number 0 is the first value's."""

    values: list[Any] = field(default_factory=list)
    _numbers: dict[Any, int] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Iterable[Any]) -> Numbered:
        """Return a pool that begins with these values."""
        pool = cls()
        for value in values:
            pool.number(value)
        return pool

    def number(self, value: Any) -> int:
        """Return the number of a value, which is new if need be."""
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = len(self.values)
            self.values.append(value)
        return number
