"""Each kind of program is told apart by its words and gets a command line of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.launch.build import identify
from conformance.launch.folder import RunFolder
from conformance.launch.machine import Machine, qemu_argv
from conformance.launch.program import STYLES, kind_of, monitor_on, monitor_on_stdio
from conformance.launch.target import Target, program_target
from conformance.model.flavour import Program
from conformance.model.stage import MachineSpec
from conformance.wire.connection import Connection
from tests.patience import PATIENCE

DAEMON = "/usr/bin/qemu-storage-daemon"


def test_a_program_without_machines_is_told_of_none() -> None:
    target = Target(
        name="d", program="/d", accel="tcg", args=("--pidfile", "x"), kind=Program.STORAGE_DAEMON
    )

    argv = qemu_argv(target, MachineSpec(), "", monitor_on(target.kind, 7))

    assert argv == (
        *("/d", "--chardev", "socket,id=mon,fd=7", "--monitor", "chardev=mon"),
        *("--pidfile", "x"),
    )


def test_a_reader_starts_it_with_qmp_on_standard_input_and_output() -> None:
    assert monitor_on_stdio(Program.SYSTEM) == ("-qmp", "stdio")
    assert "stdio,id=mon" in monitor_on_stdio(Program.STORAGE_DAEMON)


@pytest.mark.qemu
@pytest.mark.parametrize("kind", Program)
def test_the_answer_to_version_tells_the_kind(kind: Program, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho '{STYLES[kind].banner} 12.3.4 (of Hue)'\n")
    program.chmod(0o755)
    with RunFolder() as folder:
        build = identify(program_target(str(program)), folder)

    assert (build.kind, build.version, build.package) == (kind, (12, 3, 4), "of Hue")


@pytest.mark.qemu
@pytest.mark.skipif(
    not Path(DAEMON).exists(), reason=f"no {DAEMON}: install the package qemu-system-common"
)
def test_a_real_storage_daemon_greets() -> None:
    target = Target(name="d", program=DAEMON, kind=Program.STORAGE_DAEMON)
    with RunFolder() as folder, Machine(target, MachineSpec(), folder) as machine:
        assert identify(target, folder).kind is Program.STORAGE_DAEMON
        assert b'"QMP"' in Connection(machine.monitor).receive(PATIENCE)


def test_a_program_on_one_socket_is_told_what_it_must_not_serve() -> None:
    target = Target(name="a", program="/a", kind=Program.GUEST_AGENT, withheld=("halt", "sleep"))

    argv = qemu_argv(target, MachineSpec(), "", monitor_on(target.kind, 7))

    assert argv[:5] == ("/a", "-m", "unix-listen", "-p", "/tmp/qmp/wire-a")
    assert argv[-2:] == ("-b", "halt,sleep")
    assert kind_of(argv) is Program.GUEST_AGENT
