"""The schema of a build as frozen values; knows neither its source nor its use.

A type is identified by its name within one schema; type names mean nothing across builds (Q55).
"""

from __future__ import annotations

import difflib
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeAlias, TypeVar


class SchemaError(ValueError):
    """A schema that contradicts itself or cannot be understood: `problem` at `place`."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(place, problem)
        self.place = place
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


class UnknownNameError(LookupError):
    """The schema has no such command, event, type or case."""


class JsonType(enum.StrEnum):
    """What a built-in type is on the wire (JSONType of introspection)."""

    # Any string.
    STRING = "string"
    # Any number, with or without a fraction.
    NUMBER = "number"
    # A number written without fraction and exponent.
    INT = "int"
    # true or false.
    BOOLEAN = "boolean"
    # null alone.
    NULL = "null"
    # Any object.
    OBJECT = "object"
    # Any array.
    ARRAY = "array"
    # Any value at all.
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class IntRange:
    """The integers from `low` to `high`, both included."""

    low: int
    high: int

    @classmethod
    def signed(cls, bits: int) -> IntRange:
        """Return the integers of a signed word of `bits` bits (two's complement)."""
        return cls(-(1 << (bits - 1)), (1 << (bits - 1)) - 1)

    @classmethod
    def unsigned(cls, bits: int) -> IntRange:
        """Return the integers of an unsigned word of `bits` bits."""
        return cls(0, (1 << bits) - 1)


INT64: Final = IntRange.signed(64)
UINT64: Final = IntRange.unsigned(64)
ANY_INT: Final = IntRange(INT64.low, UINT64.high)
"""The integers that introspection's `int` may stand for: every width, signed or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Builtin:
    """A type without parts; `range` bounds it if it is an integer of known width."""

    name: str
    json_type: JsonType
    range: IntRange = ANY_INT


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumMember:
    """A value of an enumeration."""

    name: str
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Enum:
    """A closed set of strings, in the schema's order."""

    name: str
    members: tuple[EnumMember, ...]
    features: tuple[str, ...] = ()
    values: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """The values without their features."""

    def __post_init__(self) -> None:
        # Cached: the tag of a union is looked up more often than anything else.
        object.__setattr__(self, "values", tuple(member.name for member in self.members))


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """A list whose elements are all of the type named `element`."""

    name: str
    element: str
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of an object, of the type named `type`."""

    name: str
    type: str
    optional: bool = False
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """The members of the object `type`, which a union has only where its tag is `case`."""

    case: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """A closed object: a union if it has a `tag` (the name of one of `members`), else a struct."""

    name: str
    members: tuple[Member, ...]
    tag: str | None = None
    variants: tuple[Variant, ...] = ()
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternate:
    """A choice between the types named `members`, by the JSON type of the value."""

    name: str
    members: tuple[str, ...]
    features: tuple[str, ...] = ()


Type: TypeAlias = Builtin | Enum | Array | Object | Alternate


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command: takes an object of `arg_type`, returns a value of `ret_type`."""

    name: str
    arg_type: str
    ret_type: str
    allow_oob: bool = False
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event; its data are an object of `arg_type`."""

    name: str
    arg_type: str
    features: tuple[str, ...] = ()


_Entity = TypeVar("_Entity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """A build's whole interface; each mapping iterates in the order of its names.

    `left_out` are commands and events that the build has, but whose entries contradict themselves.
    """

    commands: Mapping[str, Command] = field(default_factory=dict)
    events: Mapping[str, Event] = field(default_factory=dict)
    types: Mapping[str, Type] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name in ("commands", "events", "types"):
            by_name = dict(sorted(getattr(self, name).items()))
            object.__setattr__(self, name, MappingProxyType(by_name))

    def __hash__(self) -> int:
        # Mappings have no hash; equal schemas have equal numbers of everything.
        return hash((len(self.commands), len(self.events), len(self.types)))

    def command(self, name: str) -> Command:
        """Return the command `name`; raises UnknownNameError."""
        return _look_up(self.commands, "command", name)

    def event(self, name: str) -> Event:
        """Return the event `name`; raises UnknownNameError."""
        return _look_up(self.events, "event", name)

    def type(self, name: str) -> Type:
        """Return the type `name`; raises UnknownNameError."""
        return _look_up(self.types, "type", name)

    def object(self, name: str) -> Object:
        """Return the object type `name`; raises UnknownNameError if it is of another kind."""
        found = self.type(name)
        if not isinstance(found, Object):
            kind = type(found).__name__.lower()
            raise UnknownNameError(f"the type {name!r} is no object but a type of kind {kind}")
        return found


def _look_up(mapping: Mapping[str, _Entity], kind: str, name: str) -> _Entity:
    try:
        return mapping[name]
    except KeyError:
        near = difflib.get_close_matches(name, mapping, n=1)
        hint = f"; the nearest is {near[0]!r}" if near else ""
        raise UnknownNameError(f"the schema has no {kind} {name!r}{hint}") from None
