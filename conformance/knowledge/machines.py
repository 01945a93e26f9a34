"""Which machines are looked at, what stands in for others, and which properties are coupled.

Reads cases/machines.toml.  Knows no build and no recipe.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance.knowledge.tables import Table, read_table
from conformance.model.errors import KnowledgeError


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """What takes the place of a machine or a device, with the arguments that must come before."""

    name: str
    args: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIns:
    """What stands in on one architecture, by the name of what it stands in for."""

    machines: Mapping[str, StandIn] = field(default_factory=dict)
    devices: Mapping[str, StandIn] = field(default_factory=dict)


def load_stand_ins(path: Path) -> Mapping[str, StandIns]:
    """Return by architecture what stands in there; raises KnowledgeError."""
    machines: dict[str, dict[str, StandIn]] = {}
    devices: dict[str, dict[str, StandIn]] = {}
    for table in read_table(path).tables("stand-in"):
        arch, machine = table.take("arch", str), table.take("machine", str, "")
        device = table.take("device", str, "")
        if bool(machine) is bool(device):
            raise KnowledgeError(f"{table.place}: neither a machine nor a device, or both")
        own = (machines if machine else devices).setdefault(arch, {})
        if machine + device in own:
            raise KnowledgeError(f"{table.place}: {machine + device} has two stand-ins on {arch}")
        own[machine + device] = StandIn(name=table.take("by", str), args=table.texts("args"))
        _explained(table)
    return {
        arch: StandIns(machines=machines.get(arch, {}), devices=devices.get(arch, {}))
        for arch in sorted({*machines, *devices})
    }


def load_walk(path: Path) -> Mapping[str, str]:
    """Return the machines whose trees are walked, and how the types begin that provide each."""
    walk: dict[str, str] = read_table(path).take("walk", dict)
    return walk


def load_coupled(path: Path) -> frozenset[tuple[str, str]]:
    """Return (path, property) of what changes others when it is set; raises KnowledgeError."""
    found = set()
    for table in read_table(path).tables("coupled"):
        found.add((table.take("path", str), table.take("property", str)))
        _explained(table)
    return frozenset(found)


def _explained(table: Table) -> None:
    table.take("reason", str)
    table.done()
