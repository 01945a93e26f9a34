"""Cases known to break a promise only in some plays (cases/intermittent.toml).

Knows neither a case nor how one is played.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from conformance.knowledge.common import REASON, VERSIONS
from conformance.knowledge.decoder import Read, read_file
from conformance.knowledge.gathering import gathered
from conformance.knowledge.keys import Key
from conformance.knowledge.versions import Version, VersionRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Intermittent:
    """Cases, by id, whose promise the releases `versions` break in some plays."""

    cases: Annotated[
        tuple[str, ...],
        Key("the ids of the cases", name="ids", some=True, identity=True, each=True),
    ]
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, REASON]


@dataclass(frozen=True, kw_only=True)
class IntermittentPart:
    """The entries of a file about intermittent cases."""

    intermittent: Annotated[
        tuple[Intermittent, ...],
        Key("cases that break a promise in some plays only: each is played ten times, alone"),
    ] = ()


def load_intermittent(
    path: Path, more: Sequence[Read[IntermittentPart]] = ()
) -> tuple[Intermittent, ...]:
    """Return the entries of the file `path` and of `more`; raises KnowledgeError."""
    return gathered([*more, read_file(path, IntermittentPart)], "intermittent")


def reasons_for(entries: Iterable[Intermittent], version: Version) -> dict[str, str]:
    """Return the reason for each case that is intermittent on `version`, by id."""
    return {
        case: entry.reason for entry in entries if version in entry.versions for case in entry.cases
    }
