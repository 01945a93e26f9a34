"""Whether the dialogue that an example shows is valid by a schema; knows no machine.

What is left out is no fault, nor is an id, nor a request that is shown without its reply.  What the
server says must be an event, or answer a request that the example shows before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from conformance.canonical import same
from conformance.qapi.examples import (
    Direction,
    Example,
    ExampleFault,
    LeftOut,
    Message,
    Prose,
)
from conformance.qapi.model import (
    Builtin,
    Command,
    Enum,
    EnumMember,
    Event,
    JsonType,
    Member,
    Object,
    Schema,
    UnknownNameError,
)
from conformance.qapi.partial import PartialValidator
from conformance.qapi.validate import Fault
from conformance.terms import ABSENT, Absent, ErrorClass, JsonValue

_UNKNOWN_MEMBER: Final = "is no member of this object"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """What the messages of a program may be.

    Of the commands `unchecked` the schema does not say all arguments; objects of the types
    `open_objects` may have members that it does not name.
    """

    schema: Schema
    unchecked: Collection[str] = frozenset()
    open_objects: Collection[str] = frozenset()


def dialogue_faults(example: Example, owner: str, grammar: Grammar) -> tuple[ExampleFault, ...]:
    """Return all that is wrong with an example of the command or event `owner`, by place."""
    found = [*example.faults, *_Dialogue(grammar).faults(example)]
    if not found and not _shows(example, owner):
        problem = f"the example of {owner} does not show {owner}"
        found.append(ExampleFault(place=example.place, problem=problem))
    return tuple(sorted(found, key=lambda fault: (fault.place, fault.problem)))


def _shows(example: Example, owner: str) -> bool:
    """Return whether an example shows what it is one of, or may do so where parts are left out."""
    if any(isinstance(part, LeftOut) for part in example.parts):
        return True
    return any(
        not isinstance(message.value, dict)
        or "" in message.elided
        or owner in (message.value.get(key) for key in ("execute", "exec-oob", "event"))
        for message in example.messages
    )


def _object(name: str, mandatory: Mapping[str, str], optional: Mapping[str, str]) -> Object:
    return Object(
        name=name,
        members=(
            *(Member(name=key, type=kind) for key, kind in mandatory.items()),
            *(Member(name=key, type=kind, optional=True) for key, kind in optional.items()),
        ),
    )


_ANY: Final = Builtin(name="any", json_type=JsonType.VALUE)
_REQUEST: Final = {"arguments": "any", "id": "any"}
_TYPES: Final = (
    _ANY,
    Builtin(name="str", json_type=JsonType.STRING),
    Builtin(name="int", json_type=JsonType.INT),
    Enum(name="error-class", members=tuple(EnumMember(name=name) for name in ErrorClass)),
    _object("description", {"class": "error-class", "desc": "str"}, {}),
    _object("timestamp", {"seconds": "int", "microseconds": "int"}, {}),
    _object("execute", {"execute": "str"}, _REQUEST),
    _object("exec-oob", {"exec-oob": "str"}, _REQUEST),
    _object("return", {"return": "any"}, {"id": "any"}),
    _object("error", {"error": "description"}, {"id": "any"}),
    _object("event", {"event": "str", "timestamp": "timestamp"}, {"data": "any"}),
    _object("QMP", {"QMP": "any"}, {}),
)
_PROTOCOL: Final = PartialValidator(Schema(types={kind.name: kind for kind in _TYPES}))
"""The messages of the protocol, each by the member that tells it from the others."""
_KINDS: Final[Mapping[Direction, tuple[str, ...]]] = {
    Direction.SENT: ("execute", "exec-oob"),
    Direction.RECEIVED: ("event", "return", "error", "QMP"),
}


_SHOWN_AS: Final[Mapping[str, str]] = {
    "execute": "request",
    "exec-oob": "request",
    "return": "reply",
    "error": "reply",
    "event": "event",
    "QMP": "greeting",
}
_Finding: TypeAlias = tuple[str, str]
"""The path of what is wrong in a message, and what is."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A request that has no reply yet; its command is None where that cannot be known."""

    command: Command | None = None
    id: JsonValue | Absent = ABSENT


class _Dialogue:
    """One example, message after message."""

    def __init__(self, grammar: Grammar) -> None:
        self._schema = grammar.schema
        self._unchecked = grammar.unchecked
        self._types = PartialValidator(grammar.schema, grammar.open_objects)
        self._waiting: list[_Waiting] = []
        # Whether something is left out that may be a request.
        self._gap = False

    def faults(self, example: Example) -> Iterator[ExampleFault]:
        """Yield what is wrong with the messages, in order."""
        for part in example.parts:
            match part:
                case Message():
                    for path, problem in self._message(part):
                        yield ExampleFault(place=part.nearest(path), problem=problem)
                case LeftOut():
                    self._left_out(part.direction)
                case Prose():
                    pass

    def _left_out(self, direction: Direction | None) -> None:
        match direction:
            case Direction.SENT:
                self._waiting.append(_Waiting())
            case Direction.RECEIVED:
                del self._waiting[:1]
            case None:
                self._gap = True

    def _message(self, message: Message) -> Iterator[_Finding]:
        value = message.value
        if not message.readable:
            self._gap = True
            return
        if not isinstance(value, dict):
            yield "", "the message is no object"
            return
        kind = next((key for key in _KINDS[message.direction] if key in value), None)
        if kind is None:
            yield from self._kindless(message)
            return
        faults = tuple(_PROTOCOL.faults(kind, value, message.elided))
        yield from _told(_SHOWN_AS[kind], faults)
        match kind:
            case "execute" | "exec-oob":
                yield from self._request(kind, value, message.elided)
            case "return" | "error":
                yield from self._reply(kind, value, message.elided)
            case "event":
                yield from self._event(value, message.elided)

    def _kindless(self, message: Message) -> Iterator[_Finding]:
        if "" in message.elided:
            self._left_out(message.direction)
        elif message.direction is Direction.SENT:
            self._waiting.append(_Waiting())
            yield "", "the request has no 'execute'"
        else:
            del self._waiting[:1]
            yield "", "neither a reply nor an event: 'return' is missing"

    def _request(
        self, kind: str, value: Mapping[str, Any], elided: Collection[str]
    ) -> Iterator[_Finding]:
        name = value[kind]
        waiting = _Waiting(id=value.get("id", ABSENT))
        if isinstance(name, str):
            try:
                command = self._schema.command(name)
            except UnknownNameError as error:
                yield kind, f"the request of {name}: {error}"
            else:
                waiting = _Waiting(command=command, id=waiting.id)
                if kind == "exec-oob" and not command.allow_oob:
                    yield kind, f"the request of {name}: it does not run out of band"
                yield from self._arguments(command, value, elided)
        self._waiting.append(waiting)

    def _arguments(
        self, command: Command, value: Mapping[str, Any], elided: Collection[str]
    ) -> Iterator[_Finding]:
        if "arguments" not in value and "" in elided:
            return
        arguments = value.get("arguments", {})
        faults: Iterator[Fault] = self._types.faults(
            command.arg_type, arguments, elided, "arguments"
        )
        if command.name in self._unchecked:
            faults = (fault for fault in faults if not _unknown_argument(fault))
        yield from _told(f"request of {command.name}", faults)

    def _reply(
        self, kind: str, value: Mapping[str, Any], elided: Collection[str]
    ) -> Iterator[_Finding]:
        waiting = self._answered(value)
        if waiting is None:
            if not self._gap:
                yield kind, "a reply without a request before it"
        elif kind == "return" and waiting.command is not None:
            command = waiting.command
            faults = self._types.faults(command.ret_type, value[kind], elided, kind)
            yield from _told(f"reply of {command.name}", faults)

    def _answered(self, reply: Mapping[str, Any]) -> _Waiting | None:
        """Return the request that a reply answers, which waits no longer; None if none does."""
        for number, waiting in enumerate(self._waiting):
            if "id" not in reply or waiting.id is ABSENT or same(waiting.id, reply["id"]):
                return self._waiting.pop(number)
        return None

    def _event(self, value: Mapping[str, Any], elided: Collection[str]) -> Iterator[_Finding]:
        name = value["event"]
        if not isinstance(name, str):
            return
        try:
            event: Event = self._schema.event(name)
        except UnknownNameError as error:
            yield "event", f"the event {name}: {error}"
            return
        if "data" in value or "" not in elided:
            faults = self._types.faults(event.arg_type, value.get("data", {}), elided, "data")
            yield from _told(f"event {name}", faults)


def _told(what: str, faults: Iterable[Fault]) -> Iterator[_Finding]:
    for fault in faults:
        yield fault.path, f"the {what}: {fault.path or 'the message'} {fault.problem}"


def _unknown_argument(fault: Fault) -> bool:
    return fault.problem == _UNKNOWN_MEMBER and fault.path.count(".") == 1
