"""What cases are derived from: what a build says of itself, and what people know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from conformance.align.statement import Alignment
from conformance.digest.declaration import EntityKind, Flag
from conformance.digest.digest import DigestEntity
from conformance.knowledge.versions import Version
from conformance.model.flavour import Flavour, Program
from conformance.model.terms import JsonValue
from conformance.qapi.consistency import ContradictionError
from conformance.qapi.introspection import Entry
from conformance.qapi.model import Schema
from conformance.qapi.qom import ObjectModel
from conformance.qapi.validate import Validator
from conformance.source.documented import DocumentedExample


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of the source of a build: a digest's entities of its program.

    `exact` tells whether they are of just its release; else they are of the nearest older one that
    is known, and nothing can be held against the build that later releases may have changed.
    """

    entities: Mapping[str, DigestEntity]
    name: str
    exact: bool
    examples: tuple[DocumentedExample, ...] | None = None
    """Those of the documentation, where the source itself is at hand: no digest holds them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Introspected:
    """What one build says of itself, and what its host lacks (need to reason).

    With the facts of just its release come an `alignment` of its schema with them, and the widths
    of its integers are in its schema.  With those of an older one, `older` is its schema with the
    widths that were: a later release may take more, and never less.
    """

    version: Version
    schema: Schema
    model: ObjectModel
    lacks: Mapping[str, str]
    facts: Facts | None = None
    alignment: Alignment | None = None
    older: Schema | None = None
    entries: Sequence[Entry] = ()
    """What the schema was read from."""
    faults: tuple[ContradictionError, ...] = ()
    """What they say against themselves; what that makes unusable is no part of the schema."""
    program: Program = Program.SYSTEM
    arch: str | None = None
    """What its guests are of, None where its name does not tell."""
    unserved: frozenset[str] = frozenset()
    """The commands that the schema lists and query-commands does not."""
    sandboxed: bool = True
    """Whether it runs where its requests cannot reach the host."""
    without: Mapping[str, str] = field(default_factory=dict)
    """The commands that are not asked for although it may have them, and why."""
    thorough: bool = False
    """Whether cases that take long are wanted too."""

    @property
    def flavour(self) -> Flavour:
        """How the build speaks."""
        return self.program.flavour

    @property
    def exact(self) -> Facts | None:
        """What is known of the source of just its release."""
        return self.facts if self.facts is not None and self.facts.exact else None

    @property
    def declared(self) -> Mapping[str, DigestEntity]:
        """The declarations of just its release by name, none where they are not known."""
        return self.exact.entities if self.exact is not None else {}

    @cached_property
    def preconfig_flags(self) -> Mapping[str, bool]:
        """Of each command that is declared whether it may run before the machine is complete."""
        return {
            name: Flag.ALLOW_PRECONFIG in entity.flags
            for name, entity in self.declared.items()
            if entity.kind is EntityKind.COMMAND
        }

    @cached_property
    def validator(self) -> Validator:
        """Checks values by its schema."""
        return Validator(self.schema)

    @property
    def ranged(self) -> Schema:
        """The schema with the widths of integers that are known, perhaps those of an older one."""
        return self.older or self.schema

    @cached_property
    def range_validator(self) -> Validator:
        """Checks values by the schema `ranged`."""
        return Validator(self.ranged)

    def schema_error(self, command: str, arguments: JsonValue) -> str | None:
        """Return what the schema objects to in a request, None if the request is valid."""
        fault = self.validator.check(self.schema.commands[command].arg_type, arguments)
        return f"{fault.path}: {fault.problem}" if fault else None
