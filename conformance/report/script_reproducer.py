"""Writes a scripted exchange as shell text that reproduces it without the suite."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, assert_never

from conformance.judge.observation import sync_id
from conformance.launch.program import PORT, endpoint_options, socket_name
from conformance.model.flavour import Program
from conformance.model.script import (
    CONTROL,
    FIRST,
    ClientAction,
    Drive,
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
    What,
)
from conformance.model.stage import NEGOTIATION, SCRATCH, Endpoint, MachineSpec, Request, Transport
from conformance.model.terms import ABSENT

ENDED: Final = "QEMU ended with status"
"""How a script begins to say how a machine ended; a signal has the number that a shell gives it."""
_LONGEST: Final = 200_000
"""The size limit of shell text in bytes: longer exchanges need the suite."""
_SCRIPT: Final = """\
import socket, time
def join(address):
    line = None
    while line is None:
        try:
            line = socket.socket({{str: socket.AF_UNIX, tuple: socket.AF_INET}}[type(address)])
            line.settimeout({limit:g})
            line.connect(address)
        except (FileNotFoundError, ConnectionRefusedError):
            line = time.sleep(0.1)
    return line, line.makefile("rb")
def is_event(said):
    return b'"timestamp"' in said and b'"return"' not in said
def hear(line, last=lambda said: not is_event(said)):
    said = None
    while said is None or said and not last(said):
        try:
            said = line[1].readline()
            while said[:3] == b"{{\\r\\n" and said[-4:] != b"\\n}}\\r\\n":
                said += line[1].readline() or b"\\n}}\\r\\n"
        except OSError:
            said = b""
        print("<-", said or "nothing more")"""
_CLIENT_SCRIPT: Final = """\
import asyncio  # and pip install qemu.qmp
from qemu.qmp import ConnectError, ExecuteError, QMPClient
async def connect(address):
    while True:
        try:
            client = QMPClient("reproducer")
            print("<-", await client.connect(address) or client.greeting)
            return client
        except ConnectError:
            await asyncio.sleep(0.1)
async def execute(client, command, arguments=None, oob=False):
    try:
        print("<-", await client.execute(command, arguments, oob=oob))
    except ExecuteError as error:
        print("<-", error.error_class, error)
async def event(client, name):
    while (await client.events.get())["event"] != name:
        pass
    print("<-", name)
async def main():"""

LASTING: Final = "; sleep 1"
"""Keeps the input of a server open: at its end, it drops pending out-of-band requests."""
_NEGOTIATE: Final = Request(NEGOTIATION, ABSENT)
_NEEDING_CODE: Final = Leave | Gone | Part | Hold | Release | Drive
"""The turns that no pipe can take."""


def retold(
    exchange: Exchange,
    kind: Program,
    command: Sequence[str],
    spec: MachineSpec,
    limit: float = 10.0,
) -> str:
    """Return shell text that takes the same turns: a pipe where one line is enough, else Python.

    `command` is the command line of the machine, with QMP on standard input and output.
    """
    sends = [turn for turn in exchange.turns if isinstance(turn, Send)]
    if sum(len(turn.data) * turn.times for turn in sends) > _LONGEST:
        return "# Too long to paste: `qmp-conformance replay` plays it."
    if not kind.flavour.single and _is_plain(exchange, spec):
        return _piped(exchange, command)
    # A program with a single line has it in any case.
    first = Endpoint(name=FIRST)
    addresses = {each.name: _address(each) for each in (first, *_endpoints(spec))}
    if None in addresses.values():
        return f"# Over {spec.endpoints[0].transport}: `qmp-conformance replay` plays it."
    options = [word for each in _endpoints(spec) for word in endpoint_options(kind, each, SCRATCH)]
    return "\n".join(
        [
            f"{shlex.join([*command, *options])} </dev/null >/dev/null &",
            "python3 - <<'EOF'",
            *(_driven if _is_driven(exchange) else _scripted)(exchange, addresses, limit),
            "EOF",
            f'kill $! 2>/dev/null; wait $!; echo "{ENDED} $?"',
        ]
    )


def asked(requests: Sequence[str], probe: str) -> Exchange:
    """Return the exchange in which a client of one line sends the requests one after the other."""
    turns: list[Turn] = [Join(line=FIRST, endpoint=FIRST)]
    for request in requests:
        turns.append(Send(line=FIRST, data=request.encode() + b"\n"))
        turns.append(Hear(line=FIRST, what=What.REPLY, rule=""))
    return Exchange(turns=tuple(turns), probe=probe)


def _endpoints(spec: MachineSpec) -> tuple[Endpoint, ...]:
    return (*spec.endpoints, Endpoint(name=CONTROL))


def _address(endpoint: Endpoint) -> str | None:
    """Return Python text for the address of an endpoint, None if it is not known beforehand."""
    match endpoint.transport:
        case Transport.SOCKET | Transport.MUX | Transport.QTEST:
            return f'"{SCRATCH}/{socket_name(endpoint)}"'
        case Transport.TCP:
            return f'("127.0.0.1", {PORT})'
        case Transport.PTY | Transport.STDIO:
            return None
        case _:
            assert_never(endpoint.transport)


def _is_driven(exchange: Exchange) -> bool:
    """Return whether the official client takes the turns: it takes all of an exchange, or none."""
    return any(isinstance(turn, Drive) for turn in exchange.turns)


def _is_plain(exchange: Exchange, spec: MachineSpec) -> bool:
    """Return whether one line is joined once and written to until the end, and nothing else."""
    joined = [turn for turn in exchange.turns if isinstance(turn, Join)]
    others = [turn for turn in exchange.turns if isinstance(turn, _NEEDING_CODE)]
    lines = {turn.line for turn in exchange.turns if not isinstance(turn, Hold | Release)}
    first = spec.endpoints[0]
    usual = first.transport in (Transport.SOCKET, Transport.STDIO) and not first.pretty
    return usual and len(joined) == len(lines) == 1 and not others


def _piped(exchange: Exchange, command: Sequence[str]) -> str:
    data = b"".join(
        _sent(turn, number, exchange.probe) for number, turn in enumerate(exchange.turns)
    )
    farewell = b"" if NEGOTIATION.encode() in data else _NEGOTIATE.line()
    farewell += b"" if exchange.ends else Request("quit", ABSENT).line()
    data += b"\x07\n" * (not data.endswith(b"}\n")) + farewell
    pieces = data.split(b"\n")
    texts = [piece + b"\n" for piece in pieces[:-1]] + ([pieces[-1]] if pieces[-1] else [])
    said = "; ".join(f"printf {_quoted(text)}" for text in texts)
    lasting = LASTING * (b'"oob"' in data)
    return f"{{ {said}{lasting}; }} | {shlex.join(command)}"


def _sent(turn: Turn, number: int, probe: str) -> bytes:
    match turn:
        case Send(data=data, times=times):
            return data * times
        case Sync(lead=lead):
            return lead + Request(probe, ABSENT).line(sync_id(number))
        case _:
            return b""


def _quoted(data: bytes) -> str:
    """Return the bytes as a shell word that printf writes unchanged."""
    text = data.decode("latin-1").replace("\\", "\\\\").replace("%", "%%")
    text = "".join(c if " " <= c <= "~" else f"\\{ord(c):03o}" for c in text)
    return shlex.quote(text)


def _scripted(
    exchange: Exchange, addresses: Mapping[str, str | None], limit: float
) -> Iterator[str]:
    """Yield the lines of a Python script that takes the turns over sockets."""
    yield _SCRIPT.format(limit=limit)
    if any(getattr(turn, "line", None) == CONTROL for turn in exchange.turns):
        yield f"{CONTROL} = join({addresses[CONTROL]})"
        yield f"{CONTROL}[0].sendall({_NEGOTIATE.line()!r})"
        yield f"for _ in range(2): hear({CONTROL})"
    for number, turn in enumerate(exchange.turns):
        yield from _said(turn, number, exchange.probe, addresses)


def _said(
    turn: Turn, number: int, probe: str, addresses: Mapping[str, str | None]
) -> Iterator[str]:
    """Yield the lines of Python that take a turn."""
    match turn:
        case Join(line=line, endpoint=endpoint):
            yield f"{line} = join({addresses[endpoint]})"
        case Send(line=line):
            yield f"{line}[0].sendall({_sent(turn, number, probe)!r})"
        case Hear(line=line, what=what):
            until = ", is_event" * (what is What.EVENT)
            yield f"hear({line}{until})"
        case Sync(line=line):
            yield f"{line}[0].sendall({_sent(turn, number, probe)!r})"
            yield f"hear({line}, lambda said: b'{sync_id(number)}' in said)"
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
            yield f"hear({line}, lambda said: False)"
        case Drive():
            raise ValueError("what the official client does, it does in a script of its own")
        case _:
            assert_never(turn)


def _driven(exchange: Exchange, addresses: Mapping[str, str | None], limit: float) -> Iterator[str]:
    """Yield the lines of a Python script in which the official client takes the turns."""
    yield _CLIENT_SCRIPT
    for turn in exchange.turns:
        if not isinstance(turn, Drive):
            raise ValueError("the official client takes all turns of an exchange, or none")
        waiting = f"await asyncio.wait_for({_done(turn, addresses)}, {limit:g})"
        yield (
            f"    {turn.line} = {waiting}"
            if turn.deed is ClientAction.CONNECT
            else f"    {waiting}"
        )
    yield "asyncio.run(main())"


def _done(turn: Drive, addresses: Mapping[str, str | None]) -> str:
    """Return Python text for the official client's action in a turn."""
    arguments = "" if turn.arguments is ABSENT else f", {turn.arguments!r}"
    match turn.deed:
        case ClientAction.CONNECT:
            return f"connect({addresses[turn.name]})"
        case ClientAction.EXECUTE:
            return f"execute({turn.line}, {turn.name!r}{arguments})"
        case ClientAction.OUT_OF_BAND:
            return f"execute({turn.line}, {turn.name!r}{arguments}, oob=True)"
        case ClientAction.PIPELINE:
            each = f"execute({turn.line}, {turn.name!r}{arguments})"
            return f"asyncio.gather(*({each} for _ in range({turn.times})))"
        case ClientAction.EVENT:
            return f"event({turn.line}, {turn.name!r})"
        case ClientAction.DISCONNECT:
            return f"{turn.line}.disconnect()"
        case _:
            assert_never(turn.deed)
