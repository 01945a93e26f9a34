"""What findings mean to a user of the build (cases/weights.toml); knows no finding.

The first entry of a file that fits decides the weight; every mark that fits is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Annotated

from conformance.knowledge.common import REASON
from conformance.knowledge.decoder import read_file
from conformance.knowledge.keys import Key
from conformance.knowledge.store import cases_folder
from conformance.model.terms import Mark, Outcome, Weight

FILE = "weights.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightEntry:
    """Findings of one weight: those that fit each key that is given."""

    weight: Annotated[Weight, Key("what they do to a user")]
    outcomes: Annotated[tuple[Outcome, ...], Key("their outcomes", default="any")] = ()
    rules: Annotated[tuple[str, ...], Key("globs of the rules that they break")] = ("*",)
    cases: Annotated[tuple[str, ...], Key("globs of the cases that show them")] = ("*",)
    reason: Annotated[str, REASON]

    def fits(self, outcome: Outcome, rule: str, case: str) -> bool:
        """Return whether a finding has this weight."""
        return (
            (not self.outcomes or outcome in self.outcomes)
            and any(fnmatchcase(rule, glob) for glob in self.rules)
            and any(fnmatchcase(case, glob) for glob in self.cases)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkEntry:
    """Findings that a reader judges otherwise than their like: those that fit each key given."""

    mark: Annotated[Mark, Key("what is special about them")]
    rules: Annotated[tuple[str, ...], Key("globs of the rules that they break")] = ("*",)
    cases: Annotated[tuple[str, ...], Key("globs of the cases that show them")] = ("*",)
    reason: Annotated[str, REASON]

    def fits(self, rule: str, case: str) -> bool:
        """Return whether a finding has this mark."""
        return any(fnmatchcase(rule, glob) for glob in self.rules) and any(
            fnmatchcase(case, glob) for glob in self.cases
        )


@dataclass(frozen=True, kw_only=True)
class WeightsPart:
    """The entries of a file about what findings mean."""

    weight: Annotated[
        tuple[WeightEntry, ...],
        Key("what findings do to a user; the first entry that fits counts"),
    ] = ()
    mark: Annotated[tuple[MarkEntry, ...], Key("findings that are judged otherwise")] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What findings mean to a user."""

    weights: tuple[WeightEntry, ...] = ()
    marked: tuple[MarkEntry, ...] = ()

    def weight(self, outcome: Outcome, rule: str, case: str) -> Weight:
        """Return the weight of a finding; what no entry fits is wrong, and no more is known."""
        fits = (entry.weight for entry in self.weights if entry.fits(outcome, rule, case))
        return next(fits, Weight.WRONG)

    def marks(self, rule: str, case: str) -> Iterator[Mark]:
        """Yield the marks of a finding."""
        yield from dict.fromkeys(entry.mark for entry in self.marked if entry.fits(rule, case))


@cache
def load_weights(path: Path | None = None) -> Weights:
    """Return what the file `path`, or the shipped one, says; raises KnowledgeError."""
    part = read_file(path or cases_folder() / FILE, WeightsPart).sound()
    return Weights(weights=part.weight, marked=part.mark)
