"""Connects to the additional monitors of a machine; reads nothing from them."""

from __future__ import annotations

import errno
import os
import socket
from typing import assert_never

from conformance.launch.activation import calling
from conformance.launch.machine import Machine
from conformance.launch.namespace import connect_in
from conformance.launch.program import PORT, socket_name
from conformance.model.errors import LaunchError
from conformance.model.stage import Endpoint, Transport


class Terminal:
    """A terminal that reads and writes as a non-blocking socket does."""

    def __init__(self, path: str) -> None:
        """Open the terminal; raises OSError."""
        self._fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def fileno(self) -> int:
        """Return its descriptor."""
        return self._fd

    def getblocking(self) -> bool:
        """Return whether it blocks: never."""
        return False

    def recv(self, size: int) -> bytes:
        """Return up to `size` bytes; none where the other side has closed it."""
        try:
            return os.read(self._fd, size)
        except OSError as error:
            if error.errno == errno.EIO:
                return b""
            raise

    def send(self, data: bytes) -> int:
        """Return how many bytes of `data` it accepted."""
        return os.write(self._fd, data)

    def shutdown(self, how: int) -> None:
        """Refuse: a terminal has no direction that could be closed alone."""
        raise OSError(errno.ENOTSUP, "a terminal cannot close one direction")

    def close(self) -> None:
        """Close it."""
        os.close(self._fd)


def join(machine: Machine, endpoint: Endpoint) -> socket.socket | Terminal:
    """Return a non-blocking connection to the endpoint; raises LaunchError."""
    match endpoint.transport:
        case Transport.SOCKET | Transport.MUX | Transport.QTEST:
            sock = _unix(machine, endpoint)
        case Transport.TCP:
            sock = connect_in(machine.pid, PORT)
        case Transport.STDIO:
            if machine.stdio is None:
                raise LaunchError("the machine's standard input is no endpoint", "Name it in full.")
            sock = machine.stdio.dup()
        case Transport.PTY:
            return _terminal(machine)
        case _:
            assert_never(endpoint.transport)
    sock.setblocking(False)
    return sock


def _unix(machine: Machine, endpoint: Endpoint) -> socket.socket:
    try:
        return calling(machine.scratch, socket_name(endpoint))
    except OSError as error:
        raise LaunchError(
            f"the monitor {endpoint.name} cannot be reached: {error.strerror}",
            "Check whether QEMU still runs.",
        ) from None


def _terminal(machine: Machine) -> Terminal:
    """Return the machine's terminal: the first of the sandbox, which has its own terminals."""
    if not machine.target.sandbox:
        raise LaunchError("which terminal is the machine's is not known", "Use the sandbox.")
    try:
        return Terminal(f"/proc/{machine.pid}/root/dev/pts/0")
    except OSError as error:
        raise LaunchError(
            f"the machine's terminal cannot be opened: {error.strerror}",
            "Check whether QEMU still runs.",
        ) from None
