"""What becomes of an exchange: each sort of turn, kept and broken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.judge.observation import Broke, Heard, Line, Talk, sync_id
from conformance.judge.script_verdict import judge_talk
from conformance.judge.verdict import Verdict
from conformance.model.case import Case, Subject
from conformance.model.ending import Ending
from conformance.model.script import (
    ClientAction,
    Drive,
    Exchange,
    Gather,
    Gone,
    Hear,
    Hold,
    Join,
    Leave,
    Part,
    Release,
    Same,
    Send,
    Sync,
    Turn,
    What,
)
from conformance.model.stage import Stage
from conformance.model.terms import Aspect, ErrorClass, Outcome, SubjectKind
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
MISREAD = Gather(line="a", rule="W27", ids=(1,), errors=True)
REPLY = Hear(line="a", what=What.REPLY, rule="W35")
ANY = Hear(line="a", what=What.REPLY, rule="W35", any_id=True, command="list")
ANY_EVENT = Hear(line="a", what=What.EVENT, rule="W46")
LED = Hear(line="a", what=What.RETURN, rule="W09", id=7, lead=b"\xff")
WIDE = Sync(line="a", rule="W51", open=True)
TWO = Sync(line="a", rule="W51", least=2)
EXECUTE = Drive(line="a", rule="W37", deed=ClientAction.EXECUTE, name="do")

STOP = {"event": "STOP", "timestamp": {"seconds": 1, "microseconds": 1}}
ODD_STOP = {**STOP, "more": 1}
RESET = {**STOP, "event": "RESET", "data": {"guest": True}}
NO: dict[str, Any] = {"error": {"class": "GenericError", "desc": "no"}}
UNKNOWN: dict[str, Any] = {"error": {"class": "CommandNotFound", "desc": "no"}}
VERSION: dict[str, Any] = {"qemu": {}}
QMP: dict[str, Any] = {"QMP": {"version": VERSION, "capabilities": []}}
DONE: dict[str, Any] = {"return": {}}
ODD_DONE: dict[str, Any] = {**DONE, "more": 1}
ODD_NO: dict[str, Any] = {**NO, "more": 1}


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
        (GATHER, [{**NO, "id": "over"}, STOP, {**DONE, "id": 1}, {**DONE, "id": 2}]),
        (MISREAD, [NO, {**DONE, "id": 1}, NO]),
        (GREETING, [QMP]),
        (REPLY, [DONE]),
        (REPLY, [NO]),
        (ANY, [{"return": [], "id": 7}]),
        (ANY, [{**NO, "id": None}]),
        (ANY_EVENT, [RESET]),
        (replace(RETURN, id=None), [{**DONE, "id": None}]),
        (WIDE, synced(DONE, {**NO, "id": 3}, STOP)),
        (TWO, synced(NO, NO)),
        (Part(line="a", size=3), []),
        (Join(line="a", endpoint="a"), []),
        (Send(line="a", data=b"x"), []),
        (Hold(path="gate"), []),
        (Release(path="gate"), []),
        (Leave(line="a"), []),
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
        (GATHER, [{**DONE, "id": 1}, {**DONE, "id": 1}], "W27"),
        (GATHER, [{**NO, "id": "over"}, {**NO, "id": "over"}], "W27"),
        (GATHER, [NO], "W27"),
        (GATHER, [{**ODD_DONE, "id": 1}], "W37"),
        (GATHER, [ODD_STOP], "W46"),
        (MISREAD, [ODD_NO], "W40"),
        (MISREAD, [DONE], "W27"),
        (MISREAD, [{**NO, "id": 2}], "W27"),
        (GREETING, [NO], "W13"),
        (REPLY, [STOP], "W35"),
        (REPLY, [QMP], "W35"),
        (REPLY, [{**DONE, "id": 7}], "W35"),
        (ANY, [DONE], "W38"),
        (ANY_EVENT, [DONE], "W46"),
        (EVENT, [RESET], "W61"),
        (EVENT, [DONE, STOP], "W61"),
        (LED, [{**DONE, "id": 7}], "W09"),
        (RETURN, [ODD_STOP, {**DONE, "id": 7}], "W46"),
        (ERROR, [{"error": "no"}], "W36"),
        (ERROR, [{"error": "no"}], "W40"),
        (replace(RETURN, id=None), [DONE], "W25"),
        (SYNC, synced(ODD_STOP, NO), "W46"),
        (SYNC, synced(ODD_NO), "W40"),
        (SYNC, [NO, {**ODD_DONE, "id": sync_id(0)}], "W37"),
        (TIGHT, synced(ODD_STOP), "W46"),
        (TIGHT, synced(DONE), "W35"),
        (WIDE, synced(ODD_DONE), "W37"),
        (TWO, synced(NO), "W51"),
        (GONE, [ODD_STOP], "W46"),
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
        (Join(line="a", endpoint="a"), Broke.CLOSED, "W35"),
        (Send(line="a", data=b"x"), Broke.CLOSED, "W35"),
        (Part(line="a", size=3), Broke.TIMEOUT, "W35"),
        (GONE, Broke.OVERFLOW, "W55"),
        (GONE, None, "W55"),
    ],
)
def test_what_does_not_come_breaks_the_rule_of_its_turn(
    turn: Turn, broke: Broke | None, rule: str
) -> None:
    verdict = judged(turn, broke=broke)

    assert (verdict.outcome, rules(verdict)) == (Outcome.FAIL, [rule])


def test_a_line_may_be_closed_between_messages_alone() -> None:
    assert judged(GONE, STOP, broke=Broke.CLOSED).outcome is Outcome.PASS
    assert rules(judged(GONE, broke=Broke.CLOSED, partial=b'{"re')) == ["W11"]
    assert rules(judged(GONE, broke=Broke.TIMEOUT, partial=b'{"re')) == ["W55"]
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
    death = None if status is None else Ending(status=status, stderr="")
    talk = Talk(heard=(heard({"return": {}, "id": 7}),), death=death)

    assert judge_talk(case(RETURN, ends=ends), talk, judge_of_messages()).outcome is outcome


def test_the_first_turn_that_is_wrong_settles_it() -> None:
    talk = Talk(heard=(heard(), heard(NO), heard(STOP)))
    turns = (Join(line="a", endpoint="a"), RETURN, SILENT)

    verdict = judge_talk(case(*turns), talk, judge_of_messages())

    assert rules(verdict) == ["W25"]
    assert verdict.misses[0].why == "it is so"


def test_what_came_before_a_turn_broke_off_is_judged_too() -> None:
    assert rules(judged(RETURN, ODD_STOP, broke=Broke.CLOSED)) == ["W46", "W25"]
    assert rules(judged(RETURN, DONE, broke=Broke.CLOSED)) == ["W25", "W25"]
    assert rules(judged(MISREAD, ODD_NO, broke=Broke.CLOSED)) == ["W40", "W27"]
    assert rules(judged(SYNC, ODD_NO, broke=Broke.CLOSED)) == ["W40", "W51"]


@pytest.mark.parametrize(
    ("turn", "messages", "rule"),
    [
        pytest.param(TIGHT, [NO, ODD_DONE], "W35", id="unasked"),
        pytest.param(SYNC, [DONE, ODD_NO], "W51", id="a success of what is malformed"),
        pytest.param(GATHER, [{**DONE, "id": 2}, ODD_STOP], "W27", id="out of order"),
        pytest.param(GATHER, [{**DONE, "id": 3}, ODD_STOP], "W27", id="an id of no request"),
        pytest.param(RETURN, [{**ODD_NO, "id": 7}], "W25", id="of another sort"),
    ],
)
def test_what_follows_from_a_fault_is_not_told_beside_it(
    turn: Turn, messages: list[Any], rule: str
) -> None:
    assert rules(judged(turn, *messages)) == [rule]


def test_events_say_nothing_of_how_many_errors_came() -> None:
    assert rules(judged(TWO, *synced(NO, STOP))) == ["W51"]
    assert "1 errors came of it" in judged(TWO, *synced(NO, STOP)).reason


def test_bytes_that_are_to_stand_ahead_of_a_message_may() -> None:
    message = line({**DONE, "id": 7})
    led = Line(LED.lead + message.data, message.read)

    verdict = judge_talk(case(LED), Talk(heard=(Heard((led,)),)), judge_of_messages())

    assert verdict.outcome is Outcome.PASS


def test_what_breaks_off_says_how() -> None:
    reasons = {broke: judged(RETURN, broke=broke).reason for broke in Broke}

    assert f"within {case(RETURN).limit:g} s" in reasons[Broke.TIMEOUT]
    assert "before the server closed" in reasons[Broke.CLOSED]
    assert "too long" in reasons[Broke.OVERFLOW]


@pytest.mark.parametrize(
    ("turn", "told"),
    [
        pytest.param(EXECUTE, "success", id="execute"),
        pytest.param(replace(EXECUTE, refused=ErrorClass.GENERIC), "error GenericError", id="no"),
        pytest.param(
            replace(EXECUTE, deed=ClientAction.PIPELINE, times=3), "3 times success", id="many"
        ),
        pytest.param(
            replace(EXECUTE, deed=ClientAction.EVENT, name="STOP"), "event STOP", id="event"
        ),
        pytest.param(replace(EXECUTE, deed=ClientAction.CONNECT), "connected", id="connect"),
        pytest.param(
            replace(EXECUTE, deed=ClientAction.DISCONNECT), "disconnected", id="disconnect"
        ),
    ],
)
def test_the_official_client_is_to_tell_what_is_promised(turn: Drive, told: str) -> None:
    def driven(told: str, broke: Broke | None = None, *, hung: bool = False) -> Verdict:
        talk = Talk(heard=(Heard(broke=broke, told=told),), hung=hung)
        return judge_talk(case(turn), talk, judge_of_messages())

    other, lost = driven("error Odd"), driven("the server sent garbage", Broke.CLOSED)
    assert driven(told).outcome is Outcome.PASS
    assert (other.outcome, rules(other)) == (Outcome.FAIL, ["W37"])
    assert "error Odd" in other.reason
    assert (lost.outcome, rules(lost)) == (Outcome.FAIL, ["W37"])
    assert driven("no answer", Broke.TIMEOUT, hung=True).outcome is Outcome.TIMEOUT


def test_an_exchange_that_broke_off_was_not_told_to_end_the_server() -> None:
    talk = Talk(heard=(heard(broke=Broke.TIMEOUT),))

    verdict = judge_talk(case(RETURN, GONE, ends=True), talk, judge_of_messages())

    assert (verdict.outcome, rules(verdict)) == (Outcome.FAIL, ["W25"])


def test_a_part_that_stands_nowhere_equals_nothing() -> None:
    second = replace(REPLY, any_id=True, same=Same(turn=0, at=("return", "none")))

    def verdict(*first: Any) -> Verdict:
        talk = Talk(heard=(heard(*first), heard(DONE)))
        return judge_talk(case(WIDE, second), talk, judge_of_messages())

    assert rules(verdict()) == ["W35"]
    assert rules(verdict({"return": {}})) == ["W35"]


def test_a_part_of_a_turn_is_that_of_its_last_message() -> None:
    first = replace(RETURN, id=1, command="")
    second = replace(first, rule="W17", at=("return",), same=Same(turn=0, at=("return",)))

    def verdict(one: Any, other: Any) -> Verdict:
        talk = Talk(
            heard=(heard(STOP, {"return": one, "id": 1}), heard({"return": other, "id": 1}))
        )
        return judge_talk(case(first, second), talk, judge_of_messages())

    assert verdict(7, 7).outcome is Outcome.PASS
    assert rules(verdict(7, 8)) == ["W17"]
    assert "return is 8, and 7 before" in verdict(7, 8).reason


def test_an_id_too_many_is_told_from_one_that_changed() -> None:
    assert "without a cause for one has the id 1" in judged(ERROR, {**UNKNOWN, "id": 1}).reason
    assert "the id 7 came back as 8" in judged(RETURN, {**DONE, "id": 8}).reason
    assert "the id 7 came back as nothing" in judged(RETURN, DONE).reason


def test_a_class_is_asked_of_errors_alone() -> None:
    either = replace(REPLY, classes=frozenset({ErrorClass.COMMAND_NOT_FOUND}))

    assert judged(either, DONE).outcome is Outcome.PASS
    assert judged(either, UNKNOWN).outcome is Outcome.PASS
    assert rules(judged(either, NO)) == ["W35"]


def test_a_whole_message_may_be_compared() -> None:
    whole = replace(REPLY, any_id=True, value={"return": 7})

    assert judged(whole, {"return": 7}).outcome is Outcome.PASS
    assert "the message is" in judged(whole, {"return": 8}).reason


@pytest.mark.parametrize("stderr", ["", "it: 1: Assertion `x' failed."], ids=["mute", "speaking"])
def test_a_death_is_folded_by_its_last_words_or_by_how_it_came(stderr: str) -> None:
    talk = Talk(heard=(heard(DONE),), death=Ending(status=-6, stderr=stderr))

    [miss] = judge_talk(case(RETURN), talk, judge_of_messages()).misses

    assert "SIGABRT" in miss.summary
    assert miss.summary.endswith(")" if not stderr else "failed.")
    assert ("SIGABRT" in miss.fold) is (not stderr)


def test_what_was_found_can_be_told_from_what_is_harmless() -> None:
    fail = judged(RETURN, NO)
    death = Ending(status=-6, stderr="it: 1: Assertion `x' failed.")
    crash = judge_talk(case(RETURN), Talk(heard=(heard(NO),), death=death), judge_of_messages())

    assert (fail.outcome, fail.harmless) == (Outcome.FAIL, False)
    assert (crash.outcome, crash.harmless) == (Outcome.CRASH, False)
    assert rules(crash) == ["W35"]
    assert "Assertion" in crash.reason


def test_a_long_message_is_shown_by_how_it_begins() -> None:
    [miss] = judged(RETURN, {"return": "x" * 500, "error": {}}).misses[:1]
    [unasked] = judged(TIGHT, *synced({**DONE, "id": "x" * 500})).misses

    assert len(miss.summary) < 400
    assert len(unasked.summary) < 400


@pytest.mark.parametrize(
    ("offered", "answer", "broken"),
    [(["oob"], DONE, []), ([], DONE, ["W58"]), ([], NO, []), (None, DONE, [])],
    ids=["offered", "not offered", "refused", "no greeting seen"],
)
def test_what_is_enabled_was_offered(
    offered: list[str] | None, answer: dict[str, Any], broken: list[str]
) -> None:
    asked = b'{"execute": "qmp_capabilities", "arguments": {"enable": ["oob"]}}'
    answered = replace(REPLY, command="qmp_capabilities")
    turns: list[Turn] = [Hold(path="gate"), Send(line="a", data=asked), answered]
    said = [heard(), heard(), heard(answer)]
    if offered is not None:
        turns.insert(0, GREETING)
        said.insert(0, heard({"QMP": {"version": VERSION, "capabilities": offered}}))

    verdict = judge_talk(case(*turns), Talk(heard=tuple(said)), judge_of_messages())

    assert rules(verdict) == broken
