"""The functions that make one value of the very same arguments."""

import pytest

from conformance.model.once import once


def test_the_very_same_arguments_make_one_value() -> None:
    made = once(lambda value, other: (value, other))
    value: dict[str, int] = {}
    assert made(value, "a") is made(value, "a")


def test_equal_arguments_make_values_of_their_own() -> None:
    made = once(lambda value: [value])
    one, two = {"a": 1}, {"a": True}
    assert made(one) is not made(two)
    assert made(two) == [{"a": True}]


def test_arguments_are_kept_while_their_value_is() -> None:
    made = once(lambda value: [*value])
    # Each list would get the identity of the one before, if that had gone.
    assert [made([number]) for number in range(50)] == [[number] for number in range(50)]


@pytest.mark.parametrize("most", [1, 3])
def test_no_more_values_are_remembered_than_asked(most: int) -> None:
    calls: list[object] = []

    def make(value: object) -> object:
        calls.append(value)
        return value

    made = once(make, most=most)
    values = [[number] for number in range(most + 1)]
    for value in [*values, values[0]]:
        made(value)
    assert len(calls) == most + 2
