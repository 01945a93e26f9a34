"""What queries tell in known states, and which of them agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from conformance.derive.commands.answers import answer_cases
from conformance.judge.expect_value import Agrees, Tells
from conformance.knowledge.arguments import Unchecked
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.states import KnownAnswer, MachineState, QueryAgreement, Shown, States
from conformance.knowledge.versions import VersionRange
from conformance.model.case import Case, Isolation, LookedAt
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import JsonValue
from conformance.qapi.qom import TypeInfo
from tests.derive.inputs import a_build
from tests.qapi.schemas import array, command, member, optional, schema_of, struct

BUILD = a_build(
    schema_of(
        struct("Thing", member("name", "str"), optional("n", "int")),
        struct("Named", member("name", "str")),
        array("[Thing]", "Thing"),
        command("query-things", ret="[Thing]"),
        command("query-others", ret="[Thing]"),
        command("make", "Named"),
    )
)


def a_state(*shows: KnownAnswer, setup: Sequence[Request] = ()) -> MachineState:
    spec = MachineSpec(args=("-name", "a"))
    return MachineState(name="full", spec=spec, setup=tuple(setup), shows=shows, reason="one thing")


def told(answer: JsonValue, versions: str = "") -> KnownAnswer:
    return KnownAnswer(
        request=Request("query-things"), answer=answer, versions=VersionRange(versions)
    )


def cases(*states: MachineState, agreements: Sequence[QueryAgreement] = ()) -> list[Case]:
    knowledge = Knowledge(states=States(states, tuple(agreements)))
    return [*answer_cases(BUILD, knowledge, "query-things")]


def test_a_known_answer_is_a_case_on_the_machine_of_its_state() -> None:
    setup = [Request("make", {"name": "a"})]

    (case,) = cases(a_state(told([{"name": "a", "n": "{any}"}]), setup=setup))

    assert case.id == "query-things/answers/full"
    assert (case.stage.spec.args, case.stage.setup) == (("-name", "a"), tuple(setup))
    assert case.isolation is Isolation.PURE
    assert [(step.request.execute, step.expect) for step in case.steps] == [
        ("query-things", Tells([{"name": "a", "n": "{any}"}]))
    ]
    assert case.looked == LookedAt(named=("n", "name"), known=("name",))


def test_several_answers_of_a_state_are_numbered() -> None:
    found = cases(a_state(told([]), told([{"name": "a"}])))

    assert [case.about for case in found] == ["full/1", "full/2"]


def test_an_answer_of_other_versions_is_left_out() -> None:
    assert cases(a_state(told([], versions="<5"))) == []


def test_words_for_facts_of_the_build_are_filled_in() -> None:
    (case,) = cases(a_state(told([{"name": "{arch}", "n": "{major}"}])))

    assert case.steps[0].expect == Tells([{"name": BUILD.arch or "{any}", "n": BUILD.version[0]}])


def test_a_state_that_the_schema_cannot_make_is_not_applicable() -> None:
    (case,) = cases(a_state(told([]), setup=[Request("make", {"nam": "a"})]))
    (gone,) = cases(a_state(told([]), setup=[Request("no-such-command")]))

    assert case.blocked is not None
    assert case.blocked.reason.startswith("this build's schema does not take make: ")
    assert gone.blocked is not None
    assert gone.blocked.reason == "this build's schema has no command no-such-command"


def test_a_command_whose_arguments_no_schema_tells_may_take_more() -> None:
    state = a_state(told([]), setup=[Request("make", {"name": "a", "more": 1})])
    unchecked = (Unchecked(name="make", reason="its driver alone knows them"),)
    knowledge = Knowledge(states=States((state,)), unchecked=unchecked)

    (case,) = answer_cases(BUILD, knowledge, "query-things")

    assert case.blocked is None


def test_what_a_target_adds_makes_answers_unknown_but_not_agreements() -> None:
    agreement = QueryAgreement(
        name="as-others",
        query=Shown(request=Request("query-things"), at=("*", "name")),
        other=Shown(request=Request("query-others"), at=("*", "name")),
        reason="a thing is another",
    )
    knowledge = Knowledge(states=States((a_state(told([])),), (agreement,)))

    answer, agreed = answer_cases(replace(BUILD, bare=False), knowledge, "query-things")

    assert answer.blocked is not None
    assert "its target adds a machine or arguments" in answer.blocked.reason
    assert agreed.blocked is None


@pytest.mark.parametrize(
    ("args", "missing"),
    [
        (("-device", "disk,id=a"), None),
        (("-device", "tape,id=a"), "tape"),
        (("-object", '{"qom-type": "tape"}'), "tape"),
        (("-name", "tape"), None),
    ],
)
def test_a_state_needs_the_types_on_its_command_line(
    args: tuple[str, ...], missing: str | None
) -> None:
    types = tuple(TypeInfo(name=name, parent="object", abstract=False) for name in ("disk", "x"))
    build = replace(BUILD, model=replace(BUILD.model, types=types))
    state = replace(a_state(told([])), spec=MachineSpec(args=args))

    (case,) = answer_cases(build, Knowledge(states=States((state,))), "query-things")

    reason = case.blocked.reason if case.blocked else None
    assert reason == (f"this build has no type {missing}" if missing else None)


def test_a_need_that_is_not_met_makes_it_untestable() -> None:
    state = replace(a_state(told([])), needs=("kvm",))
    knowledge = Knowledge(states=States((state,)))

    (case,) = answer_cases(replace(BUILD, lacks={"kvm": "no KVM"}), knowledge, "query-things")

    assert case.blocked is not None
    assert case.blocked.reason == "no KVM"


def test_queries_that_agree_are_asked_in_each_state_that_shows_one_of_them() -> None:
    agreement = QueryAgreement(
        name="as-others",
        query=Shown(request=Request("query-things"), at=("*", "name")),
        other=Shown(request=Request("query-others"), at=("*", "name")),
        part=True,
        reason="a thing is another",
    )

    _, case = cases(a_state(told([])), agreements=[agreement])

    assert case.id == "query-things/answers/full/as-others"
    assert [step.request.execute for step in case.steps] == ["query-others", "query-things"]
    assert case.steps[1].expect == Agrees(("*", "name"), 0, ("*", "name"), part=True)
