"""How the command lines of the QEMU program kinds differ.

Starts nothing and looks into no program; knows nothing of schemas.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from conformance.model.flavour import Program
from conformance.model.script import FIRST
from conformance.model.stage import SCRATCH, Endpoint, Transport

PORT: Final = 4444
"""The port of a monitor over TCP: in the sandbox, a machine has its own network."""

LISTENING: Final = f"wire-{FIRST}"
"""The socket of a program with a single line, in the place of others' first endpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramStyle:
    """How programs of one kind identify themselves and take options.

    `banner` begins the answer to --version. `machine`, where the kind has machines, begins a
    command line, and `accel` is the option for an accelerator; a kind without them has neither.
    `chardev` and `monitor` are the options that make a character device and a QMP monitor on it; ID
    stands for the device's name. `stdio` are those that put QMP on standard input and output, or,
    for a kind without either, on the socket LISTENING in the scratch folder, which may also be
    handed over listening. `block` is the option that names commands not to be served.
    """

    banner: str
    stdio: tuple[str, ...]
    chardev: str = ""
    monitor: tuple[str, str] = ("", "")
    block: str = ""
    machine: str = ""
    accel: str = ""
    fixed: tuple[str, ...] = ()


STYLES: Final[Mapping[Program, ProgramStyle]] = {
    Program.SYSTEM: ProgramStyle(
        banner="QEMU emulator version",
        chardev="-chardev",
        monitor=("-mon", "chardev=ID,mode=control"),
        stdio=("-qmp", "stdio"),
        machine="-machine",
        accel="-accel",
        fixed=("-nodefaults", "-display", "none", "-S"),
    ),
    Program.STORAGE_DAEMON: ProgramStyle(
        banner="qemu-storage-daemon version",
        chardev="--chardev",
        monitor=("--monitor", "chardev=ID"),
        stdio=("--chardev", "stdio,id=mon", "--monitor", "chardev=mon"),
    ),
    Program.GUEST_AGENT: ProgramStyle(
        banner="QEMU Guest Agent",
        stdio=(
            *("-m", "unix-listen", "-p", f"{SCRATCH}/{LISTENING}"),
            *("-t", SCRATCH, "-f", f"{SCRATCH}/pid"),
        ),
        block="-b",
    ),
}


def monitor_on(kind: Program, fd: int) -> tuple[str, ...]:
    """Return the options that put a QMP monitor on the socket whose descriptor is `fd`.

    A kind that listens gets its socket in another way.
    """
    style = STYLES[kind]
    if not style.chardev:
        return style.stdio
    return (style.chardev, f"socket,id=mon,fd={fd}", *_monitor(style, "mon"))


def endpoint_options(kind: Program, endpoint: Endpoint, scratch: str) -> tuple[str, ...]:
    """Return the options that make an endpoint whose socket is in the folder `scratch`.

    A kind with a single line has its endpoint in any case.
    """
    style = STYLES[kind]
    if not style.chardev:
        return ()
    name = socket_name(endpoint)
    listening = f"path={scratch}/{name},server=on,wait=off"
    match endpoint.transport:
        case Transport.SOCKET:
            device = f"socket,id={name},{listening}"
        case Transport.MUX:
            device = f"socket,id={name},{listening},mux=on"
        case Transport.TCP:
            device = f"socket,id={name},host=127.0.0.1,port={PORT},server=on,wait=off"
        case Transport.QTEST:
            return ("-qtest", f"unix:{listening.removeprefix('path=')}")
        case Transport.PTY | Transport.STDIO as other:
            device = f"{other},id={name}"
        case _:
            assert_never(endpoint.transport)
    return (style.chardev, device, *_monitor(style, name, ",pretty=on" * endpoint.pretty))


def socket_name(endpoint: Endpoint) -> str:
    """Return the name of an endpoint's character device, and of its socket."""
    return f"wire-{endpoint.name}"


def _monitor(style: ProgramStyle, device: str, more: str = "") -> tuple[str, ...]:
    option, value = style.monitor
    return (option, value.replace("ID", device) + more)


def blocking(kind: Program, commands: Sequence[str]) -> tuple[str, ...]:
    """Return the options that block the commands; empty where none can be blocked."""
    option = STYLES[kind].block
    return (option, ",".join(commands)) if option and commands else ()


def monitor_on_stdio(kind: Program) -> tuple[str, ...]:
    """Return the options that put a QMP monitor on standard input and output, or as near as
    possible."""
    return STYLES[kind].stdio


def kind_of(command_line: Sequence[str]) -> Program:
    """Return the kind of program that a command line with `monitor_on_stdio` belongs to."""
    words = " ".join(command_line)
    return next(kind for kind, style in STYLES.items() if " ".join(style.stdio) in words)
