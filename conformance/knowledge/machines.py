"""Replacements for the machines and devices that recipes name, and coupled properties.

Reads cases/machines.toml, and cases/devices.toml. Knows no build and no recipe.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from conformance.knowledge.common import REASON
from conformance.knowledge.decoder import FileFault, Read, read_file
from conformance.knowledge.devices import DevicesPart, Plugs
from conformance.knowledge.gathering import gathered
from conformance.knowledge.keys import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """What replaces a machine or a device, with the arguments to put before it.

    What replaces a file is its content in hexadecimal. The memory of a machine is a multiple of
    `unit` MiB.
    """

    name: str
    args: tuple[str, ...] = ()
    unit: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StandInEntry:
    """The replacement for a machine, a device or a file of code on some architectures."""

    arches: Annotated[tuple[str, ...], Key("the architectures", name="arch", identity=True)]
    machine: Annotated[
        str, Key("the machine that a recipe names", one_of="what", identity=True)
    ] = ""
    device: Annotated[str, Key("the device that a recipe names", one_of="what", identity=True)] = ""
    file: Annotated[
        str,
        Key(
            "the file of code for the guest in a recipe, by its path", one_of="what", identity=True
        ),
    ] = ""
    by: Annotated[str, Key("what replaces it; of a file, its content in hexadecimal")]
    args: Annotated[tuple[str, ...], Key("arguments to put before it on the command line")] = ()
    unit: Annotated[
        int,
        Key(
            "of a machine, how many MiB its memory is a multiple of: the size that a recipe gives "
            "`-m` is rounded up to that"
        ),
    ] = 1
    reason: Annotated[str, REASON]

    def faults(self) -> Iterator[FileFault]:
        """Yield what is wrong with the keys beside each other."""
        if self.unit < 1 or (self.unit > 1 and not self.machine):
            yield FileFault("unit", "only a machine has a unit of memory", "Omit `unit`.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIns:
    """The replacements on one architecture, by the replaced name."""

    machines: dict[str, StandIn] = field(default_factory=dict)
    devices: dict[str, StandIn] = field(default_factory=dict)
    files: dict[str, StandIn] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupled:
    """A property that changes others when set."""

    path: Annotated[str, Key("the object's path", identity=True)]
    property: Annotated[str, Key("the property", identity=True)]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, kw_only=True)
class MachinesPart(DevicesPart):
    """The entries of a file about machines, and about what is plugged into them."""

    walk: Annotated[
        Mapping[str, str],
        Key(
            "the machines whose composition trees are walked, each with the prefix of the "
            "machine types that provide it"
        ),
    ] = field(default_factory=dict)
    ordinary: Annotated[
        str,
        Key(
            "the machine, with processors, memory and buses, where what needs none is asked, too",
            default="none is",
        ),
    ] = ""
    stand_ins: Annotated[
        tuple[StandInEntry, ...],
        Key(
            "the machine, device or code that replaces one of another architecture in a recipe",
            name="stand_in",
        ),
    ] = ()
    coupled: Annotated[
        tuple[Coupled, ...],
        Key(
            "a property that changes others when set to its own value: its cases get their "
            "own machine"
        ),
    ] = ()


def load_stand_ins(path: Path, more: Sequence[Read[MachinesPart]] = ()) -> Mapping[str, StandIns]:
    """Return the replacements by architecture; raises KnowledgeError."""
    entries: Iterable[StandInEntry] = gathered(_parts(path, more), "stand_ins")
    found: dict[str, StandIns] = {}
    for arch, entry in ((arch, each) for each in entries for arch in each.arches):
        own = found.setdefault(arch, StandIns())
        kind = own.machines if entry.machine else own.devices if entry.device else own.files
        name = entry.machine or entry.device or entry.file
        kind[name] = StandIn(name=entry.by, args=entry.args, unit=entry.unit)
    return dict(sorted(found.items()))


def load_coupled(path: Path, more: Sequence[Read[MachinesPart]] = ()) -> frozenset[tuple[str, str]]:
    """Return (path, property) of each property that changes others; raises KnowledgeError."""
    return frozenset((e.path, e.property) for e in gathered(_parts(path, more), "coupled"))


def load_walk(path: Path) -> Mapping[str, str]:
    """Return the machines whose trees are walked: by name, the prefix of their machine types.

    Raises KnowledgeError.
    """
    return read_file(path, MachinesPart).sound().walk


def load_ordinary(path: Path) -> str:
    """Return the machine where what needs none is asked, too; raises KnowledgeError."""
    return read_file(path, MachinesPart).sound().ordinary


def load_plugs(path: Path, more: Sequence[Read[MachinesPart]] = ()) -> Plugs:
    """Return how devices are plugged in; raises KnowledgeError."""
    parts = _parts(path, more)
    keys = ("plugs", "habits", "mixed", "reserved", "chosen")
    return Plugs(*(gathered(parts, key) for key in keys))


def _parts(path: Path, more: Sequence[Read[MachinesPart]]) -> list[Read[MachinesPart]]:
    return [*more, read_file(path, MachinesPart)]
