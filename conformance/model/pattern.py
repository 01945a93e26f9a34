"""What an answer must be: a JSON value with words in braces for what is not known beforehand.

An object has the members of its pattern, and may have more. An array has as many elements as its
pattern, in any order, or more if the pattern's last element is MORE. Knows no reply and no schema.
"""

from __future__ import annotations

import math
import re
from fnmatch import fnmatchcase
from typing import Final

from conformance.model.terms import JsonValue

ANYTHING: Final = "{any}"
POSITIVE: Final = "{positive}"
ABSENCE: Final = "{absent}"
"""A member that must not be there."""
MORE: Final = "{more}"
FACTS: Final = ("{arch}", "{major}", "{minor}", "{micro}")
"""The words for what is known of a build: the architecture of its guests, and its version."""
_LIKE: Final = re.compile(r"\{like (.+)\}", re.S)
_BOUND: Final = re.compile(r"\{at (least|most) (\d+)\}")
_SAME: Final = re.compile(r"\{same (\w+)\}")
PLAIN: Final = {
    ANYTHING: "anything",
    POSITIVE: "a number above zero",
    ABSENCE: "nothing",
    MORE: "more elements",
}
"""The words without a part of their own, and what each means."""


def glob_of(pattern: JsonValue) -> str | None:
    """Return the glob of "{like GLOB}", None for other patterns."""
    found = _LIKE.fullmatch(pattern) if isinstance(pattern, str) else None
    return found[1] if found else None


def bounds_of(pattern: JsonValue) -> tuple[float, float] | None:
    """Return the least and the greatest number of "{at least N}" or "{at most N}", None for other
    patterns."""
    found = _BOUND.fullmatch(pattern) if isinstance(pattern, str) else None
    if not found:
        return None
    number = int(found[2])
    return (number, math.inf) if found[1] == "least" else (-math.inf, number)


def shared_name(pattern: JsonValue) -> str | None:
    """Return the name of "{same NAME}", None for other patterns.

    All values at one name are equal.
    """
    found = _SAME.fullmatch(pattern) if isinstance(pattern, str) else None
    return found[1] if found else None


def is_known(pattern: JsonValue) -> bool:
    """Return whether a pattern that is no object and no array says more than that a value is
    there."""
    return pattern not in (ANYTHING, POSITIVE, ABSENCE, MORE)


def fits_glob(value: object, glob: str) -> bool:
    """Return whether a value is a string that matches."""
    return isinstance(value, str) and fnmatchcase(value, glob)
