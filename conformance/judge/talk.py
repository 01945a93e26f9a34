"""What became of a scripted exchange: each turn's promise against what was heard in it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, assert_never

from conformance.canonical import compact, same
from conformance.derive.case import Case
from conformance.judge.events import is_event, message_of
from conformance.judge.miss import Kind, Miss
from conformance.judge.observation import Broke, Heard, Line, Talk, sync_id
from conformance.judge.reply import MessageJudge, echoes
from conformance.judge.sight import stands_at
from conformance.judge.verdict import Verdict, death_words, ending_text
from conformance.terms import ABSENT, JsonValue, Outcome
from conformance.turns import (
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
    Send,
    Sync,
    Turn,
    What,
)

_ANSWERED: Final = "one response to each command, success or error"
_WORDS: Final[Mapping[What, str]] = {
    What.GREETING: "the greeting",
    What.RETURN: "a success",
    What.ERROR: "an error",
    What.REPLY: "a reply",
    What.EVENT: "an event",
}
_SHORT: Final = 120
_MISSES: Final = 100
"""Misses of one turn that are told: each costs a finding, and these show enough."""


def judge_talk(case: Case, talk: Talk, messages: MessageJudge) -> Verdict:
    """Return the verdict on a case that holds an exchange.

    It is settled by the first turn that was not as it should be: what follows, follows from it.
    """
    exchange = case.exchange
    assert exchange is not None, "the case holds an exchange"
    misses: list[Miss] = []
    for number, (turn, heard) in enumerate(zip(exchange.turns, talk.heard, strict=False)):
        judged = _Turn(case=case, talk=talk, messages=messages, number=number, heard=heard)
        misses = list(islice(judged.misses(turn), _MISSES))
        if misses:
            break
    ended = _ended(case, exchange, talk)
    if ended is not None:
        return Verdict(outcome=Outcome.CRASH, reason=ended.summary, misses=(ended,), harmless=False)
    if not misses:
        return Verdict(outcome=Outcome.PASS)
    outcome = Outcome.TIMEOUT if misses[0].kind is Kind.HANG else Outcome.FAIL
    return Verdict(outcome=outcome, reason=misses[0].summary, misses=tuple(misses), harmless=False)


def _ended(case: Case, exchange: Exchange, talk: Talk) -> Miss | None:
    """Return what is wrong with the end of the machine, None where it should be as it is."""
    if talk.death is None:
        if not exchange.ends or len(talk.heard) < len(exchange.turns):
            return None
        return _crash(case, "the server should have ended and still runs", "runs on")
    if exchange.ends and talk.death.status == 0:
        return None
    words, how = death_words(talk.death), ending_text(talk.death.status)
    what = f"the server died ({how})" + f": {words}" * bool(words)
    return _crash(case, what, words or how)


def _crash(case: Case, what: str, fold: str) -> Miss:
    return Miss(
        rule="W35",
        kind=Kind.CRASH,
        summary=what,
        expected=_ANSWERED,
        fold=f"crash {case.subject.name} {fold}",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """One turn of an exchange, as it was heard."""

    case: Case
    talk: Talk
    messages: MessageJudge
    number: int
    heard: Heard

    def misses(self, turn: Turn) -> Iterator[Miss]:
        """Yield what is wrong with it."""
        match turn:
            case Hear():
                yield from self._hear(turn)
            case Sync():
                yield from self._sync(turn)
            case Gone():
                yield from self._gone(turn)
            case Gather():
                yield from self._gather(turn)
            case Part():
                if self.heard.broke is not None:
                    yield self._broke("W35", "what the server had begun to say did not come")
            case Drive():
                yield from self._drive(turn)
            case Join() | Send() | Hold() | Release() | Leave():
                if self.heard.broke is not None:
                    yield self._broke("W35", "what was sent was not taken")
            case _:
                assert_never(turn)

    def _hear(self, turn: Hear) -> Iterator[Miss]:
        if self.heard.broke is not None:
            yield from self._events(self.heard.lines, turn.rule)
            yield self._broke(turn.rule, f"{_WORDS[turn.what]} did not come")
            return
        *before, line = self.heard.lines
        yield from self._events(before, turn.rule)
        message = message_of(line)
        match turn.what:
            case What.GREETING:
                read = self.messages.greeting(line)
                there = "QMP" in message
            case What.EVENT:
                read = self.messages.event(line)
                there = "event" in message and turn.event in ("", message["event"])
            case What.RETURN | What.ERROR:
                read = self.messages.answer(line, self._answered(turn, message))
                there = turn.what.value in message
            case What.REPLY:
                read = self.messages.answer(line, self._answered(turn, message))
                there = "return" in message or "error" in message
            case _:
                assert_never(turn.what)
        if not there:
            what = f"in place of {_WORDS[turn.what]} came {_short(line)}"
            yield self._miss(turn.rule, what, _WORDS[turn.what], turn.what.value)
            return
        if not line.data.startswith(turn.lead):
            what = f"ahead of {_WORDS[turn.what]} {turn.lead!r} did not come"
            yield self._miss(turn.rule, what, f"{turn.lead!r} ahead of it", "lead")
        yield from read.misses
        yield from self._content(turn, message)

    def _answered(self, turn: Hear, message: Mapping[str, Any]) -> str | None:
        """Return the command that a reply answers, None where it is that of another request."""
        awaited = turn.any_id or not any(self._id(turn, message))
        return turn.command or None if awaited else None

    def _content(self, turn: Hear, message: Mapping[str, Any]) -> Iterator[Miss]:
        """Yield what is wrong with a message that is of the right sort."""
        if turn.what in (What.RETURN, What.ERROR, What.REPLY) and not turn.any_id:
            yield from self._id(turn, message)
        found = message.get("error", {})
        name = found.get("class") if isinstance(found, dict) else None
        if turn.classes and "error" in message and name not in turn.classes:
            wanted = " or ".join(sorted(turn.classes))
            yield self._miss(turn.rule, f"the error's class is {name}", wanted, f"class {name}")
        value = stands_at(message, turn.at)
        where = ".".join(turn.at) or "the message"
        if turn.value is not ABSENT and not same(value, turn.value):
            yield self._miss(
                turn.rule,
                f"{where} is {_text(value)}",
                f"{where} being {_text(turn.value)}",
                f"value {where}",
            )
        if turn.same is not None:
            lines = self.talk.heard[turn.same.turn].lines
            other = stands_at(message_of(lines[-1]), turn.same.at) if lines else ABSENT
            if not same(value, other):
                what = f"{where} is {_text(value)}, and {_text(other)} before"
                yield self._miss(turn.rule, what, "the same in both places", f"same {where}")

    def _id(self, turn: Hear, message: Mapping[str, Any]) -> Iterator[Miss]:
        found = message.get("id", ABSENT)
        if echoes(turn.id, found):
            return
        if turn.id is ABSENT:
            what = f"a reply without a cause for one has the id {_text(found)}"
            yield self._miss(turn.rule, what, "no id", "id")
        else:
            what = f"the id {_text(turn.id)} came back as {_text(found)}"
            yield self._miss(turn.rule, what, "the id of the request as it was given", "id")

    def _sync(self, turn: Sync) -> Iterator[Miss]:
        """Yield what is wrong with what came until the line was in step again."""
        wanted = sync_id(self.number)
        errors = 0
        for line in self.heard.lines:
            message = message_of(line)
            if message.get("id", ABSENT) == wanted:
                yield from self.messages.answer(line, None).misses
                if turn.works and "return" not in message:
                    what = f"the next request was refused: {_short(line)}"
                    yield self._miss(turn.rule, what, "a success", "refused")
            elif is_event(message):
                yield from self.messages.event(line).misses
            elif turn.open:
                yield from self.messages.answer(line, None).misses
            elif turn.least is None:
                yield from self.messages.stray(line).misses
                return
            elif "error" in message:
                errors += 1
                yield from self.messages.answer(line, None).misses
                if "id" in message:
                    what = f"an error of what has no id has the id {_text(message['id'])}"
                    yield self._miss("W43", what, "no id", "id of no request")
            else:
                what = f"what is malformed was answered by {_short(line)}"
                yield self._miss(turn.rule, what, "an error", "taken")
                return
        if self.heard.broke is not None:
            yield self._broke(turn.rule, "the next request was not answered")
        elif errors < (turn.least or 0):
            what = f"{errors} errors came of it" if errors else "no error came of it"
            yield self._miss(turn.rule, what, f"at least {turn.least}", "untold")

    def _gather(self, turn: Gather) -> Iterator[Miss]:
        """Yield what is wrong with replies that come together."""
        lines = self.heard.lines
        if turn.errors:
            misread = [line for line in lines if _is_plain_error(message_of(line))]
            for line in misread:
                yield from self.messages.answer(line, None).misses
            lines = tuple(line for line in lines if line not in misread)
        yield from self._replies(turn.rule, lines, turn.ids, turn.free)
        if self.heard.broke is not None:
            yield self._broke(turn.rule, "not every request was answered")

    def _replies(
        self,
        rule: str,
        lines: Sequence[Line],
        ids: Sequence[JsonValue],
        free: Sequence[JsonValue] = (),
    ) -> Iterator[Miss]:
        """Yield what is wrong with replies: to `ids` in their order, to `free` in any."""
        waiting, loose = deque(ids), list(free)
        for line in lines:
            message = message_of(line)
            if is_event(message):
                yield from self.messages.event(line).misses
                continue
            yield from self.messages.answer(line, None).misses
            found = message.get("id", ABSENT)
            place = next((n for n, each in enumerate(loose) if echoes(each, found)), None)
            if waiting and echoes(waiting[0], found):
                waiting.popleft()
            elif place is not None:
                del loose[place]
            elif any(echoes(each, found) for each in waiting):
                what = f"the reply to {_text(found)} came before that to {_text(waiting[0])}"
                yield self._miss(rule, what, "replies in the order of the requests", "order")
                return
            else:
                yield self._miss(rule, f"unasked came {_short(line)}", "nothing", "unasked")
                return

    def _gone(self, turn: Gone) -> Iterator[Miss]:
        yield from self._replies(turn.rule, self.heard.lines, turn.ids)
        if self.heard.broke is not Broke.CLOSED:
            yield self._broke(turn.rule, "the server did not close the connection")
        elif self.heard.partial:
            what = f"the server ended in the middle of a message: {self.heard.partial[:_SHORT]!r}"
            yield self._miss("W11", what, "whole messages", "partial")

    def _drive(self, turn: Drive) -> Iterator[Miss]:
        if self.talk.hung and self.heard.broke is not None:
            yield self._broke(turn.rule, f"the official client: {self.heard.told}")
        elif self.heard.told != turn.promised:
            what = f"the official client's {turn.deed} {turn.name}".rstrip()
            fold = f"client {turn.deed} {turn.name}"
            yield self._miss(turn.rule, f"{what}: {self.heard.told}", turn.promised, fold)

    def _events(self, lines: Sequence[Line], rule: str) -> Iterator[Miss]:
        """Yield what is wrong with what came before the message that was waited for."""
        for line in lines:
            if is_event(message_of(line)):
                yield from self.messages.event(line).misses
            else:
                yield self._miss(rule, f"unasked came {_short(line)}", "nothing", "unasked")

    def _broke(self, rule: str, what: str) -> Miss:
        """Return the miss of a turn that broke off: a hang, where nothing answers any more."""
        if self.talk.hung:
            return Miss(
                rule="W35",
                kind=Kind.HANG,
                summary=f"{what} within {self.case.limit:g} s, and nothing else is answered",
                expected=_ANSWERED,
                fold=f"hang {self.case.subject.name} {self.case.about}",
            )
        how = {
            Broke.TIMEOUT: f"within {self.case.limit:g} s",
            Broke.CLOSED: "before the server closed the connection",
            Broke.OVERFLOW: "before a message that is too long or holds too much to read",
            None: "",
        }[self.heard.broke]
        return self._miss(rule, f"{what} {how}", _ANSWERED, f"broke {self.heard.broke}")

    def _miss(self, rule: str, what: str, expected: str, fold: str) -> Miss:
        return Miss(
            rule=rule,
            kind=Kind.SHAPE,
            summary=f"{self.case.about}: {what}",
            expected=expected,
            fold=f"{rule} {self.case.about} {fold}",
            why=self.case.exchange.reason if self.case.exchange else "",
        )


def _is_plain_error(message: Mapping[str, Any]) -> bool:
    return "error" in message and "id" not in message


def _short(line: Line) -> str:
    text = line.data.decode("ascii", "backslashreplace").rstrip()
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}... ({len(line.data)} bytes)"


def _text(value: Any) -> str:
    return "nothing" if value is ABSENT else compact(value)[:_SHORT]
