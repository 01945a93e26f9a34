"""The servers that a machine talks to: bytes in, bytes out; no socket, no thread.

Each says just enough for its client in QEMU to start.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Final

from conformance.launch.bus import Bus
from conformance.launch.conversation import MockServer
from conformance.launch.disk_servers import Http, Nbd, NbdTls
from conformance.launch.ftp_server import Ftp
from conformance.launch.iscsi_target import Iscsi
from conformance.launch.nfs_server import Nfs
from conformance.launch.pulse import answered
from conformance.launch.ssh_server import Ssh
from conformance.launch.tls_server import Tls
from conformance.launch.tpm import Control, commanded


class PersistentReservations(MockServer):
    """The helper of pr-manager-helper: offers no feature, and executes no command.

    Source: docs/interop/pr-helper.rst.
    """

    def greet(self) -> bytes:
        """Offer no features, as 32 bits; the client names those that it uses."""
        return struct.pack(">I", 0)


class Barrier(MockServer):
    """A Barrier server that greets a client and then moves nothing.

    Each message is preceded by its length, 32 bits, big endian.
    """

    def greet(self) -> bytes:
        """Announce the protocol and its version 1.6."""
        message = b"Barrier" + struct.pack(">HH", 1, 6)
        return struct.pack(">I", len(message)) + message


class VhostUser(MockServer):
    """A vhost-user back end that knows the features `answers`, and does nothing with its device.

    Source: docs/interop/vhost-user.rst.  A message is its request, flags and the size of what
    follows, each 32 bits in the host's order.
    """

    _HEADER: Final = struct.Struct("=III")
    _VERSION: Final = 1
    _REPLY: Final = 4
    _NEED_REPLY: Final = 8
    _GET_VRING_BASE: Final = 11
    _GET_CONFIG: Final = 24
    _PLACE: Final = 12
    """The bytes before a device's configuration: where it begins, its size, and flags."""

    def __init__(self, answers: Mapping[int, int]) -> None:
        self._answers = {
            1: 1 << 30 | 1 << 32,  # GET_FEATURES: those of the protocol, VIRTIO_F_VERSION_1
            36: 8,  # GET_MAX_MEM_SLOTS
            **answers,
        }
        """The requests that are answered with a number of 64 bits, and the number."""
        self._heard = b""

    def hear(self, heard: bytes) -> bytes:
        """Answer every complete message."""
        self._heard += heard
        said = b""
        while len(self._heard) >= self._HEADER.size:
            request, flags, size = self._HEADER.unpack_from(self._heard)
            end = self._HEADER.size + size
            if len(self._heard) < end:
                break
            said += self._answer(request, flags, self._heard[self._HEADER.size : end])
            self._heard = self._heard[end:]
        return said

    def _answer(self, request: int, flags: int, payload: bytes) -> bytes:
        if request in self._answers:
            content = struct.pack("=Q", self._answers[request])
        elif request == self._GET_VRING_BASE:
            content = payload[:4] + struct.pack("=I", 0)
        elif request == self._GET_CONFIG:
            content = payload[: self._PLACE].ljust(len(payload), b"\0")
        elif flags & self._NEED_REPLY:
            content = struct.pack("=Q", 0)
        else:
            return b""
        return self._HEADER.pack(request, self._VERSION | self._REPLY, len(content)) + content


class MessageBus(MockServer):
    """A D-Bus message bus with one client."""

    def __init__(self) -> None:
        self._bus = Bus()

    def hear(self, heard: bytes) -> bytes:
        """Answer every complete message."""
        return self._bus.hear(heard)


class HangUp(MockServer):
    """Hangs up at once."""

    over = True


class TpmCommands(MockServer):
    """The commands to a TPM."""

    def __init__(self) -> None:
        self._heard = b""

    def hear(self, heard: bytes) -> bytes:
        """Refuse every complete command."""
        said, self._heard = commanded(self._heard + heard)
        return said


class Tpm(MockServer):
    """The control channel of a TPM emulator, which is passed the channel of commands."""

    adopted = TpmCommands

    def __init__(self) -> None:
        self._control = Control()

    def hear(self, heard: bytes) -> bytes:
        """Answer every complete request."""
        return self._control.hear(heard)


class Sounds(MockServer):
    """A PulseAudio server with one client, which plays nothing."""

    def __init__(self) -> None:
        self._heard = b""

    def hear(self, heard: bytes) -> bytes:
        """Answer every complete packet."""
        said, self._heard = answered(self._heard + heard)
        return said


_CRYPTO: Final = {
    15: 1 << 0 | 1 << 7,  # GET_PROTOCOL_FEATURES: MQ, CRYPTO_SESSION
    17: 64,  # GET_QUEUE_NUM: as many as QEMU lets a cryptodev have
}
_DEVICE: Final = {
    # GET_FEATURES: all, so that a device keeps what its properties say, but no IOMMU.
    1: (1 << 42) - 1 & ~(1 << 33),
    15: 1 << 0 | 1 << 9,  # GET_PROTOCOL_FEATURES: MQ, CONFIG
    17: 64,  # GET_QUEUE_NUM
}
_NET: Final = {
    15: 1 << 0,  # GET_PROTOCOL_FEATURES: MQ
    17: 1,  # GET_QUEUE_NUM
}

MOCK_SERVERS: Final[Mapping[str, Callable[[], MockServer]]] = {
    "sink": MockServer,
    "pr-helper": PersistentReservations,
    "barrier": Barrier,
    "vhost-user-crypto": lambda: VhostUser(_CRYPTO),
    "vhost-user-device": lambda: VhostUser(_DEVICE),
    "vhost-user-net": lambda: VhostUser(_NET),
    "dbus": MessageBus,
    "hang-up": HangUp,
    "ftp": Ftp,
    "ftps": lambda: Tls(Ftp()),
    "http": Http,
    "https": lambda: Tls(Http()),
    "iscsi": Iscsi,
    "nbd": Nbd,
    "nbd-tls": NbdTls,
    "nfs": Nfs,
    "pulse": Sounds,
    "ssh": Ssh,
    "tpm": Tpm,
}
