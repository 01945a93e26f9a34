"""Judges the one message that a turn waits for: its sort, its content and its id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, assert_never

from conformance.judge.events import message_of
from conformance.judge.json_path import stands_at
from conformance.judge.miss import Miss
from conformance.judge.negotiation import NEGOTIATE, enabled_unoffered
from conformance.judge.reply import echoes
from conformance.judge.script_turn import JudgedTurn, short, text
from conformance.model.canonical import same
from conformance.model.script import Hear, What
from conformance.model.terms import ABSENT

_WORDS: Final[Mapping[What, str]] = {
    What.GREETING: "the greeting",
    What.RETURN: "a success",
    What.ERROR: "an error",
    What.REPLY: "a reply",
    What.EVENT: "an event",
}


def judge_hear(judged: JudgedTurn, turn: Hear) -> Iterator[Miss]:
    """Yield the faults of the message that `turn` waited for, and of those before it."""
    if judged.heard.broke is not None:
        yield from judged.events(judged.heard.lines, turn.rule)
        yield judged.broke(turn.rule, f"{_WORDS[turn.what]} did not come")
        return
    *before, line = judged.heard.lines
    yield from judged.events(before, turn.rule)
    message = message_of(line)
    match turn.what:
        case What.GREETING:
            read = judged.messages.greeting(line)
            there = "QMP" in message
        case What.EVENT:
            read = judged.messages.event(line)
            there = "event" in message and turn.event in ("", message["event"])
        case What.RETURN | What.ERROR:
            read = judged.messages.answer(line, _answered(judged, turn, message))
            there = turn.what.value in message
        case What.REPLY:
            read = judged.messages.answer(line, _answered(judged, turn, message))
            there = "return" in message or "error" in message
        case _:
            assert_never(turn.what)
    if not there:
        what = f"in place of {_WORDS[turn.what]} came {short(line)}"
        yield judged.miss(turn.rule, what, _WORDS[turn.what], turn.what.value)
        return
    if not line.data.startswith(turn.lead):
        what = f"ahead of {_WORDS[turn.what]} {turn.lead!r} did not come"
        yield judged.miss(turn.rule, what, f"{turn.lead!r} ahead of it", "lead")
    yield from read.misses
    yield from _content(judged, turn, message)
    yield from _negotiated(judged, turn, message)


def _answered(judged: JudgedTurn, turn: Hear, message: Mapping[str, Any]) -> str | None:
    """Return the command that a reply answers, None for the reply to another request."""
    awaited = turn.any_id or not any(_id(judged, turn, message))
    return turn.command or None if awaited else None


def _content(judged: JudgedTurn, turn: Hear, message: Mapping[str, Any]) -> Iterator[Miss]:
    """Yield the faults of a message of the right sort."""
    if turn.what in (What.RETURN, What.ERROR, What.REPLY) and not turn.any_id:
        yield from _id(judged, turn, message)
    found = message.get("error", {})
    name = found.get("class") if isinstance(found, dict) else None
    if turn.classes and "error" in message and name not in turn.classes:
        wanted = " or ".join(sorted(turn.classes))
        yield judged.miss(turn.rule, f"the error's class is {name}", wanted, f"class {name}")
    value = stands_at(message, turn.at)
    where = ".".join(turn.at) or "the message"
    if turn.value is not ABSENT and not same(value, turn.value):
        yield judged.miss(
            turn.rule,
            f"{where} is {text(value)}",
            f"{where} being {text(turn.value)}",
            f"value {where}",
        )
    if turn.same is not None:
        lines = judged.talk.heard[turn.same.turn].lines
        other = stands_at(message_of(lines[-1]), turn.same.at) if lines else ABSENT
        if not same(value, other):
            what = f"{where} is {text(value)}, and {text(other)} before"
            yield judged.miss(turn.rule, what, "the same in both places", f"same {where}")


def _negotiated(judged: JudgedTurn, turn: Hear, message: Mapping[str, Any]) -> Iterator[Miss]:
    """Yield that a negotiation has enabled what the greeting of its line did not offer."""
    exchange = judged.case.exchange
    if exchange is None or turn.command != NEGOTIATE or "return" not in message:
        return
    for name in enabled_unoffered(exchange.turns[: judged.number], judged.talk, turn.line):
        what = f"{name} was enabled, which the greeting did not offer"
        yield judged.miss("W58", what, "an error", "unoffered")


def _id(judged: JudgedTurn, turn: Hear, message: Mapping[str, Any]) -> Iterator[Miss]:
    found = message.get("id", ABSENT)
    if echoes(turn.id, found):
        return
    if turn.id is ABSENT:
        what = f"a reply without a cause for one has the id {text(found)}"
        yield judged.miss(turn.rule, what, "no id", "id")
    else:
        what = f"the id {text(turn.id)} came back as {text(found)}"
        yield judged.miss(turn.rule, what, "the id of the request as it was given", "id")
