"""Integers are found at every depth, once per type, and can be put where they were found."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.qapi.model import Schema
from conformance.qapi.validate import validate
from conformance.space.paths import (
    integer_at,
    integer_paths,
    member_paths,
    member_with_integer,
    with_integer,
)
from tests.derive.widths import wide_schema_of
from tests.qapi.schemas import (
    ADDRESSES,
    alternate,
    array,
    enum,
    member,
    optional,
    struct,
    union,
)


@pytest.fixture(scope="module")
def schema() -> Schema:
    return wide_schema_of(
        *ADDRESSES,
        enum("Driver", "plain", "also-plain", "over", "idle"),
        struct("Plain", optional("size", "int64")),
        struct("Over", member("below", "NodeRef"), optional("cache", "uint32")),
        union(
            "Node",
            "driver",
            [member("driver", "Driver"), optional("name", "str")],
            {"plain": "Plain", "also-plain": "Plain", "over": "Over"},
        ),
        alternate("NodeRef", "str", "Node"),
        alternate("SizeOrAuto", "size", "Driver"),
        array("[uint16]", "uint16"),
        array("[[uint16]]", "[uint16]"),
        array("[Node]", "Node"),
        struct("Scalars", member("a", "uint8"), optional("b", "int"), optional("c", "str")),
        struct("Arrays", optional("one", "[uint16]"), optional("two", "[[uint16]]")),
        struct("Alternates", optional("auto", "SizeOrAuto")),
        struct("Nodes", member("node", "Node"), optional("more", "[Node]")),
        struct("Listens", member("on", "Channel")),
        struct("Loop", optional("self", "Loop"), optional("n", "int8")),
        struct("Idle", optional("self", "Idle"), optional("text", "str")),
    )


LABELS = {
    "Scalars": ["a", "b"],
    "Arrays": ["one.0", "two.0.0"],
    "Alternates": ["auto"],
    "Nodes": [
        "node.driver:plain.size",
        "node.driver:also-plain.size",
        "node.driver:over.cache",
    ],
    "Listens": ["on.transport:socket.family:inet.port"],
    "Loop": ["n"],
    "Idle": [],
}


@pytest.mark.parametrize("name", LABELS)
def test_every_integer_has_a_path_whose_label_spells_it(schema: Schema, name: str) -> None:
    assert [path.label for path in integer_paths(schema, name).paths] == LABELS[name]


@pytest.mark.parametrize(
    ("name", "left_out"),
    # A node is reached again as the one below it, and as one of more; an idle loop holds nothing.
    [("Scalars", 0), ("Nodes", 2), ("Loop", 1), ("Idle", 0)],
)
def test_what_is_left_out_is_counted_where_it_holds_integers(
    schema: Schema, name: str, left_out: int
) -> None:
    assert integer_paths(schema, name).left_out == left_out


@pytest.mark.parametrize("name", LABELS)
def test_a_value_is_made_that_holds_the_integer_and_is_valid(schema: Schema, name: str) -> None:
    for path in integer_paths(schema, name).paths:
        value = with_integer(schema, name, path, 3, {})

        assert integer_at(path, value) == 3
        assert validate(schema, name, value) is None


@pytest.mark.parametrize(
    ("name", "label", "base", "made"),
    [
        ("Scalars", "a", {"c": "x"}, {"a": 3, "c": "x"}),
        ("Scalars", "b", {"a": 7}, {"a": 7, "b": 3}),
        ("Arrays", "one.0", {"one": [8, 9]}, {"one": [3, 9]}),
        ("Arrays", "two.0.0", {"two": [[8], [9]]}, {"two": [[3], [9]]}),
        (
            "Nodes",
            "node.driver:also-plain.size",
            {"node": {"driver": "also-plain", "name": "n", "size": 8}},
            {"node": {"driver": "also-plain", "name": "n", "size": 3}},
        ),
        (
            "Nodes",
            "node.driver:over.cache",
            {"node": {"driver": "plain", "name": "n", "size": 8}},
            {"node": {"driver": "over", "name": "n", "below": "word", "cache": 3}},
        ),
    ],
    ids=["beside", "mandatory kept", "array", "arrays", "same branch", "other branch"],
)
def test_a_base_is_kept_as_far_as_it_fits(
    schema: Schema, name: str, label: str, base: dict[str, Any], made: dict[str, Any]
) -> None:
    paths = {path.label: path for path in integer_paths(schema, name).paths}

    assert with_integer(schema, name, paths[label], 3, base) == made


@pytest.mark.parametrize(
    ("base", "found"),
    [
        ({"node": {"driver": "plain", "size": 8}}, 8),
        ({"node": {"driver": "also-plain", "size": 8}}, None),
        ({"node": {"driver": "plain"}}, None),
        ({"node": {"driver": "plain", "size": True}}, None),
        ({}, None),
    ],
    ids=["there", "in another branch", "left out", "no integer", "nothing at all"],
)
def test_an_integer_is_found_in_a_base_if_it_is_there(
    schema: Schema, base: dict[str, Any], found: int | None
) -> None:
    assert integer_at(integer_paths(schema, "Nodes").paths[0], base) == found


def test_the_member_of_a_path_is_the_innermost(schema: Schema) -> None:
    (port,) = integer_paths(schema, "Listens").paths
    one, _ = integer_paths(schema, "Arrays").paths

    assert (port.member, one.member) == ("port", "one")


def test_the_integers_of_one_member_are_found_alone(schema: Schema) -> None:
    node = schema.object("Nodes").members[0]
    reach = member_paths(schema, node)

    assert [path.label for path in reach.paths] == LABELS["Nodes"]
    value = member_with_integer(schema, node, reach.paths[2], 3, {"driver": "over", "name": "n"})
    assert value == {"driver": "over", "name": "n", "below": "word", "cache": 3}
