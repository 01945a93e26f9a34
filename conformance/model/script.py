"""A scripted exchange on the wire as values, turn by turn.

Knows no socket, file or schema. A line is a named connection to the server. Turns run in order, on
whichever line.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final, assert_never

from conformance.model.terms import ABSENT, Absent, ErrorClass, JsonValue

FIRST: Final = "a"
"""The line of a turn that names none, and the endpoint that this line joins."""
CONTROL: Final = "control"
"""The line of the machine's first monitor: negotiated from the start, never closed."""


class What(enum.StrEnum):
    """What a turn expects to receive."""

    # The message that opens a session.
    GREETING = "greeting"
    # A reply with "return".
    RETURN = "return"
    # A reply with "error".
    ERROR = "error"
    # A reply of either kind.
    REPLY = "reply"
    # An event.
    EVENT = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """The line connects to the endpoint of that name; the server's output stays unread."""

    line: str
    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Send bytes unchanged, `times` times; with `bytewise`, one write for each byte."""

    line: str
    data: bytes
    bytewise: bool = False
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Same:
    """A part of what an earlier turn (counted from 0) received; names and indices lead to it."""

    turn: int
    at: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hear:
    """The next message on the line is `what`; events in between are skipped unless `silent`.

    A reply has the id `id`, no id where that is ABSENT, any id with `any_id`. An error has one of
    `classes`, unless that is empty. `value`, if given, is at `at` in the message; `same` is a part
    of an earlier message that equals it. `command` is the command that is answered, if known: its
    return type applies. `lead` are the bytes that precede the message.
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
    """Send `lead` and a request with an id of its own; its reply ends the turn.

    Before the reply come `least` or more errors without an id, and no success. With `least` None,
    only events may come; with `open`, replies of any kind. With `works`, the reply must be a
    success: the line is known to be in command mode, and must have stayed there.
    """

    line: str
    rule: str
    lead: bytes = b""
    least: int | None = None
    open: bool = False
    works: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather:
    """Receive replies of either kind: to `ids` in that order, to `free` anywhere in between.

    With `errors`, errors without an id may come as well.
    """

    line: str
    rule: str
    ids: tuple[JsonValue, ...] = ()
    free: tuple[JsonValue, ...] = ()
    errors: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Read this many bytes from the server, and leave the rest unread."""

    line: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Wait until the server reads the FIFO `path` of the scratch folder, and block it there."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Let the server read the end of the FIFO `path` that blocked it."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Close our end of the line; with `half`, for writing only."""

    line: str
    half: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """The server closes the line; events, and replies to `ids` in that order, may come before."""

    line: str
    rule: str
    ids: tuple[JsonValue, ...] = ()


class ClientAction(enum.StrEnum):
    """What the official client does."""

    # It connects and negotiates, and enables out-of-band execution if offered.
    CONNECT = "connect"
    # It executes a command.
    EXECUTE = "execute"
    # It executes a command out of band.
    OUT_OF_BAND = "exec-oob"
    # It executes a command several times before it reads the first reply.
    PIPELINE = "pipeline"
    # It waits for an event.
    EVENT = "event"
    # It ends the session.
    DISCONNECT = "disconnect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """The official client does `deed` on its own line.

    `name` is the endpoint, command or event. The command must fail with the class `refused`, or
    succeed if that is None.
    """

    line: str
    rule: str
    deed: ClientAction
    name: str = ""
    arguments: JsonValue | Absent = ABSENT
    times: int = 1
    refused: ErrorClass | None = None

    @property
    def promised(self) -> str:
        """The promise in words, for a report."""
        match self.deed:
            case ClientAction.CONNECT:
                return "connected"
            case ClientAction.EXECUTE | ClientAction.OUT_OF_BAND:
                return told(self.refused)
            case ClientAction.PIPELINE:
                return f"{self.times} times {told(self.refused)}"
            case ClientAction.EVENT:
                return f"event {self.name}"
            case ClientAction.DISCONNECT:
                return "disconnected"
            case _:
                assert_never(self.deed)


def told(error_class: str | None) -> str:
    """Return in words that a command failed with a class, or succeeded if it is None."""
    return "success" if error_class is None else f"error {error_class}"


Turn = Join | Send | Hear | Sync | Gather | Part | Hold | Release | Leave | Gone | Drive
_PROVING: Final = Hear | Sync | Gather | Gone | Drive
"""The turns that can prove a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """The turns of one exchange.

    `probe` is a command without arguments that may be sent at any time. `reason` says what the
    exchange shows. `ends` says that the server ends, with status 0. `shows` are rules that it is
    about besides those of its turns: rules that hold for every message of a kind.
    """

    turns: tuple[Turn, ...]
    probe: str
    reason: str = ""
    ends: bool = False
    shows: tuple[str, ...] = ()

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules of the exchange and of its turns, sorted."""
        of_turns = {turn.rule for turn in self.turns if isinstance(turn, _PROVING)}
        return tuple(sorted(of_turns.union(self.shows)))
