"""The integers of object types: those of their members, and those within what members hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.judge.expect_answer import Answer, Reject, Understood
from conformance.model.case import Case, Role
from conformance.model.expectation import Expectation
from conformance.qapi.introspection import read_introspection
from conformance.qapi.model import Builtin, IntRange, JsonType, Member, Object, Schema
from conformance.qapi.qom import INTEGER_RANGES
from tests.derive.builds import build, knowledge, made_plan, plan
from tests.miniatures.schema import entries

TOY = "object-add/toy"


def _widened(schema: Schema) -> Schema:
    """Return the schema in which some of the toy's integers have other widths than QOM tells."""
    widths = {"small": "uint16", "x": "uint8", "y": "size"}
    types: dict[str, Any] = dict(schema.types)
    for name in widths.values():
        of = IntRange(*INTEGER_RANGES[name])
        types[name] = Builtin(name=name, json_type=JsonType.INT, range=of)
    for name in ("Toy", "Point"):
        kind = types[name]
        assert isinstance(kind, Object)
        types[name] = replace(kind, members=tuple(_wider(m, widths) for m in kind.members))
    return replace(schema, types=types)


def _wider(member: Member, widths: dict[str, str]) -> Member:
    return replace(member, type=widths.get(member.name, member.type))


@pytest.fixture(scope="module")
def wide() -> dict[str, Case]:
    made = build(typed=True)
    schema = _widened(read_introspection(entries(typed=True)))
    cases = plan(replace(made, schema=schema), knowledge()).cases
    return {case.id: case for case in cases if case.id.startswith(TOY)}


def _asked(case: Case, member: str) -> tuple[Any, Expectation, str]:
    (step,) = (step for step in case.steps if step.role is Role.SUBJECT)
    arguments: Any = step.request.arguments
    return arguments[member], step.expect, step.rule


def test_the_width_of_the_schema_counts_before_that_of_the_property(wide: dict[str, Case]) -> None:
    assert _asked(wide[f"{TOY}/invalid/small/above"], "small") == (65536, Reject(), "Q05")


@pytest.mark.parametrize(
    ("name", "value", "expect", "rule"),
    [
        ("valid/point.x=least", {"x": 0}, Understood(), "Q05"),
        ("valid/point.x=greatest", {"x": 255}, Understood(), "Q05"),
        ("valid/point.y=greatest", {"x": 1, "y": 2**64 - 1}, Understood(), "Q07"),
        ("invalid/point.x/below", {"x": -1}, Reject(), "Q05"),
        ("invalid/point.x/above", {"x": 256}, Reject(), "Q05"),
        ("invalid/point.y/below", {"x": 1, "y": -1}, Answer(), "Q07"),
        ("invalid/point.y/above", {"x": 1, "y": 2**64}, Reject(), "Q07"),
    ],
)
def test_integers_within_members_are_tried_where_they_stand(
    wide: dict[str, Case], name: str, value: object, expect: Expectation, rule: str
) -> None:
    assert _asked(wide[f"{TOY}/{name}"], "point") == (value, expect, rule)


def test_an_end_that_may_be_refused_leaves_nothing_behind(wide: dict[str, Case]) -> None:
    steps = wide[f"{TOY}/valid/point.x=greatest"].steps

    assert [(step.request.execute, step.role) for step in steps] == [
        ("object-add", Role.SUBJECT),
        ("object-del", Role.CLEANUP),
    ]
    assert steps[1].expect == Answer()


def test_of_inner_integers_of_no_known_width_only_what_no_type_takes_is_tried() -> None:
    cases = {case.id: case for case in made_plan(typed=True).cases}

    assert f"{TOY}/valid/point.x=least" not in cases
    above = cases[f"{TOY}/invalid/point.x/above"]
    assert _asked(above, "point") == ({"x": 2**64}, Reject(), "Q06")
