"""Conditions that items of one build show are brought together, and contradictions found."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.align.conditions import (
    ShownCondition,
    assignment,
    condition_text,
    contradictions,
    symbols,
    value_of,
)

ANY: Any = {"any": ("A", "B", "C")}
ALL: Any = {"all": ("A", "B")}
NOT: Any = {"not": "A"}
NESTED: Any = {"all": ("A", {"not": {"any": ("B", "C")}})}


def shown(*items: tuple[Any, bool]) -> list[ShownCondition]:
    return [
        ShownCondition(condition=condition, held=held, where=f"item {number}")
        for number, (condition, held) in enumerate(items)
    ]


@pytest.mark.parametrize(
    ("condition", "text", "names"),
    [
        ("A", "A", "A"),
        (ANY, "A or B or C", "ABC"),
        (ALL, "A and B", "AB"),
        (NOT, "not A", "A"),
        (NESTED, "A and not (B or C)", "ABC"),
        ({"any": (ALL, "C")}, "(A and B) or C", "ABC"),
    ],
    ids=["symbol", "any", "all", "not", "nested", "bracketed"],
)
def test_a_condition_is_told_in_words_and_names_its_symbols(
    condition: Any, text: str, names: str
) -> None:
    assert condition_text(condition) == text
    assert symbols(condition) == set(names)


@pytest.mark.parametrize(
    ("condition", "known", "value"),
    [
        ("A", {}, None),
        ("A", {"A": False}, False),
        (ANY, {"A": True}, True),
        (ANY, {"A": False, "B": False}, None),
        (ANY, {"A": False, "B": False, "C": False}, False),
        (ALL, {"A": False}, False),
        (ALL, {"A": True}, None),
        (NOT, {"A": True}, False),
        (NOT, {}, None),
        (NESTED, {"A": True, "B": False, "C": False}, True),
        ({"all": ()}, {}, True),
        ({"any": ()}, {}, False),
    ],
)
def test_a_condition_holds_fails_or_stays_open(
    condition: Any, known: dict[str, bool], value: bool | None
) -> None:
    assert value_of(condition, known) is value


@pytest.mark.parametrize(
    ("items", "known"),
    [
        ([("A", True), ("B", False)], {"A": True, "B": False}),
        ([(ALL, True)], {"A": True, "B": True}),
        ([(ALL, False)], {}),
        ([(ALL, False), ("A", True)], {"A": True, "B": False}),
        ([(ANY, False)], {"A": False, "B": False, "C": False}),
        ([(ANY, True), ("A", False), ("C", False)], {"A": False, "B": True, "C": False}),
        ([(NESTED, True)], {"A": True, "B": False, "C": False}),
        # One of A and B is on, and with either C is: which of them it is stays open.
        ([({"any": ("A", "B")}, True), ({"any": (NOT, "C")}, True)], {}),
        (
            [
                ({"any": ("A", "B")}, True),
                ({"any": (NOT, "C")}, True),
                ({"any": ({"not": "B"}, "C")}, True),
            ],
            {"C": True},
        ),
    ],
)
def test_what_items_show_tells_which_symbols_are_on(
    items: list[tuple[Any, bool]], known: dict[str, bool]
) -> None:
    made = shown(*items)

    assert assignment(made) == known
    assert list(assignment(made)) == sorted(known)
    assert contradictions(made) == ()


def test_a_symbol_shown_on_and_off_is_one_contradiction_with_all_its_places() -> None:
    made = shown(("A", True), ("B", True), ("A", False), ("A", True))

    (found,) = contradictions(made)

    assert [each.where for each in found.present] == ["item 0", "item 3"]
    assert [each.where for each in found.absent] == ["item 2"]
    assert (found.text, found.symbols) == ("A", ("A",))
    assert assignment(made) == {"A": True, "B": True}


@pytest.mark.parametrize(
    ("items", "text"),
    [
        ([(ALL, True), ("C", True), ("B", False)], "A and B; B"),
        ([(ANY, False), ("C", True)], "C; A or B or C"),
        ([("A", True), (NOT, True)], "A; not A"),
        ([("A", False), (ANY, True), ("C", False), ("B", False)], "A or B or C; A; C; B"),
    ],
    ids=["all", "any", "both there", "all of three off"],
)
def test_compound_conditions_contradict_by_what_follows_from_them(
    items: list[tuple[Any, bool]], text: str
) -> None:
    (found,) = contradictions(shown(*items))

    assert found.text == text


def test_contradictions_that_share_nothing_are_told_apart() -> None:
    made = shown(("A", True), ("A", False), ("B", False), ("B", True), ("C", True))

    assert [found.text for found in contradictions(made)] == ["A", "B"]


def test_of_many_items_only_those_that_disagree_are_named() -> None:
    symbols_on = [(f"S{number}", True) for number in range(12)]
    whole: Any = {"any": tuple(name for name, _ in symbols_on)}

    (found,) = contradictions(shown(*symbols_on, (whole, False), ("OTHER", False)))

    assert len(found.present) == 1
    assert [each.condition for each in found.absent] == [whole]
