"""What was seen on the wire and of the process while a case ran; knows no judgement."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

from conformance.model.ending import Ending
from conformance.wire.framing import FramingFault, Message


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the server: the bytes that came, line end included, and how they read."""

    data: bytes
    read: Message | FramingFault


@dataclass(frozen=True, slots=True)
class EventPlace:
    """Where in a case an event came: while what came of step `step` was awaited.

    `answered` tells whether that step had been answered by then.  It was sent after `since` and
    before `until`, in seconds of one clock; as they are by themselves, they tell nothing.
    """

    step: int
    answered: bool
    since: float = -math.inf
    until: float = math.inf


class Broke(enum.StrEnum):
    """How what was awaited on a line did not come."""

    # In time nothing came, or not all that was wanted.
    TIMEOUT = "timeout"
    # The server closed the line.
    CLOSED = "closed"
    # A message is longer, or holds more, than any that a server has reason to send.
    OVERFLOW = "overflow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """The replies to a case's steps, in order, and everything else that came meanwhile.

    `replies[i]` answers step i, or is None where no reply came; `strays` are messages that are
    neither events nor expected replies; `death` and `hung` say how the dialogue broke off, where
    it did: a request may also go unanswered while later ones are answered.  `broke_off` is the step
    of which the reply, or what comes of it besides, was awaited then, and `broke` how that did not
    come; of a message that was too long the reply holds the beginning.  `places[i]` is where
    events[i] came.
    """

    replies: tuple[Line | None, ...]
    events: tuple[Line, ...] = ()
    places: tuple[EventPlace, ...] = ()
    strays: tuple[Line, ...] = ()
    death: Ending | None = None
    hung: bool = False
    broke_off: int | None = None
    broke: Broke | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Heard:
    """All messages that came in one turn on its line, in order, and how it broke off, if it did.

    `partial` is what came of a message that is not whole, `told` what the official client tells.
    """

    lines: tuple[Line, ...] = ()
    broke: Broke | None = None
    partial: bytes = b""
    told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What was heard in the turns of an exchange, as far as they were taken.

    `death` is the end of the machine, also where it was to end; `hung` tells that after a turn had
    broken off the machine did not answer on its first monitor either.
    """

    heard: tuple[Heard, ...]
    transcript: tuple[str, ...] = ()
    death: Ending | None = None
    hung: bool = False
    seconds: float = 0.0


def sync_id(turn: int) -> str:
    """Return the id of the request with which the turn of that number proves a line in step."""
    return f"in-step-{turn}"
