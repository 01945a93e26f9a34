"""What the relay tells in place of the truth: one small lie each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Message = dict[str, Any]
UNKNOWN = "no-such-member"
"""What the suite adds to a request where a member is to be unknown."""


class Lie:
    """Tells the truth; a lie changes one of its methods."""

    def request(self, message: Message) -> Message | None:
        """Return the request that QEMU gets; None where it gets none and a success is told."""
        return message

    def reply(self, asked: Message, message: Message) -> Message:
        """Return the reply that is told to the request `asked`."""
        return message

    def after(self, asked: Message, message: Message) -> Iterable[Message]:
        """Return what QEMU is asked besides, once it has replied; its replies are kept back."""
        return ()

    def event(self, message: Message) -> Iterable[Message]:
        """Return the events that are told in the place of one."""
        return (message,)


class Withheld(Lie):
    """Commands that are told to have succeeded, and that QEMU never got."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def request(self, message: Message) -> Message | None:
        return None if message.get("execute") in self._names else message


class Dropped(Lie):
    """An argument of a command that QEMU never got."""

    def __init__(self, command: str, argument: str) -> None:
        self._command, self._argument = command, argument

    def request(self, message: Message) -> Message | None:
        arguments = message.get("arguments")
        if message.get("execute") != self._command or not isinstance(arguments, dict):
            return message
        less = {name: value for name, value in arguments.items() if name != self._argument}
        return {**message, "arguments": less}


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
    """A query that does something besides."""

    def __init__(self, command: str, request: Message) -> None:
        self._command, self._request = command, request

    def after(self, asked: Message, message: Message) -> Iterable[Message]:
        return (self._request,) if asked.get("execute") == self._command else ()


class Shown(Lie):
    """A query that returns something else."""

    def __init__(self, command: str, change: Callable[[Any], Any]) -> None:
        self._command, self._change = command, change

    def reply(self, asked: Message, message: Message) -> Message:
        if asked.get("execute") != self._command or "return" not in message:
            return message
        return {**message, "return": self._change(message["return"])}


class Lost(Lie):
    """An event that does not come."""

    def __init__(self, name: str) -> None:
        self._name = name

    def event(self, message: Message) -> Iterable[Message]:
        return () if message["event"] == self._name else (message,)


class Named(Lie):
    """Events of one name that come under another."""

    def __init__(self, name: str, other: str) -> None:
        self._name, self._other = name, other

    def event(self, message: Message) -> Iterable[Message]:
        if message["event"] != self._name:
            return (message,)
        return ({**message, "event": self._other},)


class OtherClass(Lie):
    """Refusals that have another class."""

    def __init__(self, command: str, name: str) -> None:
        self._command, self._name = command, name

    def reply(self, asked: Message, message: Message) -> Message:
        if asked.get("execute") != self._command or "error" not in message:
            return message
        return {**message, "error": {**message["error"], "class": self._name}}


class OtherId(Lie):
    """Replies that have another id."""

    def reply(self, asked: Message, message: Message) -> Message:
        number = message.get("id")
        return {**message, "id": number + 1} if isinstance(number, int) else message


_MORE_DOWNTIME: Message = {
    "execute": "migrate-set-parameters",
    "arguments": {"downtime-limit": 301},
}
LIES: dict[str, Callable[[], Lie]] = {
    "truth": Lie,
    "refused-node-is-made": lambda: InSpite("blockdev-add"),
    "refused-character-device-is-made": lambda: InSpite("chardev-add"),
    "status-sets-a-parameter": lambda: Besides("query-status", _MORE_DOWNTIME),
    "list-sets-a-parameter": lambda: Besides("qom-list", _MORE_DOWNTIME),
    "stop-does-nothing": lambda: Withheld("stop"),
    "parameters-are-not-set": lambda: Withheld("migrate-set-parameters"),
    "capabilities-are-not-set": lambda: Withheld("migrate-set-capabilities"),
    "one-parameter-is-dropped": lambda: Dropped("migrate-set-parameters", "downtime-limit"),
    "no-block-jobs": lambda: Shown("query-block-jobs", lambda value: []),
    "stop-is-not-told": lambda: Lost("STOP"),
    "resume-is-told-as-stop": lambda: Named("RESUME", "STOP"),
    "unknown-device-has-another-class": lambda: OtherClass("device_del", "GenericError"),
    "ids-are-of-another": OtherId,
}
"""The lies by name."""
