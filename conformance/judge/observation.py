"""What was seen on the wire and of the process while a case ran; knows no judgement."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from conformance.model.ending import Ending
from conformance.model.file_content import FileContent
from conformance.model.terms import JsonValue
from conformance.wire.framing import FramingFault, Message


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the server: its bytes, line end included, and its content."""

    data: bytes
    read: Message | FramingFault


@dataclass(frozen=True, slots=True)
class EventPlace:
    """The place of an event in a case: it came while `step` was awaited.

    `answered` says whether that step had been answered by then. It was sent after `since` and
    before `until`, and `step` not before `asked`, in seconds of one clock with no fixed zero.
    """

    step: int
    answered: bool
    since: float = -math.inf
    until: float = math.inf
    asked: float = -math.inf


class Broke(enum.StrEnum):
    """How the wait on a line failed."""

    # Not everything arrived in time.
    TIMEOUT = "timeout"
    # The server closed the line.
    CLOSED = "closed"
    # A message is longer, or contains more, than a server has reason to send.
    OVERFLOW = "overflow"


@dataclass(frozen=True, slots=True)
class Said:
    """What the program wrote to its standard error while the step or turn `step` was awaited."""

    step: int
    text: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A descriptor of the program that was no longer what it was once `step` had been answered.

    `number` is 0, 1 or 2; `closed` tells that nothing is there, and not another file.
    """

    step: int
    number: int
    closed: bool


@dataclass(frozen=True, slots=True)
class FilesSeen:
    """The content of the scratch folder before a case's subjects and after its last step."""

    before: Mapping[str, FileContent]
    after: Mapping[str, FileContent]

    def changes(self) -> Iterator[tuple[str, FileContent | None, FileContent | None]]:
        """Yield each name with other content, by name, and what stood there and stands there."""
        for name in sorted(self.before.keys() | self.after.keys()):
            old, new = self.before.get(name), self.after.get(name)
            if old != new:
                yield name, old, new


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """The replies to a case's steps, in order, and everything else that came.

    `replies[i]` answers step i, None for no reply; `strays` are messages that are neither events
    nor expected replies. `death` and `hung` say how the dialogue broke off, if it did: a request
    may also stay unanswered while later ones are answered. `broke_off` is the step that was awaited
    then, and `broke` how the wait failed; the reply of a message that was too long is its
    beginning. `places[i]` is the place of events[i]. The session was open from `opened` on, on the
    clock of the places; the host's time is `clock` seconds more, None if that is not known. `said`
    and `taken` are what the process did meanwhile; requests of later cases may have been under way,
    and if it ended of one of these before its descriptors were looked at, `taken` is None.
    Of a case that measures, `cpu` is the CPU time of each step, and `idle` that of the rest after
    the last; None or empty if unknown. `files` are those of a case that looks at them, `contents`
    what its files showed that show arguments. `held` is for how many seconds at least a step was
    not answered that talked to a silent peer, and `overtaken` says that the one beside it was.
    `misbehaved` is False if the peer that the case asks was well-behaved as far as it got.
    """

    replies: tuple[Line | None, ...]
    events: tuple[Line, ...] = ()
    places: tuple[EventPlace, ...] = ()
    opened: float = -math.inf
    clock: float | None = None
    strays: tuple[Line, ...] = ()
    death: Ending | None = None
    hung: bool = False
    broke_off: int | None = None
    broke: Broke | None = None
    said: tuple[Said, ...] = ()
    taken: tuple[Taken, ...] | None = ()
    cpu: tuple[float, ...] = ()
    idle: float | None = None
    files: FilesSeen | None = None
    contents: Mapping[str, JsonValue] | None = None
    held: float | None = None
    overtaken: bool = False
    misbehaved: bool = True
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Heard:
    """All messages received in one turn on its line, in order, and how it broke off, if it did.

    `partial` is an incomplete message, `told` the report of the official client.
    """

    lines: tuple[Line, ...] = ()
    broke: Broke | None = None
    partial: bytes = b""
    told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What the turns of an exchange received, as far as they were taken.

    `death` is the end of the machine, even an expected one; `hung` means that after a turn broke
    off the machine did not answer on its first monitor, either. `said` and `taken` are what the
    process did meanwhile, without the turns.
    """

    heard: tuple[Heard, ...]
    transcript: tuple[str, ...] = ()
    death: Ending | None = None
    hung: bool = False
    said: tuple[Said, ...] = ()
    taken: tuple[Taken, ...] | None = ()
    seconds: float = 0.0


def sync_id(turn: int) -> str:
    """Return the id of the request that proves a line in step, for the turn of that number."""
    return f"in-step-{turn}"
