"""What a source states about a schema and what a build shows, fact by fact.

Knows neither how the two are aligned nor what a difference means.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from conformance.align.conditions import ShownCondition
from conformance.digest.declaration import NOWHERE, Condition, SourcePlace


class StatementSide(enum.StrEnum):
    """Which sides have the item that a statement is about."""

    # Declared, and in the build.
    BOTH = "both"
    # Declared, and not in the build.
    SOURCE = "source"
    # In the build, and not declared.
    BUILD = "build"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One fact that a source states (`promised`), and what the build shows (`found`).

    `entity` is the command, event or type that the fact is about, `part` its member, value, branch
    or feature ("" for the entity itself), `what` the fact in words. `condition` is that of the
    item, `place` where it is declared, `reached` the shortest way from a command or event to it,
    `origin` the entity that declares it, which may be a base of `entity`.
    """

    entity: str
    part: str = ""
    what: str
    promised: str
    found: str
    rule: str
    side: StatementSide = StatementSide.BOTH
    condition: Condition | None = None
    place: SourcePlace = NOWHERE
    reached: str = ""
    origin: str = ""

    @property
    def kept(self) -> bool:
        """Whether the build shows what the source states."""
        return self.promised == self.found

    @property
    def compiled_out(self) -> bool:
        """Whether the build lacks the item and the item's condition excuses that."""
        return self.side is StatementSide.SOURCE and self.kept


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alignment:
    """A build's schema compared with its source's, from each command and event down.

    `source_names` gives the types of the source that each reached type of the build stands for;
    `unreached` why (in words) no part of the build leads to a type of the source; `conditions` what
    each conditional item shows. `orphans` are the types of the build that nothing in it leads to,
    each with its declared type, None if that is not known.
    """

    statements: tuple[Statement, ...]
    source_names: Mapping[str, tuple[str, ...]]
    conditions: tuple[ShownCondition, ...]
    unreached: Mapping[str, str]
    orphans: Mapping[str, str | None]

    @property
    def differences(self) -> tuple[Statement, ...]:
        """The statements that the build does not keep."""
        return tuple(statement for statement in self.statements if not statement.kept)
