"""What the source of a schema declares and documents, as frozen values.

Knows neither how source is read nor what is done with what it says.  Types are named as they stand
there: "str", or "[str]" for an array of it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Condition: TypeAlias = str | Mapping[str, "Condition | tuple[Condition, ...]"]
"""When something is compiled in: "" always, else the name of a configuration symbol, or an object
with the one member "all" or "any" (conditions) or "not" (a condition).  Older spellings are brought
to this form."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """Where something stands: the file as seen from the top of the tree, line and column from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE = Place(file="", line=0)
"""The place of what no file holds, such as types that are implied."""


class EntityKind(enum.StrEnum):
    """What a declaration declares."""

    COMMAND = "command"
    EVENT = "event"
    ENUM = "enum"
    STRUCT = "struct"
    # With a tag; what 5.2 calls a simple union has the tag "type" of an implied enumeration.
    UNION = "union"
    ALTERNATE = "alternate"


class Flag(enum.StrEnum):
    """What is special about a command, as its declaration says."""

    # It may be run out of band.
    ALLOW_OOB = "allow-oob"
    # It may be run before the machine is complete.
    ALLOW_PRECONFIG = "allow-preconfig"
    # It runs in a coroutine.
    COROUTINE = "coroutine"
    # No code is made for it: what it takes is not checked by the schema.
    NO_GEN = "no-gen"
    # It does not answer when it succeeds (guest agent).
    NO_SUCCESS_RESPONSE = "no-success-response"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredFeature:
    """A feature of an entity or member."""

    name: str
    condition: Condition = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredMember:
    """A member of an object, or of a command's or event's data; a type of an alternate."""

    name: str
    type: str
    optional: bool = False
    condition: Condition = ""
    features: tuple[DeclaredFeature, ...] = ()
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredValue:
    """A value of an enumeration."""

    name: str
    condition: Condition = ""
    features: tuple[DeclaredFeature, ...] = ()
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredBranch:
    """What a union has besides where its tag is `case`: the members of the type `type`."""

    case: str
    type: str
    condition: Condition = ""
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A piece of documentation: its text less the comment's signs and indentation."""

    text: str
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Documentation:
    """What a documentation comment says of one entity.

    `members` holds the text of each argument, member, value or branch that it describes, `features`
    of each feature; `examples` the text of each example, in order.
    """

    symbol: str
    body: Section
    members: Mapping[str, Section] = field(default_factory=dict)
    features: Mapping[str, Section] = field(default_factory=dict)
    since: str = ""
    returns: Section | None = None
    errors: Section | None = None
    examples: tuple[Section, ...] = ()
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One declaration, with its documentation if it has any.

    Which members it uses depends on `kind`: structs, unions, alternates (its types), commands and
    events (their data, if given in place) have `members`; enumerations have `values`; structs and
    unions may have a `base`, or `base_members` where that is given in place; unions have a `tag`
    and `branches`.  A command or event takes `arg_type` where that is not given in place, and a
    command returns `returns` ("" for nothing).
    """

    kind: EntityKind
    name: str
    condition: Condition = ""
    features: tuple[DeclaredFeature, ...] = ()
    members: tuple[DeclaredMember, ...] = ()
    values: tuple[DeclaredValue, ...] = ()
    base: str = ""
    base_members: tuple[DeclaredMember, ...] = ()
    tag: str = ""
    branches: tuple[DeclaredBranch, ...] = ()
    arg_type: str = ""
    boxed: bool = False
    returns: str = ""
    flags: frozenset[Flag] = frozenset()
    documentation: Documentation | None = None
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One schema as its source gives it, in source order.

    `modules` are the files read, as seen from the top of the tree; `missing` the includes that are
    not there, and `open_names` the types used and nowhere declared because of that.  `loose` holds
    the documentation that belongs to no entity, which may have examples too.
    """

    entities: tuple[Entity, ...]
    modules: tuple[str, ...] = ()
    pragmas: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    loose: tuple[Documentation, ...] = ()
    missing: tuple[str, ...] = ()
    open_names: tuple[str, ...] = ()
