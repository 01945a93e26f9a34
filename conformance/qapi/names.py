"""Which names of a build can be used: as part of a case's id, of a line of a report, of a path.

What a name must be by rule is wider in places, and narrower in others: cases say so where a build
breaks it.  A name that cannot be used is left out, with what needs it, and is a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

LONGEST: Final = 255
"""Characters that a name may have; the longest of QEMU has 38."""
_SCHEMA: Final = re.compile(r"[A-Za-z0-9_.-]+")
_TYPE: Final = re.compile(r"[ -~]+")
# Names of the object model are elements of paths: QEMU spells a slash in one as \x2f.
_ELEMENT: Final = re.compile(r"[ -.0-~]+")
_SHOWN: Final = 40
_LINE: Final = 1000


def schema_problem(name: str) -> str:
    """Return why a command, event, member, value or feature cannot bear `name`, "" where it can."""
    return _problem(name, _SCHEMA, "letters, digits, hyphens, underscores and dots")


def type_problem(name: str) -> str:
    """Return why a type of the schema, whose names mean nothing, cannot bear `name`, or ""."""
    return _problem(name, _TYPE, "printable ASCII")


def element_problem(name: str) -> str:
    """Return why a type, an object or a property of the object model cannot bear `name`, or ""."""
    return _problem(name, _ELEMENT, "printable ASCII without slashes")


def brief(name: str) -> str:
    """Return a name of whatever length and content as a short text on one line."""
    return ascii(name if len(name) <= _SHOWN else f"{name[:_SHOWN]}...")


def shown(text: str) -> str:
    """Return a text that a build has a say in as one line of bounded length."""
    cut = text if len(text) <= _LINE else f"{text[:_LINE]}..."
    return cut if cut.isprintable() else ascii(cut)[1:-1]


def distinct(names: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield the number and the problem of each name that cannot be used or was there before."""
    seen: set[str] = set()
    for number, name in enumerate(names):
        problem = element_problem(name)
        if problem:
            yield number, problem
        elif name in seen:
            yield number, f"{brief(name)} stands there twice"
        seen.add(name)


def _problem(name: str, allowed: re.Pattern[str], letters: str) -> str:
    if len(name) > LONGEST:
        return f"{brief(name)} has {len(name)} characters, more than {LONGEST}"
    return "" if allowed.fullmatch(name) else f"{brief(name)} holds other things than {letters}"
