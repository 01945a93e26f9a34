"""What object-add takes for a type, by the schema or, where that leaves it open, by QOM."""

from __future__ import annotations

import pytest

from conformance.derive.objects.shape import ObjectShape, is_typed, object_shape, object_types
from conformance.qapi.validate import Validator
from tests.derive.builds import build, knowledge
from tests.miniatures.schema import OBJECT_MEMBERS


def _shape(name: str, *, typed: bool) -> ObjectShape:
    made = build(typed=typed)
    documented = {kind.name: kind for kind in knowledge().seed.types}
    known = {m.name: m for m in documented[name].members} if name in documented else {}
    recipe = knowledge().recipes.find(name, made.version)
    return object_shape(name, made.schema, Validator(made.schema), made.model, recipe, known)


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "untyped"])
def test_the_types_are_those_of_the_schema_or_else_of_qom(typed: bool) -> None:
    made = build(typed=typed)

    assert is_typed(made.schema) is typed
    assert object_types(made.schema, made.model) == tuple(sorted(OBJECT_MEMBERS))


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "untyped"])
def test_the_members_are_those_of_the_type_without_the_head(typed: bool) -> None:
    shape = _shape("toy", typed=typed)

    members = {member.name for member in shape.members}
    assert members == {entry["name"] for entry in OBJECT_MEMBERS["toy"]["members"]}
    assert shape.names() == members | {"qom-type", "id"}


def test_qom_tells_the_types_of_members_that_the_schema_leaves_open() -> None:
    types = {member.name: member.type for member in _shape("toy", typed=False).members}

    assert (types["text"], types["flag"], types["narrow"], types["list"]) == (
        *("str", "bool", "int"),
        "any",
    )


def test_the_facts_of_later_releases_tell_what_is_mandatory() -> None:
    optional = {m.name: m.optional for m in _shape("memory-backend-ram", typed=False).members}

    assert optional["size"] is False
    assert optional["share"] is True


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "untyped"])
@pytest.mark.parametrize(
    ("name", "member", "expected"),
    [
        ("toy", "narrow", (-128, 127, "Q04")),
        ("toy", "small", (0, 255, "Q05")),
        ("toy", "wide", (-(2**63), 2**63 - 1, "Q03")),
        ("toy", "big", (0, 2**64 - 1, "Q07")),
        ("iothread", "poll-max-ns", (0, 2**63 - 1, "X27")),
    ],
    ids=["int8", "uint8", "int", "size", "documented"],
)
def test_a_range_cites_what_bounds_it(
    name: str, member: str, expected: tuple[int, int, str], typed: bool
) -> None:
    found = _shape(name, typed=typed).ranges[member]

    assert (found.least, found.greatest, found.rule) == expected


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "untyped"])
def test_a_problem_is_told_by_its_place(typed: bool) -> None:
    shape = _shape("toy", typed=typed)
    head = {"qom-type": "toy", "id": "a", "label": "l"}

    assert shape.schema_error(head) is None
    assert (shape.schema_error({**head, "flag": 1}) or "").startswith("flag: ")
    assert (shape.schema_error({**head, "nosuch": 1}) or "").startswith("nosuch: ")
