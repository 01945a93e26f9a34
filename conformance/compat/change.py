"""Changes between two schemas, as values for every room that finds or shows them.

Knows neither how schemas are compared nor how changes are shown.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from conformance.model.terms import JsonValue

COMPARISON_VERSION: Final = 1
"""The version of the JSON form; it grows when members change their meaning or go away."""


class ChangeClass(enum.StrEnum):
    """What a change means to a client written for the old side, worst first."""

    # The client breaks, without any announcement.
    INCOMPATIBLE = "incompatible"
    # The client breaks, but what it uses was deprecated for as long as the policy asks.
    DEPRECATED_FIRST = "deprecated-first"
    # The client breaks, but what it uses was never promised to stay.
    UNSTABLE = "unstable"
    # One side was built without it; its release has it.
    CONFIGURATION = "configuration"
    # No client can reach it.
    UNREACHABLE = "unreachable"
    # The client continues to work.
    COMPATIBLE = "compatible"

    @property
    def rank(self) -> int:
        """Return 0 for the worst class, more for each better one."""
        return list(ChangeClass).index(self)


class Direction(enum.StrEnum):
    """Who sends the values that a change is about."""

    # The client: arguments of commands.
    INPUT = "input"
    # The server: results of commands and data of events.
    OUTPUT = "output"


class ChangeKind(enum.StrEnum):
    """What happened at a place in the schema."""

    # A command is new.
    COMMAND_ADDED = "command added"
    # A command is gone.
    COMMAND_REMOVED = "command removed"
    # An event is new.
    EVENT_ADDED = "event added"
    # An event is gone.
    EVENT_REMOVED = "event removed"
    # A type that nothing reaches is new.
    TYPE_ADDED = "type added"
    # A type that nothing reached is gone.
    TYPE_REMOVED = "type removed"
    # An object has a new member that may be left out.
    OPTIONAL_ADDED = "optional member added"
    # An object has a new member that is always there.
    MANDATORY_ADDED = "mandatory member added"
    # An object has lost a member.
    MEMBER_REMOVED = "member removed"
    # A member that could be left out no longer can.
    NOW_MANDATORY = "became mandatory"
    # A member that was always there may be left out.
    NOW_OPTIONAL = "became optional"
    # A value has a type that holds all values of the old one, and more.
    TYPE_WIDENED = "type widened"
    # A value has a type that holds only some values of the old one.
    TYPE_NARROWED = "type narrowed"
    # An integer may have a wider range; introspection does not tell.
    RANGE_WIDENED = "range widened"
    # An integer may have lost part of its range; introspection does not tell.
    RANGE_NARROWED = "range narrowed"
    # A value has a type that holds other values.
    TYPE_CHANGED = "type changed"
    # An enumeration has a new value.
    VALUE_ADDED = "value added"
    # An enumeration has lost a value.
    VALUE_REMOVED = "value removed"
    # A union has a new branch, for a new value of its tag.
    BRANCH_ADDED = "branch added"
    # A union has lost a branch with the value of its tag.
    BRANCH_REMOVED = "branch removed"
    # A union chooses its branch by another member.
    TAG_CHANGED = "tag changed"
    # An alternate has a new type.
    ALTERNATIVE_ADDED = "alternative added"
    # An alternate has lost a type.
    ALTERNATIVE_REMOVED = "alternative removed"
    # Something has a new feature.
    FEATURE_ADDED = "feature added"
    # Something has lost a feature.
    FEATURE_REMOVED = "feature removed"
    # A command may now run out of band.
    OOB_GAINED = "out-of-band execution gained"
    # A command may no longer run out of band.
    OOB_LOST = "out-of-band execution lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference of two schemas, and what it means.

    `subject` is the command, event or type in which it is reported, `place` where in it; `others`
    are the places in other commands and events that share it, one each. `old` and `new` describe
    both sides, where `kind` does not say it all. `rule` is the promise that decides; `reason` says
    why the class differs from what the rule alone gives.
    """

    kind: ChangeKind
    change_class: ChangeClass
    subject: str
    place: str
    rule: str
    direction: Direction | None = None
    old: str = ""
    new: str = ""
    reason: str = ""
    others: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The names of the commands, events and types that it is in, without their kinds."""
        places = (self.subject, *self.others)
        return frozenset(place.partition(":")[0].rpartition(" ")[2] for place in places)


@dataclass(frozen=True, slots=True, kw_only=True)
class Documented:
    """What QEMU's documents say about changes, beyond its schemas.

    Applies to changes of `kinds` (all, if empty) at the places that `place` matches ("*" stands for
    anything), from a version before `gone_in` to that or a later one: they get `change_class`.
    `deprecated_in` is None for what was never deprecated.
    """

    place: str
    change_class: ChangeClass
    gone_in: str
    where: str
    reason: str
    deprecated_in: str | None = None
    kinds: frozenset[ChangeKind] = frozenset()


class SideKind(enum.StrEnum):
    """Where the schema of a side comes from."""

    # The answer of a program.
    BUILD = "build"
    # A saved answer of a program.
    INTROSPECTION = "saved introspection"
    # The facts of a release.
    DIGEST = "digest"
    # The files that a release is made of.
    SOURCE = "source tree"


@dataclass(frozen=True, slots=True, kw_only=True)
class SideFacts:
    """One side of a comparison; `version` is "" where it is not known."""

    name: str
    kind: SideKind
    version: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedBehaviour:
    """What releases do differently though no schema shows it.

    `title` is what is asked for, as the subject of a sentence. `was` is what became of it up to the
    release `after`, `now` what does from the release `by` on: accepted, refused, or a value.
    """

    name: str
    command: str
    title: str
    was: JsonValue
    now: JsonValue
    after: str
    by: str
    where: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two sides and all their differences, the worst first.

    `behaviours` are changes that neither schema shows, between the releases of the sides. `notes`
    say what could not be judged, and which knowledge was used.
    """

    old: SideFacts
    new: SideFacts
    changes: tuple[Change, ...]
    behaviours: tuple[ChangedBehaviour, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> Mapping[ChangeClass, int]:
        """Return the number of changes of each class, worst class first."""
        found = Counter(change.change_class for change in self.changes)
        return {each: found[each] for each in ChangeClass}

    def at_least(self, worst: ChangeClass) -> tuple[Change, ...]:
        """Return the changes of the class `worst` or a worse one."""
        return tuple(c for c in self.changes if c.change_class.rank <= worst.rank)


def to_json(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as JSON; empty members of changes are left out."""
    return {
        "comparison": COMPARISON_VERSION,
        "old": _side(comparison.old),
        "new": _side(comparison.new),
        "notes": list(comparison.notes),
        "counts": {str(name): count for name, count in comparison.counts.items()},
        "changes": [_change(change) for change in comparison.changes],
        "behaviours": [asdict(behaviour) for behaviour in comparison.behaviours],
    }


def _side(facts: SideFacts) -> dict[str, str]:
    return {
        "name": facts.name,
        "kind": facts.kind,
        "version": facts.version,
        "detail": facts.detail,
    }


def _change(change: Change) -> dict[str, str | Sequence[str]]:
    members: dict[str, str | Sequence[str]] = {
        "class": change.change_class,
        "kind": change.kind,
        "subject": change.subject,
        "place": change.place,
        "rule": change.rule,
        "direction": change.direction or "",
        "old": change.old,
        "new": change.new,
        "reason": change.reason,
        "others": list(change.others),
    }
    return {name: value for name, value in members.items() if value}
