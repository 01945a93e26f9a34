"""Writes a case as shell text that waits: for a second machine, for events, for each answer.

A pipe is enough for most cases; this is for those whose requests only succeed after something has
happened. Needs Python and nothing of the suite.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from conformance.launch.program import endpoint_options, socket_name
from conformance.model.flavour import Program
from conformance.model.stage import NEGOTIATION, SCRATCH, Endpoint, MachineSpec, Request
from conformance.model.terms import ABSENT

_MOST: Final = 120
"""The time limit of a machine in seconds, in case it hangs."""
_SCRIPT: Final = """\
import json, socket, time
def join(path):
    while True:
        try:
            line = socket.socket(socket.AF_UNIX)
            line.settimeout(30)
            line.connect(path)
            return line, line.makefile("rb")
        except (FileNotFoundError, ConnectionRefusedError):
            time.sleep(0.1)
def within(part, whole):
    if not isinstance(part, dict):
        return part == whole
    return isinstance(whole, dict) and all(within(v, whole.get(k)) for k, v in part.items())
def ask(line, request, *events):
    left = [*events]
    try:
        print("->", request)
        line[0].sendall(request.encode() + b"\\n")
        answered = False
        while left or not answered:
            said = line[1].readline()
            print("<-", said or "nothing more")
            message = json.loads(said)
            answered |= "return" in message or "error" in message
            left = [event for event in left if not within(event, message)]
    except (OSError, ValueError):
        pass"""


def is_stepwise(requests: Sequence[Request], spec: MachineSpec) -> bool:
    """Return whether requests on a machine of `spec` must be sent one after the other."""
    return bool(spec.companions) or any(request.awaits for request in requests)


def stepwise(
    negotiation: Sequence[Request],
    requests: Sequence[Request],
    kind: Program,
    commands: tuple[Sequence[str], ...],
    spec: MachineSpec,
) -> str:
    """Return shell text that sends `requests` one after the other, and says how QEMU ended.

    `commands` are the command lines of the machine of `spec` and of its companions, with QMP on
    standard input and output.
    """
    machine, *companions = commands
    names = [f"companion{number}" for number, _ in enumerate(companions)]
    started = [*zip(names, companions, strict=True), ("machine", machine)]
    return "\n".join(
        [
            *(_start(name, command, kind) for name, command in started),
            "python3 - <<'EOF'",
            _SCRIPT,
            *_asked(names, negotiation, requests, spec),
            "EOF",
            'wait $!; echo "QEMU ended with status $?"',
            "kill $(jobs -p) 2>/dev/null",
        ]
    )


def _start(name: str, command: Sequence[str], kind: Program) -> str:
    options = endpoint_options(kind, Endpoint(name=name), SCRATCH)
    return f"timeout -s KILL {_MOST} {shlex.join([*command, *options])} </dev/null >/dev/null &"


def _asked(
    names: Sequence[str],
    negotiation: Sequence[Request],
    requests: Sequence[Request],
    spec: MachineSpec,
) -> Iterator[str]:
    plain = Request(NEGOTIATION, ABSENT)
    for name, companion in zip(names, spec.companions, strict=True):
        yield from _session(name, (plain, *companion.setup))
    asked = (*negotiation, *requests, Request("quit", ABSENT))
    yield from _session("machine", asked, other=names[0] if names else "")


def _session(name: str, requests: Sequence[Request], *, other: str = "") -> Iterator[str]:
    """Yield the requests to a machine, or to the `other` one where they are for its companion."""
    yield f'{name} = join("{SCRATCH}/{socket_name(Endpoint(name=name))}")'
    yield f'print("<-", {name}[1].readline())'
    for request in requests:
        events = "".join(f", {_event(each.event, each.data)!r}" for each in request.awaits)
        asked = other if request.companion else name
        yield f"ask({asked}, {request.text()!r}{events})"


def _event(name: str, data: Mapping[str, object]) -> dict[str, object]:
    return {"event": name, **({"data": dict(data)} if data else {})}
