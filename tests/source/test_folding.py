"""What is wrong in like ways is told once."""

from __future__ import annotations

import pytest

from conformance.qapi.validate import Violation
from conformance.source.folding import told_once


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        (["a"], [("a", "a is missing")]),
        ([""], [("", "the message is missing")]),
        (["a", "b"], [("a", "{a, b} each is missing")]),
        (["x.a", "x.b", "y.a"], [("x.a", "x.{a, b} each is missing"), ("y.a", "y.a is missing")]),
        (["l[0].a", "l[1].a"], [("l[0].a", "l[0].a is missing (likewise 1 more time)")]),
        (["l[0]", "l[1]", "l[2]"], [("l[0]", "l[0] is missing (likewise 2 more times)")]),
        (
            ["l[0].a", "l[0].b", "l[1].b", "l[1].a", "l[2].a", "l[2].b"],
            [
                ("l[0].a", "l[0].{a, b} each is missing (likewise 1 more time)"),
                ("l[1].b", "l[1].{b, a} each is missing"),
            ],
        ),
    ],
    ids=[
        "one",
        "the whole",
        "members",
        "members of two objects",
        "elements",
        "elements themselves",
        "members of elements",
    ],
)
def test_like_faults_are_drawn_together(paths: list[str], told: list[tuple[str, str]]) -> None:
    assert list(told_once(Violation(path, "is missing") for path in paths)) == told


def test_faults_of_other_words_stand_apart() -> None:
    faults = [Violation("a", "is missing"), Violation("b", "is not an object but null")]

    assert [sentence for _, sentence in told_once(faults)] == [
        "a is missing",
        "b is not an object but null",
    ]
