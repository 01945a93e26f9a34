"""What a difference means to clients: QEMU's rules (Q70 to Q75) and other knowledge.

Knows the rules, the deprecation policy and the declarations of releases; knows neither how
differences are found nor how a change is shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from conformance.compat.change import (
    ChangeClass,
    ChangedBehaviour,
    ChangeKind,
    Direction,
    Documented,
    SideFacts,
)
from conformance.compat.deprecation import RELEASES, Sighting, notice, release_name, release_number
from conformance.compat.difference import Difference
from conformance.compat.release import DeclaredRelease, Entities
from conformance.compat.schema_path import Route, follow
from conformance.compat.walk import Guard, guard_of
from conformance.qapi.model import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedSide:
    """One of two schemas, and what is known besides.

    `release` holds the declarations of exactly its release, None if no digest has them. `open`
    are types that may have more members than the schema shows; of a `partial` schema, not all
    commands and events are known.
    """

    facts: SideFacts
    schema: Schema
    release: Entities | None = None
    open: frozenset[str] = frozenset()
    partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CompatKnowledge:
    """What is known besides the sides: declarations of releases by version,
    documents, and changes of behaviour."""

    history: Mapping[str, Entities] = field(default_factory=dict)
    documented: Sequence[Documented] = ()
    behaviours: Sequence[ChangedBehaviour] = ()


@dataclass(frozen=True, slots=True)
class ChangeVerdict:
    """A class, the rule that decides, and why it differs from what the rule alone gives."""

    change_class: ChangeClass
    rule: str
    reason: str = ""


_Judgement: TypeAlias = tuple[ChangeClass, str]
_GOOD: Final = ChangeClass.COMPATIBLE
_BAD: Final = ChangeClass.INCOMPATIBLE

RULES: Final[Mapping[ChangeKind, tuple[_Judgement, _Judgement]]] = {
    ChangeKind.COMMAND_ADDED: ((_GOOD, "Q70"), (_GOOD, "Q70")),
    ChangeKind.COMMAND_REMOVED: ((_BAD, "Q71"), (_BAD, "Q71")),
    ChangeKind.EVENT_ADDED: ((_GOOD, "Q73"), (_GOOD, "Q73")),
    ChangeKind.EVENT_REMOVED: ((_BAD, "Q74"), (_BAD, "Q74")),
    ChangeKind.TYPE_ADDED: ((_GOOD, "Q75"), (_GOOD, "Q75")),
    ChangeKind.TYPE_REMOVED: ((_GOOD, "Q75"), (_GOOD, "Q75")),
    ChangeKind.OPTIONAL_ADDED: ((_GOOD, "Q70"), (_GOOD, "Q73")),
    ChangeKind.MANDATORY_ADDED: ((_BAD, "Q71"), (_GOOD, "Q73")),
    ChangeKind.MEMBER_REMOVED: ((_BAD, "Q71"), (_BAD, "Q74")),
    ChangeKind.NOW_MANDATORY: ((_BAD, "Q71"), (_GOOD, "Q73")),
    ChangeKind.NOW_OPTIONAL: ((_GOOD, "Q70"), (_BAD, "Q74")),
    ChangeKind.TYPE_WIDENED: ((_GOOD, "Q70"), (_BAD, "Q74")),
    ChangeKind.TYPE_NARROWED: ((_BAD, "Q71"), (_GOOD, "Q73")),
    # What is sent is still a JSON integer; clients are promised no more.
    ChangeKind.RANGE_WIDENED: ((_GOOD, "Q70"), (_GOOD, "Q73")),
    ChangeKind.RANGE_NARROWED: ((_BAD, "Q71"), (_GOOD, "Q73")),
    ChangeKind.TYPE_CHANGED: ((_BAD, "Q71"), (_BAD, "Q74")),
    # A client cannot miss values and branches that are no longer sent (Q74).
    ChangeKind.VALUE_ADDED: ((_GOOD, "Q70"), (_GOOD, "Q73")),
    ChangeKind.VALUE_REMOVED: ((_BAD, "Q71"), (_GOOD, "Q74")),
    ChangeKind.BRANCH_ADDED: ((_GOOD, "Q70"), (_GOOD, "Q73")),
    ChangeKind.BRANCH_REMOVED: ((_BAD, "Q71"), (_GOOD, "Q74")),
    ChangeKind.TAG_CHANGED: ((_BAD, "Q71"), (_BAD, "Q74")),
    ChangeKind.ALTERNATIVE_ADDED: ((_GOOD, "Q70"), (_BAD, "Q74")),
    ChangeKind.ALTERNATIVE_REMOVED: ((_BAD, "Q71"), (_GOOD, "Q74")),
    ChangeKind.FEATURE_ADDED: ((_GOOD, "Q70"), (_GOOD, "Q73")),
    ChangeKind.FEATURE_REMOVED: ((_BAD, "Q71"), (_BAD, "Q74")),
    ChangeKind.OOB_GAINED: ((_GOOD, "Q70"), (_GOOD, "Q70")),
    ChangeKind.OOB_LOST: ((_BAD, "Q71"), (_BAD, "Q71")),
}
"""What each kind of change means where the client sends, and where the server sends."""

_GONE: Final = frozenset(
    {
        ChangeKind.COMMAND_REMOVED,
        ChangeKind.EVENT_REMOVED,
        ChangeKind.MEMBER_REMOVED,
        ChangeKind.VALUE_REMOVED,
        ChangeKind.BRANCH_REMOVED,
        ChangeKind.ALTERNATIVE_REMOVED,
        ChangeKind.FEATURE_REMOVED,
    }
)
"""Kinds whose place exists only on the old side."""
_COME: Final = frozenset(
    {
        ChangeKind.COMMAND_ADDED,
        ChangeKind.EVENT_ADDED,
        ChangeKind.OPTIONAL_ADDED,
        ChangeKind.MANDATORY_ADDED,
        ChangeKind.VALUE_ADDED,
        ChangeKind.BRANCH_ADDED,
        ChangeKind.ALTERNATIVE_ADDED,
        ChangeKind.FEATURE_ADDED,
    }
)
"""Kinds whose place exists only on the new side."""
_MARKS: Final = frozenset({"deprecated", "unstable"})
"""Features that withdraw promises: losing one of them restores the promise."""


class Judge:
    """Classifies a difference at each place where it shows."""

    def __init__(self, old: ComparedSide, new: ComparedSide, knowledge: CompatKnowledge) -> None:
        self._old, self._new = old, new
        self._documented = knowledge.documented
        self._old_release = _release(old)
        self._new_release = _release(new)
        self._history = [
            DeclaredRelease(version, entities)
            for version, entities in knowledge.history.items()
            if _is_past(version, old.facts.version, new.facts.version)
        ]

    def verdict(self, difference: Difference, place: Route) -> ChangeVerdict:
        """Return what `difference` means at one of its places."""
        of_input, of_output = RULES[difference.kind]
        sent = difference.direction is Direction.OUTPUT
        change_class, rule = of_output if sent else of_input
        if difference.kind is ChangeKind.FEATURE_REMOVED and difference.old in _MARKS:
            change_class = ChangeClass.COMPATIBLE
        left_out = self._left_out(difference, place)
        if left_out is not None:
            return ChangeVerdict(ChangeClass.CONFIGURATION, rule, left_out)
        if change_class is ChangeClass.COMPATIBLE:
            return ChangeVerdict(change_class, rule)
        reasons = []
        for excuse in (self._by_document, self._by_notice, self._by_mark, self._by_doubt):
            found, reason = excuse(difference, place)
            if found is not ChangeClass.INCOMPATIBLE:
                return ChangeVerdict(found, rule, reason)
            reasons += [reason] if reason else []
        return ChangeVerdict(ChangeClass.INCOMPATIBLE, rule, "; ".join(reasons))

    def _left_out(self, difference: Difference, place: Route) -> str | None:
        """Return why a side lacks what its release has, in words, None if it does not."""
        for kinds, which, side, release in (
            (_GONE, "new", self._new, self._new_release),
            (_COME, "old", self._old, self._old_release),
        ):
            if difference.kind in kinds and release is not None:
                condition = _condition(release, difference, place)
                name = release_name(side.facts.version)
                if condition is None:
                    return None
                return f"left out of the {which} side: {name} has it if {condition}"
        return None

    def _by_document(self, difference: Difference, place: Route) -> _Found:
        for each in self._documented:
            if self._speaks_of(each, difference, place):
                where = f"{each.reason} ({each.where})"
                if each.deprecated_in is None:
                    return each.change_class, where
                return _documented_notice(each.deprecated_in, each.gone_in, where)
        return ChangeClass.INCOMPATIBLE, ""

    def _speaks_of(self, each: Documented, difference: Difference, place: Route) -> bool:
        if each.kinds and difference.kind not in each.kinds:
            return False
        after = is_before(self._old.facts.version, each.gone_in) is not False
        until = is_before(self._new.facts.version, each.gone_in) is not True
        return after and until and _fits(str(place), each.place)

    def _by_notice(self, difference: Difference, place: Route) -> _Found:
        """Excuse what was deprecated for long enough, on the old side or since."""
        place = _standing(difference, place)
        seen = [(self._old.facts.version, follow(self._old.schema, place))]
        seen += [(each.version, each.find(place)) for each in self._history]
        sightings = [
            Sighting(version=version, deprecated=found.deprecated)
            for version, found in seen
            if found is not None
        ]
        told = notice(tuple(sightings), self._new.facts.version)
        if told is None:
            return ChangeClass.INCOMPATIBLE, ""
        enough = ChangeClass.DEPRECATED_FIRST if told.enough else ChangeClass.INCOMPATIBLE
        return enough, told.words

    def _by_mark(self, difference: Difference, place: Route) -> _Found:
        """Excuse what was marked unstable, by its feature or by its name."""
        found = follow(self._old.schema, _standing(difference, place))
        if found is not None and found.unstable:
            return ChangeClass.UNSTABLE, "marked unstable"
        names = (place.name, *(name for step in place.steps for name in (step.name, step.value)))
        if any(guard_of(name, ()) is Guard.UNSTABLE for name in names):
            return ChangeClass.UNSTABLE, "named as experimental"
        return ChangeClass.INCOMPATIBLE, ""

    def _by_doubt(self, difference: Difference, place: Route) -> _Found:
        """Excuse what a build may have been compiled without, where no digest tells."""
        if difference.kind not in _GONE:
            return ChangeClass.INCOMPATIBLE, ""
        name = release_name(self._new.facts.version)
        if self._new_release is not None:
            there = self._new_release.find(place, _feature(difference)) is not None
            return ChangeClass.INCOMPATIBLE, f"{name} has it, this side does not" * there
        known = [self._old_release, *reversed(self._history)]
        for release in known:
            condition = _condition(release, difference, place) if release else None
            if release and condition is not None:
                return ChangeClass.CONFIGURATION, (
                    f"perhaps left out of the new side: {release_name(release.version)} has it if "
                    f"{condition}, and there is no digest of {name or 'its release'}"
                )
        return ChangeClass.INCOMPATIBLE, ""


_Found: TypeAlias = tuple[ChangeClass, str]


def is_before(version: str, other: str) -> bool | None:
    """Return whether a release came before another; None if one of them is not known."""
    left, right = release_number(version), release_number(other)
    return None if left is None or right is None else left < right


def _is_past(version: str, old: str, new: str) -> bool:
    """Return whether a release came before the new side, as far as is known."""
    before = is_before(version, new)
    return is_before(old, version) is False if before is None else before


def _release(side: ComparedSide) -> DeclaredRelease | None:
    return None if side.release is None else DeclaredRelease(side.facts.version, side.release)


def _feature(difference: Difference) -> str | None:
    """Return the feature that a difference is about, None if it is about none."""
    of_feature = difference.kind in (ChangeKind.FEATURE_ADDED, ChangeKind.FEATURE_REMOVED)
    return (difference.old or difference.new) if of_feature else None


def _condition(release: DeclaredRelease, difference: Difference, place: Route) -> str | None:
    """Return the condition on which a release has the subject of a difference, None if it has
    none."""
    feature = _feature(difference)
    there = release.find(place, feature) is not None
    return release.condition(place, feature) if there else None


def _standing(difference: Difference, place: Route) -> Route:
    """Return the innermost place that the old side has, too."""
    new = difference.kind in _COME and difference.kind is not ChangeKind.FEATURE_ADDED
    return replace(place, steps=place.steps[:-1]) if new else place


def _documented_notice(deprecated_in: str, gone_in: str, where: str) -> _Found:
    start, end = release_number(deprecated_in), release_number(gone_in)
    words = f"deprecated in {deprecated_in}, gone in {gone_in}: {where}"
    if start is None or end is None or end - start >= RELEASES:
        return ChangeClass.DEPRECATED_FIRST, words
    return ChangeClass.INCOMPATIBLE, f"{words}; the policy asks for {RELEASES} releases"


def _fits(text: str, pattern: str) -> bool:
    """Return whether `text` matches `pattern`, where only "*" is special."""
    # Not fnmatch: places are full of brackets.
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None
