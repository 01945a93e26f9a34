"""Which names and return types may break a rule of the schema language (cases/naming.toml).

Knows neither a schema nor what the rules say.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from conformance.knowledge.tables import Table, read_table
from conformance.knowledge.versions import Version, VersionRange
from conformance.model.errors import KnowledgeError


class Named(enum.StrEnum):
    """What bears a name that clients see."""

    # A command.
    COMMAND = "command"
    # An event.
    EVENT = "event"
    # A member of an object type.
    MEMBER = "member"
    # A value of an enum.
    VALUE = "value"
    # A feature of whatever has features.
    FEATURE = "feature"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamingException:
    """Names of one kind that break `rule` on purpose, in the releases `versions`."""

    rule: str
    kind: Named
    names: frozenset[str]
    versions: VersionRange
    reason: str


def load_naming(path: Path) -> tuple[NamingException, ...]:
    """Return the entries of the file `path`; raises KnowledgeError."""
    top = read_table(path)
    found = tuple(_exception(table) for table in top.tables("exception"))
    top.done()
    return found


def excepted(
    entries: Iterable[NamingException], version: Version, rule: str, kind: Named
) -> frozenset[str]:
    """Return the names of a kind that `version` may have in spite of `rule`."""
    fitting = (e for e in entries if e.rule == rule and e.kind is kind and version in e.versions)
    return frozenset[str]().union(*(entry.names for entry in fitting))


def _exception(table: Table) -> NamingException:
    try:
        versions = table.versions()
        kind = Named(table.take("kind", str))
    except ValueError as error:
        raise KnowledgeError(f"{table.place}: {error}", f"Kinds: {', '.join(Named)}.") from error
    entry = NamingException(
        rule=table.take("rule", str),
        kind=kind,
        names=frozenset(table.texts("names")),
        versions=versions,
        reason=table.take("reason", str),
    )
    table.done()
    return entry
