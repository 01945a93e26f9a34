"""What the source of a schema declares and documents, as frozen values.

Knows neither how source is read nor how the values are used. Types are written as in the source:
"str", or "[str]" for an array.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Condition: TypeAlias = str | Mapping[str, "Condition | tuple[Condition, ...]"]
"""When something is compiled in: the name of a configuration symbol, or an object
with one member: "all" or "any" (conditions) or "not" (a condition). Older notations are
converted to this one."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class SourcePlace:
    """A position in the source: the file relative to the tree, line and column from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE = SourcePlace(file="", line=0)
"""The place of what no file contains, such as implied types."""


class EntityKind(enum.StrEnum):
    """What a declaration declares."""

    COMMAND = "command"
    EVENT = "event"
    ENUM = "enum"
    STRUCT = "struct"
    # With a tag; a simple union of 5.2 has the tag "type", of an implied enumeration.
    UNION = "union"
    ALTERNATE = "alternate"


class Flag(enum.StrEnum):
    """What the declaration of a command says besides its types."""

    # The command may run out of band (allow-oob).
    ALLOW_OOB = "allow-oob"
    # The command may run in preconfig (allow-preconfig).
    ALLOW_PRECONFIG = "allow-preconfig"
    # It runs in a coroutine.
    COROUTINE = "coroutine"
    # No marshalling code is generated: the schema does not check its arguments.
    NO_GEN = "no-gen"
    # It sends no reply on success (guest agent).
    NO_SUCCESS_RESPONSE = "no-success-response"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredFeature:
    """A feature of an entity or member."""

    name: str
    condition: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredMember:
    """A member of an object, or of the data of a command or event; a type of an alternate."""

    name: str
    type: str
    optional: bool = False
    condition: Condition | None = None
    features: tuple[DeclaredFeature, ...] = ()
    place: SourcePlace = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredValue:
    """A value of an enumeration."""

    name: str
    condition: Condition | None = None
    features: tuple[DeclaredFeature, ...] = ()
    place: SourcePlace = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredBranch:
    """The members of the type `type`, which a union has only where its tag is `case`."""

    case: str
    type: str
    condition: Condition | None = None
    place: SourcePlace = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of documentation: its text without comment signs and indentation."""

    text: str
    place: SourcePlace = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class SourceRemark:
    """Something at a place of the source that is worth a look; `problem` is for people."""

    place: SourcePlace
    problem: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Documentation:
    """What a documentation comment says of one entity.

    `members` holds the text of each argument, member, value or branch, `features` of each feature,
    `examples` of each example, in order. `faults` is what is wrong with the comment itself,
    `disputed` what only some releases refuse, each with the word for the rule that has changed.
    """

    symbol: str | None
    body: Section
    members: Mapping[str, Section] = field(default_factory=dict)
    features: Mapping[str, Section] = field(default_factory=dict)
    since: str | None = None
    returns: Section | None = None
    errors: Section | None = None
    examples: tuple[Section, ...] = ()
    place: SourcePlace = field(default=NOWHERE, compare=False)
    faults: tuple[SourceRemark, ...] = field(default=(), compare=False)
    disputed: tuple[tuple[str, SourceRemark], ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One declaration, with its documentation if it has any.

    `kind` decides which members are used. Structs, unions, alternates (their types), and commands
    and events (data given in place) have `members`; enumerations have `values`; structs and unions
    may have a `base`, or `base_members` if it is given in place; unions have a `tag` and
    `branches`. A command or event whose data are not in place takes `arg_type`; a command returns
    `returns` (None for nothing).
    """

    kind: EntityKind
    name: str
    condition: Condition | None = None
    features: tuple[DeclaredFeature, ...] = ()
    members: tuple[DeclaredMember, ...] = ()
    values: tuple[DeclaredValue, ...] = ()
    base: str | None = None
    base_members: tuple[DeclaredMember, ...] = ()
    tag: str | None = None
    branches: tuple[DeclaredBranch, ...] = ()
    arg_type: str | None = None
    boxed: bool = False
    returns: str | None = None
    flags: frozenset[Flag] = frozenset()
    documentation: Documentation | None = None
    place: SourcePlace = field(default=NOWHERE, compare=False)

    @property
    def parts(self) -> tuple[DeclaredMember | DeclaredValue, ...]:
        """The members and values that it declares itself: those that its documentation names."""
        return (*self.base_members, *self.members, *self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One schema as its source gives it, in source order.

    `modules` are the files read, relative to the tree. `missing` are the includes that do not
    exist, `open_names` the types that are used but, for that reason, not declared. `loose` holds
    the documentation of no entity; it may contain examples. `version` is what the tree states, ""
    for nothing. `remarks` are what some releases refuse and others take.
    """

    entities: tuple[Entity, ...]
    modules: tuple[str, ...] = ()
    pragmas: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    loose: tuple[Documentation, ...] = ()
    missing: tuple[str, ...] = ()
    open_names: tuple[str, ...] = ()
    version: str = ""
    remarks: tuple[SourceRemark, ...] = field(default=(), compare=False)
