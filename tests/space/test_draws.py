"""Values that are drawn at random: valid, and the same for the same seed."""

from __future__ import annotations

from random import Random
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis_jsonschema import from_schema

from conformance.model.terms import JsonValue
from conformance.qapi.json_schema import Description, Dialect
from conformance.qapi.validate import Validator
from conformance.space.draws import Draws, texts_in, visited
from tests.qapi.schemas import (
    ADDRESSES,
    alternate,
    array,
    command,
    enum,
    member,
    optional,
    schema_of,
    struct,
    union,
)

SCHEMA = schema_of(
    *ADDRESSES,
    struct("Leaf", member("name", "str"), optional("size", "int"), optional("more", "any")),
    enum("Kind", "leaf", "pair", "none"),
    alternate("Ref", "str", "Node"),
    array("[Ref]", "Ref"),
    struct("Pair", member("left", "Ref"), optional("right", "[Ref]")),
    union("Node", "kind", [member("kind", "Kind")], {"leaf": "Leaf", "pair": "Pair"}),
    struct("Flat", member("a", "int"), optional("b", "bool"), optional("c", "Kind")),
    command("grow", "Node"),
    command("flat", "Flat"),
)
TYPES = ("Node", "Flat", "Address", "[Ref]", "Ref")
VALIDATOR = Validator(SCHEMA)


def draws(seed: int = 1) -> Draws:
    return Draws(schema=SCHEMA, random=Random(seed), words=("n0", "file"))


@pytest.mark.parametrize("name", TYPES)
def test_what_is_drawn_is_valid_for_both_validators(name: str) -> None:
    other = jsonschema.Draft202012Validator(Description(schema=SCHEMA).document(name))
    drawing = draws()

    for _ in range(300):
        value = drawing.drawn(name)
        assert VALIDATOR.check(name, value) is None
        assert other.is_valid(value), value


def test_a_changed_value_is_valid_and_keeps_what_it_must() -> None:
    drawing = draws()
    value: JsonValue = {"kind": "pair", "left": "n0", "right": [{"kind": "leaf", "name": "x"}]}
    seen = set()

    for _ in range(500):
        changed = drawing.changed("Node", value, frozenset({"kind"}))
        assert VALIDATOR.check("Node", changed) is None
        assert isinstance(changed, dict)
        assert changed["kind"] == "pair"
        seen.add(str(changed))

    assert len(seen) > 100


def test_the_same_seed_draws_the_same() -> None:
    one, other, third = (
        [each.drawn("Node") for _ in range(20)] for each in (draws(), draws(), draws(2))
    )

    assert one == other
    assert one != third


def test_every_branch_and_member_is_met() -> None:
    drawing = draws()
    met = {word for _ in range(500) for word in visited(SCHEMA, "Node", drawing.drawn("Node"))}

    assert {"Node.kind", "Node.left", "Node.right", "Node.name", "Ref:str", "Ref:Node"} <= met
    assert {"Kind=leaf", "Kind=pair", "Kind=none", "[Ref][0]", "[Ref][2]"} <= met


def test_the_strings_of_a_value_are_found() -> None:
    assert [*texts_in({"a": "x", "b": [{"c": "y"}, 1, None]})] == ["x", "y"]


@settings(max_examples=60)
@given(st.data())
def test_what_hypothesis_makes_of_the_same_schema_is_valid_too(data: Any) -> None:
    # One branch each: it has no way to draw what two conditions allow.
    name = data.draw(st.sampled_from(["Flat", "Leaf", "Kind"]))
    document = Description(schema=SCHEMA, dialect=Dialect.DRAFT_07).document(name)

    value = data.draw(from_schema(document))

    # To JSON Schema 1.0 is an integer, to QMP it is none.
    fault = VALIDATOR.check(name, value)
    assert fault is None or "is not an integer but a number" in fault.problem
