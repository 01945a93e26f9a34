"""A turn of an exchange as received, and what every kind of turn is judged with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from conformance.judge.events import is_event, message_of
from conformance.judge.miss import Miss
from conformance.judge.observation import Broke, Heard, Line, Talk
from conformance.judge.reply import MessageJudge
from conformance.model.canonical import compact
from conformance.model.case import Case
from conformance.model.expectation import Kind
from conformance.model.terms import ABSENT

ANSWERED: Final = "one response to each command, success or error"
SHORT: Final = 120
"""How many characters of a message or a value to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedTurn:
    """One turn of an exchange, as received."""

    case: Case
    talk: Talk
    messages: MessageJudge
    number: int
    heard: Heard

    def events(self, lines: Sequence[Line], rule: str) -> Iterator[Miss]:
        """Yield the faults of the messages before the awaited one."""
        for line in lines:
            if is_event(message_of(line)):
                yield from self.messages.event(line).misses
            else:
                yield self.miss(rule, f"unasked came {short(line)}", "nothing", "unasked")

    def broke(self, rule: str, what: str) -> Miss:
        """Return the miss of a turn that broke off: a hang, if nothing answers any more."""
        if self.talk.hung:
            return Miss(
                rule="W35",
                kind=Kind.HANG,
                summary=f"{what} within {self.case.limit:g} s, and nothing else is answered",
                expected=ANSWERED,
                fold=f"hang {self.case.subject.name} {self.case.about}",
            )
        how = {
            Broke.TIMEOUT: f"within {self.case.limit:g} s",
            Broke.CLOSED: "before the server closed the connection",
            Broke.OVERFLOW: "before a message that is too long or holds too much to read",
            None: "",
        }[self.heard.broke]
        return self.miss(rule, f"{what} {how}", ANSWERED, f"broke {self.heard.broke}")

    def miss(self, rule: str, what: str, expected: str, fold: str) -> Miss:
        """Return the miss of a turn whose result is not as `expected`."""
        return Miss(
            rule=rule,
            kind=Kind.SHAPE,
            summary=f"{self.case.about}: {what}",
            expected=expected,
            fold=f"{rule} {self.case.about} {fold}",
            why=self.case.exchange.reason if self.case.exchange else "",
        )


def short(line: Line) -> str:
    """Return a message as a summary shows it."""
    shown = line.data.decode("ascii", "backslashreplace").rstrip()
    return shown if len(shown) <= SHORT else f"{shown[:SHORT]}... ({len(line.data)} bytes)"


def text(value: Any) -> str:
    """Return a value as a summary shows it."""
    return "nothing" if value is ABSENT else compact(value)[:SHORT]
