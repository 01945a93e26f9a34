"""The facts that a schema's source states and introspection does not: a digest of one release.

Contains no sentence of the documentation. Knows neither how source is read nor any build.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from conformance.digest.declaration import Condition, EntityKind, Flag
from conformance.model.flavour import Program
from conformance.model.terms import ABSENT, Absent, JsonValue


class DefaultKind(enum.StrEnum):
    """What the documentation says about a member that is left out."""

    # Nothing.
    NONE = "none"
    # The value that it then has.
    VALUE = "value"
    # That the value depends on another member, the host, or an image.
    DEPENDS = "depends-on"
    # Something that only a reader understands.
    PROSE = "prose"


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestFeature:
    """A feature and its condition."""

    name: str
    condition: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestMember:
    """A member and what is documented of it; `default` is ABSENT except for DefaultKind.VALUE.

    `case_defaults` has the defaults that its text gives for single object types, by their name.
    """

    name: str
    type: str
    optional: bool = False
    condition: Condition | None = None
    features: tuple[DigestFeature, ...] = ()
    since: str | None = None
    default_kind: DefaultKind = DefaultKind.NONE
    default: JsonValue | Absent = ABSENT
    case_defaults: Mapping[str, JsonValue] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestValue:
    """A value of an enumeration."""

    name: str
    condition: Condition | None = None
    features: tuple[DigestFeature, ...] = ()
    since: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestBranch:
    """The part of a union that exists only where its tag is `case`."""

    case: str
    type: str
    condition: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestEntity:
    """The facts of one declaration; its members are those of `declaration.Entity`.

    `module` and `line` are its place; `documented` says whether it is documented at all. `errors`
    are the error classes that its documentation names, `unknown_errors` names that are no error
    class, `unknown_events` what it calls an event and no program declares. `error_items` has the
    class of each item in the section on errors, None if an item names none. `base_defaults` are the
    defaults it gives for members of its base.
    """

    kind: EntityKind
    name: str
    module: str = ""
    line: int = 0
    condition: Condition | None = None
    features: tuple[DigestFeature, ...] = ()
    since: str | None = None
    members: tuple[DigestMember, ...] = ()
    values: tuple[DigestValue, ...] = ()
    base: str | None = None
    base_members: tuple[DigestMember, ...] = ()
    tag: str | None = None
    branches: tuple[DigestBranch, ...] = ()
    arg_type: str | None = None
    boxed: bool = False
    returns: str | None = None
    flags: frozenset[Flag] = frozenset()
    errors: tuple[str, ...] = ()
    error_items: tuple[str | None, ...] = ()
    unknown_errors: tuple[str, ...] = ()
    unknown_events: tuple[str, ...] = ()
    base_defaults: Mapping[str, JsonValue] = field(default_factory=dict)
    documented: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The facts of one release.

    `schemas` holds the entities of each program in source order, by name; `open_names` the types
    that are used but declared in no file that was read (where only part of a tree was read).
    """

    version: str
    schemas: Mapping[Program, Mapping[str, DigestEntity]] = field(default_factory=dict)
    open_names: tuple[str, ...] = ()
