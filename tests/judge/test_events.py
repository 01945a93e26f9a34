"""Whether the events that a step must bring about came, and on which side of its reply."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import Any

import pytest

from conformance.judge.events import (
    awaited,
    event_misses,
    is_event,
    limit_misses,
    message_of,
    not_come,
)
from conformance.judge.expect_answer import Ends
from conformance.judge.observation import EventPlace, Observation
from conformance.judge.verdict import judge
from conformance.model.case import Emits, Limit, Role
from conformance.model.ending import Ending
from conformance.model.terms import Outcome
from tests.judge.made import case, judge_of_messages, line, refusal, step, success

STAMP = {"seconds": 1, "microseconds": 1}
STOP = {"event": "STOP", "timestamp": STAMP}
BEFORE, AFTER = EventPlace(0, answered=False), EventPlace(0, answered=True)


def _reset(guest: bool) -> dict[str, Any]:
    return {"event": "RESET", "timestamp": STAMP, "data": {"guest": guest}}


def _emits(name: str = "STOP", answered: bool | None = None, **data: Any) -> Emits:
    return Emits(event=name, data=data, answered=answered, rule="X32")


def _misses(
    wanted: Emits, *came: tuple[dict[str, Any], EventPlace], reply: Any = None
) -> list[str]:
    made = case(replace(step(), emits=(wanted,)))
    seen = Observation(
        replies=(line(reply or success()),),
        events=tuple(line(event) for event, _ in came),
        places=tuple(place for _, place in came),
    )
    return [miss.summary for miss in event_misses(made, seen)]


@pytest.mark.parametrize(
    ("wanted", "came", "told"),
    [
        (_emits(), [(STOP, BEFORE)], []),
        (_emits(), [(STOP, AFTER)], []),
        (_emits(), [], ["do: no event STOP came"]),
        (_emits(), [(_reset(False), BEFORE)], ["do: no event STOP came"]),
        (_emits(), [(STOP, EventPlace(1, answered=False))], ["do: no event STOP came"]),
        (_emits(answered=True), [(STOP, AFTER)], []),
        (_emits(answered=True), [(STOP, BEFORE)], ["do: STOP came before the reply"]),
        (_emits(answered=False), [(STOP, AFTER)], ["do: STOP came after the reply"]),
        (_emits(answered=True), [], ["do: no event STOP came"]),
        (
            _emits(answered=True),
            [(STOP, BEFORE), (_reset(True), AFTER)],
            ["do: STOP came before the reply"],
        ),
        (replace(_emits(), rule=None), [], []),
        (_emits("RESET", guest=True), [(_reset(False), AFTER), (_reset(True), AFTER)], []),
        (
            _emits("RESET", guest=True),
            [(_reset(False), AFTER)],
            ['do: RESET came with {"guest":false}'],
        ),
    ],
    ids=[
        "before",
        "after",
        "nothing",
        "another",
        "of another step",
        "in order",
        "too early",
        "too late",
        "in order, and none",
        "too early, and another in order",
        "no promise",
        "the second",
        "other data",
    ],
)
def test_an_event_comes_of_its_step(
    wanted: Emits, came: list[tuple[dict[str, Any], EventPlace]], told: list[str]
) -> None:
    assert _misses(wanted, *came) == told


def test_of_a_request_that_was_refused_no_event_is_missed() -> None:
    assert _misses(_emits(), reply=refusal()) == []


def test_one_event_does_not_stand_for_two() -> None:
    twice = replace(step(), emits=(_emits(), _emits()))

    assert awaited(twice, [line(STOP)]) == (_emits(),)
    assert awaited(twice, [line(STOP), line(STOP)]) == ()


def test_objects_are_compared_by_the_members_that_are_given() -> None:
    told = {"event": "RESET", "data": {"cause": {"name": "hand", "time": 7}, "guest": True}}
    wanted = replace(step(), emits=(_emits("RESET", cause={"name": "hand"}),))

    assert awaited(wanted, [line(told)]) == ()
    assert awaited(wanted, [line({"event": "RESET", "data": {"cause": 1}})]) == wanted.emits


def test_an_event_that_did_not_come_fails_its_case() -> None:
    made = case(replace(step(), emits=(_emits(),)))
    seen = Observation(replies=(line(success()),))

    verdict = judge(made, seen, judge_of_messages(), 0)

    assert verdict.outcome is Outcome.FAIL
    assert [(miss.rule, miss.expected) for miss in verdict.misses] == [("X32", "the event STOP")]


def test_an_event_is_missed_where_the_answer_of_the_last_request_is_lost() -> None:
    made = case(replace(step(Ends()), emits=(_emits(),)))

    told = [miss.summary for miss in event_misses(made, Observation(replies=(None,)))]

    assert told == ["do: no event STOP came"]


def test_no_event_is_missed_where_the_build_died_before_it() -> None:
    made = case(replace(step(), emits=(_emits(),)), step())
    seen = Observation(
        replies=(line(success()), None), death=Ending(status=-6, stderr=""), broke_off=1
    )

    verdict = judge(made, seen, judge_of_messages(), 0)

    assert verdict.outcome is Outcome.CRASH
    assert [miss.rule for miss in verdict.misses] == ["W35"]


def _limited(limit: Limit, *came: tuple[dict[str, Any], float, float]) -> list[str]:
    made = replace(case(step()), limits=(limit,))
    seen = Observation(
        replies=(line(success()),),
        events=tuple(line(event) for event, _, _ in came),
        places=tuple(EventPlace(0, True, since, until) for _, since, until in came),
    )
    return [miss.summary for miss in limit_misses(made, seen)]


@pytest.mark.parametrize(
    ("limit", "came", "told"),
    [
        (Limit(event="STOP", rule="W50"), [(STOP, 0.0, 0.1), (STOP, 0.0, 0.9)], True),
        (Limit(event="STOP", rule="W50"), [(STOP, 0.0, 0.1), (STOP, 0.9, 1.0)], False),
        (Limit(event="STOP", rule="W50"), [(STOP, -inf, 0.1), (STOP, 0.0, 0.2)], False),
        (Limit(event="RESET", rule="W50"), [(STOP, 0.0, 0.1), (STOP, 0.0, 0.2)], False),
        (
            Limit(event="RESET", by=("guest",), rule="W50"),
            [(_reset(True), 0.0, 0.1), (_reset(False), 0.0, 0.2)],
            False,
        ),
        (
            Limit(event="RESET", by=("guest",), rule="W50"),
            [(_reset(True), 0.0, 0.1), (_reset(False), 0.0, 0.2), (_reset(True), 0.0, 0.3)],
            True,
        ),
        (
            Limit(event="RESET", unless={"guest": True}, rule="W50"),
            [(_reset(True), 0.0, 0.1), (_reset(True), 0.0, 0.2)],
            False,
        ),
        (
            Limit(event="RESET", unless={"guest": True}, rule="W50"),
            [(_reset(False), 0.0, 0.1), (_reset(False), 0.0, 0.2)],
            True,
        ),
        (Limit(event="STOP", rule="W50"), [(STOP, 0.0, 0.1), (STOP, 0.9, 0.99)], False),
        (Limit(event="STOP", rule="W50"), [(STOP, 0.0, 0.1)] * 3, True),
        (Limit(event="STOP", rule="W50"), [({**STOP, "data": 7}, 0.0, 0.1)] * 2, False),
    ],
    ids=[
        "too soon",
        "in time",
        "of unknown time",
        "another",
        "two kinds",
        "one kind",
        "free",
        "not free",
        "hardly in time",
        "thrice",
        "no object",
    ],
)
def test_a_limited_event_comes_once_a_second(
    limit: Limit, came: list[tuple[dict[str, Any], float, float]], told: bool
) -> None:
    assert _limited(limit, *came) == [f"do: {limit.event} came twice within a second"] * told


@pytest.mark.parametrize(
    ("came", "outcome", "reason"),
    [
        ((STOP,), Outcome.PASS, ""),
        ((), Outcome.UNTRIED, "the set-up failed: do: no event STOP came"),
    ],
    ids=["it came", "it did not come"],
)
def test_an_event_that_only_makes_ready_is_no_promise(
    came: tuple[dict[str, Any], ...], outcome: Outcome, reason: str
) -> None:
    made = case(replace(step(), emits=(replace(_emits(), rule=None),)))
    seen = Observation(
        replies=(line(success()),),
        events=tuple(map(line, came)),
        places=(AFTER,) * len(came),
    )

    verdict = judge(made, seen, judge_of_messages(), 0)

    assert (verdict.outcome, verdict.reason, verdict.misses) == (outcome, reason, ())


def test_an_event_of_another_step_does_not_make_ready() -> None:
    waits = replace(step(), emits=(replace(_emits(), rule=None),))
    made = case(waits, step())
    replies = (line(success()), line(success(number=1)))

    def seen(number: int) -> Observation:
        place = EventPlace(number, answered=True)
        return Observation(replies=replies, events=(line(STOP),), places=(place,))

    assert not_come(made, seen(0), 0) is None
    assert not_come(made, seen(1), 0) == "do: no event STOP came"
    assert not_come(made, seen(1), 1) is None


def test_an_event_without_a_member_is_not_one_with_it() -> None:
    wanted = replace(step(), emits=(_emits("RESET", guest=True),))

    assert awaited(wanted, [line({"event": "RESET"})]) == wanted.emits


def test_what_is_limited_by_a_member_is_told_so() -> None:
    made = replace(case(step()), limits=(Limit(event="RESET", by=("guest",), rule="W50"),))
    seen = Observation(
        replies=(line(success()),),
        events=(line(_reset(True)),) * 2,
        places=(EventPlace(0, True, 0.0, 0.1),) * 2,
    )

    [miss] = limit_misses(made, seen)
    assert "with the same guest" in miss.expected


@pytest.mark.parametrize(
    ("message", "event"),
    [
        (STOP, True),
        ({**STOP, "id": 1}, True),
        ({**STOP, "return": {}}, False),
        ({**STOP, "error": {}}, False),
        (success(), False),
        ({}, False),
    ],
    ids=["event", "with an id", "and a success", "and an error", "success", "nothing"],
)
def test_an_event_is_no_reply(message: dict[str, Any], event: bool) -> None:
    assert is_event(message) is event


def test_a_faulty_line_says_what_can_be_read_of_it() -> None:
    assert message_of(line(b'{"return": {}}\n')) == {"return": {}}
    assert message_of(line(b"\x00\r\n")) == {}


def test_an_event_is_missed_where_a_clean_up_then_waits_in_vain_for_another() -> None:
    done = replace(step(), emits=(_emits(),))
    undone = replace(step(role=Role.CLEANUP), emits=(replace(_emits("RESET"), rule=None),))
    seen = Observation(replies=(line(success()), line(success(number=1))))

    verdict = judge(case(done, undone), seen, judge_of_messages(), 0)

    assert verdict.outcome is Outcome.FAIL
    assert [miss.expected for miss in verdict.misses] == ["the event STOP"]


def test_a_set_up_that_waits_in_vain_proves_nothing() -> None:
    before = replace(step(role=Role.SETUP), emits=(replace(_emits("RESET"), rule=None),))
    done = replace(step(), emits=(_emits(),))
    seen = Observation(replies=(line(success()), line(success(number=1))))

    assert judge(case(before, done), seen, judge_of_messages(), 0).outcome is Outcome.UNTRIED
