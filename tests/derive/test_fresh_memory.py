"""Introspection asked of two processes: what is asked, of which, and what must be alike."""

from __future__ import annotations

import pytest

from conformance.derive.commands.fresh_memory import fresh_cases
from conformance.judge.expect_value import Unchanged
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.growth import FreshMemory, FreshQuery, FreshSubject
from conformance.model.case import Case, Isolation, Role
from conformance.model.stage import Request
from conformance.model.state import StateQuery
from conformance.qapi.qom import DeviceType, ObjectModel, TypeInfo
from tests.derive.inputs import a_build
from tests.qapi.schemas import command, member, schema_of, struct

SCHEMA = schema_of(struct("Of", member("name", "str")), command("list"), command("show", "Of"))
MODEL = ObjectModel(
    types=(TypeInfo(name="one"), TypeInfo(name="two")),
    creatable=(),
    properties={},
    trees={},
    devices=(DeviceType(name="two"),),
)


def cases(name: str, of: FreshSubject, *, thorough: bool = True) -> list[Case]:
    arguments = {"name": "{name}"} if of is not FreshSubject.BUILD else {}
    query = FreshQuery(request=Request(name, arguments), of=of, reason="made")
    fresh = FreshMemory(
        name="fresh", environment=("A=1",), other=("A=2",), asks=(query,), reason="made"
    )
    build = a_build(SCHEMA, model=MODEL, thorough=thorough)
    return list(fresh_cases(build, Knowledge(fresh_memory=(fresh,)), name))


def test_the_other_process_is_asked_first_and_this_one_answers_alike() -> None:
    (case,) = cases("list", FreshSubject.BUILD, thorough=False)

    assert case.id == "list/introspection/fresh"
    assert case.stage.spec.environment == ("A=1",)
    (companion,) = case.stage.spec.companions
    assert companion.spec.environment == ("A=2",)
    other, own = case.steps
    assert (other.request.companion, other.role) == (True, Role.SETUP)
    assert (own.request.companion, own.role, own.rule) == (False, Role.SUBJECT, "X59")
    assert own.expect == Unchanged(StateQuery(request=own.request), 0)


@pytest.mark.parametrize(
    ("of", "names"), [(FreshSubject.TYPES, ["one", "two"]), (FreshSubject.DEVICES, ["two"])]
)
def test_each_thing_has_a_case_in_thorough_runs(of: FreshSubject, names: list[str]) -> None:
    found = cases("show", of)

    assert [case.about for case in found] == names
    assert [case.steps[1].request.arguments for case in found] == [{"name": n} for n in names]
    assert {case.isolation for case in found} == {Isolation.PURE}
    assert cases("show", of, thorough=False) == []


def test_a_query_that_the_build_does_not_have_is_not_asked() -> None:
    assert cases("elsewhere", FreshSubject.BUILD) == []
