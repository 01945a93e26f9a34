"""Reaching the further monitors of a machine; knows their sockets and reads nothing from them."""

from __future__ import annotations

import os
import socket

from conformance.errors import LaunchError
from conformance.launch.machine import Machine
from conformance.launch.program import socket_name
from conformance.stage import Endpoint, Transport


def join(machine: Machine, endpoint: Endpoint) -> socket.socket:
    """Return a non-blocking socket that is connected to the endpoint; raises LaunchError."""
    match endpoint.transport:
        case Transport.SOCKET | Transport.MUX:
            return _unix(machine, endpoint)
        case other:
            raise LaunchError(f"no way to a monitor over {other}", "Use a socket.")


def _unix(machine: Machine, endpoint: Endpoint) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    # A socket's path has room for 107 bytes; by way of the open folder it is short.
    folder = os.open(machine.scratch, os.O_PATH | os.O_DIRECTORY)
    try:
        sock.connect(f"/proc/self/fd/{folder}/{socket_name(endpoint)}")
    except OSError as error:
        sock.close()
        raise LaunchError(
            f"the monitor {endpoint.name} cannot be reached: {error.strerror}",
            "Look whether QEMU still runs.",
        ) from None
    finally:
        os.close(folder)
    sock.setblocking(False)
    return sock
