"""Integers of a build's schema get the widths that its source declares."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.align.alignment import align
from conformance.align.statement import Alignment
from conformance.align.widths import with_widths
from conformance.qapi.model import (
    ANY_INT,
    INT64,
    UINT64,
    Alternate,
    Builtin,
    IntRange,
    JsonType,
    Schema,
)
from conformance.qapi.validate import validate
from tests.digest.declared import Entities, alternate, build, command, entities, event, m, struct

WHOLE: Entities = entities(
    struct("Base", m("port", "uint16")),
    struct(
        "S",
        m("n", "int8", optional=True),
        m("list", "[uint32]"),
        m("text", optional=True),
        base="Base",
    ),
    alternate("Either", m("number", "uint64"), m("s", "S")),
    command("put", m("s", "S"), m("plain", "int"), m("big", "size"), m("e", "Either")),
    command("count", returns="uint8"),
    command("counts", returns="[int16]"),
    event("COUNTED", m("n", "uint8")),
)


def narrowed(declared: Entities, actual: Entities) -> tuple[Schema, Alignment]:
    schema = build(actual)
    found = align(declared, schema)
    return with_widths(schema, found, declared), found


def member_type(schema: Schema, alignment: Alignment, source: str, name: str) -> str:
    (number,) = [key for key, names in alignment.source_names.items() if source in names]
    (member,) = [each for each in schema.object(number).members if each.name == name]
    return member.type


@pytest.mark.parametrize(
    ("source", "name", "width"),
    [
        ("S", "n", "int8"),
        ("S", "port", "uint16"),
        ("S", "list", "[uint32]"),
        ("S", "text", "str"),
        ("q_obj_put-arg", "plain", "int64"),
        ("q_obj_put-arg", "big", "size"),
        ("q_obj_COUNTED-arg", "n", "uint8"),
    ],
)
def test_a_member_has_the_width_of_its_declaration(source: str, name: str, width: str) -> None:
    schema, alignment = narrowed(WHOLE, WHOLE)

    assert member_type(schema, alignment, source, name) == width


def test_return_values_and_alternatives_have_their_widths() -> None:
    schema, alignment = narrowed(WHOLE, WHOLE)

    assert schema.command("count").ret_type == "uint8"
    assert schema.command("counts").ret_type == "[int16]"
    (number,) = [key for key, names in alignment.source_names.items() if names == ("Either",)]
    either = schema.type(number)
    assert isinstance(either, Alternate)
    kinds = [schema.type(name) for name in either.members]
    assert [kind.range for kind in kinds if isinstance(kind, Builtin)] == [UINT64]


@pytest.mark.parametrize(
    ("name", "bounds"),
    [
        ("uint8", IntRange(0, 255)),
        ("int16", IntRange(-32768, 32767)),
        ("int64", INT64),
        ("size", UINT64),
        ("int", ANY_INT),
    ],
)
def test_each_width_is_a_builtin_of_its_own(name: str, bounds: IntRange) -> None:
    schema, _ = narrowed(WHOLE, WHOLE)

    assert schema.type(name) == Builtin(name=name, json_type=JsonType.INT, range=bounds)


def test_values_are_held_to_the_width() -> None:
    schema, _ = narrowed(WHOLE, WHOLE)
    name = schema.command("put").arg_type
    good = {"s": {"port": 65535, "list": [0]}, "plain": -1, "big": 2**64 - 1, "e": 1}

    assert validate(schema, name, good) is None
    fault = validate(schema, name, {**good, "s": {"port": 65536, "list": [0]}})
    assert fault is not None
    assert (fault.path, fault.problem) == ("s.port", "is not within 0 to 65535")


def test_what_the_source_does_not_declare_keeps_the_int_of_introspection() -> None:
    actual = {**WHOLE, "Base": struct("Base", m("port", "uint16"), m("__org.example_n", "uint8"))}

    schema, alignment = narrowed(WHOLE, actual)

    assert member_type(schema, alignment, "S", "__org.example_n") == "int"
    assert with_widths(schema, alignment, {}).commands.keys() == schema.commands.keys()


@pytest.mark.parametrize(
    ("one", "other", "width"),
    [
        ("uint8", "uint16", "uint16"),
        ("int8", "uint8", "int16"),
        ("uint8", "uint8", "uint8"),
        ("int", "int64", "int64"),
        ("int", "size", "int"),
        ("[uint8]", "[int8]", "[int16]"),
    ],
)
def test_a_type_that_stands_for_two_takes_what_either_does(
    one: str, other: str, width: str
) -> None:
    declared = entities(
        struct("One", m("n", one)),
        struct("Other", m("n", other)),
        command("put", arg_type="One"),
        command("set", arg_type="Other"),
    )
    schema = build(declared)
    shared = {**schema.commands, "set": replace(schema.command("put"), name="set")}
    schema = replace(schema, commands=shared)
    alignment = align(declared, schema)

    made = with_widths(schema, alignment, declared)

    assert alignment.differences == ()
    assert [each.type for each in made.object(made.command("set").arg_type).members] == [width]


def test_a_type_of_the_build_that_has_the_name_of_a_width_is_left_alone() -> None:
    schema = build(WHOLE)
    taken = Builtin(name="uint16", json_type=JsonType.STRING)
    schema = replace(schema, types={**schema.types, "uint16": taken})
    alignment = align(WHOLE, schema)

    made = with_widths(schema, alignment, WHOLE)

    assert made.type("uint16") == taken
    assert member_type(made, alignment, "S", "port") == "int"
