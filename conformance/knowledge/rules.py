"""The catalogue of what a QMP server promises (cases/rules.toml), as values.

Knows neither the cases of a rule nor which builds keep it.
"""

from __future__ import annotations

import difflib
import enum
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

from conformance.knowledge import store
from conformance.knowledge.decoder import FileFault, read_text
from conformance.knowledge.keys import FormError, Key, pattern_form, typed
from conformance.model.errors import UsageError
from conformance.model.terms import Severity

FILE = "rules.toml"

_ID = re.compile(r"[WQX][0-9]{2}")


def _text(text: str) -> str:
    if not text.strip():
        raise FormError("is empty", "Leave it out, or say something.")
    return text


def _release(text: str) -> tuple[int, int]:
    major, minor = map(int, text.split("."))
    return major, minor


_TEXT: Final = typed(str, "a string", "string", _text)
_SINCE: Final = pattern_form("a version such as 6.2", "[0-9]+[.][0-9]+", _release)


class Means(enum.StrEnum):
    """What checks a rule beside the cases from a release's schema."""

    # Every message of the server in every case is checked against it.
    MESSAGES = "messages"
    # What the process does beside its answers is checked against it in every case.
    PROCESS = "process"
    # The comparison of two schemas reports breaches.
    COMPARISON = "comparison"
    # Its cases come from what a build says of itself: introspection and object model.
    BUILD = "build"
    # Its cases come from the documentation in the source of the build's release.
    SOURCE = "source"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One promise: what, its source, its severity, and its first version."""

    id: Annotated[str, Key(title=True)]
    promise: Annotated[str, Key("one sentence, in our own words", form=_TEXT)]
    source: Annotated[
        str,
        Key(
            "the document in QEMU's source tree and the place in it, with the lines of one release",
            form=_TEXT,
        ),
    ]
    severity: Annotated[
        Severity,
        Key(
            "`must`: stated without condition; `should`: style or good order; `information`: "
            "left open, never a failure. If the source gives no weight it is must; if it "
            "gives two, the stricter"
        ),
    ]
    since: Annotated[
        tuple[int, int] | None,
        Key("the first QEMU version for which the rule holds", default="5.2", form=_SINCE),
    ] = None
    """The first QEMU version (major, minor) for which it holds; None for all."""
    note: Annotated[str, Key("what a reader must know in addition", form=_TEXT)] = ""
    failure: Annotated[str, Key("how a build breaks it, in one sentence", form=_TEXT)] = ""
    means: Annotated[
        Means | None,
        Key(
            "what checks it beside the cases from a release's schema and the exchanges: "
            "`messages` (every message is checked), `process` (so is what the process does beside "
            "its answers), `comparison` (`qmp-conformance schema "
            "diff`), `build` (cases from what a build says of itself), `source` (cases from "
            "the documentation in its source)"
        ),
    ] = None
    evidence: Annotated[
        tuple[str, ...],
        Key(
            "the expectations, as globs, that a finding which cites it may show: any other is "
            "about another rule",
            default="no finding cites it",
        ),
    ] = ()
    untested: Annotated[
        str,
        Key(
            "why no case cites it; every rule has cases, means, or this",
            form=_TEXT,
            excludes=("means",),
        ),
    ] = ""

    def is_about(self, expected: str) -> bool:
        """Return whether a finding with that expectation may cite it."""
        return any(fnmatchcase(expected, glob) for glob in self.evidence)

    def holds(self, version: tuple[int, ...]) -> bool:
        """Return whether a build of `version` (major, minor, ...) makes this promise."""
        return self.since is None or version[:2] >= self.since

    def remark(self, version: tuple[int, ...]) -> str | None:
        """Return why a build of `version` may have no case of it, None if it should have some."""
        if self.since is not None and not self.holds(version):
            return "holds from {}.{} on".format(*self.since)
        return self.untested or (MEANS[self.means] if self.means else None)


MEANS: Final[Mapping[Means, str]] = {
    Means.MESSAGES: "every message of the server, in whatever case, is held against it",
    Means.PROCESS: "what the process does beside its answers, in whatever case, is held against it",
    Means.COMPARISON: "`qmp-conformance schema diff OLD NEW` names what breaks it",
    Means.BUILD: "its cases, or further ones, are made from what a build tells of itself",
    Means.SOURCE: "its cases, or further ones, are made from the source that `--schema` names",
}
"""Each of the means, in words for a reader."""


@dataclass(frozen=True, kw_only=True)
class RulesPart:
    """The rules in a file."""

    rules: Annotated[
        Mapping[str, Rule],
        Key("what a QMP server promises, by rule id: W, Q or X and two digits"),
    ] = field(default_factory=dict)

    def faults(self) -> Iterator[FileFault]:
        """Yield each malformed rule id."""
        for id in self.rules:
            if not _ID.fullmatch(id):
                yield FileFault("rules", f"{id!r} is no id", "An id is W, Q or X and two digits.")


def load_rules(path: Path | None = None) -> Mapping[str, Rule]:
    """Return the rules of the file `path`, by id in file order; by default, the catalogue.

    Raises KnowledgeError, with the file and the entry, if it is malformed.
    """
    path = path or store.cases_folder() / FILE
    return parse_rules(store.read_text(path), str(path))


def find_rule(rules: Mapping[str, Rule], id: str) -> Rule:
    """Return the rule of that id, in upper or lower case.

    Raises UsageError, with the nearest ids, if there is none.
    """
    if id.upper() in rules:
        return rules[id.upper()]
    near = difflib.get_close_matches(id.upper(), rules, n=3, cutoff=0.5)
    known = f"Nearest: {', '.join(near)}." if near else "`qmp-conformance rules` lists all of them."
    raise UsageError(f"there is no rule {id}", known)


def parse_rules(text: str, file: str = FILE) -> Mapping[str, Rule]:
    """Return the rules of a TOML text; errors call it `file`."""
    return MappingProxyType(read_text(text, file, RulesPart).sound().rules)
