"""The gates of a command: which cases it has, on which stage, and what they send."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from conformance.derive.commands.gates import NO_RECIPE, gate_cases
from conformance.digest.declaration import EntityKind, Flag
from conformance.digest.digest import DigestEntity
from conformance.judge.expect_answer import Accept, Answer, Ends, Known, Reject, Understood
from conformance.judge.expect_value import Repeats
from conformance.knowledge.commands import CommandRecipe
from conformance.knowledge.valid_request import Effect
from conformance.model.case import Case, Isolation, Role
from conformance.model.stage import NEGOTIATION, OUT_OF_BAND, MachineSpec, Request
from conformance.model.terms import ABSENT, ErrorClass, Outcome
from tests.derive.inputs import a_build, cases_of, declaring, known
from tests.qapi.schemas import array, command, member, schema_of, struct

SCHEMA = schema_of(
    struct("Path", member("path", "str")),
    struct("Info", member("up", "bool")),
    array("[str]", "str"),
    command(NEGOTIATION),
    command("ask", ret="Info"),
    command("count", ret="[str]"),
    command("act"),
    command("open", "Path"),
    command("grow"),
    command("leave"),
    command("turn"),
    command("complete"),
    {**command("fast", ret="Info"), "allow-oob": True},
    {**command("rush"), "allow-oob": True},
)
LOOK = Request("ask", ABSENT)
RECIPES: Mapping[str, CommandRecipe] = {
    recipe.name: recipe
    for recipe in (
        CommandRecipe(
            name="grow",
            spec=MachineSpec(machine="big", args=("-more",)),
            setup=(Request("act", ABSENT),),
            cleanup=(Request("count", ABSENT),),
            state_queries=(LOOK,),
        ),
        CommandRecipe(name="leave", effect=Effect.END),
        CommandRecipe(name="rush", effect=Effect.DESTRUCTIVE, setup=(LOOK,)),
        CommandRecipe(name="turn", effect=Effect.DESTRUCTIVE, setup=(LOOK,), cleanup=(LOOK,)),
        CommandRecipe(name="complete", effect=Effect.COMPLETES, spec=MachineSpec(args=("-early",))),
    )
}
FLAGS = {
    **dict.fromkeys(("act", "count", "fast", "grow", "open"), False),
    **dict.fromkeys((NEGOTIATION, "ask", "complete", "turn"), True),
}


def made(
    recipes: Mapping[str, CommandRecipe] = RECIPES,
    flags: Mapping[str, bool] = FLAGS,
    lacks: Mapping[str, str] | None = None,
) -> list[Case]:
    entities = {
        name: DigestEntity(
            kind=EntityKind.COMMAND,
            name=name,
            flags=frozenset({Flag.ALLOW_PRECONFIG} if early else ()),
        )
        for name, early in flags.items()
    }
    build = a_build(SCHEMA, facts=declaring(entities), lacks=lacks or {})
    return cases_of(gate_cases, build, known(*recipes.values()), sorted(SCHEMA.commands))


CASES = {case.id: case for case in made()}


def _steps(case: Case) -> list[tuple[str, str, str]]:
    """Return the role, the key and the command of each step."""
    return [(one.role, one.request.key, one.request.execute) for one in case.steps]


def _names(command_name: str) -> set[str]:
    return {i.rpartition("/")[2] for i in CASES if i.startswith(f"{command_name}/gates/")}


@pytest.mark.parametrize(
    ("command_name", "names"),
    [
        ("ask", {"before-negotiation", "oob-not-negotiated", "out-of-band", "preconfig"}),
        ("fast", {"before-negotiation", "oob-not-negotiated", "out-of-band", "in-band"}),
        (NEGOTIATION, {"negotiation", "oob-not-negotiated", "preconfig"}),
        ("complete", {"twice", "without-preconfig", "preconfig"}),
        ("leave", {"before-negotiation", "oob-not-negotiated", "out-of-band"}),
    ],
    ids=["plain", "allow-oob", "negotiation", "completing", "of no known flag"],
)
def test_each_command_has_the_cases_of_what_it_declares(command_name: str, names: set[str]) -> None:
    assert names <= _names(command_name)
    assert ("preconfig" in _names(command_name)) is (command_name in FLAGS)
    assert ("in-band" in _names(command_name)) is (command_name == "fast")


def test_before_the_negotiation_a_command_is_unknown_and_after_it_known() -> None:
    case = CASES["open/gates/before-negotiation"]
    before, _, after = case.steps

    assert _steps(case) == [
        ("subject", "execute", "open"),
        ("passage", "execute", NEGOTIATION),
        ("check", "execute", "open"),
    ]
    assert before.expect == Reject(frozenset({ErrorClass.COMMAND_NOT_FOUND}))
    assert after.expect == Known()
    assert after.request.arguments == {"no-such-member": 1}
    assert case.stage.capabilities is None
    # No recipe is needed, and nothing can be changed by what is refused.
    assert case.blocked is None
    assert case.isolation is Isolation.PURE


def test_out_of_band_is_refused_without_effect_and_witnessed_in_band() -> None:
    case = CASES["grow/gates/out-of-band"]

    assert _steps(case) == [
        ("setup", "execute", "act"),
        ("setup", "execute", "ask"),
        ("subject", OUT_OF_BAND, "grow"),
        ("check", "execute", "ask"),
        ("witness", "execute", "grow"),
        ("cleanup", "execute", "count"),
    ]
    assert isinstance(case.steps[2].expect, Reject)
    assert case.steps[3].expect == Repeats(1)
    assert case.stage.capabilities == ("oob",)


def test_what_may_run_out_of_band_is_accepted_either_way_after_the_other() -> None:
    outside, inside = (CASES[f"fast/gates/{name}"] for name in ("out-of-band", "in-band"))

    assert _steps(outside) == [("setup", "execute", "fast"), ("subject", OUT_OF_BAND, "fast")]
    assert _steps(inside) == [("setup", OUT_OF_BAND, "fast"), ("subject", "execute", "fast")]
    assert outside.steps[-1].expect == inside.steps[-1].expect == Accept()


def test_what_lasts_is_done_once_on_each_machine() -> None:
    outside, inside = (CASES[f"rush/gates/{name}"] for name in ("out-of-band", "in-band"))

    assert _steps(outside) == [("setup", "execute", "ask"), ("subject", OUT_OF_BAND, "rush")]
    assert _steps(inside) == [("setup", "execute", "ask"), ("subject", "execute", "rush")]


def test_out_of_band_is_not_to_be_had_where_it_was_not_negotiated() -> None:
    case = CASES["fast/gates/oob-not-negotiated"]

    assert [one.rule for one in case.steps] == ["W34", "Q30"]
    assert case.stage.negotiation() == (Request(NEGOTIATION, ABSENT),)


@pytest.mark.parametrize(("command_name", "allowed"), [("ask", True), ("count", False)])
def test_the_flag_says_whether_a_command_is_taken_before_the_machine_is_complete(
    command_name: str, allowed: bool
) -> None:
    case = CASES[f"{command_name}/gates/preconfig"]

    assert _steps(case) == [
        ("subject", "execute", command_name),
        ("passage", "execute", "complete"),
        ("witness", "execute", command_name),
    ]
    assert isinstance(case.steps[0].expect, Accept) is allowed
    assert case.stage.spec.args == ("-early",)


def test_what_is_refused_early_needs_its_set_up_for_the_witness_alone() -> None:
    roles = [role for role, _, _ in _steps(CASES["grow/gates/preconfig"])]

    assert roles == ["subject", "passage", "setup", "witness", "cleanup"]


def test_what_is_set_up_early_and_for_good_is_not_set_up_again() -> None:
    case = CASES["turn/gates/preconfig"]

    assert [role for role, _, _ in _steps(case)] == [
        *("setup", "subject", "cleanup"),
        *("passage", "witness"),
    ]
    # Where it was accepted it may well be refused the second time.
    assert case.steps[-1].expect == Answer()


def test_what_cannot_succeed_early_is_let_in_early_and_accepted_later() -> None:
    unready = CommandRecipe(
        name="ask", setup=(LOOK,), cleanup=(LOOK,), fails_in_preconfig="no device yet"
    )
    cases = {case.id: case for case in made({**RECIPES, "ask": unready})}
    case = cases["ask/gates/preconfig"]

    assert [role for role, _, _ in _steps(case)] == [
        *("subject", "passage"),
        *("setup", "witness", "cleanup"),
    ]
    assert (case.steps[0].expect, case.steps[0].why) == (Understood(), "no device yet")
    assert case.steps[3].expect == Accept()


def test_of_what_never_succeeds_only_the_negotiation_is_tried() -> None:
    gone = CommandRecipe(name="ask", always_fails="it is gone")
    cases = made({**RECIPES, "ask": gone})
    blocked = {c.id.rpartition("/")[2]: c.blocked for c in cases if c.subject.name == "ask"}

    assert blocked.pop("before-negotiation") is None
    assert {b and b.reason for b in blocked.values()} == {
        "no request of it succeeds: it is gone",
    }


def test_the_machine_of_a_recipe_counts_before_it_is_complete_too() -> None:
    stage = CASES["grow/gates/preconfig"].stage

    assert stage.spec == MachineSpec(machine="big", args=("-more", "-early"))
    assert not stage.kept
    assert stage.name != CASES["ask/gates/preconfig"].stage.name


def test_a_phase_is_completed_once_and_only_where_it_was_asked_for() -> None:
    twice, never = (CASES[f"complete/gates/{name}"] for name in ("twice", "without-preconfig"))

    assert [type(one.expect) for one in twice.steps] == [Accept, Reject]
    assert twice.stage.spec.args == ("-early",)
    assert [type(one.expect) for one in never.steps] == [Reject]
    assert never.stage.spec.args == ()


def test_the_negotiation_is_done_once_in_each_way_that_it_can_be() -> None:
    first, again = CASES[f"{NEGOTIATION}/gates/negotiation"].steps
    early = CASES[f"{NEGOTIATION}/gates/preconfig"]

    assert (first.expect, type(again.expect)) == (Accept(), Reject)
    assert early.stage.capabilities is None
    assert _steps(early) == [("subject", "execute", NEGOTIATION)]


@pytest.mark.parametrize(
    ("command_name", "isolation"),
    [
        ("ask", Isolation.PURE),
        ("count", Isolation.PURE),
        ("act", Isolation.ALONE),
        ("grow", Isolation.SHARED),
        ("leave", Isolation.ALONE),
    ],
    ids=["returns something", "returns a list", "returns nothing", "cleans up", "ends"],
)
def test_what_a_command_may_share_follows_from_what_it_does(
    command_name: str, isolation: Isolation
) -> None:
    assert CASES[f"{command_name}/gates/out-of-band"].isolation is isolation


def test_of_what_ends_the_build_the_end_is_expected() -> None:
    assert CASES["leave/gates/out-of-band"].steps[-1].expect == Ends()


def test_without_a_request_that_can_succeed_nothing_is_tried() -> None:
    blocked = CASES["open/gates/out-of-band"].blocked

    assert blocked is not None
    assert blocked.outcome is Outcome.UNTRIED
    assert blocked.reason.startswith(NO_RECIPE)


@pytest.mark.parametrize(
    ("recipes", "flags"),
    [(RECIPES, {}), ({}, FLAGS)],
    ids=["no facts", "no command that completes"],
)
def test_without_flags_or_a_way_out_nothing_is_asked_before_the_machine_is_complete(
    recipes: Mapping[str, CommandRecipe], flags: Mapping[str, bool]
) -> None:
    cases = made(recipes, flags)

    assert cases
    assert [case.id for case in cases if case.id.endswith("/preconfig")] == []


def test_the_flags_are_those_that_the_source_declares() -> None:
    flags = frozenset({Flag.ALLOW_PRECONFIG, Flag.ALLOW_OOB})
    entities = {
        "early": DigestEntity(kind=EntityKind.COMMAND, name="early", flags=flags),
        "late": DigestEntity(kind=EntityKind.COMMAND, name="late"),
        "EVENT": DigestEntity(kind=EntityKind.EVENT, name="EVENT"),
    }

    assert a_build(facts=declaring(entities)).preconfig_flags == {"early": True, "late": False}


def test_a_witness_differs_from_what_was_refused_in_its_gate_alone() -> None:
    for case in CASES.values():
        witnesses = [one.request for one in case.steps if one.role is Role.WITNESS]
        subjects = [one.request for one in case.steps if one.role is Role.SUBJECT]
        for witness in witnesses:
            assert (witness.execute, witness.arguments) in [
                (one.execute, one.arguments) for one in subjects
            ]


def test_what_the_host_lacks_for_a_request_that_succeeds_blocks_its_gates() -> None:
    recipes = {**RECIPES, "act": CommandRecipe(name="act", needs=("kvm",))}
    cases = made(recipes, lacks={"kvm": "no kvm here"})
    blocked = {case.id: case.blocked.reason for case in cases if case.blocked is not None}

    assert blocked["act/gates/oob-not-negotiated"] == "no kvm here"
    assert "act/gates/before-negotiation" not in blocked
    assert "turn/gates/oob-not-negotiated" not in blocked


def test_a_descriptor_goes_along_with_the_request_that_needs_one() -> None:
    recipes = {**RECIPES, "act": CommandRecipe(name="act", descriptor="memfd")}
    cases = {case.id: case for case in made(recipes)}
    case = cases["act/gates/oob-not-negotiated"]

    assert {step.request.descriptor for step in case.steps} == {"memfd"}
    assert case.in_step
