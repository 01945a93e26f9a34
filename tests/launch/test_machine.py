"""Machines: real starts, how their end is told, and what is left of them (nothing)."""

from __future__ import annotations

import os
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.launch import janitor
from conformance.launch.folder import RunFolder
from conformance.launch.machine import Machine, qemu_argv
from conformance.launch.target import Target, program_target
from conformance.launch.waiting import readable
from conformance.model.errors import KnowledgeError, LaunchError
from conformance.model.stage import (
    SCRATCH,
    Awaited,
    Companion,
    MachineSpec,
    Peer,
    Request,
    ScratchFile,
)

from .qmp import LIMIT, Client

pytestmark = pytest.mark.qemu


def fake(path: Path, script: str) -> Target:
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(0o755)
    return program_target(str(path))


def test_the_command_line_has_the_fixed_part_first() -> None:
    target = Target(name="t", program="/q", machine="pc", accel="tcg", args=("-smp", "2"))
    spec = MachineSpec(args=("-object", "rng-random,filename={scratch}/x"))
    assert qemu_argv(target, spec, "/tmp/qmp", ("-qmp", "stdio")) == (
        *("/q", "-machine", "pc", "-nodefaults", "-display", "none", "-S", "-qmp", "stdio"),
        *("-accel", "tcg", "-smp", "2", "-object", "rng-random,filename=/tmp/qmp/x"),
    )


def test_what_a_spec_asks_for_counts_before_the_target() -> None:
    target = Target(name="t", program="/q", machine="pc", accel="tcg")
    argv = qemu_argv(target, MachineSpec(machine="q35", accel="kvm"), "", ())
    assert (argv[2], argv[-1]) == ("q35", "kvm")


@pytest.mark.parametrize("machine", ["none", "q35"])
def test_a_real_build_starts_and_leaves_nothing(
    any_target: Target, folder: RunFolder, machine: str
) -> None:
    with Machine(any_target, MachineSpec(machine=machine), folder) as running:
        assert not running.monitor.getblocking()
        assert "QMP" in Client(running).greeting
        assert running.ending(0) is None
        assert running.command_line[-2:] == ("-qmp", "stdio")
        assert running.scratch.is_dir()
        pid = running.pid
        assert b"qemu-system" in Path(f"/proc/{pid}/cmdline").read_bytes()
    assert not Path(f"/proc/{pid}").exists()
    assert not any(running.scratch.iterdir())


@pytest.mark.filterwarnings("error")
def test_a_run_that_ends_first_is_told_to_who_closes(host_target: Target) -> None:
    with RunFolder() as folder:
        if folder.mounts.lacks is not None:
            pytest.skip(f"no folders of limited size here: {folder.mounts.lacks}")
        machine = Machine(host_target, MachineSpec(), folder)
        folder.mounts.close()

        with pytest.raises(LaunchError, match="a scratch folder cannot be made or removed"):
            machine.close()


def test_quit_ends_with_status_0(host_target: Target, folder: RunFolder) -> None:
    with Machine(host_target, MachineSpec(), folder) as running:
        Client(running).execute("quit")
        ending = running.ending(LIMIT)
        assert ending is not None
        assert (ending.status, ending.stderr) == (0, "")


def test_a_start_that_qemu_refuses_is_an_ending(host_target: Target, folder: RunFolder) -> None:
    with Machine(host_target, MachineSpec(machine="nosuch"), folder) as running:
        assert readable(running.monitor.fileno(), LIMIT)
        assert running.monitor.recv(1) == b""
        ending = running.ending(LIMIT)
        assert ending is not None
        assert ending.status == 1
        assert "unsupported machine type" in ending.stderr
        assert "bwrap" not in ending.stderr


@pytest.mark.parametrize("confined", [True, False], ids=["sandbox", "plain"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_death_by_signal_is_seen_and_leaves_no_core(
    host_target: Target, folder: RunFolder, number: signal.Signals, confined: bool
) -> None:
    target = replace(host_target, sandbox=confined)
    with Machine(target, MachineSpec(), folder) as running:
        Client(running)
        os.kill(running.pid, number)
        ending = running.ending(LIMIT)
        assert ending is not None
        assert ending.status == -number
        assert not list(running.scratch.iterdir())


def test_an_exit_status_is_seen(tmp_path: Path, folder: RunFolder) -> None:
    with Machine(fake(tmp_path / "q", "exit 3\n"), MachineSpec(), folder) as running:
        ending = running.ending(LIMIT)
        assert ending is not None
        assert ending.status == 3


def test_only_the_last_lines_of_stderr_are_kept(tmp_path: Path, folder: RunFolder) -> None:
    # More than a pipe holds: whoever wrote to one that nobody reads would hang here.
    target = fake(tmp_path / "q", "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); echo n$i >&2; done")
    with Machine(target, MachineSpec(), folder) as running:
        ending = running.ending(LIMIT)
        assert ending is not None
        assert ending.stderr.split() == [f"n{i}" for i in range(29981, 30001)]


FORKING = """
import os, signal, sys
monitor = int(sys.argv[sys.argv.index("-chardev") + 1].rpartition("=")[2])
if os.fork() == 0:
    os.write(monitor, b"up\\n")
signal.pause()
"""


@pytest.mark.parametrize("confined", [True, False], ids=["sandbox", "plain"])
def test_a_closed_machine_takes_its_children_along(
    tmp_path: Path, folder: RunFolder, confined: bool
) -> None:
    # The child inherits the monitor, so that its end shows there; it says when it is there.
    program = tmp_path / "q"
    program.write_text(f"#!{os.path.realpath(sys.executable)} -IS\n{FORKING}")
    program.chmod(0o755)
    target = replace(program_target(str(program)), sandbox=confined)
    with Machine(target, MachineSpec(), folder) as running, running.monitor.dup() as monitor:
        assert readable(monitor.fileno(), LIMIT)
        assert monitor.recv(10) == b"up\n"
        assert not readable(monitor.fileno(), 0)
        running.close()
        # The sandbox ends as a whole; an orphan outside it ends a moment later.
        assert readable(monitor.fileno(), 0 if confined else LIMIT)
        assert monitor.recv(10) == b""


def test_kvm_works_with_no_privileges(host_target: Target, folder: RunFolder) -> None:
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        pytest.skip("no usable /dev/kvm")
    spec = MachineSpec(machine="q35", accel="kvm", devices=("/dev/kvm",))
    with Machine(host_target, spec, folder) as running:
        assert Client(running).execute("query-kvm")["return"]["enabled"] is True


def test_credentials_that_are_made_are_accepted(any_target: Target, folder: RunFolder) -> None:
    files = (ScratchFile(path="tls", make="x509"), ScratchFile(path="psk/", make="psk"))
    with Machine(any_target, MachineSpec(files=files), folder) as running:
        client = Client(running)
        for end in ("server", "client"):
            for kind, more in (
                ("x509", {"dir": "/tmp/qmp/tls", "verify-peer": True}),
                ("psk", {"dir": "/tmp/qmp/psk"}),
                ("anon", {}),
            ):
                reply = client.add_object(f"tls-creds-{kind}", f"{kind}{end}", endpoint=end, **more)
                assert reply == {"return": {}}


PEERS = (
    Peer(serve="pr-helper", address="pr.sock"),
    Peer(serve="dbus", address="bus"),
    Peer(serve="vhost-user-crypto", address="crypto.sock"),
    Peer(serve="barrier", address="24800"),
    Peer(serve="sink", address="sink.sock"),
)


def test_objects_come_up_with_their_peers(any_target: Target, folder: RunFolder) -> None:
    with Machine(any_target, MachineSpec(peers=PEERS), folder) as running:
        client = Client(running)
        done: dict[str, object] = {"return": {}}
        assert client.add_object("pr-manager-helper", "pr", path="/tmp/qmp/pr.sock") == done
        managers = client.execute("query-pr-managers")["return"]
        assert managers == [{"id": "pr", "connected": True}]
        assert client.add_object("dbus-vmstate", "bus", addr="unix:path=/tmp/qmp/bus") == done
        # By number: a root may have no /etc/hosts.
        assert client.add_object("input-barrier", "bar", name="me", server="127.0.0.1") == done
        for name in ("crypto", "sink"):
            address = {"type": "unix", "data": {"path": f"/tmp/qmp/{name}.sock"}}
            backend = {"type": "socket", "data": {"addr": address, "server": False}}
            reply = client.execute("chardev-add", id=name, backend=backend)
            assert "return" in reply
        assert client.add_object("cryptodev-vhost-user", "cr", chardev="crypto") == done


def test_the_port_of_a_peer_is_not_the_hosts(host_target: Target, folder: RunFolder) -> None:
    spec = MachineSpec(peers=(Peer(serve="barrier", address="24800"),))
    with (
        Machine(host_target, spec, folder),
        Machine(host_target, spec, folder),
        socket.socket() as ours,
    ):
        assert ours.connect_ex(("127.0.0.1", 24800)) != 0


@pytest.mark.parametrize(
    "spec",
    [
        MachineSpec(peers=(Peer(serve="nobody", address="x"),)),
        MachineSpec(peers=(Peer(serve="sink", address="../x"),)),
        MachineSpec(files=(ScratchFile(path="a", make="nothing"),)),
        MachineSpec(files=(ScratchFile(path="/etc/x"),)),
        MachineSpec(files=(ScratchFile(path="a/../../x"),)),
    ],
    ids=["peer", "peer outside", "maker", "absolute", "outside"],
)
def test_a_wrong_spec_is_refused_and_leaves_nothing(
    host_target: Target, folder: RunFolder, spec: MachineSpec
) -> None:
    assert not folder.mounts.lacks
    before = set(os.listdir("/proc/self/fd"))
    with pytest.raises(KnowledgeError):
        Machine(host_target, spec, folder)
    assert not list(folder.path.iterdir())
    assert len(os.listdir("/proc/self/fd")) == len(before)


def test_files_are_as_the_spec_says(host_target: Target, folder: RunFolder) -> None:
    files = (
        ScratchFile(path="a/b/text", text="hello"),
        ScratchFile(path="big", text="x", size=4096),
        ScratchFile(path="empty/"),
    )
    with Machine(host_target, MachineSpec(files=files), folder) as running:
        assert (running.scratch / "a/b/text").read_text() == "hello"
        assert (running.scratch / "big").read_bytes() == b"x" + bytes(4095)
        assert list((running.scratch / "empty").iterdir()) == []


@pytest.mark.parametrize("uri", ["unix:nowhere/in.sock", f"unix:{SCRATCH}/in.sock"])
def test_a_companion_meets_its_machine_and_ends_with_it(
    host_target: Target, folder: RunFolder, uri: str
) -> None:
    incoming = Request("migrate-incoming", {"uri": uri})
    other = Companion(spec=MachineSpec(args=("-incoming", "defer")), setup=(incoming,))
    with Machine(host_target, MachineSpec(companions=(other,)), folder) as running:
        there = (running.scratch / "in.sock").is_socket()
        scratch = running.scratch
        assert len(_within(folder)) == 2
        assert "return" in Client(running).execute("query-status")
        (beside,) = running.companions
        assert beside.ask(Request("query-status"))["return"]["status"] == "inmigrate"
        assert "error" in beside.ask(Request("no-such"))
    assert there is (SCRATCH in uri)
    assert _within(folder) == []
    assert not any(scratch.iterdir())


def test_a_companion_is_asked_until_its_event_has_come(
    host_target: Target, folder: RunFolder
) -> None:
    spec = MachineSpec(companions=(Companion(spec=MachineSpec()),))
    with Machine(host_target, spec, folder) as running:
        (beside,) = running.companions
        assert beside.ask(Request("cont", awaits=(Awaited(event="RESUME"),))) == {"return": {}}
        assert beside.ask(Request("stop", awaits=(Awaited(event="STOP"),))) == {"return": {}}
        running.close()
        assert beside.ask(Request("query-status")) == {}


def _within(folder: RunFolder) -> list[str]:
    """Return the sandboxes of the run, by number."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            marks = (process / "environ").read_bytes().split(b"\0")
            name = (process / "comm").read_text().strip()
        except OSError:
            continue
        # bubblewrap has two processes, of which the inner one's parent is the outer.
        if f"{janitor.MARK}={folder.path}".encode() in marks and name == "bwrap":
            parent = (process / "stat").read_text().rsplit(")", 1)[1].split()[1]
            if Path(f"/proc/{parent}/comm").read_text().strip() != "bwrap":
                found.append(process.name)
    return found


def test_a_device_that_the_host_lacks_stops_the_start(
    host_target: Target, folder: RunFolder
) -> None:
    with pytest.raises(LaunchError, match="/dev/nowhere"):
        Machine(host_target, MachineSpec(devices=("/dev/nowhere",)), folder)
    assert not list(folder.path.iterdir())
