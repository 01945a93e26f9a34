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
    """The facts of a build's source: a digest's entities for its program.

    `exact` says whether they are of exactly its release. Else they are of the newest older release
    known, and a build may differ from them in what later releases may change.
    """

    entities: Mapping[str, DigestEntity]
    name: str
    exact: bool
    examples: tuple[DocumentedExample, ...] | None = None
    """The facts of the documentation if the source itself is available: no digest has them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Introspected:
    """What one build says of itself, and what its host lacks (need to reason).

    With facts of exactly its release, `alignment` compares its schema with them, and its schema has
    the widths of its integers. With older ones, `older` is its schema with the widths of then: a
    later release may accept more, never less.
    """

    version: Version
    schema: Schema
    model: ObjectModel
    lacks: Mapping[str, str]
    facts: Facts | None = None
    alignment: Alignment | None = None
    older: Schema | None = None
    manual: Facts | None = None
    """What the manual of its release documents, where nothing else of it is known."""
    entries: Sequence[Entry] = ()
    """The entries that the schema was read from."""
    faults: tuple[ContradictionError, ...] = ()
    """Their contradictions; the schema has no part that they make unusable."""
    program: Program = Program.SYSTEM
    arch: str | None = None
    """The architecture of its guests, None if its name does not say."""
    unserved: frozenset[str] = frozenset()
    """The commands that the schema has and query-commands lacks."""
    sandboxed: bool = True
    """Whether its requests cannot reach the host."""
    bare: bool = True
    """Whether its target adds no machine and no arguments to those that cases name."""
    without: Mapping[str, str] = field(default_factory=dict)
    """The commands that the suite does not send although the build may have them, with reasons."""
    sanitized: bool = False
    """Whether it was built with a sanitizer, which tells at the end what was lost."""
    thorough: bool = False
    """Whether slow cases run, too."""
    searching: bool = False
    """Whether requests are drawn at random, too."""

    @property
    def flavour(self) -> Flavour:
        """The dialect of the build."""
        return self.program.flavour

    @property
    def exact(self) -> Facts | None:
        """The facts of exactly its release, if they are known."""
        return self.facts if self.facts is not None and self.facts.exact else None

    @property
    def documented(self) -> Facts | None:
        """The facts of exactly its release's documentation, wherever they are from."""
        return self.exact or self.manual

    @property
    def declared(self) -> Mapping[str, DigestEntity]:
        """The declarations of exactly its release by name, empty if unknown."""
        return self.exact.entities if self.exact is not None else {}

    @cached_property
    def preconfig_flags(self) -> Mapping[str, bool]:
        """For each declared command, whether it may run in preconfig."""
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
        """The schema with the known widths of integers, perhaps of an older release."""
        return self.older or self.schema

    @cached_property
    def range_validator(self) -> Validator:
        """Checks values by the schema `ranged`."""
        return Validator(self.ranged)

    def schema_error(self, command: str, arguments: JsonValue) -> str | None:
        """Return what the schema objects to in a request, None if the request is valid."""
        fault = self.validator.check(self.schema.commands[command].arg_type, arguments)
        return f"{fault.path}: {fault.problem}" if fault else None
