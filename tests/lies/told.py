"""What the relay tells in place of the truth: each way of lying, with what it is about."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .changes import Change

Message = dict[str, Any]
UNKNOWN = "no-such-member"
"""What the suite adds to a request where a member is to be unknown."""


@dataclass(frozen=True)
class Later:
    """A message that is told so many seconds later."""

    seconds: float
    message: Message


class Lie:
    """Tells the truth; a lie changes one of its methods."""

    raw = False
    """Whether requests pass as they are, byte by byte: then no reply is known to answer one."""

    def request(self, message: Message) -> Message | None:
        """Return the request that QEMU gets; None where it gets none and `instead` is told."""
        return message

    def instead(self, message: Message) -> Message:
        """Return the reply that is told to a request that QEMU does not get."""
        return {"return": {}}

    def reply(self, asked: Message, message: Message) -> Iterable[Message | Later]:
        """Return what is told in the place of the reply to the request `asked`."""
        return (message,)

    def after(self, asked: Message, message: Message) -> Iterable[Message]:
        """Return what QEMU is asked besides, once it has replied; its replies are kept back."""
        return ()

    def event(self, message: Message) -> Iterable[Message | Later]:
        """Return what is told in the place of an event."""
        return (message,)

    def greeting(self, message: Message) -> Message:
        """Return the greeting that is told."""
        return message

    def line(self, data: bytes) -> bytes:
        """Return the bytes that the client gets of a line, with its end."""
        return data


def _is(message: Message, command: str, arguments: Mapping[str, Any] | None = None) -> bool:
    """Return whether a request is of a command, or of any if that is "*", with such arguments."""
    if command not in ("*", message.get("execute"), message.get("exec-oob")):
        return False
    given = message.get("arguments", {})
    return all(given.get(name) == value for name, value in (arguments or {}).items())


class Withheld(Lie):
    """Commands that are told to have succeeded, and that QEMU never got."""

    def __init__(self, *names: str, told: Message | None = None) -> None:
        self._names, self._told = names, told or {}

    def request(self, message: Message) -> Message | None:
        return None if message.get("execute") in self._names else message

    def instead(self, message: Message) -> Message:
        return {"return": self._told}


class Asked(Lie):
    """Requests of a command that QEMU gets with other arguments."""

    def __init__(self, command: str, change: Change) -> None:
        self._command, self._change = command, change

    def request(self, message: Message) -> Message | None:
        if not _is(message, self._command) or "arguments" not in message:
            return message
        return {**message, "arguments": self._change(message["arguments"])}


class InSpite(Lie):
    """A refused request of a command that takes effect, less the member that it must not have."""

    def __init__(self, command: str) -> None:
        self._command = command

    def after(self, asked: Message, message: Message) -> Iterable[Message]:
        arguments = asked.get("arguments")
        if asked.get("execute") != self._command or not isinstance(arguments, dict):
            return ()
        if "error" not in message or UNKNOWN not in arguments:
            return ()
        less = {name: value for name, value in arguments.items() if name != UNKNOWN}
        return ({"execute": self._command, "arguments": less},)


class Besides(Lie):
    """A request that does something besides, once it is answered so."""

    def __init__(self, command: str, request: Message, answered: str = "return") -> None:
        self._command, self._request, self._answered = command, request, answered

    def after(self, asked: Message, message: Message) -> Iterable[Message]:
        fits = _is(asked, self._command) and self._answered in message
        return (self._request,) if fits else ()


class Shown(Lie):
    """A command that returns something else."""

    def __init__(self, command: str, change: Change, **arguments: Any) -> None:
        self._command, self._change, self._arguments = command, change, arguments

    def reply(self, asked: Message, message: Message) -> Iterable[Message]:
        if not _is(asked, self._command, self._arguments) or "return" not in message:
            return (message,)
        return ({**message, "return": self._change(message["return"])},)


class Constant(Lie):
    """A query that returns what it returned the first time."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._first: Any = None

    def reply(self, asked: Message, message: Message) -> Iterable[Message]:
        if not _is(asked, self._command) or "return" not in message:
            return (message,)
        if self._first is None:
            self._first = message["return"]
        return ({**message, "return": self._first},)


class Replied(Lie):
    """Replies that are told in another form; of a command, or of all if it is "*"."""

    def __init__(
        self, change: Callable[[Message], Message], command: str = "*", kind: str = ""
    ) -> None:
        self._change, self._command, self._kind = change, command, kind

    def reply(self, asked: Message, message: Message) -> Iterable[Message]:
        fits = _is(asked, self._command) and (not self._kind or self._kind in message)
        return (self._change(message) if fits else message,)


class Often(Lie):
    """Replies to a command that come so often: twice, or not at all.

    Where members are named, it is to requests that have all of them.
    """

    def __init__(self, command: str, times: int, *members: str) -> None:
        self._command, self._times, self._members = command, times, {*members}

    def reply(self, asked: Message, message: Message) -> Iterable[Message]:
        fits = _is(asked, self._command) and {*asked.get("arguments", {})} >= self._members
        return (message,) * (self._times if fits else 1)


class LateReply(Lie):
    """Replies to a command that come later than those to the requests behind it."""

    def __init__(self, command: str, seconds: float) -> None:
        self._command, self._seconds = command, seconds

    def reply(self, asked: Message, message: Message) -> Iterable[Message | Later]:
        late = _is(asked, self._command)
        return (Later(self._seconds, message) if late else message,)


class Accepts(Lie):
    """Refusals of a command that are told as success."""

    def __init__(self, command: str, value: Any = None) -> None:
        self._command, self._value = command, {} if value is None else value

    def reply(self, asked: Message, message: Message) -> Iterable[Message]:
        if not _is(asked, self._command) or "error" not in message:
            return (message,)
        kept = {name: value for name, value in message.items() if name != "error"}
        return ({**kept, "return": self._value},)


class Refuses(Lie):
    """Requests of a command, with such arguments, that QEMU never gets and that are refused."""

    def __init__(
        self, command: str, fits: Callable[[Any], bool] = lambda given: True, name: str = ""
    ) -> None:
        self._command, self._fits, self._class = command, fits, name or "GenericError"

    def request(self, message: Message) -> Message | None:
        refused = _is(message, self._command) and self._fits(message.get("arguments", {}))
        return None if refused else message

    def instead(self, message: Message) -> Message:
        return {"error": {"class": self._class, "desc": "Not today"}}


class Events(Lie):
    """Events of one name, or of all if it is "*", in the place of which others are told."""

    def __init__(self, name: str, told: Callable[[Message], Iterable[Message | Later]]) -> None:
        self._name, self._told = name, told

    def event(self, message: Message) -> Iterable[Message | Later]:
        return self._told(message) if self._name in ("*", message["event"]) else (message,)


class BehindReply(Lie):
    """Events of one name that come behind the reply ahead of which QEMU sends them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._kept: list[Message] = []

    def event(self, message: Message) -> Iterable[Message]:
        if message["event"] != self._name:
            return (message,)
        self._kept.append(message)
        return ()

    def reply(self, asked: Message, message: Message) -> Iterable[Message]:
        kept, self._kept = self._kept, []
        return (message, *kept)


class AheadOfReply(Lie):
    """Replies to a command that come behind an event that QEMU sends after them."""

    def __init__(self, command: str, name: str) -> None:
        self._command, self._name = command, name
        self._kept: list[Message] = []

    def reply(self, asked: Message, message: Message) -> Iterable[Message]:
        if not _is(asked, self._command) or "error" in message:
            return (message,)
        self._kept.append(message)
        return ()

    def event(self, message: Message) -> Iterable[Message]:
        if message["event"] != self._name:
            return (message,)
        kept, self._kept = self._kept, []
        return (message, *kept)


class Swapped(Lie):
    """Each two events of one name that come the other way round."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._kept: list[Message] = []

    def event(self, message: Message) -> Iterable[Message]:
        if message["event"] != self._name:
            return (message,)
        if not self._kept:
            self._kept.append(message)
            return ()
        return (message, self._kept.pop())


class Invented(Lie):
    """An event that comes ahead of each success of a command."""

    def __init__(self, command: str, name: str, data: Message | None = None) -> None:
        self._command, self._name, self._data = command, name, data

    def reply(self, asked: Message, message: Message) -> Iterable[Message]:
        if not _is(asked, self._command) or "return" not in message:
            return (message,)
        data = {} if self._data is None else {"data": self._data}
        seconds, microseconds = divmod(time.time_ns() // 1000, 1_000_000)
        stamp = {"seconds": seconds, "microseconds": microseconds}
        return ({"timestamp": stamp, "event": self._name, **data}, message)


class Greets(Lie):
    """Another greeting."""

    raw = True

    def __init__(self, change: Change) -> None:
        self._change = change

    def greeting(self, message: Message) -> Message:
        changed: Message = self._change(message)
        return changed


class Written(Lie):
    """Lines that are written otherwise."""

    raw = True

    def __init__(self, change: Callable[[bytes], bytes]) -> None:
        self._change = change

    def line(self, data: bytes) -> bytes:
        return self._change(data)


@dataclass(frozen=True)
class Entry:
    """A lie, where it must be seen, and which rules forbid it.

    `cases` are globs of ids, and `rules` the ids of rules, with spaces between.  Without rules,
    `why` says why no promise forbids it.  `introspects`: it begins before the build is known.
    `daemon`: it is of qemu-storage-daemon.
    """

    name: str
    lie: Callable[[], Lie]
    cases: str
    rules: str = ""
    why: str = ""
    introspects: bool = False
    daemon: bool = False
