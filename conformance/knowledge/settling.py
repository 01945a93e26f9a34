"""What would settle a case whose request without the fault is refused (cases/settling.toml).

Knows neither a case nor where its outcome is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from conformance.knowledge.common import REASON
from conformance.knowledge.decoder import read_file
from conformance.knowledge.keys import Key
from conformance.knowledge.touching import TouchingPart
from conformance.model.terms import SettledBy


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """Refusals of requests that lack the same kind of thing; "*" stands for any text."""

    by: Annotated[SettledBy, Key("what would settle the case")]
    refusals: Annotated[
        tuple[str, ...],
        Key("the error messages; `*` stands for any text", some=True, identity=True, each=True),
    ]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, kw_only=True)
class SettlingPart(TouchingPart):
    """The entries of a file about what would settle a case, and about source files."""

    settling: Annotated[
        tuple[Settling, ...],
        Key("what would settle a case whose request without the fault is refused so"),
    ] = ()


def load_settling(path: Path) -> tuple[Settling, ...]:
    """Return the entries of the file `path`; raises KnowledgeError."""
    return read_file(path, SettlingPart).sound().settling


def settled_by(entries: Iterable[Settling], reason: str) -> SettledBy:
    """Return what would settle a case with that reason, which ends in the refusal.

    The first entry that fits counts; a recipe is all that is known of the others.
    """
    fits = (
        entry.by
        for entry in entries
        if any(fnmatchcase(reason, f"*: {glob}") for glob in entry.refusals)
    )
    return next(fits, SettledBy.RECIPE)
