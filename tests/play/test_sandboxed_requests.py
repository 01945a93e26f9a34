"""Requests that name files and addresses of the host reach nothing there."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.launch.folder import RunFolder
from conformance.launch.machine import Machine
from conformance.launch.target import program_target
from conformance.model.stage import MachineSpec
from conformance.wire.session import Session, SessionError
from tests.patience import PATIENCE

pytestmark = pytest.mark.qemu

LEAK = "qmp-conformance-leak"


@pytest.fixture
def session() -> Iterator[Session]:
    target = program_target("/usr/bin/qemu-system-x86_64")
    with (
        RunFolder() as folder,
        Machine(target, MachineSpec(), folder) as machine,
        Session(machine.monitor, PATIENCE) as session,
    ):
        yield session


def ask(session: Session, command: str, **arguments: Any) -> bool:
    """Return whether QEMU did as it was asked."""
    try:
        session.execute(command, {key.replace("_", "-"): item for key, item in arguments.items()})
    except SessionError:
        return False
    return True


@pytest.mark.parametrize(
    ("folder", "possible"),
    [
        ("/tmp", True),
        ("/var/tmp", True),
        ("/dev/shm", True),
        ("/etc", False),
        ("/usr/share", False),
        # A home inside is empty and private.
        ("/root", True),
    ],
)
def test_file_that_a_request_writes_is_not_on_the_host(
    session: Session, folder: str, possible: bool
) -> None:
    path = Path(folder) / LEAK
    path.unlink(missing_ok=True)
    backend = {"type": "file", "data": {"out": str(path)}}

    written = ask(session, "chardev-add", id="leak", backend=backend)

    assert written is possible
    assert not path.exists()


def test_server_of_the_host_hears_nothing_of_a_request(session: Session) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        port = str(server.getsockname()[1])
        address = {"type": "inet", "data": {"host": "127.0.0.1", "port": port}}
        backend = {"type": "socket", "data": {"addr": address, "server": False}}

        connected = ask(session, "chardev-add", id="leak", backend=backend)

        assert not connected
        with pytest.raises(BlockingIOError):
            server.accept()


def test_port_that_a_request_opens_is_not_on_the_host(session: Session) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    address = {"type": "inet", "data": {"host": "127.0.0.1", "port": str(port)}}
    backend = {"type": "socket", "data": {"addr": address, "server": True, "wait": False}}

    assert ask(session, "chardev-add", id="leak", backend=backend)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def test_program_that_a_request_starts_writes_nothing_on_the_host(session: Session) -> None:
    path = Path("/tmp") / LEAK
    path.unlink(missing_ok=True)

    ask(session, "migrate", uri=f"exec:touch {path} /etc/{LEAK}")
    # The answer to a later request: by then the program has been started.
    ask(session, "query-migrate")

    assert not path.exists()
    assert not Path(f"/etc/{LEAK}").exists()
