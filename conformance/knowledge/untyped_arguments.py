"""Commands that accept arguments outside their declared type (cases/untyped.toml).

Knows neither a schema nor a request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from conformance.knowledge import store
from conformance.knowledge.common import REASON, VERSIONS
from conformance.knowledge.decoder import Read, read_file
from conformance.knowledge.gathering import gathered
from conformance.knowledge.keys import Key
from conformance.knowledge.versions import Version, VersionRange

FILE = "untyped.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchecked:
    """A command whose arguments the releases `versions` do not check against their type."""

    name: Annotated[str, Key("the command", identity=True)]
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, REASON]


@dataclass(frozen=True, kw_only=True)
class UntypedPart:
    """The entries of a file about commands that accept undeclared arguments."""

    untyped: Annotated[
        tuple[Unchecked, ...],
        Key(
            "a command whose arguments QEMU does not check against their type (declared with "
            '"gen": false): introspection shows a type, and the build accepts arguments '
            "outside it (rule Q31)"
        ),
    ] = ()


def load_unchecked(
    path: Path | None = None, more: Sequence[Read[UntypedPart]] = ()
) -> tuple[Unchecked, ...]:
    """Return the entries of the file `path`, by default the shipped one, and of `more`.

    Raises KnowledgeError.
    """
    return gathered([*more, read_file(path or store.cases_folder() / FILE, UntypedPart)], "untyped")


def names_for(entries: tuple[Unchecked, ...], version: Version | None) -> frozenset[str]:
    """Return the commands that `version` does not check; for an unknown version, all candidates."""
    return frozenset(
        entry.name for entry in entries if version is None or version in entry.versions
    )
