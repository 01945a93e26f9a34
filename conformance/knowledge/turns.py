"""The turns of an exchange as files write them; docs/exchanges.md describes them.

Knows neither a machine nor what a server answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeAlias

from conformance.knowledge.keys import DOTTED, TRUE, Form, FormError, Key, typed
from conformance.knowledge.pieces import PIECES, Words
from conformance.model.script import (
    FIRST,
    ClientAction,
    Drive,
    Gather,
    Gone,
    Hear,
    Hold,
    Join,
    Leave,
    Part,
    Release,
    Same,
    Send,
    Sync,
    Turn,
    What,
)
from conformance.model.terms import ABSENT, ErrorClass


def _ids(value: Any) -> Any:
    if type(value) is not int and not isinstance(value, str):
        raise FormError(f"is {value!r}, neither the JSON text of an array nor a number")
    return value


def _path(text: str) -> tuple[str, ...]:
    return tuple(text.split(".")) if text else ()


IDS: Final = Form(
    "the JSON text of an array of ids, or a number of ids from 0 on",
    {"type": ["string", "integer"]},
    _ids,
)
_LINE: Final = Key("the line", default=FIRST)
_RULE: Final = Key("the rule that it tests", default="the first of `rules`")
_MESSAGE_PATH: Final = typed(str, DOTTED.words, "string", _path)
_JSON: Final = Form("the JSON text of a value, in pieces if need be", PIECES.schema, PIECES.read)


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinEntry:
    """Connects the line."""

    connect: Annotated[
        str,
        Key(
            "connects the line to the machine's monitor of that name: `a`, `b` or `c`. A "
            "second line may use the same one"
        ),
    ]
    line: Annotated[str, _LINE] = FIRST

    def turns(self, rule: str, words: Words) -> Iterator[Turn]:
        """Yield the turn."""
        yield Join(line=self.line, endpoint=self.connect)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendEntry:
    """Sends bytes."""

    send: Annotated[
        Any,
        Key(
            'sends a string, or an array of pieces: strings, `{ hex = "FF" }`, `{ repeat = '
            '"[", times = 1024 }` (in which `{n}` counts the repetitions from 0)',
            form=PIECES,
        ),
    ]
    line: Annotated[str, _LINE] = FIRST
    cut: Annotated[bool, Key("makes a case for each proper prefix of it")] = False
    bytewise: Annotated[bool, Key("sends each byte in its own write")] = False
    times: Annotated[int, Key("sends it this many times", default="1")] = 1

    def turns(self, rule: str, words: Words) -> Iterator[Turn]:
        """Yield the turn."""
        data = words.bytes_of(self.send)
        yield Send(line=self.line, data=data, bytewise=self.bytewise, times=self.times)


@dataclass(frozen=True, slots=True, kw_only=True)
class SameEntry:
    """A part of what an earlier turn received."""

    turn: Annotated[int, Key("the number of the turn, from 0")]
    at: Annotated[
        tuple[str, ...], Key("the names and numbers of its path", form=_MESSAGE_PATH)
    ] = ()

    def made(self) -> Same:
        """Return the value of the entry."""
        return Same(turn=self.turn, at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class HearEntry:
    """Takes a message."""

    receive: Annotated[
        What,
        Key(
            "takes the next message other than events: `greeting`, `return`, `error`, or "
            "`reply` for the last two; or the next event: `event`. Anything else first is "
            "wrong"
        ),
    ]
    line: Annotated[str, _LINE] = FIRST
    rule: Annotated[str, _RULE] = ""
    id: Annotated[Any, Key("the id that it must have", default="it must have none", form=_JSON)] = (
        ABSENT
    )
    any_id: Annotated[bool, Key("allows any id")] = False
    classes: Annotated[frozenset[ErrorClass], Key("the allowed error classes", default="any")] = (
        frozenset()
    )
    event: Annotated[str, Key("the name of the event")] = ""
    at: Annotated[
        tuple[str, ...],
        Key("the path in the message for `value` or `same`", form=_MESSAGE_PATH),
    ] = ()
    value: Annotated[Any, Key("the value that must be there", default="anything", form=_JSON)] = (
        ABSENT
    )
    same: Annotated[
        Same | None, Key("the part of an earlier turn that must be there", entry=SameEntry)
    ] = None
    silent: Annotated[bool, Key("whether no event may come first")] = False
    command: Annotated[str, Key("the command that this answers, for its return type")] = ""
    lead: Annotated[Any, Key("bytes before the message", form=PIECES)] = ""

    def turns(self, rule: str, words: Words) -> Iterator[Turn]:
        """Yield the turn."""
        yield Hear(
            line=self.line,
            what=self.receive,
            rule=self.rule or rule,
            id=words.json(self.id),
            any_id=self.any_id,
            classes=self.classes,
            event=self.event,
            at=self.at,
            value=words.json(self.value),
            same=self.same,
            silent=self.silent,
            command=self.command,
            lead=words.bytes_of(self.lead),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncEntry:
    """Sends a request, and takes everything until its reply."""

    sync: Annotated[
        Any,
        Key(
            "sends these bytes and then a request with its own id, and takes everything "
            "until the reply to it, which is a success in command mode",
            form=PIECES,
        ),
    ]
    line: Annotated[str, _LINE] = FIRST
    rule: Annotated[str, _RULE] = ""
    errors: Annotated[
        int | None,
        Key(
            "at least this many errors without an id, and nothing else, come first",
            default="nothing may come first",
        ),
    ] = None
    open: Annotated[bool, Key("whether any replies may come first")] = False

    def turns(self, rule: str, words: Words) -> Iterator[Turn]:
        """Yield the turn."""
        yield Sync(
            line=self.line,
            rule=self.rule or rule,
            lead=words.bytes_of(self.sync),
            least=self.errors,
            open=self.open,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherEntry:
    """Takes replies."""

    gather: Annotated[
        Any,
        Key(
            "takes the replies to these ids, success or error, in this order; events may "
            "come between",
            form=IDS,
        ),
    ]
    line: Annotated[str, _LINE] = FIRST
    rule: Annotated[str, _RULE] = ""
    free: Annotated[
        Any, Key("ids whose replies may come anywhere among them", default="none", form=IDS)
    ] = "[]"
    errors: Annotated[bool, Key("whether errors without an id may come, too")] = False

    def turns(self, rule: str, words: Words) -> Iterator[Turn]:
        """Yield the turn."""
        yield Gather(
            line=self.line,
            rule=self.rule or rule,
            ids=words.ids(self.gather),
            free=words.ids(self.free),
            errors=self.errors,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PartEntry:
    """Takes bytes."""

    read_bytes: Annotated[
        int,
        Key(
            "takes this many bytes and leaves the rest unread: the line can receive nothing "
            "afterwards"
        ),
    ]
    line: Annotated[str, _LINE] = FIRST

    def turns(self, rule: str, words: Words) -> Iterator[Turn]:
        """Yield the turn."""
        yield Part(line=self.line, size=self.read_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldEntry:
    """Holds the server."""

    hold: Annotated[
        str,
        Key(
            "waits until the server reads this file of the scratch folder (made by `files` "
            "as `fifo`) and blocks it there: the request that makes it read the file holds "
            "up everything sent later"
        ),
    ]

    def turns(self, rule: str, words: Words) -> Iterator[Turn]:
        """Yield the turn."""
        yield Hold(path=self.hold)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseEntry:
    """Lets the server go on."""

    release: Annotated[str, Key("gives the server the end of the file, so that it goes on")]

    def turns(self, rule: str, words: Words) -> Iterator[Turn]:
        """Yield the turn."""
        yield Release(path=self.release)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveEntry:
    """Closes the line."""

    close: Annotated[bool, Key("closes the line", form=TRUE)]
    line: Annotated[str, _LINE] = FIRST

    def turns(self, rule: str, words: Words) -> Iterator[Turn]:
        """Yield the turn."""
        yield Leave(line=self.line, half=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfEntry:
    """Closes the line for writing."""

    half_close: Annotated[bool, Key("closes the line for writing only", form=TRUE)]
    line: Annotated[str, _LINE] = FIRST

    def turns(self, rule: str, words: Words) -> Iterator[Turn]:
        """Yield the turn."""
        yield Leave(line=self.line, half=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoneEntry:
    """Waits for the server to close the line."""

    closed: Annotated[bool, Key("the server closes the line", form=TRUE)]
    line: Annotated[str, _LINE] = FIRST
    rule: Annotated[str, _RULE] = ""
    ids: Annotated[
        Any,
        Key(
            "replies to these ids may come first, in this order, all or only the first ones",
            default="none",
            form=IDS,
        ),
    ] = "[]"

    def turns(self, rule: str, words: Words) -> Iterator[Turn]:
        """Yield the turn."""
        yield Gone(line=self.line, rule=self.rule or rule, ids=words.ids(self.ids))


@dataclass(frozen=True, slots=True, kw_only=True)
class DriveEntry:
    """Drives the official client."""

    client: Annotated[
        ClientAction,
        Key(
            "the official client (qemu.qmp) acts on its own line: `connect` (to the endpoint "
            "`name`), `execute`, `exec-oob` (the command `name` with `arguments`), "
            "`pipeline` (the command `times` times at once), `event` (waits for `name`), "
            "`disconnect`"
        ),
    ]
    line: Annotated[str, _LINE] = FIRST
    rule: Annotated[str, _RULE] = ""
    name: Annotated[
        str | None, Key("the endpoint, the command or the event", default="the endpoint `a`")
    ] = None
    arguments: Annotated[Any, Key("the command's arguments", default="none", form=_JSON)] = ABSENT
    times: Annotated[int, Key("the number of commands in a pipeline", default="1")] = 1
    refused: Annotated[
        ErrorClass | None, Key("the error class with which it must fail", default="it must succeed")
    ] = None

    def turns(self, rule: str, words: Words) -> Iterator[Turn]:
        """Yield the turn."""
        name = self.name
        if name is None:
            name = FIRST if self.client is ClientAction.CONNECT else ""
        yield Drive(
            line=self.line,
            rule=self.rule or rule,
            deed=self.client,
            name=words.text(name),
            arguments=words.json(self.arguments),
            times=self.times,
            refused=self.refused,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainEntry:
    """Repeats turns."""

    again: Annotated[
        tuple[TurnEntry, ...],
        Key("repeats these turns; in their strings `{n}` counts the repetitions from 0"),
    ]
    times: Annotated[int, Key("how often")]

    def turns(self, rule: str, words: Words) -> Iterator[Turn]:
        """Yield the turns of each repetition."""
        for number in range(self.times):
            for entry in self.again:
                yield from entry.turns(rule, words.numbered(number))


TurnEntry: TypeAlias = (
    JoinEntry
    | SendEntry
    | HearEntry
    | SyncEntry
    | GatherEntry
    | PartEntry
    | HoldEntry
    | ReleaseEntry
    | LeaveEntry
    | HalfEntry
    | GoneEntry
    | DriveEntry
    | AgainEntry
)
