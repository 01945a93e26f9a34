"""The kinds of QEMU program that can be a target, and what sets their command lines apart.

Starts nothing and looks into no program; knows nothing of schemas.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


class Kind(enum.StrEnum):
    """Which of QEMU's programs that speak QMP it is."""

    # qemu-system-*.
    SYSTEM = "system"
    # qemu-storage-daemon.
    STORAGE_DAEMON = "storage-daemon"


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How programs of one kind name themselves and are told what to do.

    `banner` begins the answer to --version.  `machine`, where the kind has machines, begins a
    command line, and `accel` is the option for an accelerator; a kind without them has neither.
    `chardev` and `monitor` are options that make a character device and a QMP monitor on it.
    """

    banner: str
    chardev: str
    monitor: tuple[str, str]
    stdio: tuple[str, ...]
    machine: str = ""
    accel: str = ""
    fixed: tuple[str, ...] = ()


STYLES: Final[Mapping[Kind, Style]] = {
    Kind.SYSTEM: Style(
        banner="QEMU emulator version",
        chardev="-chardev",
        monitor=("-mon", "chardev=mon,mode=control"),
        stdio=("-qmp", "stdio"),
        machine="-machine",
        accel="-accel",
        fixed=("-nodefaults", "-display", "none", "-S"),
    ),
    Kind.STORAGE_DAEMON: Style(
        banner="qemu-storage-daemon version",
        chardev="--chardev",
        monitor=("--monitor", "chardev=mon"),
        stdio=("--chardev", "stdio,id=mon", "--monitor", "chardev=mon"),
    ),
}


def monitor_on(kind: Kind, fd: int) -> tuple[str, ...]:
    """Return the options that put a QMP monitor on the socket whose descriptor is `fd`."""
    style = STYLES[kind]
    return (style.chardev, f"socket,id=mon,fd={fd}", *style.monitor)


def monitor_on_stdio(kind: Kind) -> tuple[str, ...]:
    """Return the options that put a QMP monitor on standard input and output."""
    return STYLES[kind].stdio
