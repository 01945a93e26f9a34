"""Decides the outcome of a scripted exchange: each turn's promise against what was received."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, assert_never

from conformance.judge.defect import death_defect
from conformance.judge.events import is_event, message_of
from conformance.judge.miss import Miss
from conformance.judge.observation import Broke, Line, Talk, sync_id
from conformance.judge.process import last_report, lost_only, process_misses
from conformance.judge.reply import MessageJudge, echoes
from conformance.judge.script_message import judge_hear
from conformance.judge.script_turn import ANSWERED, SHORT, JudgedTurn, short, text
from conformance.judge.verdict import Verdict, death_words
from conformance.model.case import Case
from conformance.model.complaint import Complaints
from conformance.model.ending import ending_text
from conformance.model.expectation import Kind
from conformance.model.script import (
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
)
from conformance.model.terms import ABSENT, JsonValue, Outcome

_MISSES: Final = 100
"""How many misses of one turn to report: each costs a finding, and these show enough."""


def judge_talk(case: Case, talk: Talk, messages: MessageJudge) -> Verdict:
    """Return the verdict on a case with an exchange.

    The first turn with a fault decides; later faults follow from it.
    """
    exchange = case.exchange
    assert exchange is not None, "the case holds an exchange"
    misses: list[Miss] = []
    for number, (turn, heard) in enumerate(zip(exchange.turns, talk.heard, strict=False)):
        judged = _Turn(case=case, talk=talk, messages=messages, number=number, heard=heard)
        misses = list(islice(judged.misses(turn), _MISSES))
        if misses:
            break
    misses += process_misses(case, talk, messages.complaints)
    ended = _ended(case, exchange, talk, messages.complaints)
    if ended is not None:
        return Verdict(outcome=Outcome.CRASH, reason=ended.summary, misses=(ended,), harmless=False)
    if not misses:
        return Verdict(outcome=Outcome.PASS)
    outcome = Outcome.TIMEOUT if misses[0].kind is Kind.HANG else Outcome.FAIL
    return Verdict(outcome=outcome, reason=misses[0].summary, misses=tuple(misses), harmless=False)


def _ended(case: Case, exchange: Exchange, talk: Talk, complaints: Complaints) -> Miss | None:
    """Return what is wrong with the end of the machine, None if nothing is."""
    if talk.death is None:
        if not exchange.ends or len(talk.heard) < len(exchange.turns):
            return None
        return _crash(case, "the server should have ended and still runs", "runs on")
    if exchange.ends and (talk.death.status == 0 or lost_only(talk, complaints)):
        return None
    report, how = last_report(talk, complaints), ending_text(talk.death.status)
    words = report.defect if report else death_words(talk.death)
    told = f"{report.words}{report.place}" if report else words
    what = f"the server died ({how})" + f": {told}" * bool(told)
    defect = death_defect(words, complaints, case.subject.name, f"{how} {case.about}")
    return _crash(case, what, words or how, defect, report.text if report else "")


def _crash(case: Case, what: str, fold: str, defect: str = "", stderr: str = "") -> Miss:
    return Miss(
        rule="W35",
        kind=Kind.CRASH,
        summary=what,
        expected=ANSWERED,
        fold=f"crash {case.subject.name} {fold}",
        defect=defect,
        stderr=stderr,
    )


class _Turn(JudgedTurn):
    """A turn, judged by its kind."""

    def misses(self, turn: Turn) -> Iterator[Miss]:
        """Yield its faults."""
        match turn:
            case Hear():
                yield from judge_hear(self, turn)
            case Sync():
                yield from self._sync(turn)
            case Gone():
                yield from self._gone(turn)
            case Gather():
                yield from self._gather(turn)
            case Part():
                if self.heard.broke is not None:
                    yield self.broke("W35", "what the server had begun to say did not come")
            case Drive():
                yield from self._drive(turn)
            case Join() | Send() | Hold() | Release() | Leave():
                if self.heard.broke is not None:
                    yield self.broke("W35", "what was sent was not taken")
            case _:
                assert_never(turn)

    def _sync(self, turn: Sync) -> Iterator[Miss]:
        """Yield the faults of the messages until the line was in step again."""
        wanted = sync_id(self.number)
        errors = 0
        for line in self.heard.lines:
            message = message_of(line)
            if message.get("id", ABSENT) == wanted:
                yield from self.messages.answer(line, None).misses
                if turn.works and "return" not in message:
                    what = f"the next request was refused: {short(line)}"
                    yield self.miss(turn.rule, what, "a success", "refused")
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
                    what = f"an error of what has no id has the id {text(message['id'])}"
                    yield self.miss("W43", what, "no id", "id of no request")
            else:
                what = f"what is malformed was answered by {short(line)}"
                yield self.miss(turn.rule, what, "an error", "taken")
                return
        if self.heard.broke is not None:
            yield self.broke(turn.rule, "the next request was not answered")
        elif errors < (turn.least or 0):
            what = f"{errors} errors came of it" if errors else "no error came of it"
            yield self.miss(turn.rule, what, f"at least {turn.least}", "untold")

    def _gather(self, turn: Gather) -> Iterator[Miss]:
        """Yield the faults of replies that come together."""
        lines = self.heard.lines
        if turn.errors:
            misread = [line for line in lines if _is_plain_error(message_of(line))]
            for line in misread:
                yield from self.messages.answer(line, None).misses
            lines = tuple(line for line in lines if line not in misread)
        yield from self._replies(turn.rule, lines, turn.ids, turn.free)
        if self.heard.broke is not None:
            yield self.broke(turn.rule, "not every request was answered")

    def _replies(
        self,
        rule: str,
        lines: Sequence[Line],
        ids: Sequence[JsonValue],
        free: Sequence[JsonValue] = (),
    ) -> Iterator[Miss]:
        """Yield the faults of replies: to `ids` in order, to `free` in any."""
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
                what = f"the reply to {text(found)} came before that to {text(waiting[0])}"
                yield self.miss(rule, what, "replies in the order of the requests", "order")
                return
            else:
                yield self.miss(rule, f"unasked came {short(line)}", "nothing", "unasked")
                return

    def _gone(self, turn: Gone) -> Iterator[Miss]:
        yield from self._replies(turn.rule, self.heard.lines, turn.ids)
        if self.heard.broke is not Broke.CLOSED:
            yield self.broke(turn.rule, "the server did not close the connection")
        elif self.heard.partial:
            what = f"the server ended in the middle of a message: {self.heard.partial[:SHORT]!r}"
            yield self.miss("W11", what, "whole messages", "partial")

    def _drive(self, turn: Drive) -> Iterator[Miss]:
        if self.talk.hung and self.heard.broke is not None:
            yield self.broke(turn.rule, f"the official client: {self.heard.told}")
        elif self.heard.told != turn.promised:
            what = f"the official client's {turn.deed} {turn.name}".rstrip()
            fold = f"client {turn.deed} {turn.name}"
            yield self.miss(turn.rule, f"{what}: {self.heard.told}", turn.promised, fold)


def _is_plain_error(message: Mapping[str, Any]) -> bool:
    return "error" in message and "id" not in message
