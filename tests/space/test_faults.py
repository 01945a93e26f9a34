"""Single faults: each is invalid by an independent reading of the schema, and labelled."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.model.terms import JsonValue
from conformance.qapi.model import Schema
from conformance.qapi.validate import validate
from conformance.space.faults import (
    DOWNSTREAM,
    UNKNOWN,
    faults,
    object_faults,
    together_by_string,
)
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
        enum("Shout", "OFF"),
        array("[int]", "int"),
        array("[[int]]", "[int]"),
        alternate("IntOrMode", "int", "Mode"),
        alternate("ModeOrInet", "Mode", "Inet"),
        struct("Deep", member("inner", "Inner"), optional("text", "str")),
        struct("Inner", member("numbers", "[int]"), optional("free", "any")),
    )


WRONG_FOR = {
    "str": {"type=null", "type=boolean", "type=int", "type=array", "type=object"},
    "bool": {"type=null", "type=int", "type=string", "type=array", "type=object"},
    "null": {"type=boolean", "type=int", "type=string", "type=array", "type=object"},
    "number": {"type=null", "type=boolean", "type=string", "type=array", "type=object"},
}
SPELT = {
    "bool": {"spelling=true", "spelling=1"},
    "number": {"spelling=0x10", "spelling=1.5"},
    "int": {"spelling=0x10", "spelling=1k", "spelling=1.5"},
}


@pytest.mark.parametrize(
    ("kind", "valid", "labels"),
    [
        ("str", "a", WRONG_FOR["str"]),
        ("bool", True, WRONG_FOR["bool"] | SPELT["bool"]),
        ("null", None, WRONG_FOR["null"]),
        ("number", 1.5, WRONG_FOR["number"] | SPELT["number"]),
        ("int", 1, WRONG_FOR["number"] | SPELT["int"] | {"fraction", "huge"}),
        ("any", 1, set()),
        ("Mode", "on", WRONG_FOR["str"] | {"unknown", "case", "empty"}),
        (
            "IntOrMode",
            1,
            (WRONG_FOR["str"] - {"type=int"}) | {"unknown", "case", "empty"},
        ),
    ],
    ids=["str", "bool", "null", "number", "int", "any", "enum", "alternate"],
)
def test_each_way_to_be_wrong_has_a_label(
    schema: Schema, kind: str, valid: Any, labels: set[str]
) -> None:
    assert {fault.label for fault in faults(schema, kind, valid)} == labels


VALID: dict[str, Any] = {
    "Mode": "off",
    "Shout": "OFF",
    "[int]": [1],
    "[[int]]": [[1]],
    "IntOrMode": "on",
    "ModeOrInet": {"host": "h"},
    "Deep": {"inner": {"numbers": [], "free": 1}, "text": "t"},
    "Address": {"family": "unix", "path": "p"},
    "Channel": {"transport": "socket", "family": "inet", "host": "h", "port": 1},
}


@pytest.mark.parametrize("kind", VALID)
def test_every_fault_is_invalid_and_what_it_was_made_of_valid(schema: Schema, kind: str) -> None:
    found = list(faults(schema, kind, VALID[kind]))

    assert validate(schema, kind, VALID[kind]) is None
    assert len(found) > 4
    assert [f.label for f in found if validate(schema, kind, f.value) is None] == []
    assert len({fault.label for fault in found}) == len(found)


def test_a_fault_in_an_enum_of_capitals_is_spelt_in_small_letters(schema: Schema) -> None:
    by_label = {fault.label: fault.value for fault in faults(schema, "Shout", "OFF")}

    assert by_label["case"] == "off"


@pytest.mark.parametrize(
    ("label", "rule", "value"),
    [
        ("unknown-member", "W64", {"host": "h", "port": 1, UNKNOWN: 1}),
        ("downstream-member", "W64", {"host": "h", "port": 1, DOWNSTREAM: 1}),
        ("host/missing", "Q15", {"port": 1}),
        ("host/type=null", "Q01", {"host": None, "port": 1}),
        ("port/type=null", "Q16", {"host": "h", "port": None}),
        ("port/type=string", "Q03", {"host": "h", "port": "1"}),
        ("port/spelling=1k", "Q07", {"host": "h", "port": "1k"}),
        ("port/fraction", "Q08", {"host": "h", "port": 0.5}),
        ("port/huge", "Q06", {"host": "h", "port": 10**30}),
    ],
)
def test_a_fault_of_an_object_cites_its_rule(
    schema: Schema, label: str, rule: str, value: Any
) -> None:
    found = {f.label: f for f in object_faults(schema, "Inet", {"host": "h", "port": 1})}

    assert (found[label].rule, found[label].value) == (rule, value)


def test_an_optional_member_that_is_not_there_is_left_alone(schema: Schema) -> None:
    labels = {fault.label for fault in object_faults(schema, "Inet", {"host": "h"})}

    assert not any(label.startswith("port/") for label in labels)


def test_a_fault_deep_inside_is_labelled_by_its_path(schema: Schema) -> None:
    labels = {fault.label for fault in faults(schema, "Deep", VALID["Deep"])}

    assert {"inner/missing", "inner/unknown-member", "inner/numbers/last/type=null"} <= labels
    assert not any(label.startswith("inner/free/") for label in labels)


def test_the_value_that_faults_are_made_of_stays_as_it_was(schema: Schema) -> None:
    valid: dict[str, JsonValue] = {"host": "h", "port": 1}

    list(object_faults(schema, "Inet", valid))

    assert valid == {"host": "h", "port": 1}


def test_a_string_for_a_boolean_is_one_that_command_lines_take(schema: Schema) -> None:
    strings = {
        name: next(
            each.value for each in faults(schema, name, valid) if each.label == "type=string"
        )
        for name, valid in (("bool", True), ("int", 1))
    }

    assert strings == {"bool": "on", "int": "1"}


def test_strings_in_place_of_one_value_are_together(schema: Schema) -> None:
    groups = together_by_string(object_faults(schema, "Inet", {"host": "h", "port": 1}))

    (found,) = [group for group in groups if group[0].label == "port/type=string"]
    assert [fault.label for fault in found[1:]] == [
        "port/spelling=0x10",
        "port/spelling=1k",
        "port/spelling=1.5",
    ]
    assert [len(group) for group in groups if group is not found] == [1] * (len(groups) - 1)
