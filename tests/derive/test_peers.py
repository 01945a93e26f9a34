"""Requests whose peer misbehaves: what is asked, of whom, and what is asked beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from conformance.derive.commands.peers import peer_cases
from conformance.judge.expect_answer import Accept, Answer, Present, RefusedLike
from conformance.judge.expect_value import Tells
from conformance.knowledge.absences import Absence
from conformance.knowledge.commands import CommandRecipe, CommandRecipes, Further
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.peers import (
    Approach,
    Dialogue,
    MannerRecipe,
    PeersKnowledge,
    Sequel,
    Spared,
    Where,
)
from conformance.knowledge.valid_request import Effect
from conformance.model.case import Case, Isolation, MayEnd, Meanwhile, Misbehaves, Role
from conformance.model.stage import (
    OUT_OF_BAND,
    SCRATCH,
    Awaited,
    MachineSpec,
    Peer,
    Request,
    Says,
    Then,
)
from conformance.model.terms import ABSENT, Outcome
from tests.derive.inputs import a_build
from tests.qapi.schemas import command, member, optional, schema_of, struct

SCHEMA = schema_of(
    struct("Connect", member("id", "str"), member("to", "str"), optional("n", "int")),
    struct("Id", member("id", "str")),
    command("connect", "Connect"),
    command("cut", "Id"),
    command("query-version"),
    {**command("query-yank"), "allow-oob": True},
)
BUILD = a_build(SCHEMA)
TO = f"{SCRATCH}/peer"
SPEC = MachineSpec(peers=(Peer(serve="nbd", address="peer"),))
CUT = Request("cut", {"id": "c"})


def manner(name: str, at: Where = Where.START, **more: Any) -> MannerRecipe:
    says, then = more.pop("says", Says.NOTHING), more.pop("then", Then.HANG_UP)
    return MannerRecipe(name=name, at=at, says=says, then=then, reason="made", **more)


SILENT = manner("silent", then=Then.SILENCE, patience=2.0)
GOES = manner("goes", Where.ALL)


def approach(**more: Any) -> Approach:
    return Approach(
        **{
            "name": "it",
            "request": Request("connect", {"id": "c", "to": TO}),
            "undo": (CUT,),
            "spec": SPEC,
            "reason": "made",
            **more,
        }
    )


def knowing(
    *manners: MannerRecipe, recipes: tuple[CommandRecipe, ...] = (), **more: Any
) -> Knowledge:
    peers = PeersKnowledge(
        **{
            "manners": manners,
            "dialogues": (Dialogue(serve="nbd", stages=("one", "two"), reason="made"),),
            "approaches": (approach(),),
            "beside": ("query-yank",),
            **more,
        }
    )
    absence = Absence(commands=("connect",), refusal="Unknown *", reason="made")
    commands = CommandRecipes(recipes, peers)
    return Knowledge(commands=commands, absences=(absence,))


def cases(knowledge: Knowledge, **more: Any) -> list[Case]:
    return list(peer_cases(a_build(SCHEMA, **more), knowledge, "connect"))


def test_each_manner_is_tried_at_each_of_its_stages_on_one_machine() -> None:
    found = cases(knowing(GOES, SILENT))

    assert [case.id for case in found] == [
        "connect/peers/it/goes@start",
        "connect/peers/it/goes@one",
        "connect/peers/it/goes@two",
        "connect/peers/it/silent@start",
    ]
    (stage,) = {case.stage.name for case in found}
    assert stage.startswith("peers/")
    assert [peer.address for peer in found[0].stage.spec.peers] == [
        "peer",
        *("peer.goes@start", "peer.goes@one", "peer.goes@two", "peer.silent@start"),
    ]
    assert {case.isolation for case in found} == {Isolation.SHARED}


def test_a_good_peer_is_asked_before_and_after_the_one_that_misbehaves() -> None:
    case = cases(knowing(GOES))[1]

    bad = {"id": "c", "to": f"{TO}.goes@one"}
    assert [(step.role, step.request.execute, step.request.arguments) for step in case.steps] == [
        (Role.SETUP, "connect", {"id": "c", "to": TO}),
        (Role.CLEANUP, "cut", {"id": "c"}),
        (Role.SUBJECT, "connect", bad),
        (Role.CHECK, "query-version", case.steps[3].request.arguments),
        (Role.CHECK, "cut", {"id": "c"}),
        (Role.CHECK, "connect", {"id": "c", "to": TO}),
        (Role.CLEANUP, "cut", {"id": "c"}),
        (Role.CHECK, "query-version", case.steps[3].request.arguments),
    ]
    expected = [step.expect for step in case.steps]
    assert expected[2] == Present(("Unknown *",))
    assert expected[4] == RefusedLike(2)
    assert [each for each in expected if isinstance(each, Answer)] == [expected[1], expected[6]]
    assert expected[5] == Accept()
    assert case.misbehaves == Misbehaves(address="peer.goes@one", step=2)
    assert case.meanwhile is None
    assert case.stage.capabilities == ("oob",)


def test_beside_a_silent_peer_something_is_asked_out_of_band() -> None:
    (case,) = cases(knowing(SILENT))

    assert case.meanwhile == Meanwhile(step=2, seconds=2.0, rule="X54", beside="Q35")
    beside = case.steps[3]
    assert (beside.request.execute, beside.request.key) == ("query-yank", OUT_OF_BAND)
    assert case.in_step
    assert {"Q35", "X53", "X54"} <= {*case.rules}


def test_without_a_command_for_that_only_the_wait_is_looked_at() -> None:
    (case,) = cases(knowing(SILENT, beside=("no-such-command",)))

    assert case.meanwhile == Meanwhile(step=2, seconds=2.0, rule="X54")
    assert case.stage.capabilities == ()
    assert all(step.request.key != OUT_OF_BAND for step in case.steps)


def test_a_request_that_nobody_plays_a_good_peer_for_is_made_once() -> None:
    (case,) = cases(knowing(manner("goes"), approaches=(approach(unplayed="made"),)))

    assert [step.request.execute for step in case.steps] == [
        *("connect", "query-version", "cut", "query-version")
    ]


CALLS = Request("call", {"to": TO})
TOLD = Sequel(
    manners=("goes@*",),
    awaits=(Awaited(event="CUT_OFF", data={"why": "peer"}),),
    request=Request("query-version", ABSENT),
    answer="{any}",
    reason="told",
)


def called(**more: Any) -> Approach:
    """Return an approach whose client calls behind the request, which changes the machine."""
    return approach(
        request=Request("connect", {"id": "c", "to": "here"}),
        undo=(),
        calling=CALLS,
        sequels=(TOLD,),
        effect=Effect.DESTRUCTIVE,
        may_end=("*: cut off",),
        **more,
    )


def test_a_client_that_calls_later_is_waited_for_and_what_it_spoiled_is_told() -> None:
    (case,) = cases(knowing(manner("goes"), approaches=(called(),)))

    assert [step.request.execute for step in case.steps] == [
        *("connect", "call", "query-version", "query-version", "query-version")
    ]
    assert case.isolation is Isolation.ALONE
    assert case.misbehaves == Misbehaves(address="peer.goes@start", step=1)
    assert case.may_end == MayEnd(step=1, words=("*: cut off",))
    (event,) = case.steps[1].emits
    assert (event.event, event.data, event.rule) == ("CUT_OFF", {"why": "peer"}, "X58")
    assert (case.steps[3].expect, case.steps[3].rule) == (Tells("{any}"), "X58")


def test_what_a_companion_brings_about_is_told_behind_it() -> None:
    calling = replace(CALLS, companion=True, awaits=(Awaited(event="DONE"),))
    asked = replace(called(), calling=calling)

    (case,) = cases(knowing(manner("goes"), approaches=(asked,)))

    assert case.steps[1].request.awaits == (Awaited(event="DONE"),)
    assert [len(step.emits) for step in case.steps] == [0, 0, 1, 0, 0]


def test_while_a_client_that_called_is_silent_the_next_request_is_answered() -> None:
    (case,) = cases(knowing(SILENT, approaches=(called(),)))

    assert case.meanwhile == Meanwhile(step=2, seconds=2.0, rule="X54", beside="Q35")
    assert case.steps[3].request.key == OUT_OF_BAND
    assert not any(step.emits for step in case.steps)


def test_a_slow_approach_is_for_thorough_runs() -> None:
    knowledge = knowing(manner("goes"), approaches=(called(slow="made"),))

    (case,) = cases(knowledge)
    (thorough,) = cases(knowledge, thorough=True)

    assert case.blocked is not None
    assert thorough.blocked is None


def test_a_port_is_replaced_wherever_it_stands() -> None:
    spec = MachineSpec(peers=(Peer(serve="nbd", address="7000"),))
    request = Request("connect", {"id": "7000", "to": "tcp:127.0.0.1:7000/x"})
    asked = approach(spec=spec, request=request)

    (case,) = cases(knowing(manner("goes"), approaches=(asked,)))

    sent = next(step.request for step in case.steps if step.role is Role.SUBJECT)
    assert sent.arguments == {"id": "7001", "to": "tcp:127.0.0.1:7001/x"}


def test_a_recipe_is_asked_if_its_request_names_its_peer() -> None:
    further = Further(
        name="more", arguments={"id": "c", "to": TO}, cleanup=(CUT,), spec=SPEC, reason="made"
    )
    elsewhere = Further(name="else", arguments={"id": "c", "to": "there"}, spec=SPEC, reason="made")
    recipe = CommandRecipe(
        name="connect", arguments={"id": "c", "to": "there"}, further=(further, elsewhere)
    )
    knowledge = knowing(manner("goes"), recipes=(recipe,), approaches=())

    assert [case.id for case in cases(knowledge)] == ["connect/peers/more/goes@start"]


def test_who_stands_on_the_command_line_is_not_asked() -> None:
    spec = MachineSpec(peers=SPEC.peers, args=("-chardev", "socket,path={scratch}/peer"))
    assert cases(knowing(GOES, approaches=(approach(spec=spec),))) == []


def test_a_peer_that_never_misbehaves_is_not_asked() -> None:
    dialogue = Dialogue(serve="nbd", untried="made", reason="made")
    assert cases(knowing(GOES, dialogues=(dialogue,))) == []


def test_what_is_slow_or_spared_or_unknown_to_the_schema_is_not_played() -> None:
    slow = manner("slow", slow="made")
    spared = Spared(requests=("connect/it",), manners=("goes@start",), reason="told")
    odd = approach(name="odd", request=Request("connect", {"id": "c", "to": TO, "what": 1}))
    knowledge = knowing(slow, manner("goes"), spared=(spared,), approaches=(approach(), odd))

    found = {case.id: case.blocked for case in cases(knowledge)}
    thorough = {case.id: case.blocked for case in cases(knowledge, thorough=True)}

    told = {name: (each.outcome, each.reason) for name, each in found.items() if each}
    assert told["connect/peers/it/slow@start"] == (
        Outcome.UNTRIED,
        "run with --thorough alone: made",
    )
    assert told["connect/peers/it/goes@start"] == (Outcome.UNTRIED, "told")
    assert told["connect/peers/odd/goes@start"][0] is Outcome.NOT_APPLICABLE
    assert thorough["connect/peers/it/slow@start"] is None
