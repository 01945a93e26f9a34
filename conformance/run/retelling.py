"""Writes a scripted exchange as shell text that shows the same again, without the suite."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Final, assert_never

from conformance.canonical import compact
from conformance.judge.observation import sync_id
from conformance.launch.program import Kind, endpoint_options, socket_name
from conformance.stage import NEGOTIATION, SCRATCH, Endpoint, MachineSpec
from conformance.turns import (
    CONTROL,
    Exchange,
    Gather,
    Gone,
    Hear,
    Hold,
    Join,
    Leave,
    Part,
    Release,
    Send,
    Sync,
    Turn,
)

_LONGEST: Final = 200_000
"""Bytes that shell text holds: more is left to the suite."""
_SCRIPT: Final = """\
import os, socket, time
def join(name):
    while not os.path.exists("{scratch}/" + name):
        time.sleep(0.1)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout({limit:g})
    line.connect("{scratch}/" + name)
    return line, line.makefile("rb")
def hear(line):
    try:
        print("<-", line[1].readline())
    except TimeoutError:
        print("<- nothing in time")"""

_NEEDING_CODE: Final = Leave | Gone | Part | Hold | Release
"""The turns that no pipe takes."""


def retold(
    exchange: Exchange, kind: Kind, command: Sequence[str], spec: MachineSpec, limit: float = 10.0
) -> str:
    """Return shell text that takes the same turns: a pipe where one line is enough, else Python.

    `command` is the command line of the machine, with QMP on standard input and output.
    """
    sends = [turn for turn in exchange.turns if isinstance(turn, Send)]
    if sum(len(turn.data) * turn.times for turn in sends) > _LONGEST:
        return "# Too long to paste: `qmp-conformance replay` plays it."
    if _is_plain(exchange, spec):
        return _piped(exchange, command)
    lines = [shlex.join([*command, *_endpoints(kind, spec)]) + " </dev/null &", "python3 - <<'EOF'"]
    lines += [_SCRIPT.format(scratch=SCRATCH, limit=limit)]
    lines += [
        line
        for number, turn in enumerate(exchange.turns)
        for line in _said(turn, number, exchange.probe)
    ]
    return "\n".join([f"mkdir -p {SCRATCH}", *lines, "EOF", "kill $!"])


def _endpoints(kind: Kind, spec: MachineSpec) -> Iterator[str]:
    for endpoint in (*spec.endpoints, Endpoint(name=CONTROL)):
        yield from endpoint_options(kind, endpoint, SCRATCH)


def _is_plain(exchange: Exchange, spec: MachineSpec) -> bool:
    """Return whether one line is joined once and written to until the end, and nothing else."""
    joined = [turn for turn in exchange.turns if isinstance(turn, Join)]
    others = [turn for turn in exchange.turns if isinstance(turn, _NEEDING_CODE)]
    lines = {turn.line for turn in exchange.turns if not isinstance(turn, Hold | Release)}
    return len(joined) == len(lines) == 1 and not others and not spec.endpoints[0].pretty


def _piped(exchange: Exchange, command: Sequence[str]) -> str:
    data = b"".join(
        _sent(turn, number, exchange.probe) for number, turn in enumerate(exchange.turns)
    )
    farewell = b"" if NEGOTIATION.encode() in data else _line(NEGOTIATION)
    data += b"\x07\n" * (not data.endswith(b"}\n")) + farewell + _line("quit") * (not exchange.ends)
    pieces = data.split(b"\n")
    texts = [piece + b"\n" for piece in pieces[:-1]] + ([pieces[-1]] if pieces[-1] else [])
    said = "; ".join(f"printf {_quoted(text)}" for text in texts)
    return f"{{ {said}; }} | {shlex.join(command)}"


def _sent(turn: Turn, number: int, probe: str) -> bytes:
    match turn:
        case Send(data=data, times=times):
            return data * times
        case Sync(lead=lead):
            return lead + _line(probe, sync_id(number))
        case _:
            return b""


def _line(command: str, request_id: str = "") -> bytes:
    message = {"execute": command, **({"id": request_id} if request_id else {})}
    return compact(message).encode() + b"\n"


def _quoted(data: bytes) -> str:
    """Return the bytes as a word of the shell that printf writes as they are."""
    text = data.decode("latin-1").replace("\\", "\\\\").replace("%", "%%")
    text = "".join(c if " " <= c <= "~" else f"\\{ord(c):03o}" for c in text)
    return shlex.quote(text)


def _said(turn: Turn, number: int, probe: str) -> Iterator[str]:
    """Yield the lines of Python that take a turn."""
    match turn:
        case Join(line=line, endpoint=endpoint):
            yield f'{line} = join("{socket_name(Endpoint(name=endpoint))}")'
        case Send(line=line):
            yield f"{line}[0].sendall({_sent(turn, number, probe)!r})"
        case Hear(line=line):
            yield f"hear({line})"
        case Sync(line=line):
            yield f"{line}[0].sendall({_sent(turn, number, probe)!r})"
            yield f"hear({line})"
        case Gather(line=line, ids=ids, free=free):
            yield f"for _ in range({len(ids) + len(free)}): hear({line})"
        case Part(line=line, size=size):
            yield f'print("<-", {line}[0].recv({size}))'
        case Hold(path=path):
            yield f'gate = open("{SCRATCH}/{path}", "wb")'
        case Release():
            yield "gate.close()"
        case Leave(line=line, half=half):
            yield f"{line}[0].shutdown(socket.SHUT_WR)" if half else f"{line}[0].shutdown(2)"
        case Gone(line=line):
            yield f"hear({line})"
        case _:
            assert_never(turn)
