"""Asks the second build that a machine talks to; knows only the QMP needed for that.

No case judges its answers: if it refuses something, or ends, the machine that needs it finds
nobody, and its case reports that.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from conformance.model.stage import NEGOTIATION, SCRATCH, Awaited, Request
from conformance.model.terms import ABSENT

_LIMIT: Final = 10.0
_NEGOTIATE: Final = Request(NEGOTIATION, ABSENT)
_ANSWERS: Final = frozenset({"return", "error"})


class CompanionMonitor:
    """The monitor of a companion, whose socket belongs to its machine.

    `inside` is the scratch folder as the build sees it.  It has answered the requests of `setup`
    from the start, which also shows that it has done what its command line asks for.
    """

    def __init__(self, monitor: socket.socket, inside: str, setup: Sequence[Request] = ()) -> None:
        monitor.settimeout(_LIMIT)
        self._socket = monitor
        self._lines = monitor.makefile("rb")
        self._inside = inside.encode()
        for request in (_NEGOTIATE, *setup):
            if not self.ask(request):
                break

    def close(self) -> None:
        """Let go of the socket."""
        self._lines.close()

    def ask(self, request: Request) -> Mapping[str, Any]:
        """Return the answer to a request once the events that it awaits have come, too.

        It has the member "return" or "error"; an empty one stands for what did not come in time.
        """
        deadline = time.monotonic() + _LIMIT
        left, answer = [*request.awaits], dict[str, Any]()
        try:
            self._socket.sendall(request.line().replace(SCRATCH.encode(), self._inside))
            while not answer or ("return" in answer and left):
                # Other messages do not extend the time: they may come without end.
                self._socket.settimeout(max(0.001, deadline - time.monotonic()))
                message = json.loads(self._lines.readline())
                left = [each for each in left if not _tells(message, each)]
                answer = {name: message[name] for name in _ANSWERS & message.keys()} or answer
        except (OSError, ValueError):
            return {}
        return answer


def _tells(message: Mapping[str, Any], awaited: Awaited) -> bool:
    """Return whether a message is an event that is awaited."""
    return message.get("event") == awaited.event and _within(awaited.data, message.get("data", {}))


def _within(part: object, whole: object) -> bool:
    if not isinstance(part, Mapping):
        return part == whole
    return isinstance(whole, Mapping) and all(
        _within(value, whole.get(name)) for name, value in part.items()
    )
