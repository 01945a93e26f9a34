"""What a source states of a schema beside what a build shows, fact by fact.

Knows neither how the two are brought together nor what becomes of a difference.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from conformance.align.conditions import Shown
from conformance.digest.declaration import NOWHERE, Condition, Place


class Side(enum.StrEnum):
    """Which sides have the item that a statement is about."""

    # It is declared and it is there.
    BOTH = "both"
    # It is declared; the build lacks it.
    SOURCE = "source"
    # It is there; the source does not declare it.
    BUILD = "build"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One fact that a source states (`promised`) beside what the build shows (`found`).

    `entity` is the command, event or type to which the fact belongs, `part` the member, value,
    branch or feature of it ("" for the entity itself), `what` the fact in words.  `condition` is
    that of the item, `place` where the item is declared, `reached` the shortest way from a command
    or event to it, `origin` the entity that declares it, which may be a base of `entity`.
    """

    entity: str
    part: str = ""
    what: str
    promised: str
    found: str
    rule: str
    side: Side = Side.BOTH
    condition: Condition = ""
    place: Place = NOWHERE
    reached: str = ""
    origin: str = ""

    @property
    def kept(self) -> bool:
        """Whether the build shows what the source states."""
        return self.promised == self.found

    @property
    def compiled_out(self) -> bool:
        """Whether the build lacks the item, which its condition excuses."""
        return self.side is Side.SOURCE and self.kept


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alignment:
    """A build's schema beside its source's, from each command and event down.

    `source_names` gives for each type of the build that was reached the types of the source that it
    stands for, `unreached` for each type of the source that no part of the build leads to, why
    (in words); `conditions` what each item that has a condition shows about it.  `orphans` are the
    types of the build that nothing in it leads to, each with the declared type that it is, "" where
    that cannot be told.
    """

    statements: tuple[Statement, ...]
    source_names: Mapping[str, tuple[str, ...]]
    conditions: tuple[Shown, ...]
    unreached: Mapping[str, str]
    orphans: Mapping[str, str]

    @property
    def differences(self) -> tuple[Statement, ...]:
        """The statements that the build does not bear out."""
        return tuple(statement for statement in self.statements if not statement.kept)
