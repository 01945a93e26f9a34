"""Exchanges as shell text: what a maintainer pastes does what the suite did."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.launch.program import STYLES
from conformance.model.flavour import Program
from conformance.model.script import (
    CONTROL,
    ClientAction,
    Drive,
    Exchange,
    Gather,
    Gone,
    Hear,
    Join,
    Leave,
    Send,
    Sync,
    Turn,
    What,
)
from conformance.model.stage import SCRATCH, Endpoint, MachineSpec, Transport
from conformance.model.terms import ErrorClass
from conformance.report.script_reproducer import asked, retold
from tests.conftest import QEMU
from tests.patience import PATIENCE

SPEC = MachineSpec(endpoints=(Endpoint(name="a"), Endpoint(name="b")))
JOIN = Join(line="a", endpoint="a")
REPLY = Hear(line="a", what=What.REPLY, rule="W35")


def told(*turns: Turn, spec: MachineSpec = SPEC, ends: bool = False) -> str:
    exchange = Exchange(turns=turns, probe="query-version", ends=ends)
    return retold(exchange, Program.SYSTEM, ("cat",), spec)


@pytest.mark.parametrize(
    "data",
    [b'{"a":"\\u00e9 %s %%"}\n', b"'a' \"b\" \\\n", b"\x00\x07\xff\xc3\xa9\n", b"\n\n", b"}\n"],
    ids=["percents", "quotes", "bytes", "line-feeds", "brace"],
)
def test_a_pipe_says_the_same_bytes(data: bytes) -> None:
    text = told(JOIN, REPLY, Send(line="a", data=data), REPLY, ends=True)

    done = subprocess.run(["sh", "-c", text], capture_output=True, check=True, timeout=PATIENCE)

    assert done.stdout.startswith(data)
    assert done.stderr == b""


def test_a_pipe_ends_with_what_ends_the_server() -> None:
    text = told(JOIN, Send(line="a", data=b"["), Sync(line="a", rule="W51", lead=b"\x07"))

    done = subprocess.run(["sh", "-c", text], capture_output=True, check=True, timeout=PATIENCE)

    lines = done.stdout.splitlines()
    assert lines[0] == b'[\x07{"execute":"query-version","id":"in-step-2"}'
    assert lines[-1] == b'{"execute":"quit"}'


@pytest.mark.parametrize(
    "turns",
    [
        (JOIN, Leave(line="a")),
        (JOIN, Leave(line="a", half=True)),
        (JOIN, Gone(line="a", rule="W55")),
        (JOIN, Join(line="b", endpoint="b"), Send(line="b", data=b"\xff'\n"), REPLY),
        (JOIN, JOIN, Sync(line="a", rule="W35")),
    ],
    ids=["leaves", "half", "gone", "two-lines", "twice"],
)
def test_what_no_pipe_can_do_python_does(turns: tuple[Turn, ...], tmp_path: Path) -> None:
    text = told(*turns)

    assert "wire-a" in text
    script = text.partition("<<'EOF'\n")[2].partition("\nEOF")[0]
    compile(script, str(tmp_path / "script"), "exec")
    for turn in turns:
        if isinstance(turn, Send):
            assert repr(turn.data) in script


def test_what_is_indented_needs_a_monitor_of_its_own() -> None:
    pretty = replace(SPEC, endpoints=(Endpoint(name="a", pretty=True),))

    assert "pretty=on" in told(JOIN, REPLY, spec=pretty)


@pytest.mark.parametrize("transport", [Transport.PTY, Transport.STDIO])
def test_what_no_address_leads_to_is_left_to_the_suite(transport: Transport) -> None:
    endpoint = Endpoint(name="a", transport=transport)

    text = told(JOIN, Leave(line="a"), spec=replace(SPEC, endpoints=(endpoint,)))

    assert text.startswith(f"# Over {transport}: ")


def test_a_client_of_one_line_sends_each_request_and_waits_for_its_reply() -> None:
    exchange = asked(('{"execute":"one"}', '{"execute":"two"}'), "probe")

    text = retold(exchange, Program.GUEST_AGENT, ("agent",), MachineSpec())

    assert exchange.probe == "probe"
    assert [type(turn) for turn in exchange.turns] == [Join, Send, Hear, Send, Hear]
    assert [turn.data for turn in exchange.turns if isinstance(turn, Send)] == [
        b'{"execute":"one"}\n',
        b'{"execute":"two"}\n',
    ]
    # What speaks over a socket alone takes nothing from a pipe.
    assert "python3" in text


def test_what_is_too_long_to_paste_is_left_to_the_suite() -> None:
    assert told(JOIN, Send(line="a", data=b"x" * 300_000)).startswith("#")


NEGOTIATE = Send(line="a", data=b'{"execute":"qmp_capabilities","id":0}\n')
READY = (JOIN, REPLY, NEGOTIATE, REPLY)
SCHEMA = Send(line="a", data=b'{"execute":"query-qmp-schema","id":1}\n')
CONT = Send(line="a", data=b'{"execute":"cont","id":2}\n')


def pasted(tmp_path: Path, *turns: Turn, spec: MachineSpec = SPEC) -> list[str]:
    """Return what is heard when the text is pasted, in a folder of its own, on QEMU."""
    if not Path(QEMU).exists():
        pytest.skip(f"no {QEMU} on this host")
    style = STYLES[Program.SYSTEM]
    command = (QEMU, style.machine, "none", *style.fixed, *style.stdio)
    text = retold(Exchange(turns=turns, probe="query-version"), Program.SYSTEM, command, spec)
    text = text.replace(SCRATCH, str(tmp_path))
    # A script takes the first Python there is, which is to have the official client.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", text],
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, "PATH": path},
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    *heard, ended = done.stdout.decode().splitlines()
    assert ended == "QEMU ended with status 0"
    return heard


def test_a_script_hears_replies_past_events_and_on_the_first_monitor(tmp_path: Path) -> None:
    control = Sync(line=CONTROL, rule="W35")

    heard = pasted(tmp_path, *READY, SCHEMA, REPLY, CONT, REPLY, control, Leave(line="a"))

    assert ['"QMP"' in heard[0], '"return": {}' in heard[1], '"QMP"' in heard[2]] == [True] * 3
    events = [line for line in heard if '"event": "RESUME"' in line]
    assert sum('"id": 1' in line for line in heard) == 1
    assert sum('"id": 2' in line for line in heard) == 1
    # Each monitor is told of it.
    assert len(events) == 2
    assert '"id": "in-step-8"' in heard[-1]


def test_a_script_waits_for_an_event(tmp_path: Path) -> None:
    event = Hear(line="a", what=What.EVENT, rule="W46", event="RESUME")

    heard = pasted(tmp_path, *READY, CONT, event, REPLY, Leave(line="a"))

    assert ["RESUME" in heard[-2], '"id": 2' in heard[-1]] == [True, True]


def test_a_script_hears_messages_of_several_lines(tmp_path: Path) -> None:
    spec = replace(SPEC, endpoints=(Endpoint(name="a", pretty=True),))
    both = Gather(line="a", rule="W27", ids=(1, 3))
    again = Send(line="a", data=b'{"execute":"query-status","id":3}\n')

    heard = pasted(tmp_path, *READY, SCHEMA, again, both, Leave(line="a"), spec=spec)

    assert len(heard) == 4
    assert ['"id": 1' in heard[2], '"id": 3' in heard[3]] == [True, True]


def test_what_the_official_client_does_it_does_in_a_script(tmp_path: Path) -> None:
    other = Drive(line="other", rule="W13", deed=ClientAction.CONNECT, name="b")
    refused = ErrorClass.GENERIC

    heard = pasted(
        tmp_path,
        Drive(line="a", rule="W13", deed=ClientAction.CONNECT, name="a"),
        other,
        Drive(line="a", rule="W46", deed=ClientAction.EXECUTE, name="cont"),
        Drive(line="other", rule="W46", deed=ClientAction.EVENT, name="RESUME"),
        Drive(
            line="a",
            rule="W33",
            deed=ClientAction.OUT_OF_BAND,
            name="query-version",
            arguments={"no-such": None},
            refused=refused,
        ),
        Drive(line="a", rule="W30", deed=ClientAction.PIPELINE, name="query-status", times=3),
        Drive(line="a", rule="W55", deed=ClientAction.DISCONNECT),
        Drive(line="other", rule="W55", deed=ClientAction.DISCONNECT),
    )

    assert ["capabilities" in line for line in heard[:2]] == [True] * 2
    assert heard[2:4] == ["<- {}", "<- RESUME"]
    assert heard[4].startswith(f"<- {refused} ")
    assert [line.startswith("<- {") for line in heard[5:]] == [True] * 3
