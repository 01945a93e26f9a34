"""The catalogue of what a QMP server promises (cases/rules.toml), as values.

Knows neither the cases of a rule nor which builds keep it.
"""

from __future__ import annotations

import difflib
import enum
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from conformance.knowledge import store
from conformance.model.errors import KnowledgeError, UsageError
from conformance.model.terms import Severity

FILE = "rules.toml"

_ID = re.compile(r"[WQX][0-9]{2}")
_VERSION = re.compile(r"([0-9]+)\.([0-9]+)")
_MANDATORY = ("promise", "source", "severity")
_OPTIONAL = ("since", "note", "failure", "means", "untested")


class Means(enum.StrEnum):
    """What holds builds against a rule beside the cases that a release's schema gives."""

    # Every message of the server in every case is held against it.
    MESSAGES = "messages"
    # The comparison of two schemas names what breaks it.
    COMPARISON = "comparison"
    # Its cases are made from what a build itself tells: introspection and object model.
    BUILD = "build"
    # Its cases are made from the documentation in the source of the build's release.
    SOURCE = "source"


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
    failure: str = ""
    """What a build does that breaks it, in a sentence, else ""."""
    means: Means | None = None
    untested: str = ""
    """Why no case can show it kept or broken, "" where one can."""

    def holds(self, version: tuple[int, ...]) -> bool:
        """Return whether a build of `version` (major, minor, ...) makes this promise."""
        return self.since is None or version[:2] >= self.since

    def remark(self, version: tuple[int, ...]) -> str:
        """Return why a build of `version` may have no case of it, "" where it is to have some."""
        if self.since is not None and not self.holds(version):
            return "holds from {}.{} on".format(*self.since)
        return self.untested or (MEANS[self.means] if self.means else "")


MEANS: Final[Mapping[Means, str]] = {
    Means.MESSAGES: "every message of the server, in whatever case, is held against it",
    Means.COMPARISON: "`qmp-conformance schema diff OLD NEW` names what breaks it",
    Means.BUILD: "its cases, or further ones, are made from what a build tells of itself",
    Means.SOURCE: "its cases, or further ones, are made from the source that `--schema` names",
}
"""What each of the means is, for a reader."""


def load_rules(path: Path | None = None) -> Mapping[str, Rule]:
    """Return the rules of the file `path`, by id in its order; without one, the catalogue.

    Raises KnowledgeError, which names the file and the entry, where it is malformed.
    """
    path = path or store.cases_folder() / FILE
    return parse_rules(store.read_text(path), str(path))


def find_rule(rules: Mapping[str, Rule], id: str) -> Rule:
    """Return the rule of that id, however its letter is written.

    Raises UsageError, which names the nearest ones, where there is none.
    """
    if id.upper() in rules:
        return rules[id.upper()]
    near = difflib.get_close_matches(id.upper(), rules, n=3, cutoff=0.5)
    known = f"Nearest: {', '.join(near)}." if near else "`qmp-conformance rules` lists all of them."
    raise UsageError(f"there is no rule {id}", known)


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
        failure=entry.get("failure", ""),
        means=_means(where, entry["means"]) if "means" in entry else None,
        untested=entry.get("untested", ""),
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
    if "means" in entry and "untested" in entry:
        raise KnowledgeError(f"{where}: tested by means, and untested", "Leave one of them out.")


def _severity(where: str, word: str) -> Severity:
    try:
        return Severity(word)
    except ValueError as error:
        words = ", ".join(Severity)
        raise KnowledgeError(f"{where}: severity {word}", f"It is one of {words}.") from error


def _means(where: str, word: str) -> Means:
    try:
        return Means(word)
    except ValueError as error:
        words = ", ".join(Means)
        raise KnowledgeError(f"{where}: means {word}", f"It is one of {words}.") from error


def _version(where: str, text: str) -> tuple[int, int]:
    match = _VERSION.fullmatch(text)
    if not match:
        raise KnowledgeError(f"{where}: since {text}", 'Write a version such as "6.2".')
    return int(match[1]), int(match[2])
