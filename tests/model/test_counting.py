"""Counts in words."""

from __future__ import annotations

import pytest

from conformance.model.counting import counted, named, singular


@pytest.mark.parametrize(
    ("count", "thing", "told"),
    [
        (1, "case", "1 case"),
        (0, "case", "0 cases"),
        (1, "reply", "1 reply"),
        (2, "reply", "2 replies"),
        (1234, "entry", "1,234 entries"),
        (2, "delay", "2 delays"),
        (2, "more time", "2 more times"),
    ],
)
def test_a_count_has_its_plural(count: int, thing: str, told: str) -> None:
    assert counted(count, thing) == told
    assert told.endswith(f" {named(count, thing)}")


@pytest.mark.parametrize("thing", ["reply", "entry", "request", "other event"])
def test_a_plural_finds_its_singular(thing: str) -> None:
    assert singular(named(2, thing)) == thing
