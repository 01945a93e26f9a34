"""What commands reach on the host, and what contains it (cases/dangers.toml).

docs/maintainers/danger.md describes the file. Knows neither a schema nor a request.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

from conformance.knowledge import store
from conformance.knowledge.decoder import FileProblem, Read, raise_problems, read_file
from conformance.knowledge.gathering import gathered
from conformance.knowledge.keys import Key, typed

FILE: Final = "dangers.toml"


class HostReach(enum.StrEnum):
    """What a command reaches outside QEMU, or does to the machine as a whole."""

    # It creates or changes a file.
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
    # It takes, keeps or closes a descriptor passed to it.
    DESCRIPTOR = "descriptor"
    # It opens a device or a network interface of the host.
    HOST_DEVICE = "host-device"
    # It changes the system it runs on: its clock, users, power.
    HOST_SYSTEM = "host-system"
    # It ends QEMU.
    ENDS_QEMU = "ends-qemu"
    # It resets, suspends or powers down the guest.
    GUEST_POWER = "guest-power"


class Containment(enum.StrEnum):
    """What keeps a reach from the host."""

    # All but the scratch folder is read-only, or private and empty.
    SCRATCH_ONLY = "scratch-only"
    # Private folders and single files are of limited size.
    BOUNDED_FILES = "bounded-files"
    # Only system folders of the root are visible.
    HIDDEN_FILES = "hidden-files"
    # A private process namespace: no host process is visible.
    OWN_PROCESSES = "own-processes"
    # A private network namespace with nothing but a loopback.
    OWN_NETWORK = "own-network"
    # No capability, and no way to gain one.
    NO_PRIVILEGES = "no-privileges"
    # No device but those that a case names.
    NAMED_DEVICES = "named-devices"
    # Only what the suite passes.
    PASSED_ALONE = "passed-alone"
    # It affects only the machine, which the suite replaces.
    ITSELF = "itself"


WITHOUT_SANDBOX: Final = frozenset({Containment.PASSED_ALONE, Containment.ITSELF})
"""The containments that hold without a sandbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A member through which a command reaches out: the last names of its path, as globs.

    Only values that match `value` count.
    """

    names: tuple[str, ...]
    value: str = "*"


def _way(text: str) -> Way:
    path, sign, value = text.partition("=")
    return Way(names=tuple(path.split("/")), value=value if sign else "*")


_WAY: Final = typed(str, "the last names of a path, or that, = and a glob", "string", _way)


@dataclass(frozen=True, slots=True, kw_only=True)
class Danger:
    """What a command reaches through any of some members; without members, always."""

    reaches: Annotated[tuple[HostReach, ...], Key("what they reach", some=True)]
    through: Annotated[
        tuple[Way, ...],
        Key(
            "the members whose value leads there: the last names of a path in the arguments "
            "(at any depth, `*` stands for anything within a name), or that and `=` and a "
            "glob of the value",
            default="all arguments",
            items=_WAY,
        ),
    ] = ()
    reason: Annotated[str, Key("how it reaches that")]


@dataclass(frozen=True, slots=True, kw_only=True)
class DangerEntry:
    """A danger of several commands."""

    commands: Annotated[
        tuple[str, ...], Key("the commands; a command may be in several entries", some=True)
    ]
    danger: Annotated[Danger, Key(flat=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class InnocentEntry:
    """Commands with members that only look as if they reached the host."""

    commands: Annotated[tuple[str, ...], Key("the commands", some=True)]
    reason: Annotated[str, Key("what those members are")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dangers:
    """The dangers of each command; a command that is not `known` may have all."""

    dangers: Mapping[str, tuple[Danger, ...]] = field(default_factory=dict)
    contained: Mapping[HostReach, tuple[Containment, ...]] = field(default_factory=dict)
    harmless: frozenset[str] = frozenset()
    innocent: Mapping[str, str] = field(default_factory=dict)
    """Commands with members that only look as if they reached the host, with the reasons."""

    @property
    def known(self) -> frozenset[str]:
        """The reviewed commands."""
        return self.harmless | self.dangers.keys() | self.innocent.keys()

    def needs_sandbox(self, danger: Danger) -> bool:
        """Return whether only the sandbox contains some reach of the danger."""
        return any(not WITHOUT_SANDBOX.issuperset(self.contained[r]) for r in danger.reaches)


@dataclass(frozen=True, kw_only=True)
class DangersPart:
    """The entries of a file about dangers."""

    contained: Annotated[
        Mapping[str, tuple[Containment, ...]],
        Key("for each kind of reach, what contains it", some=True),
    ] = field(default_factory=dict)
    dangers: Annotated[
        tuple[DangerEntry, ...],
        Key("what commands reach beyond QEMU's own memory", name="danger"),
    ] = ()
    innocent: Annotated[
        tuple[InnocentEntry, ...],
        Key("commands with members that only look as if they reached the host"),
    ] = ()
    harmless: Annotated[
        tuple[str, ...],
        Key("commands that were checked, and reach only what already exists"),
    ] = ()


def load_dangers(path: Path | None = None, more: Sequence[Read[DangersPart]] = ()) -> Dangers:
    """Return the content of the file `path` (by default the shipped one) and of `more`.

    Raises KnowledgeError.
    """
    parts = [*more, read_file(path or store.cases_folder() / FILE, DangersPart)]
    dangers: dict[str, list[Danger]] = defaultdict(list)
    for entry in gathered(parts, "dangers"):
        for name in entry.commands:
            dangers[name].append(entry.danger)
    raise_problems([*two_things(parts), *_uncontained(parts)])
    return Dangers(
        dangers={name: tuple(each) for name, each in sorted(dangers.items())},
        contained={
            HostReach(r): how for part in parts for r, how in part.sound().contained.items()
        },
        harmless=frozenset(name for part in parts for name in part.sound().harmless),
        innocent={n: e.reason for e in gathered(parts, "innocent") for n in e.commands},
    )


def _mentions(part: DangersPart) -> Iterator[tuple[str, str, tuple[str | int, ...]]]:
    """Yield each command with the key that names it, and its place."""
    groups = {
        "danger": [entry.commands for entry in part.dangers],
        "innocent": [entry.commands for entry in part.innocent],
    }
    for key, entries in groups.items():
        for number, names in enumerate(entries):
            for at, name in enumerate(names):
                yield name, key, (key, number, "commands", at)
    for at, name in enumerate(part.harmless):
        yield name, "harmless", ("harmless", at)


def two_things(parts: Sequence[Read[Any]]) -> Iterator[FileProblem]:
    """Yield each command with contradicting entries."""
    seen: dict[str, tuple[str, str]] = {}
    for part in parts:
        for name, key, path in _mentions(part.kept):
            place = f"{part.source.name}:{part.source.line(path)}"
            before, where = seen.setdefault(name, (key, place))
            if before != key:
                what = f"{name} stands under {key!r}, and in {where} under {before!r}"
                yield part.source.problem(path, what, "Leave it in one place.")


def _uncontained(parts: Sequence[Read[Any]]) -> Iterator[FileProblem]:
    """Yield each unknown reach, and each without containment."""
    words = {str(reach) for reach in HostReach}
    for part in parts:
        for word in part.sound().contained:
            if word not in words:
                known = f"Known: {', '.join(sorted(words))}."
                yield part.source.problem(("contained", word), f"{word!r} is no reach", known)
            words.discard(word)
    for reach in sorted(words):
        yield parts[-1].source.problem(
            ("contained",), f"nothing contains {reach}", "Say what does."
        )
