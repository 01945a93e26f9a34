"""Unions as flat objects."""

from __future__ import annotations

import pytest

from conformance.qapi.flatten import Branch, branch_of, branches, first_branch
from conformance.qapi.model import Object, UnknownNameError
from tests.qapi.schemas import ADDRESSES, enum, member, schema_of, struct, union

SCHEMA = schema_of(*ADDRESSES)


def names(branch: Branch) -> list[str]:
    return [each.name for each in branch.members]


def test_a_struct_has_one_branch_without_tags() -> None:
    (only,) = branches(SCHEMA, "Inet")
    assert only == Branch(tags=(), members=SCHEMA.object("Inet").members)


def test_a_union_has_a_branch_for_each_value_of_its_tag() -> None:
    found = branches(SCHEMA, "Address")
    assert [(b.tags, names(b)) for b in found] == [
        ((("family", "inet"),), ["family", "host", "port"]),
        ((("family", "unix"),), ["family", "path"]),
        ((("family", "fd"),), ["family"]),
    ]


def test_a_branch_that_is_a_union_is_followed() -> None:
    found = branches(SCHEMA, "Channel")
    assert [(b.tags, names(b)) for b in found] == [
        ((("transport", "socket"), ("family", "inet")),
         ["transport", "label", "family", "host", "port"]),
        ((("transport", "socket"), ("family", "unix")), ["transport", "label", "family", "path"]),
        ((("transport", "socket"), ("family", "fd")), ["transport", "label", "family"]),
        ((("transport", "exec"),), ["transport", "label", "args"]),
    ]  # fmt: skip


@pytest.mark.parametrize("name", sorted(SCHEMA.types))
def test_the_first_branch_is_the_first_of_all(name: str) -> None:
    if isinstance(SCHEMA.type(name), Object):
        assert first_branch(SCHEMA, name) == branches(SCHEMA, name)[0]
    else:
        with pytest.raises(UnknownNameError):
            first_branch(SCHEMA, name)


def test_a_member_that_holds_a_union_is_not_followed() -> None:
    schema = schema_of(*ADDRESSES, struct("Holder", member("address", "Address")))
    assert [names(b) for b in branches(schema, "Holder")] == [["address"]]


def test_a_union_that_holds_itself_in_a_member_ends() -> None:
    schema = schema_of(
        enum("Driver", "raw", "file"),
        struct("Raw", member("file", "Node")),
        union("Node", "driver", [member("driver", "Driver")], {"raw": "Raw"}),
    )
    assert [names(b) for b in branches(schema, "Node")] == [["driver", "file"], ["driver"]]


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        ((), ["transport", "label"]),
        (("exec",), ["transport", "label", "args"]),
        (("socket",), ["transport", "label", "family"]),
        (("socket", "unix"), ["transport", "label", "family", "path"]),
        (("socket", "fd"), ["transport", "label", "family"]),
    ],
    ids=lambda value: "-".join(value) or "none",
)
def test_a_branch_is_found_by_its_cases(cases: tuple[str, ...], expected: list[str]) -> None:
    found = branch_of(SCHEMA, "Channel", *cases)
    assert names(found) == expected
    assert tuple(case for _, case in found.tags) == cases


@pytest.mark.parametrize("type_name", ["Inet", "Address", "Channel"])
def test_every_branch_is_found_by_the_cases_that_it_names(type_name: str) -> None:
    for each in branches(SCHEMA, type_name):
        assert branch_of(SCHEMA, type_name, *(case for _, case in each.tags)) == each


@pytest.mark.parametrize(
    ("type_name", "cases", "problem"),
    [
        ("Address", ("tcp",), "'family' has no value 'tcp'"),
        ("Inet", ("inet",), "'Inet' has no tag that could be 'inet'"),
        ("Channel", ("exec", "inet"), "'Exec' has no tag that could be 'inet'"),
        ("str", (), "'str' is no object"),
    ],
    ids=["unknown case", "struct", "one case too many", "no object"],
)
def test_a_branch_that_is_not_there_is_refused(
    type_name: str, cases: tuple[str, ...], problem: str
) -> None:
    with pytest.raises(UnknownNameError, match=problem):
        branch_of(SCHEMA, type_name, *cases)
