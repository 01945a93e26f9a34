"""Which commands take what their declared arguments do not have (cases/unchecked.toml).

Knows neither a schema nor a request.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from conformance.knowledge import store
from conformance.knowledge.tables import Table, read_table
from conformance.knowledge.versions import Version, VersionRange

FILE = "unchecked.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchecked:
    """A command whose arguments the releases `versions` do not check against their type."""

    name: str
    versions: VersionRange
    reason: str


def load_unchecked(path: Path | None = None) -> tuple[Unchecked, ...]:
    """Return the entries of the file `path`; without one, of what ships.  Raises KnowledgeError."""
    top = read_table(path or store.cases_folder() / FILE)
    found = tuple(_unchecked(table) for table in top.tables("command"))
    top.done()
    return found


def names_for(entries: tuple[Unchecked, ...], version: Version | None) -> frozenset[str]:
    """Return the commands that `version` does not check; of an unknown one, all that may be."""
    return frozenset(
        entry.name for entry in entries if version is None or version in entry.versions
    )


def _unchecked(table: Table) -> Unchecked:
    versions = table.versions()
    entry = Unchecked(
        name=table.take("name", str), versions=versions, reason=table.take("reason", str)
    )
    table.done()
    return entry
