"""The messages with which builds refuse features not compiled in, and properties that are fixed.

They stand in cases/absences.toml.

Knows neither a build nor a reply.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from conformance.knowledge.common import ARCH, REASON
from conformance.knowledge.decoder import Read, read_file
from conformance.knowledge.gathering import gathered
from conformance.knowledge.keys import Key
from conformance.knowledge.settling import SettlingPart
from conformance.knowledge.versions import of_arch


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A refusal that each of `commands` may return; "*" stands for any text."""

    commands: Annotated[tuple[str, ...], Key("the commands that may return it", some=True)]
    refusal: Annotated[str, Key("the error message; `*` stands for any text", identity=True)]
    arches: Annotated[tuple[str, ...], ARCH] = ()
    listed: Annotated[
        bool,
        Key(
            "whether the build lists what it has of these: then a request for what it lists, "
            "refused so where it must succeed, is a finding"
        ),
    ] = False
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """A refusal of every value of a property that cannot be set; "*" stands for any text."""

    refusal: Annotated[str, Key("the error message; `*` stands for any text", identity=True)]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional:
    """A refusal of one value, or member, that hangs on something besides the request."""

    commands: Annotated[tuple[str, ...], Key("the commands that may return it", some=True)]
    refusal: Annotated[str, Key("the error message; `*` stands for any text", identity=True)]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, kw_only=True)
class AbsencesPart(SettlingPart):
    """The entries of a file about missing features, fixed properties and what settles a case."""

    absences: Annotated[
        tuple[Absence, ...],
        Key(
            "the messages with which builds refuse a feature that is not compiled in: if a "
            "request that must succeed is refused so, the case is not applicable",
            name="absence",
        ),
    ] = ()
    conditional: Annotated[
        tuple[Conditional, ...],
        Key(
            "the messages with which a command refuses a single value, or member, for a reason "
            "besides the request: it is no odd one among its siblings (rule X36)"
        ),
    ] = ()
    fixed: Annotated[
        tuple[Fixed, ...],
        Key(
            "the messages with which qom-set refuses every value of a property, its own too: one "
            "case of each type shows that the value stays, the others are not applicable"
        ),
    ] = ()


def absences_of_arch(entries: Iterable[Absence], arch: str | None) -> tuple[Absence, ...]:
    """Return the entries for builds whose guests are of `arch`."""
    return tuple(entry for entry in entries if of_arch(entry.arches, arch))


def load_absences(path: Path, more: Sequence[Read[AbsencesPart]] = ()) -> tuple[Absence, ...]:
    """Return the entries of the file `path` and of `more`; raises KnowledgeError."""
    return gathered([*more, read_file(path, AbsencesPart)], "absences")


def load_fixed(path: Path, more: Sequence[Read[AbsencesPart]] = ()) -> tuple[str, ...]:
    """Return the refusals (globs) of fixed properties in `path` and `more`.

    Raises KnowledgeError.
    """
    entries = gathered([*more, read_file(path, AbsencesPart)], "fixed")
    return tuple(entry.refusal for entry in entries)


def load_conditional(
    path: Path, more: Sequence[Read[AbsencesPart]] = ()
) -> tuple[Conditional, ...]:
    """Return the refusals that hang on other things; raises KnowledgeError."""
    return gathered([*more, read_file(path, AbsencesPart)], "conditional")


def refusals_of(
    entries: Iterable[Absence | Conditional], commands: AbstractSet[str]
) -> tuple[str, ...]:
    """Return the refusals (globs) that one of `commands` may return."""
    return tuple(entry.refusal for entry in entries if not commands.isdisjoint(entry.commands))
