"""Replies that are gathered, and those that come before a connection ends."""

from __future__ import annotations

import json

import pytest

from conformance.judge.observation import Broke, Heard, Line, Talk
from conformance.judge.reply import MessageJudge
from conformance.judge.script_verdict import judge_talk
from conformance.model.case import Case, Isolation, Subject
from conformance.model.script import Exchange, Gather, Gone, Hold, Release, Turn
from conformance.model.stage import Stage
from conformance.model.terms import Aspect, Outcome, SubjectKind
from conformance.wire.framing import read_message

EVENT = {"event": "MADE_UP", "timestamp": {"seconds": 1, "microseconds": 2}}
PLAIN = {"error": {"class": "GenericError", "desc": "made up"}}


def reply(request_id: object) -> dict[str, object]:
    return {"return": {}, "id": request_id}


def judged(turn: Turn, messages: list[object], broke: Broke | None = None) -> tuple[str, str]:
    """Return the rule and the words of the first miss, or twice nothing."""
    case = Case(
        id="wire/made/up",
        subject=Subject(kind=SubjectKind.PROTOCOL, name="made"),
        aspect=Aspect.WIRE,
        stage=Stage(name="made"),
        steps=(),
        isolation=Isolation.SHARED,
        about="up",
        exchange=Exchange(turns=(turn,), probe="probe"),
    )
    lines = tuple(Line(data, read_message(data)) for data in map(written, messages))
    talk = Talk(heard=(Heard(lines, broke),))
    verdict = judge_talk(case, talk, MessageJudge(None, None))
    if not verdict.misses:
        assert verdict.outcome is Outcome.PASS
        return "", ""
    return verdict.misses[0].rule, verdict.misses[0].summary


def written(message: object) -> bytes:
    return json.dumps(message).encode() + b"\r\n"


GATHER = Gather(line="a", rule="W31", ids=(1, 2, 3), free=("over", "again"))


@pytest.mark.parametrize(
    "ids",
    [["over", 1, "again", 2, 3], [1, 2, 3, "again", "over"], ["again", "over", 1, 2, 3]],
    ids=["between", "behind", "before"],
)
def test_free_replies_may_come_anywhere(ids: list[object]) -> None:
    assert judged(GATHER, [EVENT, *map(reply, ids), EVENT]) == ("", "")


@pytest.mark.parametrize(
    ("ids", "told"),
    [
        ([1, 3, 2, "over", "again"], "the reply to 3 came before that to 2"),
        ([1, 1, 2, 3, "over"], "unasked came"),
        ([1, 2, "over", "over", 3], "unasked came"),
        ([1, 2, True, 3, "over"], "unasked came"),
    ],
    ids=["order", "twice", "free-twice", "other-kind"],
)
def test_replies_out_of_order_or_unasked_are_told(ids: list[object], told: str) -> None:
    rule, words = judged(GATHER, list(map(reply, ids)))
    assert rule == "W31"
    assert told in words


def test_a_reply_that_does_not_come_is_told() -> None:
    rule, words = judged(GATHER, [reply(1), reply(2)], Broke.TIMEOUT)
    assert rule == "W31"
    assert "not every request was answered" in words


def test_errors_without_an_id_are_unasked_unless_they_may_come() -> None:
    strict = Gather(line="a", rule="W53", ids=(1,))
    lax = Gather(line="a", rule="W53", ids=(1,), errors=True)
    assert judged(strict, [PLAIN, reply(1)])[0] == "W53"
    assert judged(lax, [PLAIN, PLAIN, reply(1)]) == ("", "")
    assert judged(lax, [{"return": {}}, reply(1)])[0] == "W53"


def test_before_the_end_replies_come_in_order_or_not_at_all() -> None:
    gone = Gone(line="a", rule="W27", ids=(1, 2))
    assert judged(gone, [reply(1), EVENT, reply(2)], Broke.CLOSED) == ("", "")
    assert judged(gone, [reply(1)], Broke.CLOSED) == ("", "")
    assert judged(gone, [], Broke.CLOSED) == ("", "")
    assert judged(gone, [reply(3)], Broke.CLOSED)[0] == "W27"
    assert judged(gone, [reply(1), reply(1)], Broke.CLOSED)[0] == "W27"


@pytest.mark.parametrize("turn", [Hold(path="gate"), Release(path="gate")], ids=["hold", "release"])
def test_holding_the_server_up_says_nothing_about_it(turn: Turn) -> None:
    assert judged(turn, []) == ("", "")
