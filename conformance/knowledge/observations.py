"""Where the effect of a command shows: a query, and what it must show.

docs/recipes.md describes the keys. Knows neither a schema nor a machine.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final

from conformance.knowledge.common import VERSIONS
from conformance.knowledge.decoder import FileFault
from conformance.knowledge.keys import DOTTED, TRUE, TURN, Key
from conformance.knowledge.versions import Version, VersionRange
from conformance.model.stage import Request
from conformance.model.terms import ABSENT, Absent, ErrorClass, JsonValue, PathPart


class Wanted(enum.StrEnum):
    """What a query must show, by the key of the recipe."""

    # Exactly this value is at the path.
    VALUE = "value"
    # Something is there.
    THERE = "there"
    # Nothing is there.
    ABSENT = "absent"
    # The value differs from the one before the request.
    DIFFERS = "differs"
    # QEMU refuses the request with that class, because it succeeds only once.
    REFUSED = "refused"
    # An event follows the request, which is sent only once.
    TELLS = "tells"


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitted:
    """An event of the request to verify, whose data includes all of `data`."""

    event: Annotated[str, Key("the event")]
    data: Annotated[Mapping[str, JsonValue], Key("members that its data must have")] = field(
        default_factory=dict
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A query that shows an effect: its result at `path` must be as `wanted` says.

    `value` is for Wanted.VALUE, or the error class for Wanted.REFUSED, `told` for Wanted.TELLS.
    The values at the paths
    `ignore` always differ, so comparisons skip them. `after` are events that must arrive first.
    Without `asked_after_cleanup`, the query fails without the set-up, so that it cannot show that
    everything was restored.
    """

    request: Request
    path: tuple[PathPart, ...] = ()
    wanted: Wanted
    value: JsonValue = None
    told: Emitted | None = None
    ignore: tuple[tuple[str, ...], ...] = ()
    after: tuple[Emitted, ...] = ()
    asked_after_cleanup: bool = True
    versions: VersionRange = VersionRange()


@dataclass(frozen=True, slots=True, kw_only=True)
class LookEntry:
    """A Look as a file has it: the key given says what is wanted."""

    request: Annotated[Request, Key(flat=True, only=("execute", "arguments"))]
    at: Annotated[
        tuple[PathPart, ...],
        Key(
            "where in the reply: member names, element numbers, and tables, each of which "
            "selects the array element that has these members",
            default="the whole reply",
            items=TURN,
        ),
    ] = ()
    value: Annotated[JsonValue | Absent, Key("exactly this value is there", one_of="wanted")] = (
        ABSENT
    )
    there: Annotated[bool, Key("something is there", one_of="wanted", form=TRUE)] = False
    absent: Annotated[bool, Key("nothing is there", one_of="wanted", form=TRUE)] = False
    differs: Annotated[
        bool, Key("the value differs from the one before", one_of="wanted", form=TRUE)
    ] = False
    refused: Annotated[
        ErrorClass | None,
        Key(
            "QEMU refuses the request with that class: it succeeds only once, so the suite "
            "does not send it before the command",
            one_of="wanted",
        ),
    ] = None
    tells: Annotated[
        Emitted | None,
        Key(
            "this event follows the request, which must succeed, and which the suite does not "
            "send before the command",
            one_of="wanted",
        ),
    ] = None
    ignore: Annotated[
        tuple[tuple[str, ...], ...],
        Key(
            "paths, with `*` for any name, whose values always differ: comparisons of two "
            "replies skip them",
            items=DOTTED,
        ),
    ] = ()
    after: Annotated[
        tuple[Emitted, ...], Key("events that must arrive before the query is sent")
    ] = ()
    asked_after_cleanup: Annotated[
        bool,
        Key(
            "whether to send the query again after the clean-up; `false` if it fails without "
            "the set-up",
        ),
    ] = True
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()

    def faults(self) -> Iterator[FileFault]:
        """Yield contradictions between the keys."""
        if (self.there or self.absent) and not self.at:
            yield FileFault("at", "'at' is missing", "Name the path in the reply.")

    def made(self) -> Look:
        """Return the value of the entry."""
        wanted, value = self._wanted()
        return Look(
            request=self.request,
            path=self.at,
            wanted=wanted,
            value=value,
            told=self.tells,
            ignore=self.ignore,
            after=self.after,
            asked_after_cleanup=self.asked_after_cleanup,
            versions=self.versions,
        )

    def _wanted(self) -> tuple[Wanted, JsonValue]:
        if not isinstance(self.value, Absent):
            return Wanted.VALUE, self.value
        if self.refused is not None:
            return Wanted.REFUSED, self.refused.value
        if self.tells is not None:
            return Wanted.TELLS, None
        flags = {Wanted.THERE: self.there, Wanted.ABSENT: self.absent, Wanted.DIFFERS: self.differs}
        return next(wanted for wanted, given in flags.items() if given), True


VERIFY: Final = Key(
    "queries, and what each must show after the command",
    entry=LookEntry,
)


def looks_for(looks: tuple[Look, ...], version: Version) -> tuple[Look, ...]:
    """Return the `looks` for `version`."""
    return tuple(look for look in looks if version in look.versions)
