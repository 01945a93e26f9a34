"""The words with which builds refuse what they were made without (cases/absences.toml).

Knows neither a build nor a reply.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from conformance.knowledge.tables import Table, read_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A refusal, in which "*" stands for any text, that each of `commands` may answer."""

    commands: tuple[str, ...]
    refusal: str
    reason: str


def load_absences(path: Path) -> tuple[Absence, ...]:
    """Return the entries of the file `path`; raises KnowledgeError."""
    top = read_table(path)
    found = tuple(_absence(table) for table in top.tables("absence"))
    top.done()
    return found


def refusals_of(entries: Iterable[Absence], commands: AbstractSet[str]) -> tuple[str, ...]:
    """Return the refusals (globs) that one of `commands` may answer."""
    return tuple(entry.refusal for entry in entries if not commands.isdisjoint(entry.commands))


def _absence(table: Table) -> Absence:
    entry = Absence(
        commands=table.texts("commands"),
        refusal=table.take("refusal", str),
        reason=table.take("reason", str),
    )
    table.done()
    return entry
