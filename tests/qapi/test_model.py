"""The schema as values."""

from __future__ import annotations

import dataclasses

import pytest

from conformance.qapi.model import (
    ANY_INT,
    INT64,
    UINT64,
    Builtin,
    Command,
    IntRange,
    JsonType,
    Schema,
    UnknownNameError,
)
from tests.qapi.schemas import ADDRESSES, command, event, schema_of


def test_a_schema_iterates_by_name_whatever_the_order_it_was_given_in() -> None:
    schema = schema_of(command("stop"), command("cont"), event("STOP"), event("RESET"))
    assert list(schema.commands) == ["cont", "stop"]
    assert list(schema.events) == ["RESET", "STOP"]
    assert list(schema.types) == sorted(schema.types)


def test_equal_schemas_are_equal_and_hash_alike() -> None:
    one, other = schema_of(*ADDRESSES), schema_of(*reversed(ADDRESSES))
    assert one == other
    assert hash(one) == hash(other)
    assert one != schema_of()


def test_a_schema_cannot_be_changed() -> None:
    mine = {"stop": Command(name="stop", arg_type="0", ret_type="0")}
    schema = Schema(commands=mine)
    mine.clear()
    assert list(schema.commands) == ["stop"]
    with pytest.raises(TypeError):
        schema.commands["cont"] = schema.commands["stop"]  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        schema.commands = {}  # type: ignore[misc]


def test_looking_up_returns_what_the_name_stands_for() -> None:
    schema = schema_of(*ADDRESSES, command("stop"), event("STOP"))
    assert schema.command("stop").ret_type == "0"
    assert schema.event("STOP").arg_type == "0"
    assert schema.type("str") == Builtin(name="str", json_type=JsonType.STRING)
    assert schema.object("Address").tag == "family"


def test_looking_up_an_unknown_name_says_which_is_near() -> None:
    schema = schema_of(command("query-status"))
    with pytest.raises(UnknownNameError, match=r"'query-statu'; .* 'query-status'$"):
        schema.command("query-statu")
    with pytest.raises(UnknownNameError, match=r"no event 'zzz'$"):
        schema.event("zzz")
    with pytest.raises(UnknownNameError, match="no type 'nosuch'"):
        schema.type("nosuch")


def test_a_type_that_is_no_object_is_not_looked_up_as_one() -> None:
    with pytest.raises(UnknownNameError, match="'str' is no object but a type of kind builtin"):
        schema_of().object("str")


def test_ranges_are_those_of_machine_words() -> None:
    assert IntRange(-128, 127) == IntRange.signed(8)
    assert IntRange(0, 65535) == IntRange.unsigned(16)
    assert (ANY_INT.low, ANY_INT.high) == (INT64.low, UINT64.high) == (-(2**63), 2**64 - 1)
