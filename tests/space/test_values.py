"""Valid values: one that stands for a type, and those that cover its branches."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.qapi.model import Schema
from conformance.qapi.validate import validate
from conformance.space.values import exemplar, variations
from tests.qapi.schemas import (
    ADDRESSES,
    alternate,
    array,
    enum,
    member,
    optional,
    schema_of,
    struct,
)


@pytest.fixture(scope="module")
def schema() -> Schema:
    return schema_of(
        *ADDRESSES,
        enum("Mode", "off", "on"),
        array("[bool]", "bool"),
        array("[Tree]", "Tree"),
        alternate("BoolOrMode", "bool", "Mode"),
        # A type that holds itself, as BlockdevOptions and SocketAddress lists do.
        struct("Tree", member("name", "str"), optional("below", "[Tree]")),
        struct("Rope", member("next", "[Rope]")),
        array("[Rope]", "Rope"),
    )


KINDS = ["str", "int", "null", "Mode", "[bool]", "BoolOrMode", "Address", "Channel", "Tree", "Rope"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_for_a_type_is_of_it(schema: Schema, kind: str) -> None:
    assert validate(schema, kind, exemplar(schema, kind)) is None


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "Rope"])
def test_every_variation_is_of_the_type_and_bears_a_label_of_its_own(
    schema: Schema, kind: str
) -> None:
    found = list(variations(schema, kind))

    assert found
    assert [label for label, value in found if validate(schema, kind, value)] == []
    assert len({label for label, _ in found}) == len(found)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("bool", [("true", True), ("false", False)]),
        ("Mode", [("off", "off"), ("on", "on")]),
        ("[bool]", [("empty", []), ("one", [True]), ("several", [True, False, True])]),
        (
            "BoolOrMode",
            [
                ("boolean:true", True),
                ("boolean:false", False),
                ("string:off", "off"),
                ("string:on", "on"),
            ],
        ),
        (
            "Address",
            [
                ("inet", {"family": "inet", "host": "word"}),
                ("inet+all", {"family": "inet", "host": "word", "port": 1}),
                ("unix", {"family": "unix", "path": "word"}),
                ("fd", {"family": "fd"}),
            ],
        ),
    ],
    ids=["bool", "enum", "array", "alternate", "union"],
)
def test_the_variations_take_every_branch(
    schema: Schema, kind: str, expected: list[tuple[str, Any]]
) -> None:
    assert list(variations(schema, kind)) == expected
