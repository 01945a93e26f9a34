"""Finds records about the same thing on the same builds: one of them would never count.

Knows the shapes of dataclasses, not their meaning.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import is_dataclass
from itertools import product
from typing import Any, TypeVar

from conformance.knowledge.shapes import shape_of
from conformance.knowledge.versions import VersionRange, arches_meet

K = TypeVar("K")


def identities(record: Any) -> Iterator[tuple[Hashable, ...]]:
    """Yield everything that the record is about; nothing if it cannot clash."""
    cls: type = type(record)
    slots = [s for s in shape_of(cls).slots if s.key.identity] if is_dataclass(cls) else []
    values = [(getattr(record, s.field), s.key.each) for s in slots]
    if values:
        yield from product(*(map(_hashable, v if each else (v,)) for v, each in values))


def meet(one: Any, other: Any) -> bool:
    """Return whether both records apply to some build."""
    everywhere = VersionRange()
    mine, theirs = getattr(one, "versions", everywhere), getattr(other, "versions", everywhere)
    return bool(mine.meets(theirs)) and arches_meet(
        getattr(one, "arches", ()), getattr(other, "arches", ())
    )


def clashes(records: Iterable[tuple[K, Any]]) -> Iterator[tuple[K, K, str]]:
    """Yield each pair of records about the same thing on some build, by their keys, in order.

    Each comes with what they are about, in words.
    """
    groups: dict[tuple[Hashable, ...], list[tuple[K, Any]]] = {}
    for key, record in records:
        for who in identities(record):
            group = groups.setdefault((type(record).__name__, *who), [])
            for other, before in group:
                if meet(before, record):
                    yield other, key, " ".join(_words(part) for part in who if part != "")
            group.append((key, record))


def _words(part: Hashable) -> str:
    if isinstance(part, tuple):
        return ".".join(map(str, part)) if part else "any"
    return str(part)


def _hashable(value: Any) -> Hashable:
    match value:
        case Mapping():
            return tuple((key, _hashable(item)) for key, item in sorted(value.items()))
        case list() | tuple():
            return tuple(map(_hashable, value))
        case bool() | float():
            return (type(value).__name__, value)
        case frozenset():
            return tuple(sorted(map(str, value)))
        case _:
            assert isinstance(value, Hashable)
            return value
