"""Whether a value is of a type."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.qapi.model import (
    INT64,
    UINT64,
    Builtin,
    IntRange,
    JsonType,
    Member,
    Object,
    Schema,
    UnknownNameError,
)
from conformance.qapi.validate import Validator, Violation, validate
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

SCHEMA = schema_of(
    *ADDRESSES,
    enum("Mode", "on", "off"),
    alternate("ModeOrPort", "Mode", "int"),
    alternate("InetOrNull", "Inet", "null"),
    alternate("BoolOrPorts", "bool", "[int]"),
    alternate("NumberOrStr", "number", "str"),
    array("[int]", "int"),
    array("[Inet]", "Inet"),
    struct("Nested", member("inner", "[Inet]"), optional("free", "any")),
    struct("Node", optional("next", "Node")),
)
VALIDATOR = Validator(SCHEMA)

VALID: dict[str, tuple[str, Any]] = {
    "string": ("str", ""),
    "lowest integer": ("int", -(2**63)),
    "highest integer": ("int", 2**64 - 1),
    "integer as a number": ("number", 1),
    "fraction as a number": ("number", 1.5),
    "true": ("bool", True),
    "null": ("null", None),
    "anything, null": ("any", None),
    "anything, nested": ("any", {"a": [1.5, {}]}),
    "enum value": ("Mode", "on"),
    "no element": ("[int]", []),
    "elements": ("[int]", [1, 2]),
    "optional member left out": ("Inet", {"host": "h"}),
    "optional member given": ("Inet", {"port": 1, "host": "h"}),
    "union, tag last": ("Address", {"path": "/", "family": "unix"}),
    "union, value without variant": ("Address", {"family": "fd"}),
    "union in a union": ("Channel", {"transport": "socket", "family": "inet", "host": "h"}),
    "alternate, enum": ("ModeOrPort", "off"),
    "alternate, integer": ("ModeOrPort", 80),
    "alternate, object": ("InetOrNull", {"host": "h"}),
    "alternate, null": ("InetOrNull", None),
    "alternate, array": ("BoolOrPorts", [1]),
    "alternate, integer as a number": ("NumberOrStr", 1),
    "alternate, fraction": ("NumberOrStr", 0.5),
    "object in itself": ("Node", {"next": {"next": {}}}),
}

INVALID: dict[str, tuple[str, Any, str, str]] = {
    "string for integer": ("int", "1", "", "is not an integer but a string"),
    "true for integer": ("int", True, "", "is not an integer but a boolean"),
    "1.0 for integer": ("int", 1.0, "", "is not an integer but a number that is no integer"),
    "below every integer": ("int", -(2**63) - 1, "", "is not within"),
    "above every integer": ("int", 2**64, "", "is not within"),
    "integer for string": ("str", 1, "", "is not a string but an integer"),
    "null for string": ("str", None, "", "is not a string but null"),
    "1 for boolean": ("bool", 1, "", "is not a boolean but an integer"),
    "0 for null": ("null", 0, "", "is not null but an integer"),
    "true for number": ("number", True, "", "is not a number but a boolean"),
    "string for number": ("number", "1", "", "is not a number but a string"),
    "unknown enum value": ("Mode", "auto", "", "has no value 'auto'"),
    "enum value in upper case": ("Mode", "ON", "", "has no value 'ON'"),
    "boolean for enum": ("Mode", True, "", "is not a string but a boolean"),
    "object for array": ("[int]", {}, "", "is not an array but an object"),
    "one wrong element": ("[int]", [1, 2, "3"], "[2]", "is not an integer"),
    "array for object": ("Inet", [], "", "is not an object but an array"),
    "missing member": ("Inet", {}, "host", "is missing"),
    "null for an optional member": ("Inet", {"host": "h", "port": None}, "port", "is not an"),
    "unknown member": ("Inet", {"host": "h", "x": 1}, "x", "is no member"),
    "member in upper case": ("Inet", {"host": "h", "Port": 1}, "Port", "is no member"),
    "member of the empty object": ("0", {"x": None}, "x", "is no member"),
    "deep fault": ("Nested", {"inner": [{"host": ""}, {"host": 1}]}, "inner[1].host", "is not a"),
    "deep unknown member": ("Nested", {"inner": [{"host": "", "x": 1}]}, "inner[0].x", "is no m"),
    "no tag": ("Address", {"path": "/"}, "family", "is missing"),
    "null as tag": ("Address", {"family": None}, "family", "is not a string"),
    "object as tag": ("Address", {"family": {}}, "family", "is not a string"),
    "unknown tag": ("Address", {"family": "tcp"}, "family", "has no value 'tcp'"),
    "missing member of a branch": ("Address", {"family": "unix"}, "path", "is missing"),
    "member of another branch": (
        "Address", {"family": "unix", "path": "/", "host": "h"}, "host", "is no member"),
    "member beside an empty branch": (
        "Address", {"family": "fd", "path": "/"}, "path", "is no member"),
    "fault in a branch": ("Address", {"family": "inet", "host": 1}, "host", "is not a string"),
    "no inner tag": ("Channel", {"transport": "socket"}, "family", "is missing"),
    "inner tag beside another outer branch": (
        "Channel", {"transport": "exec", "args": [], "family": "fd"}, "family", "is no member"),
    "no branch of an alternate": ("ModeOrPort", [], "", "is not a string or an integer but an a"),
    "true for an integer branch": ("ModeOrPort", True, "", "is not a string or an integer but"),
    "1.0 for an integer branch": ("ModeOrPort", 1.0, "", "is not a string or an integer but"),
    "unknown value of an enum branch": ("ModeOrPort", "x", "", "has no value 'x'"),
    "fault in an object branch": ("InetOrNull", {"host": 1}, "host", "is not a string"),
    "fault in an array branch": ("BoolOrPorts", [True], "[0]", "is not an integer"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), VALID.values(), ids=VALID.keys())
def test_a_value_of_the_type_has_no_fault(kind: str, value: Any) -> None:
    assert VALIDATOR.check(kind, value) is None
    assert validate(SCHEMA, kind, value) is None


@pytest.mark.parametrize(("kind", "value", "path", "problem"), INVALID.values(), ids=INVALID.keys())
def test_a_fault_is_found_at_its_path(kind: str, value: Any, path: str, problem: str) -> None:
    fault = VALIDATOR.check(kind, value)
    assert fault is not None
    assert fault.path == path
    assert fault.problem.startswith(problem)
    assert validate(SCHEMA, kind, value) == fault


def test_an_unknown_type_is_an_error_and_no_fault() -> None:
    with pytest.raises(UnknownNameError):
        VALIDATOR.check("nosuch", 1)


def test_a_type_that_rests_on_an_unknown_one_is_an_error_each_time() -> None:
    record = Object(name="S", members=(Member(name="n", type="nosuch"),))
    validator = Validator(Schema(types={"S": record}))
    for _ in range(2):
        with pytest.raises(UnknownNameError, match="nosuch"):
            validator.check("S", {"n": 1})


@pytest.mark.parametrize(
    ("width", "inside", "outside"),
    [
        pytest.param(INT64, 2**63 - 1, 2**63, id="int64"),
        pytest.param(UINT64, 0, -1, id="uint64"),
        pytest.param(IntRange.signed(16), -32768, -32769, id="int16"),
        pytest.param(IntRange.unsigned(8), 255, 256, id="uint8"),
    ],
)
def test_a_known_width_bounds_integers(width: IntRange, inside: int, outside: int) -> None:
    kind = Builtin(name="word", json_type=JsonType.INT, range=width)
    record = Object(name="S", members=(Member(name="n", type="word"),))
    schema = Schema(types={"word": kind, "S": record})
    assert validate(schema, "S", {"n": inside}) is None
    expected = Violation("n", f"is not within {width.low} to {width.high}")
    assert validate(schema, "S", {"n": outside}) == expected


def test_the_first_fault_is_that_of_the_first_member_of_the_type() -> None:
    fault = VALIDATOR.check("Inet", {"x": 1, "port": "", "host": 2})
    assert fault == Violation("host", "is not a string but an integer")


def test_a_long_wrong_value_is_cut_in_the_problem() -> None:
    fault = VALIDATOR.check("Mode", "x" * 100_000)
    assert fault is not None
    assert len(fault.problem) < 100


def test_a_deep_value_is_followed_to_its_end() -> None:
    value: Any = {"next": 1}
    for _ in range(200):
        value = {"next": value}
    fault = VALIDATOR.check("Node", value)
    assert fault == Violation(".".join(["next"] * 201), "is not an object but an integer")


def test_a_deep_value_of_another_type_is_not_followed() -> None:
    value: Any = []
    for _ in range(100_000):
        value = [value]
    assert VALIDATOR.check("any", value) is None
    assert VALIDATOR.check("[int]", value) == Violation("[0]", "is not an integer but an array")


INETS = st.fixed_dictionaries(
    {"host": st.text()}, optional={"port": st.integers(-(2**63), 2**64 - 1)}
)
NESTED = st.fixed_dictionaries(
    {"inner": st.lists(INETS, min_size=1)}, optional={"free": st.none() | st.text()}
)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(database=None, derandomize=True)
@given(NESTED)
def test_what_follows_the_schema_is_valid(value: Any) -> None:
    assert VALIDATOR.check("Nested", value) is None


@settings(database=None, derandomize=True)
@given(NESTED, st.data())
def test_one_member_too_many_is_always_found(value: Any, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(value["inner"]) - 1))
    value["inner"][index]["extra"] = data.draw(JUNK)
    fault = VALIDATOR.check("Nested", value)
    assert fault == Violation(f"inner[{index}].extra", "is no member of this object")


@settings(database=None, derandomize=True)
@given(JUNK, st.sampled_from(sorted(SCHEMA.types)))
def test_any_json_gets_an_answer(value: Any, kind: str) -> None:
    fault = VALIDATOR.check(kind, value)
    assert fault is None or fault.problem
