"""A build that tries to get out: what it writes, fills, forks, calls and kills stays inside."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from conformance.launch import janitor
from conformance.launch.folder import RunFolder
from conformance.launch.machine import Machine
from conformance.launch.mounts import SCRATCH_SPACE
from conformance.launch.target import program_target
from conformance.launch.waiting import readable
from conformance.model.stage import MachineSpec
from tests.miniatures.hostile import AIMS, install_hostile
from tests.patience import PATIENCE

LIMIT = PATIENCE


@dataclass(frozen=True, slots=True)
class Escape:
    """What the build has tried, as it says itself, and what of the host it was after."""

    said: dict[str, Any]
    token: str
    listeners: tuple[socket.socket, ...]
    victim: subprocess.Popen[bytes]
    left: list[str]
    """The marked processes that were there once the machine was closed."""


@pytest.fixture(scope="module")
def escape(program: Path) -> Iterator[Escape]:
    token = f"qmp-conformance-{secrets.token_hex(8)}"
    with contextlib.ExitStack() as held:
        home = held.enter_context(tempfile.TemporaryDirectory(prefix=".qmp-", dir=Path.home()))
        listeners = tuple(held.enter_context(each) for each in _listeners(home, token))
        victim = held.enter_context(subprocess.Popen(["sleep", "1000"]))
        held.callback(victim.kill)
        aims = {
            "token": token,
            "pid": victim.pid,
            "unix": [f"{home}/socket", f"\0{token}"],
            "port": listeners[2].getsockname()[1],
        }
        target = program_target(str(install_hostile(program, "connect", "escapes")))
        target = replace(target, env=((AIMS, json.dumps(aims)),))
        folder = held.enter_context(RunFolder())
        with Machine(target, MachineSpec(), folder) as machine:
            assert readable(machine.monitor.fileno(), LIMIT)
            said = json.loads((machine.scratch / "tried").read_text())
        yield Escape(said, token, listeners, victim, _marked(folder))


def _listeners(home: str, token: str) -> Iterator[socket.socket]:
    for address in (f"{home}/socket", f"\0{token}"):
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(address)
        sock.listen()
        sock.setblocking(False)
        yield sock
    server = socket.create_server(("127.0.0.1", 0))
    server.setblocking(False)
    yield server


def _marked(folder: RunFolder) -> list[str]:
    """Return the processes of the run, but those that serve it as a whole."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            marks = (process / "environ").read_bytes().split(b"\0")
            words = (process / "cmdline").read_bytes()
            if f"{janitor.MARK}={folder.path}".encode() in marks and b"mounter.py" not in words:
                found.append(process.name)
    return found


def test_it_writes_in_its_own_folders_alone(escape: Escape) -> None:
    assert "/tmp/qmp" in escape.said["written"]
    for folder in ("/", "/etc", "/usr", "/proc/sys/kernel", "/sys", "/dev"):
        assert folder not in escape.said["written"]
    # Where it could write, it wrote into what is its own.
    leaks = [Path(folder, escape.token) for folder in escape.said["written"]]
    assert [leak for leak in leaks if os.path.exists(leak)] == []


def test_it_fills_no_more_than_its_folder(escape: Escape) -> None:
    assert SCRATCH_SPACE // 2 < escape.said["filled"] <= SCRATCH_SPACE


def test_it_comes_to_an_end_of_processes(escape: Escape) -> None:
    assert escape.said["forked"] > 0
    # An unlimited number is a negative one.
    assert escape.said["most"] > 0


def test_it_reaches_no_socket_of_the_host(escape: Escape) -> None:
    assert escape.said["connected"] == []
    for listener in escape.listeners:
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_it_signals_no_process_of_the_host(escape: Escape) -> None:
    assert escape.said["signalled"] == []
    assert escape.victim.poll() is None


def test_it_becomes_nobody_else_and_mounts_nothing(escape: Escape) -> None:
    assert escape.said["became"] == []


def test_nothing_of_it_is_left(escape: Escape) -> None:
    assert escape.left == []
