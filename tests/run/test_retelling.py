"""Exchanges as shell text: what a maintainer pastes does what the suite did."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.launch.program import Kind
from conformance.run.retelling import retold
from conformance.stage import Endpoint, MachineSpec
from conformance.turns import Exchange, Gone, Hear, Join, Leave, Send, Sync, Turn, What

SPEC = MachineSpec(endpoints=(Endpoint(name="a"), Endpoint(name="b")))
JOIN = Join(line="a", endpoint="a")
REPLY = Hear(line="a", what=What.REPLY, rule="W35")


def told(*turns: Turn, spec: MachineSpec = SPEC, ends: bool = False) -> str:
    exchange = Exchange(turns=turns, probe="query-version", ends=ends)
    return retold(exchange, Kind.SYSTEM, ("cat",), spec)


@pytest.mark.parametrize(
    "data",
    [b'{"a":"\\u00e9 %s %%"}\n', b"'a' \"b\" \\\n", b"\x00\x07\xff\xc3\xa9\n", b"\n\n", b"}\n"],
    ids=["percents", "quotes", "bytes", "line-feeds", "brace"],
)
def test_a_pipe_says_the_same_bytes(data: bytes) -> None:
    text = told(JOIN, REPLY, Send(line="a", data=data), REPLY, ends=True)

    done = subprocess.run(["sh", "-c", text], capture_output=True, check=True, timeout=20)

    assert done.stdout.startswith(data)
    assert done.stderr == b""


def test_a_pipe_ends_with_what_ends_the_server() -> None:
    text = told(JOIN, Send(line="a", data=b"["), Sync(line="a", rule="W51", lead=b"\x07"))

    done = subprocess.run(["sh", "-c", text], capture_output=True, check=True, timeout=20)

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


def test_what_is_too_long_to_paste_is_left_to_the_suite() -> None:
    assert told(JOIN, Send(line="a", data=b"x" * 300_000)).startswith("#")
