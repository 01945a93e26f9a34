"""QEMU's kinds of program, and how they speak where their dialogues differ; knows no socket."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavour:
    """What a dialogue with one kind of program is like.

    `greets`: it opens each session with a greeting, and a negotiation must end before it takes
    commands.  `introspects`: it tells its schema and what else it has when it is asked; `roster` is
    the command by which one that does not lists the commands that it serves.  `single`: it
    serves one client at a time on one line, and has no other monitor.  `line_end` is what its
    messages end with, `probe` a command without arguments that may be asked at any time.
    Ahead of the reply to the command `delimited` stands `delimiter`, where it succeeds.
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
    """Which of QEMU's programs that speak QMP it is."""

    # qemu-system-*.
    SYSTEM = "system"
    # qemu-storage-daemon.
    STORAGE_DAEMON = "storage-daemon"
    # qemu-ga.
    GUEST_AGENT = "guest-agent"

    @property
    def flavour(self) -> Flavour:
        """How programs of the kind speak."""
        return QGA if self is Program.GUEST_AGENT else QMP
