"""A scripted exchange on the wire, turn by turn, as values; knows no socket, file or schema.

A line is a connection to the server under a name.  Turns go in order, whichever line they are on.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final, assert_never

from conformance.model.terms import ABSENT, Absent, ErrorClass, JsonValue

FIRST: Final = "a"
"""The line of a turn that names none, and the endpoint that it joins."""
CONTROL: Final = "control"
"""The line of the machine's first monitor, which is negotiated from the start and never left."""


class What(enum.StrEnum):
    """What is heard."""

    # The message with which a server opens a session.
    GREETING = "greeting"
    # A reply of success.
    RETURN = "return"
    # A reply of failure.
    ERROR = "error"
    # A reply, of either sort.
    REPLY = "reply"
    # An event.
    EVENT = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """The line connects to the endpoint of that name; what the server says is left unread."""

    line: str
    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Bytes go out as they are, `times` times, with `bytewise` each in a write of its own."""

    line: str
    data: bytes
    bytewise: bool = False
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Same:
    """A part of what an earlier turn (by number, from 0) heard: names and indices lead to it."""

    turn: int
    at: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hear:
    """The next message on the line is `what`; events between do not count, unless `silent`.

    A reply has the id `id`, none where that is ABSENT, any where `any_id`; of an error, one of
    `classes` unless that is empty.  `value`, where given, is what stands at `at` of the message,
    and `same` a part of an earlier one that equals it.  `command` is the command that is answered,
    as far as it is known, whose return type counts.  `lead` are bytes that stand ahead of the
    message.
    """

    line: str
    what: What
    rule: str
    id: JsonValue | Absent = ABSENT
    any_id: bool = False
    classes: frozenset[ErrorClass] = frozenset()
    event: str = ""
    at: tuple[str, ...] = ()
    value: JsonValue | Absent = ABSENT
    same: Same | None = None
    silent: bool = False
    command: str = ""
    lead: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """`lead` and a request with an id of its own go out, and its reply ends the turn.

    What comes before it are `least` or more errors without an id, and of them no success; with
    `least` None nothing but events may come, with `open` replies of any sort.  With `works` the
    reply must be a success: the line is known to be in command mode, and must have stayed there.
    """

    line: str
    rule: str
    lead: bytes = b""
    least: int | None = None
    open: bool = False
    works: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather:
    """Replies of either sort come: to `ids` in that order, to `free` anywhere between them.

    With `errors`, errors without an id may come as well.
    """

    line: str
    rule: str
    ids: tuple[JsonValue, ...] = ()
    free: tuple[JsonValue, ...] = ()
    errors: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """So many bytes of what the server says are taken; what follows them is left unread."""

    line: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Waits until the server reads the FIFO `path` of the scratch folder, and keeps it there."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The server finds the FIFO `path`, where it was held, empty and at its end."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Our end of the line is closed; with `half`, for writing alone."""

    line: str
    half: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """The server closes the line; before, events may come, and replies to `ids` in that order."""

    line: str
    rule: str
    ids: tuple[JsonValue, ...] = ()


class Deed(enum.StrEnum):
    """What the official client is made to do."""

    # It connects and negotiates, and takes what out-of-band execution there is.
    CONNECT = "connect"
    # It executes a command.
    EXECUTE = "execute"
    # It executes a command out of band.
    OUT_OF_BAND = "exec-oob"
    # It executes a command several times, before the first is answered.
    PIPELINE = "pipeline"
    # It waits for an event.
    EVENT = "event"
    # It ends the session.
    DISCONNECT = "disconnect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """The official client does `deed` on the line, which is its own.

    `name` is the endpoint, command or event; the command is to fail with the class `refused`, or
    to succeed where that is None.
    """

    line: str
    rule: str
    deed: Deed
    name: str = ""
    arguments: JsonValue | Absent = ABSENT
    times: int = 1
    refused: ErrorClass | None = None

    @property
    def promised(self) -> str:
        """What comes of it, in the words in which it is told."""
        match self.deed:
            case Deed.CONNECT:
                return "connected"
            case Deed.EXECUTE | Deed.OUT_OF_BAND:
                return told(self.refused)
            case Deed.PIPELINE:
                return f"{self.times} times {told(self.refused)}"
            case Deed.EVENT:
                return f"event {self.name}"
            case Deed.DISCONNECT:
                return "disconnected"
            case _:
                assert_never(self.deed)


def told(error_class: str | None) -> str:
    """Return how it is told that a command failed with a class, or succeeded where it is None."""
    return "success" if error_class is None else f"error {error_class}"


Turn = Join | Send | Hear | Sync | Gather | Part | Hold | Release | Leave | Gone | Drive
_PROVING: Final = Hear | Sync | Gather | Gone | Drive
"""The turns that a rule is proved by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """The turns of one exchange.

    `probe` is a command without arguments that may be asked at any time, `reason` tells what is
    shown, `ends` that the server is to end of it, with status 0.  `shows` are rules that it is
    about whatever rule its turns name: those that each message of a sort is held against.
    """

    turns: tuple[Turn, ...]
    probe: str
    reason: str = ""
    ends: bool = False
    shows: tuple[str, ...] = ()

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that it and its turns speak of, sorted."""
        of_turns = {turn.rule for turn in self.turns if isinstance(turn, _PROVING)}
        return tuple(sorted(of_turns.union(self.shows)))
