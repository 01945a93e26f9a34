"""Arguments of a request stand where data names them."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.derive.commands.filling import filled, filled_path
from conformance.model.terms import ABSENT

ARGUMENTS: dict[str, Any] = {"id": "a", "options": [{"n": 1}]}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("{id}", "a"),
        ("{id}-x", "a-x"),
        ("{options.0.n}", 1),
        ("{.}", ARGUMENTS),
        ({"all": ["{.}", "{id}"]}, {"all": [ARGUMENTS, "a"]}),
        ({"of": "{none}"}, ABSENT),
        (["{none}"], ABSENT),
        ("{unique}-{id}", "{unique}-a"),
        ("{unique}", "{unique}"),
    ],
)
def test_arguments_are_put_in(value: Any, found: Any) -> None:
    assert filled(value, ARGUMENTS) == found


def test_a_path_without_its_argument_is_none() -> None:
    assert filled_path(("{none}",), ARGUMENTS) is None
    assert filled_path(({"id": "{id}"}, "{json}"), ARGUMENTS, "{json}") == ({"id": "a"}, "{json}")
