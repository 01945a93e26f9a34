"""Makes a second build ready that a machine talks to; knows only as much of QMP as that takes.

What such a build answers is no case's: where it refuses something, or ends, the machine that needs
it finds nobody, and its case says so.
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
    """Negotiate on `monitor` and send `setup`, each request when the one before is answered.

    `inside` is the scratch folder as the build sees it.  An answer shows that the build has done
    what its command line asks for, too.
    """
    monitor.settimeout(_LIMIT)
    with contextlib.suppress(OSError, ValueError), monitor.makefile("rb") as lines:
        for request in (_NEGOTIATE, *setup):
            monitor.sendall(request.line().replace(SCRATCH.encode(), inside.encode()))
            while not json.loads(lines.readline()).keys() & {"return", "error"}:
                pass
    monitor.setblocking(False)
