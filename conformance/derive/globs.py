"""Whether a glob can fit anything that begins in a given way."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

_PARTS: Final = re.compile(r"\*|\?|\[!?\]?[^\]]*\]|.", re.S)


def reaches(glob: str, start: str) -> bool:
    """Return whether a text that begins with `start` can match `glob`, as in fnmatchcase."""
    parts = _parts(glob)
    places = _passed(parts, {0})
    for letter in start:
        places = _passed(
            parts,
            {
                place + (parts[place] != "*")
                for place in places
                if place < len(parts) and _takes(parts[place], letter)
            },
        )
        if not places:
            return False
    return True


@lru_cache(maxsize=1024)
def _parts(glob: str) -> tuple[str, ...]:
    return tuple(_PARTS.findall(glob))


def _passed(parts: tuple[str, ...], places: set[int]) -> set[int]:
    """Return the places, with those reached when a star matches nothing."""
    found = set(places)
    for place in places:
        while place < len(parts) and parts[place] == "*":
            place += 1
            found.add(place)
    return found


def _takes(part: str, letter: str) -> bool:
    if part in ("*", "?"):
        return True
    return fnmatchcase(letter, part) if len(part) > 1 else part == letter
