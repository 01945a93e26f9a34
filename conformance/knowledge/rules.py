"""The catalogue of what a QMP server promises (cases/rules.toml), as values.

Knows neither how a rule is tested nor which builds keep it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from conformance.errors import KnowledgeError
from conformance.knowledge import store
from conformance.terms import Severity

FILE = "rules.toml"

_ID = re.compile(r"[WQX][0-9]{2}")
_VERSION = re.compile(r"([0-9]+)\.([0-9]+)")
_MANDATORY = ("promise", "source", "severity")
_OPTIONAL = ("since", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One promise: what, where it is written, how strongly, and from which version on."""

    id: str
    promise: str
    source: str
    severity: Severity
    since: tuple[int, int] | None = None
    """The first QEMU version (major, minor) for which it holds; None where all of them do."""
    note: str = ""
    """What a reader must know beside the promise, else ""."""

    def holds(self, version: tuple[int, ...]) -> bool:
        """Return whether a build of `version` (major, minor, ...) makes this promise."""
        return self.since is None or version[:2] >= self.since


def load_rules(path: Path | None = None) -> Mapping[str, Rule]:
    """Return the rules of the file `path`, by id in its order; without one, the catalogue.

    Raises KnowledgeError, which names the file and the entry, where it is malformed.
    """
    path = path or store.cases_folder() / FILE
    return parse_rules(store.read_text(path), str(path))


def parse_rules(text: str, file: str = FILE) -> Mapping[str, Rule]:
    """Return the rules of a TOML text; `file` is what errors call it."""
    try:
        entries = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # A rule that stands there twice ends here too: TOML allows no table twice.
        raise KnowledgeError(f"{file}: not TOML: {error}") from error
    return MappingProxyType({id: _rule(file, id, entry) for id, entry in entries.items()})


def _rule(file: str, id: str, entry: object) -> Rule:
    where = f"{file}: rule {id}"
    if not _ID.fullmatch(id):
        raise KnowledgeError(f"{where}: not an id", "An id is W, Q or X and two digits.")
    if not isinstance(entry, dict):
        raise KnowledgeError(f"{where}: not a table", f"Write [{id}] and its members.")
    _check_members(where, entry)
    return Rule(
        id=id,
        promise=entry["promise"],
        source=entry["source"],
        severity=_severity(where, entry["severity"]),
        since=_version(where, entry["since"]) if "since" in entry else None,
        note=entry.get("note", ""),
    )


def _check_members(where: str, entry: Mapping[str, object]) -> None:
    for name in _MANDATORY:
        if name not in entry:
            raise KnowledgeError(f"{where}: no {name}")
    for name, value in entry.items():
        if name not in _MANDATORY + _OPTIONAL:
            known = ", ".join(_MANDATORY + _OPTIONAL)
            raise KnowledgeError(f"{where}: unknown member {name}", f"Known are {known}.")
        if not isinstance(value, str) or not value.strip():
            raise KnowledgeError(f"{where}: {name} is not a text")


def _severity(where: str, word: str) -> Severity:
    try:
        return Severity(word)
    except ValueError as error:
        words = ", ".join(Severity)
        raise KnowledgeError(f"{where}: severity {word}", f"It is one of {words}.") from error


def _version(where: str, text: str) -> tuple[int, int]:
    match = _VERSION.fullmatch(text)
    if not match:
        raise KnowledgeError(f"{where}: since {text}", 'Write a version such as "6.2".')
    return int(match[1]), int(match[2])
