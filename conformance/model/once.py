"""Remembers what was made of the very same values: JSON within them has no hash.

Knows no class of the suite.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar, TypeVarTuple, Unpack

_T = TypeVar("_T")
_Given = TypeVarTuple("_Given")


def once(
    make: Callable[[Unpack[_Given]], _T], *, most: int = 4096
) -> Callable[[Unpack[_Given]], _T]:
    """Return a function that makes one value of the same arguments, and remembers up to `most`.

    Arguments that are equal but not the same make another value, which is equal.
    """
    # With the arguments, so that no others get their identity.
    made: dict[tuple[int, ...], tuple[tuple[*_Given], _T]] = {}

    @wraps(make)
    def found(*given: *_Given) -> _T:
        key = tuple(map(id, given))
        known = made.get(key)
        if known is None:
            if len(made) >= most:
                made.clear()
            known = made[key] = (given, make(*given))
        return known[1]

    return found
