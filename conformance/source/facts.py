"""Reads small facts from documentation: releases, error classes, and names of events.

Knows how QEMU's documentation words them, and no declaration.
"""

from __future__ import annotations

import re
from typing import Final

from conformance.model.terms import ErrorClass

_SINCE: Final = re.compile(
    r"(?:^|[(,;.] ?)since:? (?:QEMU )?v?(?P<release>\d+(?:\.\d+)+)", re.IGNORECASE
)
"""Words that date the whole; "supported since" and the like date a part of the subject."""
_RELEASE: Final = re.compile(r"(\d+\.\d+)(\.\d+)?")

_CLASSES: Final = frozenset(ErrorClass)
_WORD: Final = re.compile(r"\w+")
_ITEM: Final = re.compile(r"^[ \t]*[-*][ \t]+", re.MULTILINE)
# Sections on results also list return values; an item that begins so is about an error.
_CONDITION: Final = re.compile(r"^[ \t]*(?:[-*][ \t]+)?(?=if\b)", re.IGNORECASE | re.MULTILINE)
_CAPITALISED: Final = re.compile(r"[A-Z]\w+")
_EVENT: Final = re.compile(
    r"\b(?P<first>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)'? events?\b"
    r"|\bevents? '?@?(?P<last>[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b"
)
"""A name beside the word; one without an underscore may be any word in capitals."""


def release_of(text: str) -> str | None:
    """Return the first release that a text names, without a micro version of 0, or None."""
    match = _RELEASE.search(text)
    if match is None:
        return None
    return match[1] if match[2] in (None, ".0") else match[0]


def since_of(text: str) -> str | None:
    """Return the release that introduced what a text describes, None if it does not say.

    If it names several, the others date later additions: the oldest counts.
    """
    named = (release_of(match["release"]) for match in _SINCE.finditer(" ".join(text.split())))
    found = set(filter(None, named))
    return min(found, key=lambda release: [int(part) for part in release.split(".")], default=None)


def error_classes(*texts: str) -> tuple[str, ...]:
    """Return the error classes that the texts name, in their order."""
    words = (word for text in texts for word in _WORD.findall(text))
    return tuple(dict.fromkeys(word for word in words if word in _CLASSES))


def unknown_classes(*texts: str) -> tuple[str, ...]:
    """Return what the texts name as an error class and QMP lacks, in their order.

    Only the last word of an item "If ..., SomeClass" is surely meant as a class.
    """
    items = (item for text in texts for item in _CONDITION.split(text)[1:])
    ends = (_joined(_ITEM.split(item)[0]).rstrip(".").rpartition(", ") for item in items)
    found = (end for start, _, end in ends if start and _CAPITALISED.fullmatch(end))
    return tuple(dict.fromkeys(word for word in found if word not in _CLASSES))


def named_events(*texts: str) -> tuple[str, ...]:
    """Return what the texts call an event, in their order."""
    found = (match for text in texts for match in _EVENT.finditer(" ".join(text.split())))
    return tuple(dict.fromkeys(match["first"] or match["last"] for match in found))


def error_items(text: str) -> tuple[str | None, ...]:
    """Return the class of each item of a section on errors, None for an item that names none.

    A text without a list is one item.
    """
    head, *items = _ITEM.split(text)
    classes = [error_classes(item) for item in items or [head] if item.strip()]
    return tuple(found[0] if found else None for found in classes)


def _joined(text: str) -> str:
    """Return the first paragraph of a text on one line."""
    return " ".join(text.split("\n\n")[0].split())
