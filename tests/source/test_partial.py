"""Whether a value of which only parts are shown can be of a type."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.qapi.validate import Validator
from conformance.source.partial import PartialValidator
from tests.qapi.schemas import ADDRESSES, alternate, array, member, optional, schema_of, struct

SCHEMA = schema_of(
    *ADDRESSES,
    array("[Inet]", "Inet"),
    alternate("InetOrNull", "Inet", "null"),
    alternate("BoolOrList", "bool", "[str]"),
    struct("Host", member("name", "str"), member("addresses", "[Inet]"), optional("free", "any")),
    struct("Tree", optional("left", "Tree"), optional("right", "Tree")),
)
TYPES = PartialValidator(SCHEMA)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["inet", "unix", "exec", ""]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["host", "path", "family", "transport", "args", "label", "name"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


def faults(type_name: str, value: Any, *elided: str) -> list[str]:
    found = TYPES.faults(type_name, value, elided)
    return [f"{fault.path} {fault.problem}".strip() for fault in found]


@given(
    st.sampled_from(["Address", "Channel", "Inet", "InetOrNull", "BoolOrList", "Host", "Family"]),
    VALUES,
)
def test_where_nothing_is_left_out_the_first_fault_is_that_of_the_validator(
    type_name: str, value: Any
) -> None:
    first = Validator(SCHEMA).check(type_name, value)

    found = list(TYPES.faults(type_name, value, ()))

    assert bool(found) is (first is not None)
    assert first is None or first in found


def test_every_fault_is_told() -> None:
    value = {"addresses": [{"host": 1}, {"port": "x", "poort": 1}], "name": None}

    assert faults("Host", value) == [
        "name is not a string but null",
        "addresses[0].host is not a string but an integer",
        "addresses[1].host is missing",
        "addresses[1].port is not an integer but a string",
        "addresses[1].poort is no member of this object",
    ]


@pytest.mark.parametrize(
    ("type_name", "value", "elided"),
    [
        ("Host", {"name": "a"}, [""]),
        ("Host", {"name": None, "addresses": []}, ["name"]),
        ("Host", None, [""]),
        ("Host", {"name": "a", "addresses": None}, ["addresses"]),
        ("Host", {"name": "a", "addresses": [{}, None]}, ["addresses[0]", "addresses[1]"]),
        ("Address", {"path": "/"}, [""]),
        ("Channel", {"transport": "socket", "host": "h"}, [""]),
        ("Address", {"family": None, "path": "/"}, ["family"]),
        ("InetOrNull", {}, [""]),
        ("BoolOrList", [None], ["[0]"]),
    ],
    ids=[
        "mandatory members",
        "a value",
        "everything",
        "an array",
        "an element and part of one",
        "the tag",
        "the tag of a branch",
        "the tag's value",
        "members of an alternate",
        "an element of an alternate",
    ],
)
def test_what_is_left_out_is_no_fault(type_name: str, value: Any, elided: list[str]) -> None:
    assert faults(type_name, value, *elided) == []


@pytest.mark.parametrize(
    ("type_name", "value", "elided", "told"),
    [
        ("Host", {"name": 1}, "", "name is not a string but an integer"),
        ("Host", {"nam": "a"}, "", "nam is no member of this object"),
        ("Address", {"pth": "/"}, "", "pth is no member of this object"),
        ("Address", {"family": "unix", "host": "h"}, "", "host is no member of this object"),
        ("Host", {"name": "a", "addresses": [{}]}, "", "addresses[0].host is missing"),
        ("Host", [], "", "is not an object but an array"),
    ],
    ids=[
        "a wrong value",
        "an unknown member",
        "a member of no branch",
        "a member of another branch",
        "something missing elsewhere",
        "another JSON type",
    ],
)
def test_what_is_shown_is_held_to_the_type(
    type_name: str, value: Any, elided: str, told: str
) -> None:
    assert faults(type_name, value, elided) == [told]


def test_an_open_object_may_have_more_members_of_any_kind() -> None:
    types = PartialValidator(SCHEMA, open_objects={"Inet"})

    assert list(types.faults("Inet", {"host": "h", "more": 1}, ())) == []
    assert [fault.path for fault in types.faults("Inet", {"more": 1}, ())] == ["host"]


def test_a_type_may_be_part_of_itself() -> None:
    assert faults("Tree", {"left": {"right": {"left": 1}}}) == [
        "left.right.left is not an object but an integer"
    ]
