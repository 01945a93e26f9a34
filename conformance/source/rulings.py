"""Decides about what some releases of the schema language refuse and others take.

Knows between which releases each rule changed, and nothing of how a breach is found.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from conformance.digest.declaration import SourcePlace, SourceRemark
from conformance.source.expression import SourceError

Release: TypeAlias = tuple[int, int]
"""Major and minor version."""

_RELEASE: Final = re.compile(r"(\d+)\.(\d+)")


class Matter(enum.StrEnum):
    """What releases do not agree about."""

    # The case of names of commands, events and types, and '_' in names that should have '-'.
    NAME_STYLE = "name-style"
    # Types whose name ends with "Kind", which simple unions had.
    KIND_NAME = "kind-name"
    # Arrays in alternates.
    ALTERNATE_ARRAY = "alternate-array"
    # Conditions as lists and as C expressions.
    OLD_CONDITION = "old-condition"
    # The feature "unstable" of a type.
    UNSTABLE_TYPE = "unstable-type"
    # Conditional arguments of commands and events that are not boxed.
    CONDITIONAL_ARGUMENT = "conditional-argument"
    # More features than the bits of a 64-bit set.
    FEATURE_COUNT = "feature-count"
    # Members without documentation, beside documented ones.
    MEMBER_DOCUMENTATION = "member-documentation"
    # "Returns:" of a command that returns nothing.
    RETURNS_NOTHING = "returns-nothing"
    # The sections "Note:" and "Example:".
    OLD_SECTION = "old-section"
    # Documentation that is indented less than the text behind its tag.
    INDENTATION = "indentation"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """A rule differs between `old` and `new`: in between is what nobody has looked up.

    With `newer_refuse`, `new` and later releases refuse what `old` and earlier ones take; otherwise
    it is the other way round.
    """

    old: Release
    new: Release
    newer_refuse: bool = True

    def refuses(self, release: Release | None) -> bool | None:
        """Return whether `release` refuses it; None if that is not known."""
        if release is not None and release <= self.old:
            return not self.newer_refuse
        if release is not None and release >= self.new:
            return self.newer_refuse
        return None

    @property
    def words(self) -> str:
        """Which releases refuse it, for people."""
        if self.newer_refuse:
            return "QEMU {}.{} refuses it, {}.{} takes it".format(*self.new, *self.old)
        return "QEMU {}.{} refuses it, {}.{} takes it".format(*self.old, *self.new)


_FROM_7_2: Final = _Change(old=(5, 2), new=(7, 2))
_FROM_10_0: Final = _Change(old=(7, 2), new=(10, 0))
_UP_TO_5_2: Final = _Change(old=(5, 2), new=(7, 2), newer_refuse=False)
# By the generators of 5.2.0, 7.2.22 and 10.0.13 (scripts/qapi).
_CHANGES: Final = {
    Matter.NAME_STYLE: _FROM_7_2,
    Matter.KIND_NAME: _UP_TO_5_2,
    Matter.ALTERNATE_ARRAY: _UP_TO_5_2,
    # 6.1 brought the notation of today; 6.0 has the old one.
    Matter.OLD_CONDITION: _Change(old=(6, 0), new=(6, 1)),
    Matter.UNSTABLE_TYPE: _FROM_7_2,
    Matter.CONDITIONAL_ARGUMENT: _FROM_10_0,
    Matter.FEATURE_COUNT: _FROM_10_0,
    Matter.MEMBER_DOCUMENTATION: _FROM_10_0,
    Matter.RETURNS_NOTHING: _FROM_10_0,
    Matter.OLD_SECTION: _FROM_10_0,
    Matter.INDENTATION: _Change(old=(7, 2), new=(10, 0), newer_refuse=False),
}


def release_in(version: str | None) -> Release | None:
    """Return the release that a version begins with, or None."""
    match = _RELEASE.match(version or "")
    return (int(match[1]), int(match[2])) if match else None


class Rulings:
    """The rules of the release that a schema is of, or of all where that is not known.

    Of a schema that is `partial`, the pragmas that except names may be missing.
    """

    def __init__(self, release: Release | None = None, *, partial: bool = False) -> None:
        self._release = release
        self._partial = partial
        self._remarks: dict[SourceRemark, None] = {}

    @property
    def remarks(self) -> tuple[SourceRemark, ...]:
        """What only some releases refuse, where the schema does not tell its own."""
        return tuple(self._remarks)

    def refuse(self, place: SourcePlace, problem: str) -> None:
        """Raise SourceError for what no release takes unless a pragma excepts it.

        Of a partial schema, note it.
        """
        if not self._partial:
            raise SourceError(place, problem)
        told = f"{problem} (no pragma that is there excepts it)"
        self._remarks[SourceRemark(place=place, problem=told)] = None

    def object_to(
        self, matter: Matter, place: SourcePlace, problem: str, *, excusable: bool = False
    ) -> None:
        """Raise SourceError if the release refuses it; note it if that is not known.

        What is `excusable` may have an exception in a pragma.
        """
        match _CHANGES[matter].refuses(self._release):
            case True if excusable:
                self.refuse(place, problem)
            case True:
                raise SourceError(place, problem)
            case None:
                told = f"{problem} ({_CHANGES[matter].words})"
                self._remarks[SourceRemark(place=place, problem=told)] = None

    def refused(self, matter: Matter) -> bool | None:
        """Return whether the release refuses it; None if that is not known."""
        return _CHANGES[matter].refuses(self._release)

    def words(self, matter: Matter) -> str:
        """Return which releases refuse it, for people."""
        return _CHANGES[matter].words


def colliding(names: Iterable[str]) -> tuple[str, str] | None:
    """Return the first two names that are one identifier in C, or None.

    There, "-" and "." are "_".
    """
    seen: dict[str, str] = {}
    for name in names:
        identifier = identifier_of(name)
        if identifier in seen:
            return seen[identifier], name
        seen[identifier] = name
    return None


def identifier_of(name: str) -> str:
    """Return the identifier that generated code makes of a name."""
    return name.replace("-", "_").replace(".", "_")
