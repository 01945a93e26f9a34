"""What plugging a device in takes: a machine, backends, and what takes it away again.

Reads cases/devices.toml. Knows no build.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from conformance.knowledge.common import (
    ARCH,
    ISOLATION,
    MACHINE,
    NEEDS,
    REASON,
    VERSIONS,
    NamesPart,
)
from conformance.knowledge.decoder import FileFault, Read, read_file
from conformance.knowledge.gathering import gathered
from conformance.knowledge.keys import Key, enum_form
from conformance.knowledge.versions import Version, VersionRange, of_arch
from conformance.model.stage import MachineSpec
from conformance.model.terms import JsonValue


class Gone(enum.StrEnum):
    """When a device that device_del names is gone."""

    # Before any guest runs.
    AT_ONCE = "at-once"
    # When the machine is reset: until then a guest is asked.
    RESET = "reset"
    # Only with a guest's help.
    GUEST = "guest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plug:
    """How devices of some types are plugged in, or why they are not."""

    name: Annotated[str, Key("tells it from others", identity=True)]
    types: Annotated[
        tuple[str, ...],
        Key("the device types, as globs; an entry with types comes before one with buses"),
    ] = ()
    buses: Annotated[
        tuple[str, ...],
        Key("the kinds of buses, as the list of devices names them; `none` for devices without"),
    ] = ()
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    arches: Annotated[tuple[str, ...], ARCH] = ()
    spec: Annotated[MachineSpec, MACHINE] = MachineSpec()
    arguments: Annotated[
        Mapping[str, JsonValue], Key("members that device_add needs beside driver and id")
    ] = field(default_factory=dict)
    cold: Annotated[
        bool, Key("whether they are given with -device at start, for no device_add takes them")
    ] = False
    gone: Annotated[
        Gone,
        Key(
            "when device_del has taken it away: `at-once`, at the next `reset`, or when a `guest` "
            "says so",
            form=enum_form(Gone),
        ),
    ] = Gone.GUEST
    held: Annotated[
        bool,
        Key(
            "whether its id, or what it is given, is free again only once DEVICE_DELETED has come: "
            "the next device waits for that"
        ),
    ] = False
    alone: Annotated[bool, ISOLATION] = False
    known: Annotated[
        str, Key("what is known to go wrong when they are taken away: one of the types shows it")
    ] = ""
    slow: Annotated[
        tuple[str, ...],
        Key("properties, as globs, that only --thorough tries: some value takes half a minute"),
    ] = ()
    needs: Annotated[tuple[str, ...], NEEDS] = ()
    untried: Annotated[str, Key("why they are not plugged in")] = ""
    reason: Annotated[str, REASON]

    def faults(self) -> Iterator[FileFault]:
        """Yield what is wrong with the keys beside each other."""
        if bool(self.types) is bool(self.buses):
            yield FileFault("name", "it must have types or buses, one of the two", "Give one.")
        if self.cold and self.gone is not Gone.GUEST:
            yield FileFault("cold", "what is given at start is not taken away", "Omit `gone`.")

    def fits(self, name: str, bus: str) -> bool:
        """Return whether devices of that type, or on that kind of bus, are plugged in so."""
        if self.types:
            return any(fnmatchcase(name, glob) for glob in self.types)
        return (bus or "none") in self.buses

    def defers(self, name: str) -> bool:
        """Return whether only --thorough tries the property of that name."""
        return any(fnmatchcase(name, glob) for glob in self.slow)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedDevices:
    """Releases in which device_add compares the JSON types of its members with the properties'."""

    name: Annotated[str, Key("tells it from others", identity=True)]
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True)
class Plugs:
    """How devices are plugged in, and their properties; the first entry that fits counts."""

    entries: tuple[Plug, ...] = ()
    typed: tuple[TypedDevices, ...] = ()
    """The releases in which device_add refuses values of another type."""

    def for_build(self, version: Version, arch: str | None) -> Plugs:
        """Return the part for a build; entries with types come first."""
        own = [
            each for each in self.entries if version in each.versions and of_arch(each.arches, arch)
        ]
        typed = tuple(each for each in self.typed if version in each.versions)
        return Plugs(tuple(sorted(own, key=lambda each: not each.types)), typed)

    def find(self, name: str, bus: str) -> Plug | None:
        """Return how a device of that type is plugged in, None if no entry says."""
        return next((each for each in self.entries if each.fits(name, bus)), None)

    def needs(self) -> frozenset[str]:
        """Return all that entries need of the host and the build."""
        return frozenset(need for each in self.entries for need in each.needs)


@dataclass(frozen=True, kw_only=True)
class DevicesPart(NamesPart):
    """What a file says of devices."""

    plugs: Annotated[
        tuple[Plug, ...],
        Key("how devices of some types are plugged in, or why they are not", name="plug"),
    ] = ()
    typed: Annotated[
        tuple[TypedDevices, ...],
        Key(
            "the releases in which device_add refuses a value of another JSON type than the "
            "property's; the others turn values into strings, and ignore arrays and objects",
            name="typed_devices",
        ),
    ] = ()


def load_plugs(path: Path, more: Sequence[Read[DevicesPart]] = ()) -> Plugs:
    """Return what the file `path` says, preceded by `more`; raises KnowledgeError."""
    parts = [*more, read_file(path, DevicesPart)]
    return Plugs(gathered(parts, "plugs"), gathered(parts, "typed"))
