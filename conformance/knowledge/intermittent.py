"""Cases of which a promise is known to be broken in some plays only (cases/intermittent.toml).

Knows neither a case nor how one is played.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from conformance.knowledge.tables import Table, read_table
from conformance.knowledge.versions import Version, VersionRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Intermittent:
    """A case, by its id, whose promise the releases `versions` break in some plays."""

    case: str
    versions: VersionRange
    reason: str


def load_intermittent(path: Path) -> tuple[Intermittent, ...]:
    """Return the entries of the file `path`; raises KnowledgeError."""
    top = read_table(path)
    found = tuple(_entry(table) for table in top.tables("case"))
    top.done()
    return found


def reasons_for(entries: Iterable[Intermittent], version: Version) -> dict[str, str]:
    """Return why each case that comes to different ends on `version` does so, by its id."""
    return {entry.case: entry.reason for entry in entries if version in entry.versions}


def _entry(table: Table) -> Intermittent:
    versions = table.versions()
    entry = Intermittent(
        case=table.take("id", str), versions=versions, reason=table.take("reason", str)
    )
    table.done()
    return entry
