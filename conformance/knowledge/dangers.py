"""What commands reach beyond QEMU's own memory, and what keeps it there (cases/dangers.toml).

docs/maintainers/danger.md describes it.  Knows neither a schema nor a request.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from conformance.knowledge import store
from conformance.knowledge.tables import Table, read_table
from conformance.model.errors import KnowledgeError

FILE: Final = "dangers.toml"


class Reach(enum.StrEnum):
    """What a command reaches outside QEMU, or does to the machine as a whole."""

    # It makes or changes a file.
    FILE_WRITE = "file-write"
    # It reads a file.
    FILE_READ = "file-read"
    # It runs a program.
    PROGRAM = "program"
    # It connects over a network.
    NETWORK = "network"
    # It opens a socket that others can connect to.
    LISTENING = "listening"
    # It connects to a socket that has a path.
    UNIX_SOCKET = "unix-socket"
    # It takes, keeps or closes a descriptor that was passed to it.
    DESCRIPTOR = "descriptor"
    # It opens a device or a network interface of the host.
    HOST_DEVICE = "host-device"
    # It changes the system that it runs on: its clock, users, power.
    HOST_SYSTEM = "host-system"
    # It ends QEMU.
    ENDS_QEMU = "ends-qemu"
    # It switches the guest.
    GUEST_POWER = "guest-power"


class Containment(enum.StrEnum):
    """What keeps a reach from the host."""

    # All but the scratch folder is read-only or private and empty.
    SCRATCH_ONLY = "scratch-only"
    # Private folders and single files are of limited size.
    BOUNDED_FILES = "bounded-files"
    # Of the root nothing is shown but what programs are made of.
    HIDDEN_FILES = "hidden-files"
    # A namespace of its own for processes: none of the host's is there.
    OWN_PROCESSES = "own-processes"
    # A namespace of its own for networks, with nothing in it but a loopback.
    OWN_NETWORK = "own-network"
    # No capability, and no way to one.
    NO_PRIVILEGES = "no-privileges"
    # No device but those that a case names.
    NAMED_DEVICES = "named-devices"
    # Nothing is there but what the suite passes.
    PASSED_ALONE = "passed-alone"
    # It concerns nothing but the machine, which the suite replaces.
    ITSELF = "itself"


WITHOUT_SANDBOX: Final = frozenset({Containment.PASSED_ALONE, Containment.ITSELF})
"""What contains a reach wherever QEMU runs; the sandbox sees to the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A member through which a command reaches out: the last names of its path, globs all.

    Of its values, those that `value` fits lead there.
    """

    names: tuple[str, ...]
    value: str = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Danger:
    """What a command reaches through any of some ways; with none, whatever its arguments are."""

    reaches: tuple[Reach, ...]
    through: tuple[Way, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dangers:
    """The dangers of each command that has any; a command that is not `known` may have all."""

    dangers: Mapping[str, tuple[Danger, ...]] = field(default_factory=dict)
    contained: Mapping[Reach, tuple[Containment, ...]] = field(default_factory=dict)
    harmless: frozenset[str] = frozenset()
    innocent: Mapping[str, str] = field(default_factory=dict)
    """Commands with members that sound like a way out, and why they are none."""

    @property
    def known(self) -> frozenset[str]:
        """The commands that were looked at."""
        return self.harmless | self.dangers.keys() | self.innocent.keys()

    def needs_sandbox(self, danger: Danger) -> bool:
        """Return whether nothing but the sandbox keeps some reach of the danger from the host."""
        return any(not WITHOUT_SANDBOX.issuperset(self.contained[r]) for r in danger.reaches)


_Word = TypeVar("_Word", bound=enum.StrEnum)


def load_dangers(path: Path | None = None) -> Dangers:
    """Return what the file `path` says; without one, what ships.  Raises KnowledgeError."""
    top = read_table(path or store.cases_folder() / FILE)
    contained = _contained(top.table("contained"))
    dangers: dict[str, list[Danger]] = defaultdict(list)
    for table in top.tables("danger"):
        names = table.texts("commands")
        danger = _danger(table)
        for name in names:
            dangers[name].append(danger)
    innocent = {name: why for t in top.tables("innocent") for name, why in _innocent(t)}
    found = Dangers(
        dangers={name: tuple(each) for name, each in sorted(dangers.items())},
        contained=contained,
        harmless=frozenset(top.texts("harmless")),
        innocent=innocent,
    )
    top.done()
    _check_apart(top, found)
    return found


def _check_apart(top: Table, found: Dangers) -> None:
    """Raise KnowledgeError for a command that is said to be two things."""
    groups = (found.dangers.keys(), found.innocent.keys(), found.harmless)
    for number, group in enumerate(groups):
        for other in groups[number + 1 :]:
            for name in sorted(group & other):
                raise KnowledgeError(
                    f"{top.place}: {name} is said to be harmless, and not to be",
                    "Leave it in one place.",
                )


def _contained(table: Table) -> Mapping[Reach, tuple[Containment, ...]]:
    found = {}
    for reach in Reach:
        found[reach] = tuple(_word(table, Containment, w) for w in table.texts(reach))
        if not found[reach]:
            raise KnowledgeError(f"{table.place}: nothing contains {reach}", "Say what does.")
    table.done()
    return found


def _danger(table: Table) -> Danger:
    danger = Danger(
        reaches=tuple(_word(table, Reach, word) for word in table.texts("reaches")),
        through=tuple(map(_way, table.texts("through"))),
        reason=table.take("reason", str),
    )
    table.done()
    if not danger.reaches:
        raise KnowledgeError(f"{table.place}: reaches nothing", "Say what, or leave it out.")
    return danger


def _way(text: str) -> Way:
    path, sign, value = text.partition("=")
    return Way(names=tuple(path.split("/")), value=value if sign else "*")


def _innocent(table: Table) -> Iterator[tuple[str, Any]]:
    names, reason = table.texts("commands"), table.take("reason", str)
    table.done()
    for name in names:
        yield name, reason


def _word(table: Table, words: type[_Word], text: str) -> _Word:
    try:
        return words(text)
    except ValueError as error:
        raise KnowledgeError(f"{table.place}: {error}", f"Known: {', '.join(words)}.") from error
