"""The effect of a command: where it is looked for, when, and what says that nothing shows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.derive.commands.effects import UNKNOWN, UNSEEN, effect_cases
from conformance.derive.steps import PLAIN
from conformance.judge.expect_answer import Accept, Reject
from conformance.judge.expect_value import NotYet, Repeats, Shows, Sight
from conformance.knowledge.commands import CommandRecipe, Further
from conformance.knowledge.observations import Emitted, Look, Wanted
from conformance.knowledge.valid_request import Effect
from conformance.knowledge.versions import VersionRange
from conformance.model.case import Case, Emits, Isolation, Role
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import ABSENT, ErrorClass, Outcome
from tests.derive.inputs import a_build, cases_of, known
from tests.qapi.schemas import command, event, member, schema_of, struct

SCHEMA = schema_of(
    struct("Light", member("on", "bool")),
    struct("Which", member("lamp", "str")),
    command("do", "Which"),
    command("make"),
    command("unmake"),
    command("look", ret="Light"),
    event("LIT"),
)
MAKE, UNMAKE, LOOK = (Request(name, ABSENT) for name in ("make", "unmake", "look"))
ON = Look(request=LOOK, path=("on",), wanted=Wanted.VALUE, value=True, ignore=(("at",),))
GONE = replace(ON, after=(Emitted(event="GONE", data={}),))
LIT = Shows(("on",), Sight.VALUE, True)


def _cases(
    recipe: CommandRecipe | None = None, version: tuple[int, int, int] = (10, 0, 0), **lacks: str
) -> dict[str, Case]:
    build = a_build(SCHEMA, version, lacks=lacks)
    found = cases_of(effect_cases, build, known(recipe), sorted(SCHEMA.commands))
    return {case.id: case for case in found}


def _recipe(**more: Any) -> CommandRecipe:
    return CommandRecipe(**{"name": "do", "arguments": {"lamp": "a"}, "verify": (ON,), **more})


def _told(case: Case) -> list[tuple[str, str]]:
    return [(step.request.execute, str(step.role)) for step in case.steps]


def test_what_the_set_up_made_and_the_clean_up_takes_away_is_as_it_was_before_both() -> None:
    case = _cases(_recipe(setup=(MAKE,), cleanup=(UNMAKE,)))["do/effect/recipe"]

    assert _told(case) == [
        ("look", "setup"),
        ("make", "setup"),
        ("look", "setup"),
        ("do", "subject"),
        ("look", "check"),
        ("unmake", "cleanup"),
        ("look", "check"),
    ]
    assert case.steps[0].expect == Accept()
    assert case.steps[2].expect == NotYet(LIT)
    assert case.steps[4].expect == Shows(("on",), Sight.VALUE, True, 2)
    assert case.steps[6].expect == Repeats(0, (("at",),))
    assert {step.rule for step in case.steps if step.request == LOOK} == {"Q30", "X33"}
    assert (case.stage, case.isolation) == (PLAIN, Isolation.SHARED)


def test_what_is_set_back_is_as_it_was_before_and_on_a_machine_of_its_own() -> None:
    case = _cases(_recipe(cleanup=(UNMAKE,)))["do/effect/recipe"]

    assert [role for _, role in _told(case)] == ["setup", "subject", "check", "cleanup", "check"]
    assert case.steps[-1].expect == Repeats(0, (("at",),))
    assert case.isolation is Isolation.ALONE


@pytest.mark.parametrize(
    "effect", [Effect.DESTRUCTIVE, Effect.NONE], ids=["told", "nothing undoes it"]
)
def test_what_lasts_is_seen_once_and_gets_a_machine_of_its_own(effect: Effect) -> None:
    case = _cases(_recipe(effect=effect, spec=MachineSpec(machine="pc")))["do/effect/recipe"]

    assert _told(case) == [("look", "setup"), ("do", "subject"), ("look", "check")]
    assert case.isolation is Isolation.ALONE
    assert case.stage.spec == MachineSpec(machine="pc")


def test_what_can_be_asked_once_only_is_not_asked_before() -> None:
    again = Look(request=UNMAKE, wanted=Wanted.REFUSED, value="GenericError")
    case = _cases(_recipe(verify=(again,), setup=(MAKE,)))["do/effect/recipe"]

    assert [name for name, _ in _told(case)] == ["make", "do", "unmake"]
    assert case.steps[-1].expect == Reject(frozenset({ErrorClass.GENERIC}))


def test_what_an_event_tells_is_provoked_once_and_afterwards() -> None:
    told = Look(request=UNMAKE, wanted=Wanted.TELLS, told=Emitted(event="LIT", data={"n": 1}))
    case = _cases(_recipe(verify=(told,), setup=(MAKE,)))["do/effect/recipe"]

    assert [name for name, _ in _told(case)] == ["make", "do", "unmake"]
    assert case.steps[-1].expect == Accept()
    assert (case.steps[-1].role, case.steps[-1].rule) == (Role.CHECK, "X33")
    assert case.steps[-1].emits == (Emits(event="LIT", data={"n": 1}, rule="X33"),)


def test_what_an_event_tells_that_the_build_lacks_is_not_applicable() -> None:
    told = Look(request=UNMAKE, wanted=Wanted.TELLS, told=Emitted(event="GONE"))
    case = _cases(_recipe(verify=(told,)))["do/effect/recipe"]

    assert case.blocked is not None
    assert case.blocked.outcome is Outcome.NOT_APPLICABLE
    assert case.blocked.reason == "this build's schema has no event GONE"


def test_what_cannot_be_asked_without_the_set_up_is_not_asked_back() -> None:
    inside = Look(request=LOOK, path=("on",), wanted=Wanted.DIFFERS, asked_after_cleanup=False)
    case = _cases(_recipe(verify=(inside,), setup=(MAKE,), cleanup=(UNMAKE,)))["do/effect/recipe"]

    assert [name for name, _ in _told(case)] == ["make", "look", "do", "look", "unmake"]
    assert case.steps[3].expect == Shows(("on",), Sight.DIFFERENT, None, 1)


def test_events_that_come_first_are_waited_for() -> None:
    late = Look(
        request=LOOK,
        path=("on",),
        wanted=Wanted.THERE,
        after=(Emitted(event="LIT", data={"n": 1}),),
    )
    case = _cases(_recipe(verify=(late,), effect=Effect.DESTRUCTIVE))["do/effect/recipe"]

    (subject,) = (step for step in case.steps if step.role is Role.SUBJECT)
    assert subject.emits == (Emits(event="LIT", data={"n": 1}, rule="X32"),)


def test_a_further_request_is_seen_too() -> None:
    further = Further(name="other", arguments={"lamp": "b"}, verify=(ON,), destructive=True)
    cases = _cases(_recipe(verify=(), further=(further,)))

    assert [name for name in cases if name.startswith("do/")] == ["do/effect/other"]
    assert cases["do/effect/other"].steps[1].request == Request("do", {"lamp": "b"})


def test_a_further_request_is_seen_on_a_machine_of_its_own() -> None:
    spec = MachineSpec(machine="pc")
    further = Further(
        name="other", arguments={"lamp": "b"}, verify=(ON,), spec=spec, reason="it is"
    )
    cases = _cases(_recipe(further=(further,)))

    own, other = cases["do/effect/recipe"].stage, cases["do/effect/other"].stage
    assert (own.spec, other.spec) == (MachineSpec(), spec)
    assert own.name != other.name


@pytest.mark.parametrize(
    ("more", "outcome", "reason"),
    [
        ({"needs": ("kvm",)}, Outcome.UNTESTABLE_HERE, "no kvm"),
        (
            {"setup": (Request("light", ABSENT),)},
            Outcome.NOT_APPLICABLE,
            "this build's schema has no command light",
        ),
        ({"verify": (GONE,)}, Outcome.NOT_APPLICABLE, "this build's schema has no event GONE"),
        (
            {"arguments": {}},
            Outcome.NOT_APPLICABLE,
            "this build's schema does not take the request",
        ),
        ({"always_fails": "it is gone"}, Outcome.UNTRIED, "no request of it succeeds: it is gone"),
    ],
    ids=["need", "command", "event", "arguments", "never"],
)
def test_what_the_build_or_its_host_lacks_is_said(
    more: dict[str, Any], outcome: Outcome, reason: str
) -> None:
    case = _cases(_recipe(**more), kvm="no kvm")["do/effect/recipe"]

    assert case.blocked is not None
    assert case.blocked.outcome is outcome
    assert reason in case.blocked.reason


def test_a_command_that_returns_nothing_and_shows_nothing_says_why() -> None:
    unknown = _cases()["do/effect/recipe"].blocked
    unseen = _cases(_recipe(verify=(), not_observable="it is dark"))["do/effect/recipe"].blocked

    assert unknown is not None
    assert (unknown.outcome, unknown.reason) == (Outcome.UNTRIED, UNKNOWN)
    assert unseen is not None
    assert (unseen.outcome, unseen.reason) == (Outcome.NOT_APPLICABLE, f"{UNSEEN}: it is dark")


def test_a_command_that_returns_something_does_nothing_unless_it_is_said() -> None:
    assert not [name for name in _cases() if name.startswith("look/")]
    assert "look/effect/recipe" in _cases(_recipe(name="look", arguments={}))


def test_a_look_holds_for_its_versions() -> None:
    new = Look(request=LOOK, path=("on",), wanted=Wanted.THERE, versions=VersionRange(">=6.2"))
    recipe = _recipe(verify=(new,))

    assert _cases(recipe, (6, 2, 0))["do/effect/recipe"].blocked is None
    blocked = _cases(recipe, (6, 1, 0))["do/effect/recipe"].blocked
    assert blocked is not None
    assert blocked.reason == UNKNOWN
