"""Replacements for the machines and devices that recipes name, and coupled properties.

Reads cases/machines.toml. Knows no build and no recipe.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from conformance.knowledge.common import REASON
from conformance.knowledge.decoder import Read, read_file
from conformance.knowledge.gathering import gathered
from conformance.knowledge.keys import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """What takes the place of a machine or a device, with the arguments that must come before."""

    name: str
    args: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StandInEntry:
    """What stands in for a machine, or a device, on one architecture."""

    arch: Annotated[str, Key("the architecture", identity=True)]
    machine: Annotated[
        str, Key("the machine that a recipe names", one_of="what", identity=True)
    ] = ""
    device: Annotated[str, Key("the device that a recipe names", one_of="what", identity=True)] = ""
    by: Annotated[str, Key("what replaces it")]
    args: Annotated[tuple[str, ...], Key("arguments to put before it on the command line")] = ()
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIns:
    """What stands in on one architecture, by the name of what it stands in for."""

    machines: Mapping[str, StandIn] = field(default_factory=dict)
    devices: Mapping[str, StandIn] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupled:
    """A property that changes others when it is set."""

    path: Annotated[str, Key("the object's path", identity=True)]
    property: Annotated[str, Key("the property", identity=True)]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, kw_only=True)
class MachinesPart:
    """What a file says of machines."""

    walk: Annotated[
        Mapping[str, str],
        Key(
            "the machines whose composition trees are walked, each with the prefix of the "
            "machine types that provide it"
        ),
    ] = field(default_factory=dict)
    stand_ins: Annotated[
        tuple[StandInEntry, ...],
        Key(
            "the machine, or device, that replaces one of another architecture in a recipe",
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
    """Return by architecture what stands in there; raises KnowledgeError."""
    entries: Iterable[StandInEntry] = gathered(_parts(path, more), "stand_ins")
    machines: dict[str, dict[str, StandIn]] = {}
    devices: dict[str, dict[str, StandIn]] = {}
    for entry in entries:
        own = (machines if entry.machine else devices).setdefault(entry.arch, {})
        own[entry.machine + entry.device] = StandIn(name=entry.by, args=entry.args)
    return {
        arch: StandIns(machines=machines.get(arch, {}), devices=devices.get(arch, {}))
        for arch in sorted({*machines, *devices})
    }


def load_coupled(path: Path, more: Sequence[Read[MachinesPart]] = ()) -> frozenset[tuple[str, str]]:
    """Return (path, property) of what changes others when it is set; raises KnowledgeError."""
    return frozenset((e.path, e.property) for e in gathered(_parts(path, more), "coupled"))


def load_walk(path: Path) -> Mapping[str, str]:
    """Return the machines whose trees are walked, by name the beginning of their types' names.

    Raises KnowledgeError.
    """
    return read_file(path, MachinesPart).sound().walk


def _parts(path: Path, more: Sequence[Read[MachinesPart]]) -> list[Read[MachinesPart]]:
    return [*more, read_file(path, MachinesPart)]
