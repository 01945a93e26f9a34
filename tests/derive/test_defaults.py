"""A documented default of an argument is read where it shows, or shows by an equal answer."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.derive.commands.documented import documented_default_cases
from conformance.digest.declaration import EntityKind
from conformance.digest.digest import DefaultKind, DigestEntity, DigestMember
from conformance.judge.expect_value import Repeats, shows_value
from conformance.knowledge.defaults import Showing
from conformance.knowledge.versions import VersionRange
from conformance.model.case import Case, Isolation
from conformance.model.stage import Request
from conformance.model.terms import ABSENT, Aspect, Outcome
from tests.derive.inputs import a_build, declaring, known
from tests.qapi.schemas import command, schema_of

ENTITIES = {
    "set": DigestEntity(
        kind=EntityKind.COMMAND,
        name="set",
        module="qapi/made.json",
        members=(
            DigestMember(
                name="level",
                type="uint8",
                optional=True,
                default_kind=DefaultKind.VALUE,
                default=3,
                line=9,
            ),
            DigestMember(name="text", type="str", default_kind=DefaultKind.DEPENDS),
            DigestMember(name="flag", type="bool"),
        ),
    )
}
QUERY = Request("query", ABSENT)


def _cases(**more: Any) -> list[Case]:
    made = {
        "command": "set",
        "name": "",
        "arguments": {"id": "x"},
        "setup": (Request("prepare", ABSENT),),
        "read": QUERY,
        "cleanup": (Request("undo", ABSENT),),
        "shows": {"level": ("0", "level")},
        "case": "",
        "changes": False,
        "versions": VersionRange(),
        "reason": "r",
    }
    build = a_build(schema_of(command("set")), facts=declaring(ENTITIES))
    knowledge = known(showings=(Showing(**{**made, **more}),))
    return list(documented_default_cases(build, knowledge, "set"))


def test_a_default_is_read_after_a_request_without_the_argument() -> None:
    (case,) = _cases()

    assert (case.id, case.aspect) == ("set/documentation/default/level", Aspect.DOCUMENTATION)
    assert [step.request.execute for step in case.steps] == ["prepare", "set", "query", "undo"]
    assert case.steps[1].request.arguments == {"id": "x"}
    assert (case.steps[2].rule, case.steps[2].expect) == ("X17", shows_value(("0", "level"), 3))
    (row,) = case.defaults
    assert (row.documented, row.where, row.step) == (3, "qapi/made.json:9", 2)


def test_a_default_that_nothing_shows_must_be_answered_as_the_value_is() -> None:
    (case,) = _cases(read=None, shows={"level": ()})

    given, left_out = case.steps[1:3]
    assert given.request.arguments == {"id": "x", "level": 3}
    assert left_out.request.arguments == {"id": "x"}
    assert (left_out.rule, left_out.expect) == ("X17", Repeats(1))


@pytest.mark.parametrize("name", ["text", "flag"])
def test_an_argument_without_a_documented_value_is_not_applicable(name: str) -> None:
    (case,) = _cases(shows={name: ("a",)})

    assert case.blocked is not None
    assert case.blocked.outcome is Outcome.NOT_APPLICABLE


def test_an_argument_that_the_release_lacks_makes_no_case() -> None:
    assert _cases(shows={"newer": ("a",)}) == []


@pytest.mark.parametrize(("changes", "isolation"), [(True, "alone"), (False, "shared")])
def test_what_nothing_undoes_has_a_machine_of_its_own(changes: bool, isolation: str) -> None:
    (case,) = _cases(changes=changes)

    assert case.isolation is Isolation(isolation)
