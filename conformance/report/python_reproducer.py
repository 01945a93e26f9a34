"""Writes a reproducer's shell text as a Python program that uses QEMU's own library, qemu.qmp.

Knows the two forms of shell text in which messages are whole: a pipe (reproducer.py), and a script
of calls (stepwise_reproducer.py), whose helpers it replaces.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from conformance.launch.program import kind_of, socket_name
from conformance.model.stage import SCRATCH, Endpoint
from conformance.report.script_reproducer import ENDED
from conformance.report.stepwise_reproducer import (
    ASKED,
    BEGIN,
    LIMIT,
    LOOK,
    NOTHING,
    PEERS,
    WITHIN,
    on_socket,
)

_HELPERS: Final = f"""\
def start(path, command):
    process = subprocess.Popen(
        shlex.split(command), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    atexit.register(process.kill)
    client = QMPClient("reproducer")
    client.negotiate = False
    LOOP.run_until_complete(connect(process, client, path))
    return process, client
async def connect(process, client, path):
    while process.poll() is None:
        try:
            await client.connect(path)
            return
        except ConnectError:
            await asyncio.sleep(0.1)
def ask(machine, request, *events, passing=None):
    print("->", request)
    try:
        LOOP.run_until_complete(answer(machine[1], json.loads(request), events, passing))
    except (asyncio.TimeoutError, TimeoutError):
        print("<- {NOTHING}")
    except (ExecInterruptedError, StateError, OSError):
        print("<- nothing more")
async def answer(client, request, events, passing):
    listener = EventListener()
    with client.listen(listener):
        if passing is not None:
            client.send_fd_scm(passing)
        try:
            value = await asyncio.wait_for(client.execute_msg(Message(request)), {LIMIT})
            print("<-", json.dumps({{"return": value}}))
        except ExecuteError as error:
            told = {{"class": error.error_class, "desc": str(error)}}
            print("<-", json.dumps({{"error": told}}))
            return
        left = [*events]
        while left:
            event = dict(await asyncio.wait_for(listener.get(), {LIMIT}))
            print("<-", json.dumps(event))
            left = [each for each in left if not within(each, event)]
{WITHIN}def end(machine):
    ask(machine, '{{"execute":"quit"}}')
    try:
        LOOP.run_until_complete(machine[1].disconnect())
    except (OSError, EOFError):
        pass
    try:
        status = machine[0].wait({LIMIT})
    except subprocess.TimeoutExpired:
        machine[0].kill()
        status = machine[0].wait()
        print("QEMU does not end")
    print("{ENDED}", status if status >= 0 else 128 - status)"""
_NAMES: Final = (
    *("ConnectError", "EventListener", "ExecInterruptedError", "ExecuteError"),
    *("Message", "QMPClient", "StateError"),
)
_PIPED: Final = re.compile(
    r"^(?:\{ cat[^\n]*\} <<'EOF' \| (?P<last>[^\n]+)|(?P<first>[^\n]+) <<'EOF')\n"
    r"(?P<body>.*?)^EOF$",
    re.M | re.S,
)
_TIMED: Final = re.compile(r"^timeout -s KILL \d+ ")


@dataclass(frozen=True, slots=True)
class _Script:
    """What must be there first, as shell text, and the calls."""

    before: str
    calls: Sequence[str]


def python_text(shell: str) -> str | None:
    """Return a Python program that does what a reproducer does, None if no client of QMP can."""
    script = _stepwise(shell) or _piped(shell)
    return None if script is None else "\n".join([*_lines(script), ""])


def _stepwise(shell: str) -> _Script | None:
    before, begun, rest = shell.partition(f"{BEGIN}\n")
    while begun and ASKED not in rest.partition("\nEOF")[0]:
        # Another script, which makes a file.
        more, begun, rest = rest.partition(f"{BEGIN}\n")
        before += f"{BEGIN}\n{more}"
    if not begun:
        return None
    calls = rest.partition(f"{ASKED}\n")[2].partition("\nEOF")[0]
    return _Script(before, calls.splitlines())


def _piped(shell: str) -> _Script | None:
    for found in _PIPED.finditer(shell):
        lines = found["body"].splitlines()
        command = _TIMED.sub("", found["last"] or found["first"])
        if lines and all(line.startswith('{"exec') for line in lines):
            return _Script(shell[: found.start()], [*_calls(command, lines[:-1])])
    return None


def _calls(command: str, requests: Sequence[str]) -> Iterator[str]:
    endpoint = Endpoint(name="machine")
    words = shlex.split(command)
    path = f"{SCRATCH}/{socket_name(endpoint)}"
    started = shlex.join(on_socket(words, endpoint, kind_of(words)))
    yield f"machine = start({path!r}, {started!r})"
    yield from (f"ask(machine, {request!r})" for request in requests)
    yield "end(machine)"


def _lines(script: _Script) -> Iterator[str]:
    peers = any(line.startswith("peer(") for line in script.calls)
    looks = any(line.startswith("look(") for line in script.calls)
    more = ", threading" * peers
    yield "# Needs qemu.qmp: pip install qemu.qmp"
    yield f"import asyncio, atexit, json, os, shlex, socket, subprocess{more}, time"
    yield f"from qemu.qmp import {', '.join(_NAMES)}"
    yield "LOOP = asyncio.new_event_loop()"
    yield _HELPERS
    if peers:
        yield PEERS
    if looks:
        yield LOOK
    folder = f"mkdir -p {SCRATCH}\n"
    before = script.before if SCRATCH in script.before else folder + script.before
    yield f'subprocess.run(["sh", "-c", {before.strip()!r}], check=True)'
    yield ASKED
    yield from script.calls
