"""How the default of a command's argument is seen: what to leave out, and where it shows.

docs/recipes.md describes the file.  Knows neither a schema nor a machine, and no default: those
stand in the digests of the releases.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.knowledge.recipes import requests_of
from conformance.knowledge.tables import Table, read_table
from conformance.knowledge.versions import Version, VersionRange
from conformance.model.errors import KnowledgeError
from conformance.model.stage import Request
from conformance.model.terms import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """A request that leaves arguments out, and where what they then are can be read.

    `shows` maps each argument to where its value stands within what `read` returns.  Without
    `read` nothing shows it, and the request must be answered alike with the argument left out and
    with its default given: then the paths are empty.  `case` is the value of the tag that the
    request has, where its arguments are a union; `changes` tells that nothing undoes the request.
    """

    command: str
    name: str
    arguments: Mapping[str, JsonValue]
    setup: tuple[Request, ...]
    read: Request | None
    cleanup: tuple[Request, ...]
    shows: Mapping[str, tuple[str, ...]]
    case: str
    changes: bool
    versions: VersionRange
    reason: str


def load_showings(path: Path) -> tuple[Showing, ...]:
    """Return the entries of the file; raises KnowledgeError."""
    top = read_table(path)
    found = tuple(map(_showing, top.tables("default")))
    top.done()
    names = [(each.command, each.name, each.versions.text) for each in found]
    for name in names:
        if names.count(name) > 1:
            raise KnowledgeError(f"{path.name}: {' '.join(name)} stands there twice")
    return found


def showings_for(showings: tuple[Showing, ...], version: Version) -> tuple[Showing, ...]:
    """Return the entries that hold for `version`."""
    return tuple(each for each in showings if version in each.versions)


def _showing(table: Table) -> Showing:
    command = table.take("command", str)
    reads = requests_of(table, "read")
    if len(reads) > 1:
        raise KnowledgeError(f"{table.place}: 'read' holds several requests", "Keep one.")
    shows = table.take("shows", dict)
    for member, path in shows.items():
        if not isinstance(path, str) or bool(path) is not bool(reads):
            raise KnowledgeError(
                f"{table.place}: 'shows' has no path of {member}",
                'With `read`, write where the value stands: "0.cache.direct"; without it, "".',
            )
    versions = table.versions()
    showing = Showing(
        command=command,
        name=table.take("name", str, ""),
        arguments=table.take("arguments", dict, {}),
        setup=requests_of(table, "setup"),
        read=reads[0] if reads else None,
        cleanup=requests_of(table, "cleanup"),
        shows={member: tuple(path.split(".")) if path else () for member, path in shows.items()},
        case=table.take("case", str, ""),
        changes=table.take("changes-state", bool, default=False),
        versions=versions,
        reason=table.take("reason", str),
    )
    table.done()
    return showing
