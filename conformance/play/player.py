"""Plays cases on one machine, pipelined, and yields an observation of each; judges nothing."""

from __future__ import annotations

import contextlib
import json
import math
import os
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from conformance.judge.events import awaited, is_event
from conformance.judge.expect_answer import Answer
from conformance.judge.observation import (
    Broke,
    EventPlace,
    FilesSeen,
    Line,
    Observation,
    Said,
    Taken,
    Talk,
)
from conformance.judge.verdict import says_absent
from conformance.launch.machine import Machine
from conformance.model.case import Case, Measure, Role, Step
from conformance.model.ending import Ending
from conformance.model.file_content import FileContent
from conformance.model.flavour import Flavour
from conformance.model.stage import SCRATCH
from conformance.model.terms import JsonValue
from conformance.play.script_player import talk
from conformance.play.watch import Watch
from conformance.wire.connection import Connection, WireClosed, WireOverflow, WireTimeout, weight
from conformance.wire.framing import Message, read_message

WINDOW: Final = 96
"""How many requests are in flight.

Enough to keep the server busy while replies are judged, few enough that little is sent in vain when
it dies.
"""
_FLOOD: Final = 2 << 20
"""The weight limit for the events and other messages of one case.

A batch of requests causes some kilobytes, and keeping them takes eight times their weight.
"""
_NO_ANSWER: Final[Mapping[str, object]] = {
    "error": {"class": "GenericError", "desc": "the companion does not answer, or tell its events"}
}
"""What stands for the answer of a companion that there is none of."""
SOON: Final = 1.0
"""How many seconds a peer may take to do what it was asked for: a thread connects to some."""
REST: Final = 2.0
"""How many seconds a process whose socket closed may take to end."""

_LATE: Final = 0.3
"""The share of its time limit after which a reply is late."""


class Impatient(Protocol):
    """Who makes use of the time in which a machine does not answer."""

    def late(self, case: Case, first: int, seen: Observation) -> bool:
        """Take what was seen of a case by now; return whether no answer need be awaited."""
        ...

    def answered(self) -> None:
        """Take back that `late` returned True: an answer came meanwhile."""
        ...


@contextlib.contextmanager
def opened(source: str) -> Iterator[int]:
    """Open the source of a descriptor to pass, and close it afterwards; raises OSError."""
    ours: list[int] = []
    match source:
        case "socketpair":
            left, right = socket.socketpair()
            ours += [left.detach(), right.detach()]
        case "memfd":
            ours.append(os.memfd_create("passed"))
        case path:
            ours.append(os.open(path, os.O_RDWR))
    try:
        yield ours[0]
    finally:
        for number in ours:
            os.close(number)


@dataclass(slots=True)
class _Seen:
    """What was seen so far of the case whose replies are awaited."""

    replies: list[Line | None]
    events: list[Line] = field(default_factory=list)
    places: list[EventPlace] = field(default_factory=list)
    strays: list[Line] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    taken: tuple[Taken, ...] | None = ()
    cpu: list[float] = field(default_factory=list)
    idle: float | None = None
    files: FilesSeen | None = None
    contents: dict[str, JsonValue] | None = None
    held: float | None = None
    overtaken: bool = False
    misbehaved: bool = True
    began: float = 0.0
    opened: float = -math.inf
    """When the session was open for events."""
    sent: dict[int, float] = field(default_factory=dict)
    """When each step was sent, unless it was sent ahead of its turn."""
    _unasked: int = 0

    def stray(self, line: Line) -> None:
        """Record a message that is neither an event nor awaited; raises as `add` does."""
        self.strays.append(line)
        self._count(line)

    def _count(self, line: Line) -> None:
        self._unasked += weight(line.data)
        if self._unasked > _FLOOD:
            raise WireTimeout("other messages came without end")

    def add(self, event: Line, step: int, empty_at: float) -> None:
        """Record an event that came while a step's result was awaited, and after `empty_at`.

        Raises WireTimeout if unsolicited messages do not end.
        """
        self._count(event)
        self.events.append(event)
        answered = self.replies[step] is not None
        # It may have waited in the socket before the step was sent, but not before the last answer.
        last = step if answered else step - 1
        followed = last >= 0 and self.replies[last] is not None
        since = max(empty_at, self.sent.get(last, -math.inf) if followed else -math.inf)
        asked = self.sent.get(step, -math.inf)
        self.places.append(EventPlace(step, answered, since, time.monotonic(), asked))

    def of_step(self, step: int) -> list[Line]:
        """Return the events that came since the step was sent."""
        pairs = zip(self.events, self.places, strict=True)
        return [line for line, place in pairs if place.step == step]

    def observation(
        self,
        *,
        death: Ending | None = None,
        hung: bool = False,
        broke_off: int | None = None,
        broke: Broke | None = None,
    ) -> Observation:
        return Observation(
            broke_off=broke_off,
            broke=broke,
            replies=tuple(self.replies),
            events=tuple(self.events),
            places=tuple(self.places),
            strays=tuple(self.strays),
            opened=self.opened,
            clock=time.time() - time.monotonic(),
            said=tuple(self.said),
            taken=self.taken,
            cpu=tuple(self.cpu),
            idle=self.idle,
            files=self.files,
            contents=self.contents,
            held=self.held,
            overtaken=self.overtaken,
            misbehaved=self.misbehaved,
            death=death,
            hung=hung,
            seconds=time.monotonic() - self.began,
        )


class _OvertakenError(Exception):
    """A later request was answered first."""


class _Dialogue:
    """What is sent on a machine's monitor, and what comes back, step by step."""

    def __init__(self, machine: Machine, connection: Connection | None) -> None:
        self.machine = machine
        self._first = connection
        # Cases name the scratch folder as the sandbox shows it; without one, it is elsewhere.
        self._shown, self._real = SCRATCH.encode(), machine.inside.encode()
        self._next_id = 0
        self._held: Line | None = None
        """The answer to a request whose turn is still to come."""
        self._impatient: Impatient | None = None

    @property
    def _connection(self) -> Connection:
        assert self._first is not None, "the machine has a monitor of its own"
        return self._first

    def _queue(self, steps: Sequence[Step], first: int) -> None:
        """Queue requests, the first of which has the id `first`."""
        for number, step in enumerate(steps, start=first):
            data = step.request.line(number).replace(self._shown, self._real)
            _queue(self._connection, data, step.request.descriptor)

    def _send_in_step(
        self, case: Case, number: int, first: int, seen: _Seen, beside: float | None
    ) -> None:
        """Send a step; and the one beside it as soon as it waits for its peer.

        What the machine tells now may come of what its companion was asked `beside`.
        """
        seen.sent[number] = beside or time.monotonic()
        self._queue(case.steps[number : number + 1], first + number)
        if not _has_beside(case, number):
            return
        self._connection.flush(case.limit)
        _let_misbehave(self.machine, case, seen)
        seen.sent[number + 1] = time.monotonic()
        self._queue(case.steps[number + 1 : number + 2], first + number + 1)

    def _answered(self, case: Case, number: int, first: int, seen: _Seen) -> None:
        """Receive the reply to a step; and that to the one beside it, if it comes before."""
        waits = case.meanwhile
        if not _has_beside(case, number):
            seen.replies[number] = self._reply(case, number, first, seen)
        else:
            try:
                seen.replies[number] = self._reply(case, number, first, seen)
            except _OvertakenError:
                seen.overtaken = True
                seen.replies[number + 1] = self._reply(case, number + 1, first, seen)
                seen.replies[number] = self._reply(case, number, first, seen)
        if waits is not None and number == waits.step:
            seen.held = max(0.0, self._connection.empty_at - seen.sent[number])

    def _await(self, case: Case, number: int, seen: _Seen) -> None:
        """Receive messages until the events of a step have arrived, or its time is up.

        First of all, the peer that it asks has the time to misbehave.
        The judge decides about missing events and unsolicited messages. If the set-up was refused,
        it does not wait: the case proves nothing any more.
        """
        if case.misbehaves is not None and case.misbehaves.step == number:
            _let_misbehave(self.machine, case, seen)
        step, reply = case.steps[number], seen.replies[number]
        if not step.emits or reply is None or _refused(reply):
            return
        done = zip(case.steps[:number], seen.replies[:number], strict=True)
        if any(line and _fails(each, line) for each, line in done):
            return
        limit = max(case.limit if each.within is None else each.within for each in step.emits)
        with contextlib.suppress(WireTimeout):
            self._read_on(limit, seen, number, lambda: bool(awaited(step, seen.of_step(number))))

    def _read_on(self, seconds: float, seen: _Seen, number: int, more: Callable[[], bool]) -> None:
        """Record what comes unasked until no `more` is wanted; raises WireTimeout after that."""
        deadline = time.monotonic() + seconds
        while more():
            line = self._next(max(0.0, deadline - time.monotonic()))
            message = _message_of(line)
            if message is not None and "event" in message:
                seen.add(line, number, self._connection.empty_at)
            else:
                seen.stray(line)

    def _reply(self, case: Case, number: int, first: int, seen: _Seen) -> Line:
        """Return the next message that is neither an event nor an answer to something earlier."""
        request_id = first + number
        deadline = time.monotonic() + case.limit
        while True:
            # Messages in between do not extend the time: they may come without end.
            line = self._within(deadline, case, number, first, seen)
            message = _message_of(line)
            if message is None:
                return line
            if is_event(message):
                seen.add(line, number, self._connection.empty_at)
                continue
            found = message.get("id")
            if type(found) is int and found < request_id:
                seen.stray(line)
                continue
            if type(found) is int and request_id < found < self._next_id:
                self._held = line
                raise _OvertakenError
            return line

    def _within(self, deadline: float, case: Case, number: int, first: int, seen: _Seen) -> Line:
        """Return the next line; once, whoever is impatient may do something before the deadline."""
        lead = _lead(case.steps[number], self.machine.flavour)
        left = max(0.0, deadline - time.monotonic())
        impatient, late = self._impatient, left - (1 - _LATE) * case.limit
        if impatient is None or late < 0:
            return self._next(left, lead)
        try:
            return self._next(late, lead)
        except WireTimeout:
            self._impatient = None
            by_now = seen.observation(hung=True, broke_off=number, broke=Broke.TIMEOUT)
            if not impatient.late(case, first, by_now):
                return self._next(max(0.0, deadline - time.monotonic()), lead)
        # When it came is not known: what was made of its lateness counts no more.
        self._next(0.0, lead)
        impatient.answered()
        raise WireTimeout("an answer came too late, or none was awaited")

    def _next(self, limit: float, lead: bytes = b"") -> Line:
        held, self._held = self._held, None
        if held is not None:
            return held
        data = self._connection.receive(limit).replace(self._real, self._shown)
        line_end = self.machine.flavour.line_end
        return Line(data, read_message(data.removeprefix(lead), line_end))


class Player(_Dialogue):
    """One machine and its negotiated monitor, on which cases are played one after the other.

    Without a monitor, only exchanges can be played.
    """

    def __init__(self, machine: Machine, connection: Connection | None) -> None:
        super().__init__(machine, connection)
        self.healthy = True
        self.ahead = 0
        """How many cases after the one last yielded are in flight."""
        self._opened = time.monotonic()
        self._watch, self._one_by_one = Watch(machine), False

    def play(
        self,
        cases: Sequence[Case],
        *,
        one_by_one: bool = False,
        impatient: Impatient | None = None,
    ) -> Iterator[tuple[Case, int, Observation]]:
        """Yield (case, id of its first request, observation) in order.

        With `one_by_one`, no request is sent before the one before it is answered: what the process
        does meanwhile is of that request. `impatient` is told of the first reply that is late.
        Ends early if the machine dies or stops answering: the last case yielded is the one in which
        that happened, and `healthy` is False from then on. A caller that stops early must not use
        the player again: requests of later cases are in flight.
        """
        todo = deque(cases)
        flight: deque[tuple[Case, int]] = deque()
        waiting = 0
        self.healthy = False
        self._one_by_one, self._impatient = one_by_one, impatient
        while todo or flight:
            while todo and (not flight or self._may_follow(todo[0], flight[-1][0], waiting)):
                case = todo.popleft()
                flight.append((case, self._next_id))
                waiting += len(case.steps)
                self._send(case)
            case, first = flight.popleft()
            waiting -= len(case.steps)
            self.ahead = len(flight)
            seen, whole = self._receive(case, first)
            if not whole:
                yield case, first, seen
                return
            self.healthy = not (todo or flight)
            yield case, first, seen
        self.healthy = True

    def talk(self, case: Case) -> Talk:
        """Return what was received in the exchange of a case; raises LaunchError."""
        seen = talk(case, self.machine, self._first)
        last = len(seen.heard) - 1
        taken = None if seen.death else self._watch.taken(last)
        return replace(seen, said=self._watch.said(last), taken=taken)

    def _in_step(self, case: Case) -> bool:
        return self._one_by_one or case.in_step

    def _may_follow(self, case: Case, other: Case, waiting: int) -> bool:
        """Return whether `case` may be sent with `other`, and `waiting` requests, in flight."""
        apart = any(self._in_step(each) or each.kept or each.shown for each in (case, other))
        return waiting < WINDOW and not apart

    def _send(self, case: Case) -> None:
        """Queue the requests of a case, if they need not wait; `_receive` sends the others."""
        if not self._in_step(case):
            ahead = case.kept.since if case.kept else len(case.steps)
            self._queue(case.steps[:ahead], self._next_id)
        self._next_id += len(case.steps)

    def _receive(self, case: Case, first: int) -> tuple[Observation, bool]:
        """Return the observation of `case`, and whether all of its replies came."""
        seen = _Seen([None] * len(case.steps), began=time.monotonic(), opened=self._opened)
        in_step = self._in_step(case)
        files, beside = None, None
        for number, step in enumerate(case.steps):
            if case.kept is not None and number == case.kept.since:
                files = self.machine.files()
                self._queue(() if in_step else case.steps[number:], first + number)
            if step.request.companion:
                beside = beside or time.monotonic()
                seen.replies[number] = _of_companion(self.machine, step, first + number)
                if case.misbehaves is not None and case.misbehaves.step == number:
                    _let_misbehave(self.machine, case, seen)
                continue
            if in_step and number not in seen.sent:
                self._send_in_step(case, number, first, seen, beside)
                beside = None
            try:
                if seen.replies[number] is None:
                    self._answered(case, number, first, seen)
                self._await(case, number, seen)
                seen.said += self._watch.said(number)
            except _OvertakenError:
                continue
            except WireTimeout:
                seen.said += self._watch.said(number)
                return seen.observation(hung=True, broke_off=number, broke=Broke.TIMEOUT), False
            except (WireClosed, WireOverflow) as error:
                return self._broken(error, seen, number), False
            self._note(case, number, seen)
        _look_at_files(self.machine, case, files, seen)
        if not in_step:
            seen.taken = self._watch.taken(len(case.steps) - 1)
        if case.measure is not None:
            self._measure(case, case.measure, seen)
        return seen.observation(), True

    def _note(self, case: Case, number: int, seen: _Seen) -> None:
        """Record what the process has done during a step, where no other was under way."""
        if self._in_step(case):
            seen.taken = (seen.taken or ()) + (self._watch.taken(number) or ())
        if case.measure is not None:
            seen.cpu.append(self._watch.spent() or 0.0)

    def _measure(self, case: Case, measure: Measure, seen: _Seen) -> None:
        """Record what shows only after the last answer."""
        last = len(case.steps) - 1
        if measure.rest:
            self._watch.spent()
            with contextlib.suppress(WireTimeout, WireClosed):
                self._read_on(measure.rest, seen, last, lambda: True)
            seen.idle = self._watch.spent()
        if measure.rounds and self.machine.ending(case.limit):
            seen.said += self._watch.said(last)

    def _broken(self, error: WireClosed | WireOverflow, seen: _Seen, number: int) -> Observation:
        if isinstance(error, WireOverflow):
            seen.replies[number] = Line(error.head, read_message(error.head))
            return seen.observation(broke_off=number, broke=Broke.OVERFLOW)
        ending = self.machine.ending(REST)
        seen.said += self._watch.said(number)
        if ending is None:
            return seen.observation(hung=True, broke_off=number, broke=Broke.CLOSED)
        return seen.observation(death=ending, broke_off=number, broke=Broke.CLOSED)


def _let_misbehave(machine: Machine, case: Case, seen: _Seen) -> None:
    """Give the peer of a case the time to do what it is asked for."""
    if case.misbehaves is not None and not _lacks(case, seen):
        seen.misbehaved = machine.peers.misbehaved(case.misbehaves.address, SOON)


def _lacks(case: Case, seen: _Seen) -> bool:
    """Return whether a reply says that the build lacks what the case is about."""
    messages = (_message_of(line) for line in seen.replies if line)
    return any(says_absent(case.absences, message or {}) for message in messages)


def _has_beside(case: Case, number: int) -> bool:
    """Return whether the step behind that one is sent together with it."""
    waits = case.meanwhile
    return waits is not None and waits.beside is not None and number == waits.step


def _of_companion(machine: Machine, step: Step, number: int) -> Line:
    """Return what the first companion answers, as if the machine had answered."""
    answer = machine.companions[0].ask(step.request) if machine.companions else {}
    message = {**(answer or _NO_ANSWER), "id": number}
    data = json.dumps(message).encode() + machine.flavour.line_end
    return Line(data, read_message(data, machine.flavour.line_end))


def _look_at_files(
    machine: Machine, case: Case, before: dict[str, FileContent] | None, seen: _Seen
) -> None:
    """Record what stands in the scratch folder, if the case looks at it."""
    if before is not None:
        seen.files = FilesSeen(before, machine.files())
    if case.shown:
        seen.contents = {each.name: machine.beginning(each.name) for each in case.shown}


def _queue(connection: Connection, data: bytes, descriptor: str) -> None:
    if not descriptor:
        connection.queue(data)
        return
    with opened(descriptor) as number:
        connection.send_descriptors(data, (number,))


def _lead(step: Step, flavour: Flavour) -> bytes:
    """Return what may precede the reply to a step; exchanges test whether it must."""
    return flavour.delimiter if step.request.execute == flavour.delimited else b""


def _fails(step: Step, line: Line) -> bool:
    """Return whether a reply tells that a set-up failed, or what a refusal is compared with."""
    needed = step.role in (Role.SETUP, Role.WITNESS) and not isinstance(step.expect, Answer)
    return needed and _refused(line)


def _refused(line: Line) -> bool:
    return "error" in (_message_of(line) or {})


def _message_of(line: Line) -> dict[str, object] | None:
    if isinstance(line.read, Message):
        return line.read.value
    return line.read.message.value if line.read.message else None
