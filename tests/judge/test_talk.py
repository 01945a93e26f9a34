"""What becomes of an exchange: each sort of turn, kept and broken."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.derive.case import Case, Subject
from conformance.judge.observation import Broke, Death, Heard, Talk, sync_id
from conformance.judge.talk import judge_talk
from conformance.judge.verdict import Verdict
from conformance.stage import Stage
from conformance.terms import Aspect, ErrorClass, Outcome, SubjectKind
from conformance.turns import Exchange, Gather, Gone, Hear, Join, Same, Send, Sync, Turn, What
from tests.judge.made import judge_of_messages, line

SYNC = Sync(line="a", rule="W51", least=1)
OPEN = Sync(line="a", rule="W51", least=0)
TIGHT = Sync(line="a", rule="W51")
RETURN = Hear(line="a", what=What.RETURN, rule="W25", id=7, command="do")
ERROR = Hear(
    line="a", what=What.ERROR, rule="W36", classes=frozenset({ErrorClass.COMMAND_NOT_FOUND})
)
GREETING = Hear(line="a", what=What.GREETING, rule="W13", silent=True)
EVENT = Hear(line="a", what=What.EVENT, rule="W61", event="STOP")
SILENT = Hear(line="a", what=What.RETURN, rule="W57", id=7, silent=True)
GONE = Gone(line="a", rule="W55")
GATHER = Gather(line="a", rule="W27", ids=(1, 2), free=("over",))

STOP = {"event": "STOP", "timestamp": {"seconds": 1, "microseconds": 1}}
NO: dict[str, Any] = {"error": {"class": "GenericError", "desc": "no"}}
UNKNOWN: dict[str, Any] = {"error": {"class": "CommandNotFound", "desc": "no"}}
VERSION: dict[str, Any] = {"qemu": {}}


def case(*turns: Turn, ends: bool = False) -> Case:
    return Case(
        id="wire/made/case",
        subject=Subject(kind=SubjectKind.PROTOCOL, name="made"),
        aspect=Aspect.WIRE,
        stage=Stage(name="wire"),
        steps=(),
        about="case",
        exchange=Exchange(turns=turns, probe="do", reason="it is so", ends=ends),
    )


def heard(*messages: Any, broke: Broke | None = None, partial: bytes = b"") -> Heard:
    return Heard(tuple(map(line, messages)), broke, partial)


def judged(turn: Turn, *messages: Any, **more: Any) -> Verdict:
    talk = Talk(heard=(heard(*messages, **more),))
    return judge_talk(case(turn), talk, judge_of_messages())


def synced(*before: Any) -> list[Any]:
    return [*before, {"return": {}, "id": sync_id(0)}]


def rules(verdict: Verdict) -> list[str]:
    return [miss.rule for miss in verdict.misses]


@pytest.mark.parametrize(
    ("turn", "messages"),
    [
        (RETURN, [{"return": {}, "id": 7}]),
        (RETURN, [STOP, {"return": {}, "id": 7}]),
        (ERROR, [UNKNOWN]),
        (EVENT, [STOP]),
        (SYNC, synced(NO)),
        (SYNC, synced(NO, STOP, NO)),
        (OPEN, synced()),
        (TIGHT, synced(STOP)),
        (GATHER, [{"return": {}, "id": 1}, {**NO, "id": "over"}, {"return": {}, "id": 2}]),
    ],
)
def test_a_turn_that_is_as_it_should_be_passes(turn: Turn, messages: list[Any]) -> None:
    assert judged(turn, *messages).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("turn", "messages", "rule"),
    [
        (RETURN, [{"return": {}, "id": 8}], "W25"),
        (RETURN, [{"return": {}}], "W25"),
        (RETURN, [{**NO, "id": 7}], "W25"),
        (RETURN, [{"return": {}, "id": 7, "more": 1}], "W37"),
        (ERROR, [NO], "W36"),
        (ERROR, [{**UNKNOWN, "id": 1}], "W36"),
        (ERROR, [{"error": {"class": "Odd", "desc": "no"}}], "W41"),
        (SILENT, [STOP], "W57"),
        (EVENT, [{"return": {}, "id": 7}, STOP], "W61"),
        (EVENT, [{**STOP, "more": 1}], "W46"),
        (GREETING, [{"QMP": {"version": VERSION}}], "W15"),
        (GREETING, [STOP], "W13"),
        (SYNC, synced(), "W51"),
        (SYNC, synced({"return": {}}), "W51"),
        (SYNC, synced({**NO, "id": 1}), "W43"),
        (TIGHT, synced(NO), "W35"),
        (GATHER, [{"return": {}, "id": 2}], "W27"),
        (GATHER, [{"return": {}, "id": 3}], "W27"),
    ],
)
def test_a_turn_that_is_not_is_told_by_its_rule(turn: Turn, messages: list[Any], rule: str) -> None:
    verdict = judged(turn, *messages)

    assert verdict.outcome is Outcome.FAIL
    assert rule in rules(verdict)


def test_a_reply_to_another_request_is_not_held_against_the_type_of_this_one() -> None:
    turn = Hear(line="a", what=What.RETURN, rule="W27", id=1, command="list")

    assert rules(judged(turn, {"return": {}, "id": 2})) == ["W27"]
    assert rules(judged(turn, {"return": {}, "id": 1})) == ["W38"]


def test_a_part_of_a_message_is_compared_with_a_value_or_with_an_earlier_part() -> None:
    first = Hear(line="a", what=What.RETURN, rule="W16", any_id=True, at=("return",), value=[1])
    second = Hear(
        line="a",
        what=What.RETURN,
        rule="W17",
        any_id=True,
        at=("return", "0"),
        same=Same(turn=0, at=("return", "0")),
    )
    made = case(first, second)

    def verdict(one: Any, other: Any) -> Verdict:
        talk = Talk(heard=(heard({"return": one}), heard({"return": other})))
        return judge_talk(made, talk, judge_of_messages())

    assert verdict([1], [1]).outcome is Outcome.PASS
    assert rules(verdict([2], [2])) == ["W16"]
    assert rules(verdict([1], [2])) == ["W17"]


@pytest.mark.parametrize(
    ("turn", "broke", "rule"),
    [
        (RETURN, Broke.TIMEOUT, "W25"),
        (RETURN, Broke.CLOSED, "W25"),
        (SYNC, Broke.OVERFLOW, "W51"),
        (GATHER, Broke.TIMEOUT, "W27"),
        (GONE, Broke.TIMEOUT, "W55"),
        (Send(line="a", data=b"x"), Broke.CLOSED, "W35"),
    ],
)
def test_what_does_not_come_breaks_the_rule_of_its_turn(
    turn: Turn, broke: Broke, rule: str
) -> None:
    verdict = judged(turn, broke=broke)

    assert (verdict.outcome, rules(verdict)) == (Outcome.FAIL, [rule])


def test_a_line_may_be_closed_between_messages_alone() -> None:
    assert judged(GONE, STOP, broke=Broke.CLOSED).outcome is Outcome.PASS
    assert rules(judged(GONE, broke=Broke.CLOSED, partial=b'{"re')) == ["W11"]
    assert rules(judged(GONE, {"return": {}}, broke=Broke.CLOSED)) == ["W55"]


def test_a_machine_that_answers_nowhere_hangs() -> None:
    talk = Talk(heard=(heard(broke=Broke.TIMEOUT),), hung=True)

    verdict = judge_talk(case(RETURN), talk, judge_of_messages())

    assert (verdict.outcome, rules(verdict)) == (Outcome.TIMEOUT, ["W35"])


@pytest.mark.parametrize(
    ("ends", "status", "outcome"),
    [
        (True, 0, Outcome.PASS),
        (True, -6, Outcome.CRASH),
        (True, None, Outcome.CRASH),
        (False, 0, Outcome.CRASH),
        (False, None, Outcome.PASS),
    ],
)
def test_a_server_ends_where_it_is_to_and_in_order(
    ends: bool, status: int | None, outcome: Outcome
) -> None:
    death = None if status is None else Death(status=status, stderr="")
    talk = Talk(heard=(heard({"return": {}, "id": 7}),), death=death)

    assert judge_talk(case(RETURN, ends=ends), talk, judge_of_messages()).outcome is outcome


def test_the_first_turn_that_is_wrong_settles_it() -> None:
    talk = Talk(heard=(heard(), heard(NO), heard(STOP)))
    turns = (Join(line="a", endpoint="a"), RETURN, SILENT)

    verdict = judge_talk(case(*turns), talk, judge_of_messages())

    assert rules(verdict) == ["W25"]
    assert verdict.misses[0].why == "it is so"
