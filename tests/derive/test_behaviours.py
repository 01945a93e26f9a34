"""What releases do differently though no schema shows it: a case tells what a build does."""

from __future__ import annotations

from dataclasses import replace

from conformance.derive.commands.behaviours import behaviour_cases
from conformance.judge.expect_answer import Accept, Answer, Reject
from conformance.judge.expect_value import shows_value
from conformance.knowledge.behaviours import Behaviour
from conformance.knowledge.versions import Version, VersionRange
from conformance.model.case import Case, Isolation, Role
from conformance.model.expectation import Expectation
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import ABSENT
from tests.derive.inputs import a_build, known
from tests.qapi.schemas import command, schema_of

SCHEMA = schema_of(command("do"), command("other"))
DO, LOOK, UNDO = (Request(name, ABSENT) for name in ("do", "look", "undo"))
BEHAVIOUR = Behaviour(
    name="takes-it",
    request=DO,
    title="to do it twice",
    was="accepted",
    now="refused",
    after="5.2",
    by="7.2",
    setup=(DO,),
    cleanup=(UNDO,),
    spec=MachineSpec(machine="pc"),
    where="w",
    reason="r",
)
SHOWN = replace(BEHAVIOUR, was=False, now=True, read=LOOK, path=("0", "on"), setup=(), cleanup=())


def cases(behaviour: Behaviour, version: Version, name: str = "do") -> list[Case]:
    return list(behaviour_cases(a_build(SCHEMA, version), known(behaviours=(behaviour,)), name))


def expected(behaviour: Behaviour, version: Version) -> Expectation:
    (case,) = cases(behaviour, version)
    (step,) = (step for step in case.steps if step.rule == "X55")
    return step.expect


def test_a_build_is_expected_to_do_what_its_release_does() -> None:
    assert expected(BEHAVIOUR, (5, 2, 0)) == Accept()
    assert isinstance(expected(BEHAVIOUR, (7, 2, 0)), Reject)
    assert expected(BEHAVIOUR, (6, 2, 0)) == Answer()
    assert expected(SHOWN, (5, 2, 0)) == shows_value(("0", "on"), False)
    assert expected(SHOWN, (10, 0, 0)) == shows_value(("0", "on"), True)


def test_the_case_stands_alone_and_says_where_the_build_shows_it() -> None:
    (case,) = cases(BEHAVIOUR, (7, 2, 0))

    assert case.id == "do/valid/behaviour/takes-it"
    assert [step.role for step in case.steps] == [Role.SETUP, Role.SUBJECT, Role.CLEANUP]
    assert (case.isolation, case.stage.spec) == (Isolation.ALONE, BEHAVIOUR.spec)
    assert case.behaves is not None
    assert case.behaves.step == 1

    (shown,) = cases(SHOWN, (7, 2, 0))
    assert shown.behaves is not None
    assert shown.steps[shown.behaves.step].request == LOOK


def test_other_commands_and_releases_that_it_is_not_for_have_no_case() -> None:
    assert cases(BEHAVIOUR, (7, 2, 0), "other") == []
    assert cases(replace(BEHAVIOUR, versions=VersionRange(">=8.0")), (7, 2, 0)) == []
