"""Small facts in the words of the documentation: releases, and the classes of errors.

Knows how QEMU's documentation words them, and no declaration.
"""

from __future__ import annotations

import re
from typing import Final

from conformance.terms import ErrorClass

_SINCE: Final = re.compile(
    r"(?:^|[(,;.] ?)since:? (?:QEMU )?v?(?P<release>\d+(?:\.\d+)+)", re.IGNORECASE
)
"""Words that date the whole; "supported since" and the like date a part of what is described."""
_RELEASE: Final = re.compile(r"(\d+\.\d+)(\.\d+)?")

_CLASSES: Final = frozenset(ErrorClass)
# Two words of which each begins with a capital letter, as all classes are named.
_CLASS: Final = re.compile(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b|\bKVMMissingCap\b")
_ITEM: Final = re.compile(r"(?:^|\n)\s*(?:[-*]\s+)?(?=if\b)", re.IGNORECASE)


def release_of(text: str) -> str:
    """Return the first release that a text names, less a micro version of 0; "" without one."""
    match = _RELEASE.search(text)
    if match is None:
        return ""
    return match[1] if match[2] in (None, ".0") else match[0]


def since_of(text: str) -> str:
    """Return the release in which what a text describes came, "" where it does not say.

    Where several are named, the others date what was added to it: the oldest counts.
    """
    found = {release_of(match["release"]) for match in _SINCE.finditer(" ".join(text.split()))}
    return min(found, key=lambda release: [int(part) for part in release.split(".")], default="")


def error_classes(*texts: str) -> tuple[str, ...]:
    """Return the classes of errors that the texts name, in their order."""
    words = (word for text in texts for word in _CLASS.findall(text))
    return tuple(dict.fromkeys(word for word in words if word in _CLASSES))


def unknown_classes(*texts: str) -> tuple[str, ...]:
    """Return what the texts name as the class of an error and QMP has not, in their order.

    Only the last word of an item "If ..., SomeClass" is surely meant as a class.
    """
    found: dict[str, None] = {}
    for text in texts:
        for item in _ITEM.split(text)[1:]:
            words = " ".join(item.split("\n\n")[0].split()).rstrip(".").split(", ")
            if len(words) > 1 and _CLASS.fullmatch(words[-1]) and words[-1] not in _CLASSES:
                found[words[-1]] = None
    return tuple(found)
