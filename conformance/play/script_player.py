"""Plays scripted exchanges on a machine and yields what was received; judges nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, assert_never

from conformance.judge.events import is_event, message_of
from conformance.judge.observation import Broke, Heard, Line, Talk, sync_id
from conformance.launch.gate import Gate
from conformance.launch.machine import Machine
from conformance.launch.scratch import confined
from conformance.model.case import Case
from conformance.model.ending import Ending
from conformance.model.errors import LaunchError
from conformance.model.script import (
    CONTROL,
    FIRST,
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
from conformance.model.stage import Request
from conformance.model.terms import ABSENT
from conformance.play.script_lines import Lines
from conformance.wire.connection import (
    Connection,
    WireClosed,
    WireError,
    WireOverflow,
    WireTimeout,
    weight,
)
from conformance.wire.session import SessionLost, SessionSilent

if TYPE_CHECKING:
    from conformance.play.client_driver import Driver

_MESSAGES: Final = 20_000
"""How many messages a turn reads: more than any one message with an error for each byte."""
_RESET: Final = b"\x07\xff\n"
"""What makes a parser drop its input, even one that knows only one of them (W51, W52)."""
_WEIGHT: Final = 8 << 20
"""The weight limit of the messages: keeping them takes eight times as much."""
_LOST: Final = 0.1
"""How many seconds a process may take to end after its session was lost, if it died of it."""
_REST: Final = 2.0
"""How many seconds a process whose socket closed may take to end, if it ends."""


def talk(case: Case, machine: Machine, control: Connection | None) -> Talk:
    """Play the exchange of `case` and return what was received.

    `control` is the machine's first monitor, negotiated, if it has one. Lines that the exchange
    joins are closed at its end. Raises LaunchError if an endpoint cannot be reached.
    """
    assert case.exchange is not None, "the case holds an exchange"
    with ExitStack() as undo:
        return _Talker(case, machine, control, undo).run(case.exchange)


@dataclass(slots=True)
class _Turned:
    """What a turn has received so far, and why it broke off, if it did."""

    lines: list[Line] = field(default_factory=list)
    broke: Broke | None = None
    partial: bytes = b""
    told: str = ""


class _Talker:
    """One exchange in progress."""

    def __init__(
        self, case: Case, machine: Machine, control: Connection | None, undo: ExitStack
    ) -> None:
        self._machine = machine
        self._limit = case.limit
        self._open = undo
        self._lines = Lines(machine, control, case.limit, undo)
        self._gates: dict[str, Gate] = {}
        self._driver: Driver | None = None

    def run(self, exchange: Exchange) -> Talk:
        """Take turns until one breaks off, or all are taken."""
        began = time.monotonic()
        heard: list[Heard] = []
        death, hung = None, False
        for number, turn in enumerate(exchange.turns):
            turned = _Turned()
            try:
                self._take(turn, number, exchange.probe, turned)
            except WireTimeout:
                turned.broke = Broke.TIMEOUT
                hung = not self._answers(exchange.probe)
            except SessionLost as error:
                silent = isinstance(error, SessionSilent)
                turned.broke = Broke.TIMEOUT if silent else Broke.CLOSED
                turned.told = str(error)
                hung = silent and not self._answers(exchange.probe)
                death = self._death(0.0 if silent else _LOST)
            except WireOverflow as error:
                turned.broke, turned.partial = Broke.OVERFLOW, error.head
            except WireClosed as error:
                turned.broke, turned.partial = Broke.CLOSED, error.partial
                death = self._death(_REST)
            expected = isinstance(turn, Gone) and turned.broke is Broke.CLOSED
            heard.append(Heard(tuple(turned.lines), turned.broke, turned.partial, turned.told))
            if turned.broke is not None and not expected:
                break
        if exchange.ends and death is None:
            death = self._death(_REST)
        return Talk(
            heard=tuple(heard),
            transcript=self._lines.transcript.lines(),
            death=death or self._death(0.0),
            hung=hung,
            seconds=time.monotonic() - began,
        )

    def _answers(self, probe: str) -> bool:
        """Return whether the machine, no longer blocked, answers on its first monitor.

        Without one, a new client asks: an earlier client's rest in the parser is no excuse.
        """
        for gate in self._gates.values():
            gate.close()
        try:
            if CONTROL not in self._lines:
                self._lines.leave_all()
                self._lines.join(CONTROL, FIRST)
            turn = Sync(line=CONTROL, rule="", lead=_RESET * (not self._machine.flavour.greets))
            self._sync(turn, "alive", probe, _Turned())
        except (WireError, LaunchError):
            return False
        return True

    def _death(self, rest: float) -> Ending | None:
        ending = self._machine.ending(rest)
        return ending if ending else None

    def _take(self, turn: Turn, number: int, probe: str, turned: _Turned) -> None:
        match turn:
            case Join(line=line, endpoint=endpoint):
                self._lines.join(line, endpoint)
            case Send():
                self._lines.send(turn)
            case Hear():
                self._hear(turn, turned)
            case Sync():
                self._sync(turn, sync_id(number), probe, turned)
            case Gather():
                self._gather(turn, turned)
            case Part(line=line, size=size):
                self._lines.receive_part(line, size)
            case Hold(path=path):
                self._hold(path)
            case Release(path=path):
                self._gates.pop(path).close()
            case Leave():
                self._lines.leave(turn)
            case Gone(line=line):
                self._until(line, turned, lambda message: False)
            case Drive():
                self._drive(turn, turned)
            case _:
                assert_never(turn)

    def _drive(self, turn: Drive, turned: _Turned) -> None:
        # Not at the top: the client is an extra, and only these turns need it.
        from conformance.play.client_driver import Driver, spoken

        if self._driver is None:
            self._driver = Driver(self._open, self._lines.reach, self._limit)
        self._lines.note_sent(turn.line, spoken(turn))
        turned.told = self._driver.take(turn)
        self._lines.note_received(turn.line, turned.told.encode())

    def _hear(self, turn: Hear, turned: _Turned) -> None:
        self._until(
            turn.line,
            turned,
            lambda message: turn.silent or _is_heard(turn, message),
            turn.lead,
        )

    def _sync(self, turn: Sync, request_id: str, probe: str, turned: _Turned) -> None:
        request = Request(probe, ABSENT).line(request_id)
        self._lines.queue(turn.line, turn.lead + request)
        self._until(
            turn.line,
            turned,
            lambda message: message.get("id", ABSENT) == request_id,
        )

    def _gather(self, turn: Gather, turned: _Turned) -> None:
        left = len(turn.ids) + len(turn.free)

        def done(message: Mapping[str, Any]) -> bool:
            nonlocal left
            left -= not is_event(message) and ("id" in message or not turn.errors)
            return left == 0

        self._until(turn.line, turned, done)

    def _hold(self, path: str) -> None:
        try:
            gate = Gate(confined(self._machine.scratch, path), self._limit)
        except (TimeoutError, OSError) as error:
            raise LaunchError(
                f"the server cannot be held up: {error}", "Check what it answers to the request."
            ) from None
        self._open.callback(gate.close)
        self._gates[path] = gate

    def _until(
        self,
        line: str,
        turned: _Turned,
        done: Callable[[Mapping[str, Any]], bool],
        lead: bytes = b"",
    ) -> None:
        """Read messages on a line until `done` says that one was the last.

        The bytes `lead` may precede a message.
        """
        deadline = time.monotonic() + self._limit
        size = 0
        while len(turned.lines) < _MESSAGES and size < _WEIGHT:
            found = self._lines.receive(line, deadline, lead)
            turned.lines.append(found)
            size += weight(found.data)
            if done(message_of(found)):
                return
        raise WireTimeout(f"{len(turned.lines)} messages, and no end of them")


def _is_heard(turn: Hear, message: Mapping[str, Any]) -> bool:
    """Return whether a message is of the kind that a turn waits for."""
    if turn.what is What.EVENT:
        return is_event(message) and turn.event in ("", message["event"])
    return not is_event(message)
