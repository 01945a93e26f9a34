"""Writes a case as shell text that waits: for a second machine, for events, for each answer.

A pipe is enough for most cases; this is for those whose requests only succeed after something has
happened, or with what a pipe cannot give: a descriptor, or a peer. Needs Python's standard library
and nothing of the suite. Below its helpers, the script is a list of calls, which
python_reproducer.py gives other helpers.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from conformance.launch.program import endpoint_options, monitor_on_stdio, socket_name
from conformance.model.flavour import Program
from conformance.model.peer_talk import PeerTalk, PeerTurn
from conformance.model.stage import (
    NEGOTIATION,
    SCRATCH,
    Endpoint,
    MachineSpec,
    Request,
)
from conformance.model.terms import ABSENT
from conformance.report.script_reproducer import ENDED

LIMIT: Final = 10
"""How many seconds a script waits for an answer, and for the end of a machine."""
NOTHING: Final = f"nothing within {LIMIT} seconds"
WAITED: Final = "   (waited "
_LONGEST: Final = 200_000
"""The size limit of the text for a peer in bytes."""
BEGIN: Final = "python3 - <<'EOF'"
ASKED: Final = "# What is asked:"
"""The line behind the helpers of a script."""
WITHIN: Final = """\
def within(part, whole):
    if not isinstance(part, dict):
        return part == whole
    return isinstance(whole, dict) and all(within(v, whole.get(k)) for k, v in part.items())
"""
"""Whether an event is the one that is awaited: a function of the scripts."""
_MACHINES: Final = f"""\
def start(path, command):
    process = subprocess.Popen(
        shlex.split(command), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    atexit.register(process.kill)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout({LIMIT})
    while process.poll() is None:
        try:
            line.connect(path)
            break
        except OSError:
            time.sleep(0.1)
    machine = [process, line, b""]
    hear(machine)
    return machine
def hear(machine):
    try:
        while b"\\n" not in machine[2]:
            part = machine[1].recv(65536)
            if not part:
                print("<- nothing more")
                return None
            machine[2] += part
    except OSError:
        print("<- {NOTHING}")
        return None
    said, _, machine[2] = machine[2].partition(b"\\n")
    print("<-", said.decode(errors="replace").strip())
    try:
        return json.loads(said)
    except ValueError:
        return {{"return": said}}
def ask(machine, request, *events, passing=None):
    print("->", request)
    began, left, answered = time.monotonic(), [*events], False
    try:
        socket.send_fds(machine[1], [request.encode() + b"\\n"], [passing] * (passing is not None))
    except OSError:
        return
    while left or not answered:
        message = hear(machine)
        if message is None:
            return
        if "return" in message or "error" in message:
            answered = True
            if time.monotonic() - began > 0.3:
                print(f"{WAITED}{{time.monotonic() - began:.1f}} s)")
        left = [] if "error" in message else [e for e in left if not within(e, message)]
{WITHIN}def end(machine):
    ask(machine, '{{"execute":"quit"}}')
    try:
        status = machine[0].wait({LIMIT})
    except subprocess.TimeoutExpired:
        machine[0].kill()
        status = machine[0].wait()
        print("QEMU does not end")
    print("{ENDED}", status if status >= 0 else 128 - status)"""
PEERS: Final = """\
def peer(address, *talks, calls=None):
    if os.path.exists(str(address)):
        os.unlink(address)
    listener = socket.socket(kind(address))
    listener.bind(address)
    listener.listen()
    threading.Thread(target=accept, args=(listener, talks, calls), daemon=True).start()
def kind(address):
    return socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
def accept(listener, talks, calls):
    left = [*talks]
    while True:
        line, _ = listener.accept()
        turns = left.pop(0) if left[1:] else left[0]
        threading.Thread(target=talk, args=(line, turns, calls), daemon=True).start()
def talk(line, turns, calls):
    other = line
    if calls is not None:
        other = socket.socket(kind(calls))
        other.connect(calls)
    heard = 0
    try:
        for after, says, late, ends in turns:
            while heard < after:
                part = other.recv(after - heard)
                heard += len(part)
                if not part:
                    return
            time.sleep(late)
            other.sendall(says)
            if ends:
                return
        while other.recv(65536):
            pass
    except OSError:
        pass
    finally:
        other.close()
        line.close()"""
LOOK: Final = """\
def standard(machine):
    names = (f"/proc/{machine[0].pid}/fd/{number}" for number in range(3))
    return [os.readlink(name) if os.path.lexists(name) else "closed" for name in names]
def look(machine, before):
    for number, (old, new) in enumerate(zip(before, standard(machine))):
        if new != old:
            print(f"descriptor {number} of QEMU is {new}, it was {old}")"""
_SOURCES: Final = {"socketpair": "socket.socketpair()[0].detach()", "memfd": 'os.memfd_create("m")'}
"""The Python text that opens a descriptor to pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedMachine:
    """What a machine of `spec` is asked, and what it takes.

    `commands` are the command lines of the machine and its companions, with QMP on standard input
    and output. `talks` is what its peers said; with `watches`, the standard descriptors are looked
    at. After request number `rests`, a peer has `rest` seconds to misbehave.
    """

    kind: Program
    spec: MachineSpec
    commands: tuple[Sequence[str], ...]
    negotiation: Sequence[Request]
    requests: Sequence[Request]
    talks: Sequence[PeerTalk] = ()
    watches: bool = False
    rests: int | None = None
    rest: float = 1.0
    last: Sequence[Request] = ()
    """What is asked before the machine is told to quit."""


def is_stepwise(
    requests: Sequence[Request], spec: MachineSpec, talks: Sequence[PeerTalk] = ()
) -> bool:
    """Return whether requests on a machine of `spec` must be sent one after the other."""
    passes = bool(spec.descriptors) or any(request.descriptor for request in requests)
    awaits = any(request.awaits for request in requests)
    return bool(spec.companions or talks) or passes or awaits


def stepwise(told: AskedMachine) -> str:
    """Return shell text that sends the requests one after the other, and says how QEMU ended."""
    return "\n".join([BEGIN, *helpers(told), ASKED, *calls(told), "EOF"])


def helpers(told: AskedMachine) -> Iterator[str]:
    """Yield what the calls need, on sockets."""
    more = ", threading" * bool(told.talks)
    yield f"import atexit, json, os, shlex, socket, subprocess{more}, time"
    yield _MACHINES
    if told.talks:
        yield PEERS
    if told.watches:
        yield LOOK


def calls(told: AskedMachine) -> Iterator[str]:
    """Yield the calls, one a line."""
    yield from _peers(told.talks)
    plain = Request(NEGOTIATION, ABSENT)
    names = [f"companion{number}" for number, _ in enumerate(told.spec.companions)]
    machine, *companions = told.commands
    for name, command, companion in zip(names, companions, told.spec.companions, strict=True):
        yield from _started(name, command, told.kind)
        yield from _asked(name, (plain, *companion.setup), "")
    yield from _started("machine", machine, told.kind)
    if told.watches:
        yield "before = standard(machine)"
    other = names[0] if names else ""
    yield from _asked("machine", told.negotiation, other)
    for descriptor in told.spec.descriptors:
        passed = Request("getfd", {"fdname": descriptor.name}, descriptor=descriptor.source)
        yield from _asked("machine", (passed,), other)
    for number, request in enumerate(told.requests):
        yield from _asked("machine", (request,), other)
        if number == told.rests:
            yield f"time.sleep({told.rest:g})"
        if told.watches:
            yield "look(machine, before)"
    yield from _asked("machine", told.last, other)
    yield "end(machine)"


def _started(name: str, command: Sequence[str], kind: Program) -> Iterator[str]:
    endpoint = Endpoint(name=name)
    path = f"{SCRATCH}/{socket_name(endpoint)}"
    yield f"{name} = start({path!r}, {shlex.join(on_socket(command, endpoint, kind))!r})"


def on_socket(command: Sequence[str], endpoint: Endpoint, kind: Program) -> Sequence[str]:
    """Return a command line with QMP on the socket of an endpoint, in place of standard input."""
    words, stdio = [*command], monitor_on_stdio(kind)
    for place in range(len(words) - len(stdio) + 1):
        if tuple(words[place : place + len(stdio)]) == stdio:
            del words[place : place + len(stdio)]
            break
    return [*words, *endpoint_options(kind, endpoint, SCRATCH)]


def _asked(name: str, requests: Sequence[Request], other: str) -> Iterator[str]:
    """Yield the requests to a machine, or to the `other` one where they are for its companion."""
    for request in requests:
        events = "".join(f", {_event(each.event, each.data)!r}" for each in request.awaits)
        source = request.descriptor
        opened = _SOURCES.get(source, f"os.open({source!r}, os.O_RDWR)")
        passing = f", passing={opened}" if source else ""
        asked = other if request.companion else name
        yield f"ask({asked}, {request.text()!r}{events}{passing})"


def _event(name: str, data: Mapping[str, object]) -> dict[str, object]:
    return {"event": name, **({"data": dict(data)} if data else {})}


def _peers(talks: Sequence[PeerTalk]) -> Iterator[str]:
    """Yield a call for each peer, with its turns on each connection in their order."""
    found: dict[tuple[str, str], list[PeerTalk]] = {}
    # The line of one that called a server counts; on the other it says nothing.
    callers = {talk.address: talk.calls for talk in talks if talk.calls}
    for talk in talks:
        if talk.calls == callers.get(talk.address, ""):
            found.setdefault((talk.address, talk.calls), []).append(talk)
    for (address, called), lines in found.items():
        told = ", ".join(_turns(line.turns) for line in _told_once(lines))
        if len(told) > _LONGEST or not all(line.whole for line in lines):
            yield f"# {address}: it says too much to paste; `qmp-conformance replay` plays it"
            continue
        calls_it = f", calls={_place(called)}" if called else ""
        yield f"peer({_place(address)}, {told}{calls_it})"


def _told_once(lines: Sequence[PeerTalk]) -> Sequence[PeerTalk]:
    """Return the talks up to the one that all later ones repeat; the last may have just begun."""
    end = len(lines)
    while end > 1 and lines[end - 1].turns == lines[end - 2].turns[: len(lines[end - 1].turns)]:
        end -= 1
    return lines[:end]


def _place(address: str) -> str:
    """Return Python text for the address of a peer."""
    return f'("127.0.0.1", {address})' if address.isdecimal() else repr(f"{SCRATCH}/{address}")


def _turns(turns: Sequence[PeerTurn]) -> str:
    told = "".join(
        f"({turn.after}, {_bytes(turn.says)}, {turn.late:g}, {turn.ends}), " for turn in turns
    )
    return f"[{told.removesuffix(', ')}]"


def _bytes(said: bytes) -> str:
    """Return Python text for bytes; what says the same again and again is told once."""
    period = (said + said).find(said, 1) if said else 0
    if 0 < period < len(said):
        return f"{said[:period]!r} * {len(said) // period}"
    return repr(said)
