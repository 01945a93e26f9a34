"""Puts the arguments of a request where data names them: "{job-id}", "{options.file}".

Knows no command and no data by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from conformance.knowledge.ranges import UNIQUE
from conformance.model.terms import ABSENT, Absent, JsonValue, PathPart

_ARGUMENT: Final = re.compile(r"\{(\.|[\w-]+(?:\.[\w-]+)*)\}")

ALL: Final = "."
"""The path of all arguments."""


def filled_path(
    path: Sequence[PathPart], arguments: JsonValue, besides: str | None = None
) -> tuple[PathPart, ...] | None:
    """Return a path with the arguments that it names, None if there is no such argument.

    The part `besides` names none.
    """
    found: list[PathPart] = []
    for part in path:
        whole = part if part == besides else filled(part, arguments)
        if isinstance(whole, Absent):
            return None
        found.append(whole if isinstance(whole, Mapping) else str(whole))
    return tuple(found)


def filled(value: JsonValue, arguments: JsonValue) -> JsonValue | Absent:
    """Return `value` with the arguments that it names, ABSENT if there is no such argument."""
    match value:
        case str():
            return _named(value, arguments)
        case Mapping():
            inner = {name: filled(each, arguments) for name, each in value.items()}
            whole = {name: each for name, each in inner.items() if not isinstance(each, Absent)}
            return whole if len(whole) == len(inner) else ABSENT
        case list():
            items = [filled(each, arguments) for each in value]
            kept = [each for each in items if not isinstance(each, Absent)]
            return kept if len(kept) == len(items) else ABSENT
        case _:
            return value


def _named(text: str, arguments: JsonValue) -> JsonValue | Absent:
    words = (word for word in _ARGUMENT.findall(text) if f"{{{word}}}" != UNIQUE)
    found = {word: argument_at(word, arguments) for word in words}
    if any(isinstance(value, Absent) for value in found.values()):
        return ABSENT
    whole = _ARGUMENT.fullmatch(text)
    if whole:
        return found.get(whole[1], text)
    return _ARGUMENT.sub(lambda match: str(found.get(match[1], match[0])), text)


def argument_at(word: str, arguments: JsonValue) -> JsonValue | Absent:
    """Return the argument at a path with dots, ABSENT if there is none."""
    value = arguments
    for part in word.split(".") if word != ALL else ():
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return ABSENT
    return value
