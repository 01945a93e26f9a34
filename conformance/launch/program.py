"""The kinds of QEMU program that can be a target, and what sets their command lines apart.

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
"""Where a monitor over TCP listens: in the sandbox a machine has a network of its own."""

LISTENING: Final = f"wire-{FIRST}"
"""The socket of a program that has one line alone: where the first endpoint of others is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How programs of one kind name themselves and are told what to do.

    `banner` begins the answer to --version.  `machine`, where the kind has machines, begins a
    command line, and `accel` is the option for an accelerator; a kind without them has neither.
    `chardev` and `monitor` are options that make a character device and a QMP monitor on it, where
    ID stands for the device's name.  `stdio` are those that put QMP on standard input and output,
    or, for a kind that has neither devices nor that, on the socket LISTENING in the scratch folder,
    which it may also be handed listening already.  `block` is the option that names commands which
    are not to be served.
    """

    banner: str
    stdio: tuple[str, ...]
    chardev: str = ""
    monitor: tuple[str, str] = ("", "")
    block: str = ""
    machine: str = ""
    accel: str = ""
    fixed: tuple[str, ...] = ()


STYLES: Final[Mapping[Program, Style]] = {
    Program.SYSTEM: Style(
        banner="QEMU emulator version",
        chardev="-chardev",
        monitor=("-mon", "chardev=ID,mode=control"),
        stdio=("-qmp", "stdio"),
        machine="-machine",
        accel="-accel",
        fixed=("-nodefaults", "-display", "none", "-S"),
    ),
    Program.STORAGE_DAEMON: Style(
        banner="qemu-storage-daemon version",
        chardev="--chardev",
        monitor=("--monitor", "chardev=ID"),
        stdio=("--chardev", "stdio,id=mon", "--monitor", "chardev=mon"),
    ),
    Program.GUEST_AGENT: Style(
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

    A kind that listens is handed its socket in another way.
    """
    style = STYLES[kind]
    if not style.chardev:
        return style.stdio
    return (style.chardev, f"socket,id=mon,fd={fd}", *_monitor(style, "mon"))


def endpoint_options(kind: Program, endpoint: Endpoint, scratch: str) -> tuple[str, ...]:
    """Return the options that make an endpoint, whose socket is in the folder `scratch`.

    That of a kind with one line alone is there in any case.
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


def _monitor(style: Style, device: str, more: str = "") -> tuple[str, ...]:
    option, value = style.monitor
    return (option, value.replace("ID", device) + more)


def blocking(kind: Program, commands: Sequence[str]) -> tuple[str, ...]:
    """Return the options that keep the commands from being served, none where none can be kept."""
    option = STYLES[kind].block
    return (option, ",".join(commands)) if option and commands else ()


def monitor_on_stdio(kind: Program) -> tuple[str, ...]:
    """Return the options that put a QMP monitor on standard input and output, or where it can."""
    return STYLES[kind].stdio


def kind_of(command_line: Sequence[str]) -> Program:
    """Return the kind of program that a command line with `monitor_on_stdio` is for."""
    words = " ".join(command_line)
    return next(kind for kind, style in STYLES.items() if " ".join(style.stdio) in words)
