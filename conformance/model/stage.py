"""What a case needs beforehand, as values: machine, files, peers, descriptors, requests.

Knows no process, socket or schema: launch/ starts the machine, knowledge/ describes it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Final

from conformance.model.canonical import compact, digest
from conformance.model.frozen import frozen_value
from conformance.model.terms import ABSENT, Absent, JsonValue

NEGOTIATION: Final = "qmp_capabilities"
"""The command that ends the capabilities negotiation of a session."""
IN_BAND: Final = "execute"
OUT_OF_BAND: Final = "exec-oob"
"""The members of a request that name its command; OUT_OF_BAND overtakes other requests."""
SCRATCH: Final = "/tmp/qmp"
"""The path of the scratch folder inside the machine; short, since QEMU reads byte by byte."""
BUILD_NEEDS: Final = frozenset({"type", "property"})
"""The kinds of needs ("kind:argument") that the build answers; the host answers the others."""
WHOLE_NEEDS: Final = frozenset({"kvm", "hugepages"})
"""The kinds of needs that have no argument."""
HOST_NEEDS: Final = WHOLE_NEEDS | {
    *("path", "kvm-extension", "cpu", "program", "package"),
    *("interface", "target-file", "numa"),
}
"""The kinds of needs that the host answers: launch/host.py has a probe for each."""
FILE_MAKERS: Final = ("dh", "fifo", "images", "psk", "x509", "x509-encrypted")
"""The makers of files with special content: launch/scratch.py has each."""
PEER_SERVERS: Final = (
    *(
        "barrier",
        "dbus",
        "ftp",
        "ftps",
        "hang-up",
        "http",
        "https",
        "iscsi",
        "nbd",
        "nbd-tls",
        "nfs",
    ),
    *("pr-helper", "pulse", "sink", "ssh", "tpm"),
    *("vhost-user-crypto", "vhost-user-device", "vhost-user-net"),
)
"""The servers for a machine to talk to: launch/mock_servers.py has each."""
PEER_CALLERS: Final = (
    *("forwarder", "nbd-client", "nbd-tls-client", "silent-caller", "spice-viewer", "vnc-viewer"),
)
"""The clients that call a server of the machine: launch/callers.py has each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """An event that reports the end of what a request started.

    Its data includes all of `data`, object members compared one by one.
    """

    event: str
    data: Mapping[str, JsonValue] = field(default_factory=dict)


@frozen_value(frozen=True, slots=True)
class Request:
    """One command as it goes over the wire, without its id.

    `arguments` is any JSON value (the suite sends wrong ones), or ABSENT. `key` is IN_BAND or
    OUT_OF_BAND. `descriptor`, unless "", is the source of a file descriptor that goes with it, as
    in Descriptor. The next request is not sent before the events of `awaits` have come. With
    `companion`, the machine's first companion is asked in its place, and tells those events.
    """

    execute: str
    arguments: object = ABSENT
    key: str = IN_BAND
    descriptor: str = ""
    awaits: tuple[Awaited, ...] = ()
    companion: bool = False

    def with_arguments(self, arguments: object) -> Request:
        """Return the request with other arguments, itself with the very same ones."""
        if arguments is self.arguments:
            return self
        # Not replace(), which takes three times as long: tens of thousands are made.
        return Request(
            self.execute, arguments, self.key, self.descriptor, self.awaits, self.companion
        )

    def text(self, request_id: JsonValue | Absent = ABSENT) -> str:
        """Return the request as one line of compact JSON, without a line end."""
        message: dict[str, object] = {self.key: self.execute}
        if self.arguments is not ABSENT:
            message["arguments"] = self.arguments
        if request_id is not ABSENT:
            message["id"] = request_id
        return compact(message)

    def line(self, request_id: JsonValue | Absent = ABSENT) -> bytes:
        """Return the request as it goes over the wire."""
        return f"{self.text(request_id)}\n".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScratchFile:
    """A file or folder in the scratch folder.

    `path` is relative; ending in "/", it is an empty folder. `make` names a maker of
    launch/scratch.py ("x509", ...) that owns everything below `path`. Otherwise the content is
    `text`, or the bytes `hex`, with `at` zero bytes before them, padded with zeros to `size`.
    """

    path: str
    text: str = ""
    hex: str = ""
    at: int = 0
    size: int = 0
    make: str = ""


class Says(enum.StrEnum):
    """What a peer that misbehaves says in place of what it should."""

    # Nothing.
    NOTHING = "nothing"
    # The first half of it.
    HALF = "half"
    # The first `size` bytes of it; of a negative number, all but so many.
    PART = "part"
    # Bytes without a meaning, the same in every run.
    GARBAGE = "garbage"
    # It, again and again.
    FLOOD = "flood"
    # It, unchanged.
    SAME = "same"
    # The bytes of `hex`.
    BYTES = "bytes"


class Then(enum.StrEnum):
    """What a peer that misbehaves does afterwards."""

    # It hangs up.
    HANG_UP = "hang-up"
    # It says nothing more, and hangs up after some time.
    SILENCE = "silence"
    # It goes on as if nothing had been.
    GO_ON = "go-on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a peer misbehaves at the stage `at` of its dialogue, which is good up to there.

    Stage 0 is when someone connects, stage N when the N-th thing is to be said. All that is said
    from then on comes `late` seconds late. Of a peer that falls silent, `patience` is after how
    many seconds it hangs up. `size` is how much it says, see Says.PART.
    """

    at: int
    says: Says
    then: Then
    hex: str = ""
    size: int = 0
    late: float = 0.0
    patience: float = 0.0

    @property
    def words(self) -> str:
        """What it does, for a reader."""
        where = f"in place of answer {self.at}" if self.at else "at once"
        match self.says:
            case Says.BYTES:
                said = f"the bytes {self.hex}"
            case Says.PART if self.size < 0:
                said = f"all but the last {-self.size} bytes of it"
            case Says.PART:
                said = f"the first {self.size} bytes of it"
            case _:
                said = str(self.says)
        late = f", all {self.late:g} s late" if self.late else ""
        silent = f", and hangs up after {self.patience:g} s" if self.patience else ""
        return f"{where} says {said}{late}, then: {self.then}{silent}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Someone that the machine talks to: `serve` is one of PEER_SERVERS or PEER_CALLERS.

    `address` is the path of a socket in the scratch folder, or a TCP port in the machine's own
    network.  A caller calls a server of the machine, at such an address `calls`, when the machine
    connects to its own; the two lines end together.  A forwarder calls when the line has ended, and
    says what came on it.  `password` is what it gives if it is asked.
    Without `manner`, it behaves well.
    """

    serve: str
    address: str
    calls: str = ""
    password: str = ""
    manner: Manner | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """A file descriptor that is passed to the machine and known there as `name`.

    `source` is "socketpair", "memfd", or the path of a device that the host opens.
    """

    name: str
    source: str


class Transport(enum.StrEnum):
    """How an additional monitor of a machine is reached."""

    # A Unix socket in the scratch folder.
    SOCKET = "socket"
    # A TCP socket in the machine's own network.
    TCP = "tcp"
    # A pseudo-terminal that the machine creates.
    PTY = "pty"
    # A Unix socket that the monitor shares with others through a multiplexer.
    MUX = "mux"
    # Standard input and output of the program.
    STDIO = "stdio"
    # No monitor: a Unix socket for QEMU's test protocol (qtest), which steps the clock.
    QTEST = "qtest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An additional monitor of a machine; `pretty` makes it indent its messages."""

    name: str
    transport: Transport = Transport.SOCKET
    pretty: bool = False


@dataclass(frozen=True, kw_only=True)
class MachineSpec:
    """How a machine is started, beyond what its target says; equal specs, equal machines."""

    machine: str = "none"
    accel: str = ""
    args: tuple[str, ...] = ()
    files: tuple[ScratchFile, ...] = ()
    peers: tuple[Peer, ...] = ()
    descriptors: tuple[Descriptor, ...] = ()
    devices: tuple[str, ...] = ()
    """Device nodes of the host that the sandbox lets in."""
    endpoints: tuple[Endpoint, ...] = ()
    companions: tuple[Companion, ...] = ()
    environment: tuple[str, ...] = ()
    """Variables, NAME=VALUE, beside those of its target."""

    @cached_property
    def mark(self) -> str:
        """What tells it from others at the end of a stage's name, "" for the plain machine."""
        told = asdict(self)
        if not self.environment:
            del told["environment"]
        return "" if self == MachineSpec() else f"/{digest(told)[:6]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """A second machine of the same build that starts before the first and lives as long.

    Both share a scratch folder. The second has answered the requests of `setup` before the first
    starts; later ones are those with `companion`.
    """

    spec: MachineSpec
    setup: tuple[Request, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A machine and the requests that prepare it; cases of one stage may share a machine.

    `capabilities` are those that the negotiation enables; None leaves the monitor in negotiation
    mode. `kept`: cases of other stages come in between, again and again.
    """

    name: str
    spec: MachineSpec = MachineSpec()
    setup: tuple[Request, ...] = ()
    capabilities: tuple[str, ...] | None = ()
    kept: bool = False

    def negotiation(self) -> tuple[Request, ...]:
        """Return the request that ends negotiation mode, none if the stage stays in it."""
        if self.capabilities is None:
            return ()
        arguments = {"enable": list(self.capabilities)} if self.capabilities else ABSENT
        return (Request(NEGOTIATION, arguments),)

    def beyond(self, passage: Request) -> Stage:
        """Return the stage whose machine has passed `passage` to another phase."""
        name = f"{self.name}/{passage.execute}"
        if passage.execute == NEGOTIATION:
            return replace(self, name=name, capabilities=())
        return replace(self, name=name, setup=(*self.setup, passage))
