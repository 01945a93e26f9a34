"""Checks whether the dialogue of an example is valid by a schema; knows no machine.

Omissions, ids and requests without a reply are no faults. What the server says must be an event, or
answer a request that the example shows before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, assert_never

from conformance.digest.declaration import SourcePlace
from conformance.model.canonical import same
from conformance.model.counting import named
from conformance.model.stage import Request
from conformance.model.terms import ABSENT, Absent, JsonValue
from conformance.qapi.model import Command, Schema, UnknownNameError
from conformance.qapi.validate import Violation
from conformance.source.examples import (
    Example,
    ExampleFault,
    LeftOut,
    Prose,
    ShownDirection,
    ShownMessage,
)
from conformance.source.folding import told_once
from conformance.source.partial import UNKNOWN_MEMBER, PartialValidator
from conformance.source.protocol import CALLED, MESSAGES, RECEIVED, SENT, MessageKind

_PROTOCOL: Final = PartialValidator(MESSAGES)
_NEITHER: Final = "neither a reply nor an event: 'return' is missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """What the messages of a program may be.

    For the commands `unchecked`, the schema does not list all arguments; objects of the types
    `open_objects` may have more members than it names.
    """

    schema: Schema
    unchecked: Collection[str] = frozenset()
    open_objects: Collection[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRequest:
    """A request that an example shows.

    It is `sound` if nothing of it is left out or wrong. `reply` is the message that answers it,
    ABSENT if there is none or part of it is left out.
    """

    request: Request
    sound: bool
    reply: JsonValue | Absent = ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The result for an example: all its faults, by place, and the requests that it shows."""

    faults: tuple[ExampleFault, ...]
    requests: tuple[ShownRequest, ...]


def judge_dialogue(example: Example, owner: str, grammar: Grammar) -> Judgement:
    """Return what is wrong with an example of the command, event or type `owner`.

    The same fault in several places is reported once.
    """
    dialogue = _Dialogue(grammar)
    for part in example.parts:
        dialogue.go_on(part)
    found = [*example.faults, *dialogue.faults]
    if not found and not _shows(example, owner, grammar.schema):
        problem = f"the example of {owner} does not show {owner}"
        found.append(ExampleFault(place=example.place, problem=problem))
    found.sort(key=lambda fault: (fault.place, fault.problem))
    return Judgement(
        faults=tuple(_once(found)),
        requests=tuple(
            ShownRequest(request=asked.request, sound=asked.sound, reply=asked.reply)
            for asked in dialogue.asked
            if asked.request is not None
        ),
    )


def _shows(example: Example, owner: str, schema: Schema) -> bool:
    """Return whether an example shows its own subject, or may do so where parts are left out."""
    if owner not in schema.commands and owner not in schema.events:
        return True
    return any(
        isinstance(part, LeftOut)
        or (isinstance(part, ShownMessage) and ("" in part.elided or owner in _named(part.value)))
        for part in example.parts
    )


def _named(message: Any) -> tuple[Any, ...]:
    """Return the names of the command or event that a message belongs to."""
    kinds = (MessageKind.EXECUTE, MessageKind.EXEC_OOB, MessageKind.EVENT)
    return tuple(message.get(key) for key in kinds) if isinstance(message, dict) else ()


def _once(faults: Iterable[ExampleFault]) -> Iterator[ExampleFault]:
    """Yield one fault for all with the same words, at the first of their places."""
    places: dict[str, list[SourcePlace]] = {}
    for fault in faults:
        places.setdefault(fault.problem, []).append(fault.place)
    for problem, (first, *others) in places.items():
        lines = list(dict.fromkeys(str(place.line) for place in others))
        also = f" (also in {named(len(lines), 'line')} {', '.join(lines)})" if lines else ""
        yield ExampleFault(place=first, problem=problem + also)


@dataclass(slots=True, kw_only=True)
class _Asked:
    """A request as far as it is known, and its reply.

    `request` and `command` are None if something else is in their place.
    """

    request: Request | None = None
    command: Command | None = None
    id: JsonValue | Absent = ABSENT
    sound: bool = True
    answered: bool = False
    reply: JsonValue | Absent = ABSENT


class _Dialogue:
    """One example, part after part."""

    def __init__(self, grammar: Grammar) -> None:
        self._schema = grammar.schema
        self._unchecked = grammar.unchecked
        self._types = PartialValidator(grammar.schema, grammar.open_objects)
        # Whether an omission may be a request.
        self._gap = False
        self.asked: list[_Asked] = []
        self.faults: list[ExampleFault] = []

    def go_on(self, part: ShownMessage | LeftOut | Prose) -> None:
        """Process the next part."""
        match part:
            case ShownMessage():
                self._message(part)
            case LeftOut():
                self._left_out(part.direction)
            case Prose():
                pass

    def _left_out(self, direction: ShownDirection | None) -> None:
        match direction:
            case ShownDirection.SENT:
                self.asked.append(_Asked())
            case ShownDirection.RECEIVED:
                self._answer({})
            case None:
                self._gap = True
            case _:
                assert_never(direction)

    def _message(self, message: ShownMessage) -> None:
        value: Any = message.value
        if not message.readable:
            # It may have been a request, or the reply to one.
            self._gap = True
        elif not isinstance(value, dict) and "" not in message.elided:
            self._fault(message, "", "the message is no object")
        elif (kind := _kind(message)) is not None:
            self._of_kind(kind, message, value)
        else:
            if "" not in message.elided:
                sent = message.direction is ShownDirection.SENT
                wrong = "the request has no 'execute'" if sent else _NEITHER
                self._fault(message, "", wrong)
            self._left_out(message.direction)

    def _of_kind(self, kind: MessageKind, message: ShownMessage, value: Mapping[str, Any]) -> None:
        before = len(self.faults)
        what = CALLED[kind]
        self._told(message, what, _PROTOCOL.faults(kind, value, message.elided))
        match kind:
            case MessageKind.EXECUTE | MessageKind.EXEC_OOB:
                asked = self._request(kind, message, value)
                asked.sound = len(self.faults) == before and not message.elided
            case MessageKind.RETURN | MessageKind.ERROR:
                self._reply(kind, message, value)
            case MessageKind.EVENT:
                self._event(message, value)
            case MessageKind.GREETING:
                pass
            case _:
                assert_never(kind)

    def _request(
        self, kind: MessageKind, message: ShownMessage, value: Mapping[str, Any]
    ) -> _Asked:
        name = value[kind]
        asked = _Asked(id=value.get("id", ABSENT))
        self.asked.append(asked)
        if not isinstance(name, str):
            return asked
        asked.request = Request(name, value.get("arguments", ABSENT), str(kind))
        try:
            asked.command = self._schema.command(name)
        except UnknownNameError as error:
            self._fault(message, kind, f"the request of {name}: {error}")
            return asked
        if kind is MessageKind.EXEC_OOB and not asked.command.allow_oob:
            self._fault(message, kind, f"the request of {name}: it does not run out of band")
        if "arguments" in value or "" not in message.elided:
            faults = self._types.faults(
                asked.command.arg_type, value.get("arguments", {}), message.elided, "arguments"
            )
            if name in self._unchecked:
                faults = (fault for fault in faults if not _is_unknown_argument(fault))
            self._told(message, f"request of {name}", faults)
        return asked

    def _reply(self, kind: MessageKind, message: ShownMessage, value: Mapping[str, Any]) -> None:
        asked = self._answer(value)
        if asked is None:
            if not self._gap:
                self._fault(message, kind, "a reply without a request before it")
            return
        if not message.elided:
            asked.reply = value
        if kind is MessageKind.RETURN and asked.command is not None:
            faults = self._types.faults(asked.command.ret_type, value[kind], message.elided, kind)
            self._told(message, f"reply of {asked.command.name}", faults)

    def _answer(self, reply: Mapping[str, Any]) -> _Asked | None:
        """Return the first request that a reply may answer, and stop waiting for its reply."""
        for asked in self.asked:
            known = "id" in reply and asked.id is not ABSENT
            if not asked.answered and (not known or same(asked.id, reply["id"])):
                asked.answered = True
                return asked
        return None

    def _event(self, message: ShownMessage, value: Mapping[str, Any]) -> None:
        name = value[MessageKind.EVENT]
        if not isinstance(name, str):
            return
        try:
            event = self._schema.event(name)
        except UnknownNameError as error:
            self._fault(message, MessageKind.EVENT, f"the event {name}: {error}")
            return
        if "data" in value or "" not in message.elided:
            faults = self._types.faults(
                event.arg_type, value.get("data", {}), message.elided, "data"
            )
            self._told(message, f"event {name}", faults)

    def _told(self, message: ShownMessage, what: str, faults: Iterable[Violation]) -> None:
        for path, sentence in told_once(faults):
            self._fault(message, path, f"the {what}: {sentence}")

    def _fault(self, message: ShownMessage, path: str, problem: str) -> None:
        self.faults.append(ExampleFault(place=message.nearest(path), problem=problem))


def _kind(message: ShownMessage) -> MessageKind | None:
    kinds = SENT if message.direction is ShownDirection.SENT else RECEIVED
    value = message.value
    return next((kind for kind in kinds if isinstance(value, dict) and kind in value), None)


def _is_unknown_argument(fault: Violation) -> bool:
    """Return whether a fault is an unknown argument, rather than a member of one."""
    return fault.problem == UNKNOWN_MEMBER and fault.path.count(".") == 1
