"""Known exceptions: names that may break a rule, cases that break a promise in some plays.

cases/naming.toml and cases/intermittent.toml hold them. Knows neither a schema nor a case.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from conformance.knowledge.common import REASON, VERSIONS
from conformance.knowledge.decoder import Read, read_file
from conformance.knowledge.gathering import gathered
from conformance.knowledge.keys import Key
from conformance.knowledge.versions import Version, VersionRange


class NameKind(enum.StrEnum):
    """The kind of a name that clients see."""

    # A command.
    COMMAND = "command"
    # An event.
    EVENT = "event"
    # A member of an object type.
    MEMBER = "member"
    # A value of an enum.
    VALUE = "value"
    # A feature of anything.
    FEATURE = "feature"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamingException:
    """Names of one kind that break `rule` on purpose in the releases `versions`."""

    rule: Annotated[str, Key("the rule that they break: Q28, Q47, Q49, Q77")]
    kind: Annotated[NameKind, Key("the kind of name")]
    names: Annotated[
        frozenset[str],
        Key(
            "the names. Types have no names in introspection: if one name of a type is an "
            "exception to Q47, so are all names of that type",
            some=True,
        ),
    ]
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, REASON]


@dataclass(frozen=True, kw_only=True)
class NamingPart:
    """The entries of a file about names that break a rule."""

    naming: Annotated[
        tuple[NamingException, ...],
        Key(
            "names that break a rule of the schema language, and that QEMU keeps on purpose",
            name="naming_exception",
        ),
    ] = ()


def load_naming(path: Path, more: Sequence[Read[NamingPart]] = ()) -> tuple[NamingException, ...]:
    """Return the entries of the file `path` and of `more`; raises KnowledgeError."""
    return gathered([*more, read_file(path, NamingPart)], "naming")


def excepted(
    entries: Iterable[NamingException], version: Version, rule: str, kind: NameKind
) -> frozenset[str]:
    """Return the names of a kind that may break `rule` in `version`."""
    fitting = (e for e in entries if e.rule == rule and e.kind is kind and version in e.versions)
    return frozenset[str]().union(*(entry.names for entry in fitting))


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
