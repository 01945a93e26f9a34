"""QEMU's kinds of program, and how they speak where their dialogues differ; knows no socket."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavour:
    """How a dialogue with one kind of program works.

    `greets`: it opens each session with a greeting, and takes commands after a negotiation.
    `introspects`: it shows its schema and objects; `roster` is the command that lists commands in
    other programs. `single`: it serves one client at a time on one line, and has no other monitor.
    `line_end` ends its messages; `probe` is a command without arguments that is always allowed.
    `delimiter` precedes a successful reply to the command `delimited`.
    """

    greets: bool = True
    introspects: bool = True
    single: bool = False
    roster: str = ""
    line_end: bytes = b"\r\n"
    probe: str = "query-version"
    delimited: str = ""
    delimiter: bytes = b""


QMP: Final = Flavour()
"""The flavour of the system emulator and the storage daemon, which the specification describes."""

QGA: Final = Flavour(
    greets=False,
    introspects=False,
    single=True,
    roster="guest-info",
    line_end=b"\n",
    probe="guest-ping",
    delimited="guest-sync-delimited",
    delimiter=b"\xff",
)
"""The flavour of the guest agent."""


class Program(enum.StrEnum):
    """QEMU's kinds of programs that speak QMP."""

    # qemu-system-*.
    SYSTEM = "system"
    # qemu-storage-daemon.
    STORAGE_DAEMON = "storage-daemon"
    # qemu-ga.
    GUEST_AGENT = "guest-agent"

    @property
    def flavour(self) -> Flavour:
        """The dialect of the programs of this kind."""
        return QGA if self is Program.GUEST_AGENT else QMP
