"""Prepares a second build that a machine talks to; knows only the QMP needed for that.

No case judges its answers: if it refuses something, or ends, the machine that needs it finds
nobody, and its case reports that.
"""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Sequence
from typing import Final

from conformance.model.stage import NEGOTIATION, SCRATCH, Request
from conformance.model.terms import ABSENT

_LIMIT: Final = 10.0
_NEGOTIATE: Final = Request(NEGOTIATION, ABSENT)


def make_ready(monitor: socket.socket, setup: Sequence[Request], inside: str) -> None:
    """Negotiate on `monitor` and send `setup`, each request after the answer to the one before.

    `inside` is the scratch folder as the build sees it. An answer also shows that the build has
    done what its command line asks for.
    """
    monitor.settimeout(_LIMIT)
    with contextlib.suppress(OSError, ValueError), monitor.makefile("rb") as lines:
        for request in (_NEGOTIATE, *setup):
            monitor.sendall(request.line().replace(SCRATCH.encode(), inside.encode()))
            while not json.loads(lines.readline()).keys() & {"return", "error"}:
                pass
    monitor.setblocking(False)
