"""What plugging a device in takes: a machine, backends, and what takes it away again.

Knows no build, and not the file (cases/devices.toml).
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
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
from conformance.knowledge.decoder import FileFault
from conformance.knowledge.keys import Key, enum_form
from conformance.knowledge.versions import Version, VersionRange, of_arch
from conformance.model.canonical import same
from conformance.model.stage import MachineSpec
from conformance.model.terms import JsonValue
from conformance.qapi.qom import Property


class Removal(enum.StrEnum):
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
        Removal,
        Key(
            "when device_del has taken it away: `at-once`, at the next `reset`, or when a `guest` "
            "says so",
            form=enum_form(Removal),
        ),
    ] = Removal.GUEST
    held: Annotated[
        bool,
        Key(
            "whether what it is given is free again only once DEVICE_DELETED has come: the next "
            "device waits for that"
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
        if self.cold and self.gone is not Removal.GUEST:
            yield FileFault("cold", "what is given at start is not taken away", "Omit `gone`.")

    def fits(self, name: str, bus: str) -> bool:
        """Return whether devices of that type, or on that kind of bus, are plugged in so."""
        if self.types:
            return any(fnmatchcase(name, glob) for glob in self.types)
        return (bus or "none") in self.buses

    def defers(self, name: str) -> bool:
        """Return whether only --thorough tries the property of that name."""
        return any(fnmatchcase(name, glob) for glob in self.slow)


class Habit(enum.StrEnum):
    """What device_add does in some releases."""

    # It compares the JSON types of its members with those of the properties.
    COMPARES_TYPES = "compares-types"
    # It refuses the id of a device that is gone until DEVICE_DELETED has come.
    HOLDS_IDS = "holds-ids"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceHabit:
    """What device_add does in the releases `versions`."""

    habit: Annotated[
        Habit,
        Key(
            "`compares-types`: a value of another JSON type than the property's is refused, where "
            "other releases turn values into strings and ignore arrays and objects; `holds-ids`: "
            "the id of a device that is gone is taken until DEVICE_DELETED has come",
            form=enum_form(Habit),
            identity=True,
        ),
    ]
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedProperty:
    """A property that takes values of several JSON types, whatever its QOM type says."""

    property: Annotated[str, Key("its name", identity=True)]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservedProperties:
    """Properties of devices that are no members of device_add, or mean something else there."""

    properties: Annotated[tuple[str, ...], Key("their names", some=True, identity=True)]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenDefault:
    """Properties whose default makes a device choose a value, which it reads from then on."""

    properties: Annotated[tuple[str, ...], Key("their names, as globs", some=True, identity=True)]
    values: Annotated[tuple[JsonValue, ...], Key("the defaults that do", identity=True)]
    reason: Annotated[str, REASON]

    def fits(self, item: Property) -> bool:
        """Return whether a device chooses the value of a property."""
        named = any(fnmatchcase(item.name, glob) for glob in self.properties)
        return named and any(same(item.default, value) for value in self.values)


@dataclass(frozen=True, slots=True)
class Plugs:
    """How devices are plugged in, and their properties; the first entry that fits counts."""

    entries: tuple[Plug, ...] = ()
    habits: tuple[DeviceHabit, ...] = ()
    mixed: tuple[MixedProperty, ...] = ()
    reserved: tuple[ReservedProperties, ...] = ()
    chosen: tuple[ChosenDefault, ...] = ()

    def for_build(self, version: Version, arch: str | None) -> Plugs:
        """Return the part for a build; entries with types come first."""
        own = [
            each for each in self.entries if version in each.versions and of_arch(each.arches, arch)
        ]
        habits = tuple(each for each in self.habits if version in each.versions)
        entries = tuple(sorted(own, key=lambda each: not each.types))
        return replace(self, entries=entries, habits=habits)

    def has(self, habit: Habit) -> bool:
        """Return whether device_add of the build does that."""
        return any(each.habit is habit for each in self.habits)

    def find(self, name: str, bus: str) -> Plug | None:
        """Return how a device of that type is plugged in, None if no entry says."""
        return next((each for each in self.entries if each.fits(name, bus)), None)

    def is_mixed(self, name: str) -> bool:
        """Return whether the property of that name takes values of several JSON types."""
        return any(each.property == name for each in self.mixed)

    def is_reserved(self, name: str) -> bool:
        """Return whether no case gives device_add the property of that name."""
        return any(name in each.properties for each in self.reserved)

    def chooses(self, item: Property) -> bool:
        """Return whether a device may read another value of a property than the default."""
        return any(each.fits(item) for each in self.chosen)

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
    habits: Annotated[
        tuple[DeviceHabit, ...],
        Key("what device_add does in some releases", name="device_habit"),
    ] = ()
    mixed: Annotated[
        tuple[MixedProperty, ...],
        Key(
            "a property of devices that takes values of several JSON types, whatever its type says",
            name="mixed_property",
        ),
    ] = ()
    reserved: Annotated[
        tuple[ReservedProperties, ...],
        Key(
            "properties of devices that are no members of device_add, or mean something else there",
            name="reserved_properties",
        ),
    ] = ()
    chosen: Annotated[
        tuple[ChosenDefault, ...],
        Key(
            "properties whose default makes a device choose a value, which it reads from then on",
            name="chosen_default",
        ),
    ] = ()
