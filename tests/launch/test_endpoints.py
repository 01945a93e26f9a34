"""Further monitors of a real build: each can be joined, greets, and tells when it is gone."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from conformance.launch.endpoints import Terminal, join
from conformance.launch.folder import RunFolder
from conformance.launch.machine import Machine
from conformance.launch.program import endpoint_options
from conformance.launch.target import Target
from conformance.model.errors import LaunchError
from conformance.model.flavour import Program
from conformance.model.stage import Endpoint, MachineSpec, Transport
from conformance.wire.connection import Connection

from .qmp import LIMIT, Client


@pytest.mark.qemu
@pytest.mark.parametrize("transport", [t for t in Transport if t is not Transport.QTEST])
def test_a_monitor_can_be_joined_over_each_transport(
    host_target: Target, folder: RunFolder, transport: Transport
) -> None:
    endpoint = Endpoint(name="a", transport=transport)
    with Machine(host_target, MachineSpec(endpoints=(endpoint,)), folder) as running:
        # Once the first monitor answers, all are there.
        Client(running)
        with closing(join(running, endpoint)) as sock:
            assert not sock.getblocking()
            connection = Connection(sock)
            assert "QMP" in json.loads(connection.receive(LIMIT))
            connection.queue(b'{"execute":"qmp_capabilities","id":"x"}')
            assert json.loads(connection.receive(LIMIT)) == {"return": {}, "id": "x"}


@pytest.mark.qemu
def test_a_terminal_has_no_half_to_close(host_target: Target, folder: RunFolder) -> None:
    endpoint = Endpoint(name="a", transport=Transport.PTY)
    with Machine(host_target, MachineSpec(endpoints=(endpoint,)), folder) as running:
        Client(running)
        with closing(join(running, endpoint)) as terminal:
            assert isinstance(terminal, Terminal)
            with pytest.raises(OSError, match="one direction"):
                terminal.shutdown(1)


@pytest.mark.qemu
def test_a_monitor_that_is_not_there_is_named(host_target: Target, folder: RunFolder) -> None:
    with Machine(host_target, MachineSpec(), folder) as running:
        Client(running)
        with pytest.raises(LaunchError, match="the monitor b cannot be reached"):
            join(running, Endpoint(name="b"))
        with pytest.raises(LaunchError, match="no endpoint"):
            join(running, Endpoint(name="b", transport=Transport.STDIO))


def test_a_clock_is_no_monitor_and_has_a_socket_as_others_have() -> None:
    clock = Endpoint(name="clock", transport=Transport.QTEST)

    options = endpoint_options(Program.SYSTEM, clock, "/scratch")

    assert options == ("-qtest", "unix:/scratch/wire-clock,server=on,wait=off")


@pytest.mark.parametrize(("kind", "dash"), [(Program.SYSTEM, "-"), (Program.STORAGE_DAEMON, "--")])
def test_options_are_those_of_the_kind(kind: Program, dash: str) -> None:
    made = endpoint_options(kind, Endpoint(name="a", pretty=True), "/s")

    assert made[0] == f"{dash}chardev"
    assert made[1] == "socket,id=wire-a,path=/s/wire-a,server=on,wait=off"
    assert made[3].startswith("chardev=wire-a")
    assert made[3].endswith("pretty=on")
