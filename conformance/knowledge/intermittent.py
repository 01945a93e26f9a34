"""Cases of which a promise is known to be broken in some plays only (cases/intermittent.toml).

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
    """Cases, by their ids, whose promise the releases `versions` break in some plays."""

    cases: Annotated[
        tuple[str, ...],
        Key("the ids of the cases", name="ids", some=True, identity=True, each=True),
    ]
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, REASON]


@dataclass(frozen=True, kw_only=True)
class IntermittentPart:
    """What a file says of what comes and goes."""

    intermittent: Annotated[
        tuple[Intermittent, ...],
        Key(
            "cases of which a promise is broken in some plays and kept in others: each is played "
            "ten times, alone"
        ),
    ] = ()


def load_intermittent(
    path: Path, more: Sequence[Read[IntermittentPart]] = ()
) -> tuple[Intermittent, ...]:
    """Return the entries of the file `path` and of `more`; raises KnowledgeError."""
    return gathered([*more, read_file(path, IntermittentPart)], "intermittent")


def reasons_for(entries: Iterable[Intermittent], version: Version) -> dict[str, str]:
    """Return why each case that comes to different ends on `version` does so, by its id."""
    return {
        case: entry.reason for entry in entries if version in entry.versions for case in entry.cases
    }
