"""Checks of every message of a server, whatever the case is about: framing, shape, schema.

Rules W03, W09 to W11, W25, W35 to W41, W46 to W49, W68, and those of greetings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from conformance.judge.greeting import VERSION_COMMAND, greeting_misses
from conformance.judge.miss import Miss
from conformance.judge.negotiation import known_capabilities
from conformance.judge.observation import Line
from conformance.model.complaint import NO_COMPLAINTS, Complaints
from conformance.model.event_facts import EventFacts
from conformance.model.expectation import Kind
from conformance.model.stage import Request
from conformance.model.terms import ErrorClass
from conformance.qapi.model import Object, Schema
from conformance.qapi.validate import Validator, Violation
from conformance.wire.framing import FramingFault

_CLASSES: Final = frozenset(ErrorClass)
_EVENT_MEMBERS: Final = frozenset({"event", "timestamp", "data"})
_NUMBERS: Final = (int, float)
_NO_CLOCK: Final = -1
"""Both parts of a timestamp on a host whose clock failed (W48)."""


NOTHING_KNOWN: Final = EventFacts()


@dataclass(frozen=True, slots=True)
class ReadMessage:
    """A message with its content, if it has any, and its faults.

    The content of a reply counts only if it is success or error and of the declared type.
    """

    message: Mapping[str, Any] | None
    misses: tuple[Miss, ...]


def _withholding(schema: Schema, feature: str) -> Schema:
    """Return the schema with every member optional that has the feature."""
    types = {
        name: replace(
            kind,
            members=tuple(
                replace(m, optional=m.optional or feature in m.features) for m in kind.members
            ),
        )
        if isinstance(kind, Object)
        else kind
        for name, kind in schema.types.items()
    }
    return replace(schema, types=types)


class MessageJudge:
    """Judges single messages against the rules of the wire and a build's own schema.

    Without a schema, all names and values pass. `complaints` are the reports that a program must
    not make while it answers.
    """

    def __init__(
        self,
        schema: Schema | None,
        validator: Validator | None,
        events: EventFacts = NOTHING_KNOWN,
        complaints: Complaints = NO_COMPLAINTS,
    ) -> None:
        self.complaints = complaints
        self._known = (schema, validator) if schema and validator else None
        self.events = events

    @property
    def schema(self) -> Schema | None:
        """The schema of the build, None without one."""
        return self._known[0] if self._known else None

    def greeting(self, line: Line) -> ReadMessage:
        """Return the greeting in `line` and its faults."""
        message, misses = _framed(line)
        if message is None:
            return ReadMessage(None, misses)
        known = known_capabilities(self._known[0]) if self._known else None
        found = greeting_misses(message, self._version_fault, known)
        return ReadMessage(message, misses + tuple(found))

    def _version_fault(self, version: Any) -> Violation | None:
        """Return why `version` differs from query-version's reply, if that is known."""
        if self._known is None:
            return None
        schema, validator = self._known
        command = schema.commands.get(VERSION_COMMAND)
        return validator.check(command.ret_type, version) if command else None

    def reply(
        self, line: Line, request: Request, request_id: int, *, withheld: str | None = None
    ) -> ReadMessage:
        """Return the reply in `line` and its faults as an answer to `request`.

        Members with the feature `withheld`, if given, may be missing.
        """
        message, misses = _framed(line)
        if message is None:
            return ReadMessage(None, misses)
        unsound = tuple(self._content_misses(message, request.execute, withheld))
        found = (*misses, *_id_misses(message, request_id), *_extra_misses(message), *unsound)
        return ReadMessage(None if unsound else message, found)

    def answer(self, line: Line, command: str | None) -> ReadMessage:
        """Return the reply in `line` and its faults, with any id.

        The return value for an unknown `command` is not judged.
        """
        message, misses = _framed(line)
        if message is None:
            return ReadMessage(None, misses)
        unsound = tuple(self._content_misses(message, command))
        return ReadMessage(
            None if unsound else message, (*misses, *_extra_misses(message), *unsound)
        )

    def returns(self, command: str | None, value: Any) -> bool:
        """Return whether a command may return `value`, as far as is known."""
        return not any(self._return_misses(value, command))

    def event(self, line: Line, *, timed: bool = True) -> ReadMessage:
        """Return the event in `line` and its faults.

        One that is not `timed` may lack the timestamp in a recording.
        """
        message, misses = _framed(line)
        if message is None:
            return ReadMessage(None, misses)
        return ReadMessage(message, misses + tuple(self._event_misses(message, timed)))

    def stray(self, line: Line) -> ReadMessage:
        """Return the faults of a message that answers nothing and is no event."""
        message, misses = _framed(line)
        rule, expected = "W35", "exactly one response to each command, and nothing unasked"
        what = f"a message that answers no request: {_short(line.data)}"
        return ReadMessage(message, (*misses, _miss(rule, what, expected, "stray")))

    def _content_misses(
        self, message: Mapping[str, Any], command: str | None, withheld: str | None = None
    ) -> Iterator[Miss]:
        if ("return" in message) == ("error" in message):
            expected = "success or error, one of the two"
            yield _miss("W35", "the reply has both or neither", expected, "both")
        elif "error" in message:
            yield from _error_misses(message["error"])
        else:
            yield from self._return_misses(message["return"], command, withheld)

    def _return_misses(
        self, value: Any, name: str | None, withheld: str | None = None
    ) -> Iterator[Miss]:
        if self._known is None or name is None:
            return
        schema, validator = self._known
        command = schema.commands.get(name)
        if command is None:
            return
        if withheld is not None:
            validator = Validator(_withholding(schema, withheld))
        fault = validator.check(command.ret_type, value)
        if fault is not None:
            # A path into an array begins with its index.
            dot = "." if fault.path and not fault.path.startswith("[") else ""
            where = f"return{dot}{fault.path}"
            what = f"{name} returned a value out of schema: {where}: {fault.problem}"
            kind = schema.types[command.ret_type]
            if isinstance(kind, Object) and not kind.members:
                yield _miss("W39", what, "an empty object", f"{name} {fault.path}")
            else:
                expected = f"a value of the return type that the schema gives {name}"
                yield _miss("W38", what, expected, f"{name} {fault.path}")

    def _event_misses(self, message: Mapping[str, Any], timed: bool) -> Iterator[Miss]:
        name = message.get("event")
        extra = sorted(set(message) - _EVENT_MEMBERS)
        if extra:
            what = f"the event {name!r} has a member {extra[0]!r}"
            yield _miss("W46", what, "event, timestamp and data alone", f"{name} extra")
        if (timed or "timestamp" in message) and not _is_timestamp(message.get("timestamp")):
            what = f"the event {name!r} has the timestamp {message.get('timestamp')!r}"
            yield _miss("W48", what, "seconds and microseconds of the host's clock", f"{name}")
        if self._known is None:
            yield from _event_form_misses(message)
            return
        schema, validator = self._known
        event = schema.events.get(name) if isinstance(name, str) else None
        if event is None and name in schema.left_out:
            return
        if event is None:
            yield _miss("W49", f"an event {name!r}", "an event of the schema", f"{name}")
            return
        fault = validator.check(event.arg_type, message.get("data", {}))
        if fault is not None:
            what = f"the event {name} has data out of schema: {fault.path}: {fault.problem}"
            expected = "data of the type that the schema gives the event"
            yield _miss("W47", what, expected, f"{name} {fault.path}")


def echoes(sent: Any, found: Any) -> bool:
    """Return whether `found` is the id `sent` as a server may return it.

    Numbers are compared by value: a server may write 1.0 as 1, or a large one as a fraction.
    """
    waiting = [(sent, found)]
    while waiting:
        one, other = waiting.pop()
        if type(one) in _NUMBERS and type(other) in _NUMBERS:
            if not _equal(one, other):
                return False
        elif type(one) is not type(other):
            return False
        elif isinstance(one, dict):
            if one.keys() != other.keys():
                return False
            waiting += ((one[name], other[name]) for name in one)
        elif isinstance(one, list):
            if len(one) != len(other):
                return False
            waiting += zip(one, other, strict=True)
        elif one != other:
            return False
    return True


def _equal(one: float, other: float) -> bool:
    if type(one) is type(other):
        return one == other
    try:
        return float(one) == float(other)
    except OverflowError:
        return False


def _id_misses(message: Mapping[str, Any], request_id: int) -> Iterator[Miss]:
    if not _is(message.get("id"), request_id):
        what = f"the reply's id is {message.get('id')!r}, the request's {request_id}"
        yield _miss("W25", what, "the id of the request in its reply", "id")


def _extra_misses(message: Mapping[str, Any]) -> Iterator[Miss]:
    extra = sorted(set(message) - {"id", "return", "error"})
    if extra:
        rule = "W37" if "return" in message else "W40"
        yield _miss(rule, f"the reply has a member {extra[0]!r}", "no other members", "extra")


def _event_form_misses(message: Mapping[str, Any]) -> Iterator[Miss]:
    """Yield the faults of an event's name and data under any schema."""
    name, data = message.get("event"), message.get("data", {})
    if not isinstance(name, str):
        yield _miss("W46", f"the event's name is {name!r}", "a string", "name")
    if not isinstance(data, dict):
        yield _miss("W46", f"the data of the event {name!r} are no object", "an object", "data")


def _error_misses(error: Any) -> Iterator[Miss]:
    expected = "an error with class and desc, both strings"
    if not isinstance(error, dict) or set(error) != {"class", "desc"}:
        yield _miss("W40", f"the error is {error!r}", expected, "error")
        return
    if not isinstance(error["desc"], str) or not error["desc"]:
        yield _miss("W40", f"the error's desc is {error['desc']!r}", expected, "desc")
    if not isinstance(error["class"], str) or error["class"] not in _CLASSES:
        what = f"the error's class is {error['class']!r}"
        yield _miss("W41", what, f"one of {', '.join(ErrorClass)}", f"class {error['class']}")


def _framed(line: Line) -> tuple[Mapping[str, Any] | None, tuple[Miss, ...]]:
    read = line.read
    if not isinstance(read, FramingFault):
        return read.value, ()
    what = f"{read.problem}: {_short(line.data)}"
    expected = "one ASCII line of strict JSON, an object, ended by CR LF"
    message = read.message.value if read.message else None
    return message, (_miss(read.rule, what, expected, read.problem),)


def _is_timestamp(value: Any) -> bool:
    if not isinstance(value, dict) or set(value) != {"seconds", "microseconds"}:
        return False
    seconds, micros = value["seconds"], value["microseconds"]
    if type(seconds) is not int or type(micros) is not int:
        return False
    return (seconds == micros == _NO_CLOCK) or (seconds >= 0 and 0 <= micros < 1_000_000)


def _is(value: Any, wanted: int) -> bool:
    return type(value) is int and value == wanted


def _miss(rule: str, summary: str, expected: str, fold: str) -> Miss:
    return Miss(
        rule=rule, kind=Kind.SHAPE, summary=summary, expected=expected, fold=f"{rule} {fold}"
    )


def _short(data: bytes, limit: int = 120) -> str:
    text = data.decode("ascii", "backslashreplace").rstrip()
    return text if len(text) <= limit else f"{text[:limit]}... ({len(data)} bytes)"
