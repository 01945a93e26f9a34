"""A build's object model as values: types, properties, QOM trees.

Knows neither how the build was asked nor what will be tested.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from conformance.model.codec import LEFT_OUT
from conformance.model.terms import ABSENT, Absent, JsonValue
from conformance.qapi.consistency import ContradictionError

INTEGER_RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "int8": (-(2**7), 2**7 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "int": (-(2**63), 2**63 - 1),
    "uint8": (0, 2**8 - 1),
    "uint16": (0, 2**16 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
    "size": (0, 2**64 - 1),
}
"""The integers of each integer type (rules Q03 to Q07); QOM uses the same names."""


TYPE_NAMES: Final = "X11"
PROPERTY_NAMES: Final = "X12"
PATH_NAMES: Final = "X10"
"""The rules that types, properties and path elements break if their names cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeInfo:
    """One entry of qom-list-types."""

    name: str
    parent: str = ""
    abstract: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One property as qom-list and qom-list-properties show it."""

    name: str
    type: str
    default: JsonValue | Absent = ABSENT

    @property
    def child_of(self) -> str | None:
        """The type of the child that the property holds, or None."""
        return self.type[6:-1] if self.type.startswith("child<") else None

    @property
    def link_to(self) -> str | None:
        """The type of what the property links to, or None if it is no link."""
        return self.type[5:-1] if self.type.startswith("link<") else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One object of a QOM tree: its path, its properties, and the values that were read."""

    path: str
    properties: tuple[Property, ...]
    values: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceType:
    """A type of devices that a user may plug in, and the kind of bus that it needs, "" for none.

    `properties` are those that qom-list-properties shows, None if the build was not asked, or died.
    """

    name: str
    bus: str = ""
    properties: tuple[Property, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class ObjectModel:
    """The object model of one build: all its types, and a QOM tree for each machine.

    `properties` holds qom-list-properties of the user-creatable types; `devices` the types that
    device_add says it takes, sorted; `trees` the nodes by machine, ordered by path; `lost` the
    questions that the build died of, and how.
    """

    types: tuple[TypeInfo, ...]
    creatable: tuple[str, ...]
    properties: Mapping[str, tuple[Property, ...]]
    trees: Mapping[str, tuple[Node, ...]]
    machines: tuple[str, ...] = ()
    devices: tuple[DeviceType, ...] = ()
    lost: tuple[tuple[str, str], ...] = ()
    faults: tuple[ContradictionError, ...] = field(default=(), metadata=LEFT_OUT)
    """The names that cannot be used; what bears one, or bears a name twice, is left out."""

    @cached_property
    def by_name(self) -> Mapping[str, TypeInfo]:
        """The types by name."""
        return {info.name: info for info in self.types}

    @cached_property
    def heirs(self) -> Mapping[str, frozenset[str]]:
        """For each type, the names of the type and of all types derived from it."""
        found: dict[str, set[str]] = {name: set() for name in self.by_name}
        for name in self.by_name:
            for ancestor in self.ancestry(name):
                found.setdefault(ancestor, set()).add(name)
        return {name: frozenset(names) for name, names in found.items()}

    def ancestry(self, name: str) -> tuple[str, ...]:
        """Return `name` and its ancestors, nearest first, as far as the build names them."""
        found: list[str] = []
        while name and name not in found:
            found.append(name)
            info = self.by_name.get(name)
            name = info.parent if info else ""
        return tuple(found)


def type_from_json(entry: Mapping[str, Any]) -> TypeInfo:
    """Return the TypeInfo of an ObjectTypeInfo."""
    return TypeInfo(
        name=entry["name"],
        parent=entry.get("parent", ""),
        abstract=entry.get("abstract", False),
    )


def property_from_json(entry: Mapping[str, Any]) -> Property:
    """Return the Property of an ObjectPropertyInfo."""
    return Property(
        name=entry["name"], type=entry["type"], default=entry.get("default-value", ABSENT)
    )
