"""Which names of a build can be used in a case's id, a line of a report, or a path.

QEMU's rule for names is wider in places and narrower in others; cases test that rule. A name that
cannot be used is left out, with everything that needs it, and is a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

LONGEST: Final = 255
"""The characters that a name may have; QEMU's longest name has 38."""
_SCHEMA: Final = re.compile(r"[A-Za-z0-9_.-]+")
_TYPE: Final = re.compile(r"[ -~]+")
# Names in the object model are elements of paths: QEMU writes a slash in one as \x2f.
_ELEMENT: Final = re.compile(r"[ -.0-~]+")
_SHOWN: Final = 40
_LINE: Final = 1000


def schema_problem(name: str) -> str | None:
    """Return why `name` cannot be used for a command, event, member, value or feature, or None."""
    return _problem(name, _SCHEMA, "letters, digits, hyphens, underscores and dots")


def type_problem(name: str) -> str | None:
    """Return why `name` cannot be used for a type of the schema, or None."""
    return _problem(name, _TYPE, "printable ASCII")


def element_problem(name: str) -> str | None:
    """Return why `name` cannot be used for a type, object or property of QOM, or None."""
    return _problem(name, _ELEMENT, "printable ASCII without slashes")


def brief(name: str) -> str:
    """Return a name of any length and content as a short text on one line."""
    return ascii(name if len(name) <= _SHOWN else f"{name[:_SHOWN]}...")


def shown(text: str) -> str:
    """Return a text that a build controls as one line of bounded length."""
    cut = text if len(text) <= _LINE else f"{text[:_LINE]}..."
    return cut if cut.isprintable() else ascii(cut)[1:-1]


def distinct(names: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield the index and the problem of each name that cannot be used or that came before."""
    seen: set[str] = set()
    for number, name in enumerate(names):
        problem = element_problem(name)
        if problem:
            yield number, problem
        elif name in seen:
            yield number, f"{brief(name)} stands there twice"
        seen.add(name)


def _problem(name: str, allowed: re.Pattern[str], letters: str) -> str | None:
    if len(name) > LONGEST:
        return f"{brief(name)} has {len(name)} characters, more than {LONGEST}"
    return None if allowed.fullmatch(name) else f"{brief(name)} holds other things than {letters}"
