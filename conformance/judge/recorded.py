"""Judges whether a recorded dialogue keeps the rules of the wire and of a schema; runs nothing.

Does not judge what was not recorded: a dialogue may begin and end anywhere, and may lack ids.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from conformance.judge.events import is_event
from conformance.judge.greeting import VERSION_COMMAND
from conformance.judge.introspected import SCHEMA_COMMAND
from conformance.judge.miss import Miss
from conformance.judge.observation import Line
from conformance.judge.reply import MessageJudge, ReadMessage, echoes
from conformance.judge.request import Objection, RequestJudge, command_of
from conformance.model.canonical import compact, same
from conformance.model.expectation import Kind
from conformance.model.terms import ABSENT
from conformance.qapi.model import Schema
from conformance.qapi.validate import Validator
from conformance.wire.recording import Received, Sent, Spoken

_NEGOTIATE: Final = "qmp_capabilities"
_OOB: Final = "oob"
_SHOWN: Final = 80
"""How many characters of an id or a capability to show: enough to find it again."""


class Mode(enum.Enum):
    """The state of a session, as far as the recording shows."""

    # Its beginning and its negotiation are missing.
    UNKNOWN = enum.auto()
    # It has greeted; capabilities are not negotiated yet.
    NEGOTIATION = enum.auto()
    # Capabilities are negotiated.
    COMMAND = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A remark or fault of the message on `line`; one that is `remarked` breaks no promise."""

    line: int
    miss: Miss
    remarked: bool = False


@dataclass(slots=True)
class _Asked:
    """A request that waits for its response."""

    line: int
    value: Any
    command: str | None
    objection: Objection | None
    overtaken: int = 0
    """The line on which a later request was answered first, 0 for none."""
    nameless: bool = False
    """Whether an error without id came that may be its reply."""

    @property
    def id(self) -> Any:
        """Its id, ABSENT without one."""
        return self.value.get("id", ABSENT) if isinstance(self.value, dict) else ABSENT

    @property
    def in_band(self) -> bool:
        return not (isinstance(self.value, dict) and "exec-oob" in self.value)

    @property
    def called(self) -> str:
        return f"{self.command or 'the request'} on line {self.line}"


class DialogueJudge:
    """Follows one dialogue from message to message.

    A `trimmed` dialogue has no ids and no timestamps, as in the transcripts of findings. `asks`
    says whether it contains requests: without them, replies match nothing.
    """

    def __init__(
        self,
        schema: Schema | None,
        unchecked: AbstractSet[str] = frozenset(),
        *,
        trimmed: bool = False,
        asks: bool = True,
    ) -> None:
        validator = Validator(schema) if schema else None
        self._schema = schema
        self._messages = MessageJudge(schema, validator)
        self._requests = RequestJudge(schema, validator, unchecked)
        self._trimmed = trimmed
        self._asks = asks
        self._waiting: list[_Asked] = []
        self._answered: list[Any] = []
        self._mode = Mode.UNKNOWN
        self._oob: bool | None = None
        self._version: Any = ABSENT

    def hear(self, spoken: Spoken) -> Iterator[Noted]:
        """Yield the faults and remarks of the next message."""
        match spoken:
            case Sent():
                self._sent(spoken)
            case Received():
                yield from self._received(spoken)

    def end(self) -> Iterator[Noted]:
        """Yield the remarks about requests without a reply until the end of the session."""
        for asked in self._waiting:
            late = bool(asked.overtaken) and not asked.nameless
            what = f"there is no response to {asked.called}"
            if late:
                what += f", while a later request is answered on line {asked.overtaken}"
            expected = "exactly one response to each request"
            miss = _miss("W35", Kind.SHAPE, what, expected, "none" if late else "open")
            yield Noted(line=asked.line, miss=miss, remarked=not late)
        self._waiting.clear()

    def _sent(self, spoken: Sent) -> None:
        value = spoken.value
        if value is ABSENT:
            asked = _Asked(line=spoken.line, value=value, command=None, objection=None)
        else:
            objection = self._requests.objection(value, oob=self._oob)
            command = command_of(value)
            asked = _Asked(line=spoken.line, value=value, command=command, objection=objection)
        self._waiting.append(asked)

    def _received(self, spoken: Received) -> Iterator[Noted]:
        if spoken.read is None:
            # Only a part is there: it counts as the response that it probably is.
            del self._waiting[:1]
            return
        line = Line(spoken.data, spoken.read)
        message = spoken.message or {}
        if "QMP" in message:
            yield from self._greeted(spoken, line)
        elif is_event(message):
            if self._mode is Mode.NEGOTIATION:
                what = f"the event {message['event']!r} comes before the negotiation is over"
                miss = _miss("W57", Kind.SHAPE, what, "no event in negotiation mode", "early")
                yield Noted(line=spoken.line, miss=miss)
            yield from _noted(spoken, self._messages.event(line, timed=not self._trimmed))
        else:
            yield from self._replied(spoken, line, message)

    def _greeted(self, spoken: Received, line: Line) -> Iterator[Noted]:
        yield from self.end()
        read = self._messages.greeting(line)
        yield from _noted(spoken, read)
        # Without requests, the negotiation is not visible.
        self._mode = Mode.NEGOTIATION if self._asks else Mode.UNKNOWN
        self._oob, self._version = None, ABSENT
        self._answered.clear()
        greeting = read.message["QMP"] if read.message else None
        if not isinstance(greeting, dict):
            return
        self._version = greeting.get("version", ABSENT)
        offered = greeting.get("capabilities")
        for capability in offered if isinstance(offered, list) else ():
            if capability != _OOB:
                what = f"the greeting offers {compact(capability)[:_SHOWN]}"
                miss = _miss("W18", Kind.SHAPE, what, "oob alone has a meaning", "capability")
                yield Noted(line=spoken.line, miss=miss, remarked=True)

    def _replied(self, spoken: Received, line: Line, message: dict[str, Any]) -> Iterator[Noted]:
        if not self._asks:
            yield from _noted(spoken, self._messages.answer(line, None))
            return
        if spoken.message is None:
            # It may answer anything: it counts as the response that was due.
            del self._waiting[:1]
            yield from _noted(spoken, self._messages.answer(line, None))
            return
        asked, noted = self._match(spoken, message)
        yield from noted
        if asked is None:
            if not noted:
                yield from _noted(spoken, self._messages.stray(line))
            return
        read = self._messages.answer(line, asked.command)
        yield from _noted(spoken, read)
        if asked.overtaken:
            what = f"the response to {asked.called} comes after that of a later request"
            expected = "responses in the order of their requests"
            yield Noted(line=spoken.line, miss=_miss("W27", Kind.SHAPE, what, expected, "order"))
        if read.message is not None and asked.value is not ABSENT:
            yield from self._outcome(spoken, asked, read.message)

    def _match(
        self, spoken: Received, message: dict[str, Any]
    ) -> tuple[_Asked | None, tuple[Noted, ...]]:
        """Return the request that a reply answers, and the faults of the reply's id."""
        found = message.get("id", ABSENT)
        if found is ABSENT and not self._trimmed:
            count = _unanswered(self._waiting, message, self._messages)
            if count:
                missing, self._waiting = self._waiting[:count], self._waiting[count:]
                noted = tuple(_left_out(asked, spoken.line) for asked in missing)
                return self._take(0, spoken.line), noted
        for index, asked in enumerate(self._waiting):
            if self._trimmed or echoes(asked.id, found):
                return self._take(index, spoken.line), ()
        if not self._waiting or any(echoes(each, found) for each in self._answered):
            return None, ()
        first = self._waiting[0]
        if found is ABSENT and "error" in message:
            first.nameless = True
            what = f"the error has no id; {first.called} has one"
            expected = "no id only where it could not be read"
            miss = _miss("W43", Kind.SHAPE, what, expected, "nameless")
            return None, (Noted(line=spoken.line, miss=miss, remarked=True),)
        rule = "W26" if first.id is ABSENT else "W25"
        what = f"the response has {_shown(found)}, {first.called} has {_shown(first.id)}"
        expected = "the id of the request in its response, and none where it has none"
        miss = _miss(rule, Kind.SHAPE, what, expected, "id")
        return self._take(0, spoken.line), (Noted(line=spoken.line, miss=miss),)

    def _take(self, index: int, line: int) -> _Asked:
        asked = self._waiting.pop(index)
        if asked.in_band:
            for earlier in self._waiting[:index]:
                earlier.overtaken = earlier.overtaken or (line if earlier.in_band else 0)
        # The ids of requests answered twice are rarely older than this.
        if asked.id is not ABSENT:
            self._answered = [*self._answered[-99:], asked.id]
        return asked

    def _outcome(self, spoken: Received, asked: _Asked, message: Any) -> Iterator[Noted]:
        """Yield the faults and remarks of accepting or refusing a request."""
        if "error" in message:
            if self._schema is None or asked.command not in self._schema.commands:
                return
            if asked.objection is None and self._mode is not Mode.NEGOTIATION:
                kind = message["error"]["class"]
                what = f"{asked.called} is refused ({kind}); the schema allows it"
                fold = f"{asked.command} {kind}"
                miss = _miss("Q29", Kind.REFUSED, what, "the schema tells no errors", fold)
                yield Noted(line=spoken.line, miss=miss, remarked=True)
            return
        if asked.objection is not None:
            objection = asked.objection
            what = f"{asked.called} is accepted: {objection.what}"
            miss = _miss(objection.rule, Kind.ACCEPTED, what, "an error", objection.fold)
            yield Noted(line=spoken.line, miss=miss)
        if asked.command == _NEGOTIATE:
            self._mode = Mode.COMMAND
            # Requests still waiting are from an earlier session.
            for earlier in self._waiting:
                earlier.overtaken = 0
            self._oob = _OOB in _enabled(asked.value)
        elif self._mode is Mode.NEGOTIATION:
            what = f"{asked.called} is accepted in negotiation mode"
            miss = _miss("W56", Kind.ACCEPTED, what, "CommandNotFound", "negotiation")
            yield Noted(line=spoken.line, miss=miss)
        if asked.command in (VERSION_COMMAND, SCHEMA_COMMAND):
            yield from self._self_description(spoken, asked.command, message["return"])

    def _self_description(self, spoken: Received, command: str, value: Any) -> Iterator[Noted]:
        """Yield the faults of what the server says of itself."""
        if command == SCHEMA_COMMAND and not is_schema(value):
            what = f"{command} returns no array of entries"
            miss = _miss("Q53", Kind.VALUE, what, "the entries of a schema", "schema")
            yield Noted(line=spoken.line, miss=miss)
        version = self._version
        if command == VERSION_COMMAND and version is not ABSENT and not same(version, value):
            what = f"{command} returns another version than the greeting"
            miss = _miss("W16", Kind.VALUE, what, "the version of the greeting", "version")
            yield Noted(line=spoken.line, miss=miss)


def _unanswered(
    waiting: Sequence[_Asked], message: Mapping[str, Any], messages: MessageJudge
) -> int:
    """Return how many requests before the one that a success without id fits have no reply.

    None has an id, and the first does not allow it: a line of the recording is missing.
    """
    if "return" not in message or "error" in message:
        return 0
    for index, asked in enumerate(waiting):
        if asked.id is not ABSENT or asked.value is ABSENT:
            break
        if asked.objection is None and messages.returns(asked.command, message["return"]):
            return index
    return 0


def _left_out(asked: _Asked, line: int) -> Noted:
    """Return the remark that the reply to a request is not there."""
    what = (
        f"the reply to {asked.called} is not there: the one on line {line} has the type of that to "
        "a later request"
    )
    miss = _miss("W35", Kind.SHAPE, what, "a reply to each request", "left out")
    return Noted(line=asked.line, miss=miss, remarked=True)


def listen(
    dialogue: Sequence[Spoken],
    schema: Schema | None,
    unchecked: AbstractSet[str] = frozenset(),
    *,
    trimmed: bool = False,
) -> Iterator[Noted]:
    """Yield the faults and remarks of a dialogue, in order."""
    asks = any(isinstance(each, Sent) for each in dialogue)
    listener = DialogueJudge(schema, unchecked, trimmed=trimmed, asks=asks)
    for spoken in dialogue:
        yield from listener.hear(spoken)
    yield from listener.end()


def schema_in(dialogue: Iterable[Spoken]) -> tuple[Received, list[Any]] | None:
    """Return the first message that returns the entries of a schema, and the entries."""
    for spoken in dialogue:
        value = _returned(spoken)
        if isinstance(spoken, Received) and is_schema(value):
            return spoken, value
    return None


def version_in(dialogue: Iterable[Spoken]) -> tuple[int, int, int] | None:
    """Return the version in a greeting or a reply, if there is one."""
    for spoken in dialogue:
        message = spoken.message if isinstance(spoken, Received) else None
        greeting = message.get("QMP") if message else None
        told = greeting.get("version") if isinstance(greeting, dict) else _returned(spoken)
        # Only query-version returns this.
        qemu = told.get("qemu") if isinstance(told, dict) and "package" in told else None
        if isinstance(qemu, dict):
            parts: list[Any] = [qemu.get(part) for part in ("major", "minor", "micro")]
            if all(type(part) is int for part in parts):
                return parts[0], parts[1], parts[2]
    return None


def _returned(spoken: Spoken) -> Any:
    message = spoken.message if isinstance(spoken, Received) else None
    return message.get("return") if message else None


def is_schema(value: Any) -> bool:
    """Return whether a value looks like the entries of a schema, of whatever quality."""
    return isinstance(value, list) and any(
        isinstance(each, dict) and "meta-type" in each for each in value
    )


def _enabled(request: Any) -> AbstractSet[str]:
    arguments = request.get("arguments")
    enable = arguments.get("enable") if isinstance(arguments, dict) else None
    listed = enable if isinstance(enable, list) else []
    return {each for each in listed if isinstance(each, str)}


def _noted(spoken: Received, read: ReadMessage) -> Iterator[Noted]:
    for miss in read.misses:
        yield Noted(line=spoken.line, miss=miss)


def _shown(id: Any) -> str:
    return "no id" if id is ABSENT else f"the id {compact(id)[:_SHOWN]}"


def _miss(rule: str, kind: Kind, summary: str, expected: str, fold: str) -> Miss:
    return Miss(rule=rule, kind=kind, summary=summary, expected=expected, fold=f"{rule} {fold}")
