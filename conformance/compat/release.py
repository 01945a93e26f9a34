"""What one release declares, asked by route: whether a place exists, on which condition.

Knows a digest's declarations; knows no build and no comparison.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Final, TypeAlias

from conformance.compat.schema_path import Found, Route, follow
from conformance.digest.declaration import Condition, EntityKind
from conformance.digest.digest import DigestEntity
from conformance.digest.expand import schema_of
from conformance.qapi.model import Schema

Entities: TypeAlias = Mapping[str, DigestEntity]
_SUBJECTS: Final = frozenset({EntityKind.COMMAND, EntityKind.EVENT})


class DeclaredRelease:
    """The declarations of one program of a release; schemas are made of them on first use."""

    def __init__(self, version: str, entities: Entities) -> None:
        self.version = version
        self._entities = entities
        self._without: dict[tuple[str, int], Schema] = {}

    @cached_property
    def whole(self) -> Schema:
        """The schema of a build that has everything."""
        return schema_of(self._entities)

    def find(self, place: Route, feature: str | None = None) -> Found | None:
        """Return what is at `place`, or None if nothing is or where it lacks the feature."""
        return _find(self.whole, place, feature)

    def condition(self, place: Route, feature: str | None = None) -> str | None:
        """Return the condition of what is at `place` in words, None if it has none.

        Conditions of what surrounds it do not count.
        """
        around = place if feature is not None else replace(place, steps=place.steps[:-1])
        for index, condition in enumerate(self._conditions):
            schema = self._less(place.name, index)
            gone = _find(schema, place, feature) is None
            whole = feature is None and not place.steps
            if gone and (whole or follow(schema, around) is not None):
                return condition_in_words(condition)
        return None

    def _less(self, subject: str, index: int) -> Schema:
        """Return what one subject leads to in a build where one condition does not hold."""
        key = (subject, index)
        if key not in self._without:
            only = {
                name: each
                for name, each in self._entities.items()
                if name == subject or each.kind not in _SUBJECTS
            }
            condition = self._conditions[index]
            self._without[key] = schema_of(only, lambda other: other != condition)
        return self._without[key]

    @cached_property
    def _conditions(self) -> list[Condition]:
        found: list[Condition] = []
        for condition in _conditions_of(tuple(self._entities.values())):
            if condition is not None and condition not in found:
                found.append(condition)
        return found


def _find(schema: Schema, place: Route, feature: str | None) -> Found | None:
    found = follow(schema, place)
    return found if found is None or feature is None or feature in found.features else None


def _conditions_of(item: object) -> Iterator[Condition | None]:
    """Yield the conditions of everything that declarations consist of."""
    if isinstance(item, tuple):
        for each in item:
            yield from _conditions_of(each)
    elif dataclasses.is_dataclass(item):
        for field in dataclasses.fields(item):
            inner = getattr(item, field.name)
            yield from [inner] if field.name == "condition" else _conditions_of(inner)


def condition_in_words(condition: Condition) -> str:
    """Return a condition as a reader would write it: "A and (B or not C)"."""
    if isinstance(condition, str):
        return condition
    ((word, inner),) = condition.items()
    if isinstance(inner, tuple):
        joint = " and " if word == "all" else " or "
        return joint.join(_inside(each) for each in inner)
    return f"not {_inside(inner)}"


def _inside(condition: Condition) -> str:
    words = condition_in_words(condition)
    return f"({words})" if " " in words and not words.startswith("not ") else words
