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
    """What is to be seen, by the key of the recipe that says so."""

    # Just that value stands at the path.
    VALUE = "value"
    # Something stands there.
    THERE = "there"
    # Nothing stands there.
    ABSENT = "absent"
    # Something else stands there than before the request.
    DIFFERS = "differs"
    # The request is refused with that class, for it can be made once only.
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitted:
    """An event that comes of the request whose effect is seen; its data hold all of `data`."""

    event: Annotated[str, Key("the event")]
    data: Annotated[Mapping[str, JsonValue], Key("members that its data must have")] = field(
        default_factory=dict
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A request that shows an effect: at `path` of what it returns stands what `wanted` says.

    `value` is that of Wanted.VALUE, or the error class of Wanted.REFUSED.  What stands at the paths
    `ignore` is another each time: it is left out where the reply is compared with an earlier one.
    `after` are events that come before there is anything to be seen.  Not `asked_after_cleanup`: it
    cannot be made where the set-up does not stand, so that nothing tells what was put back.
    """

    request: Request
    path: tuple[PathPart, ...] = ()
    wanted: Wanted
    value: JsonValue = None
    ignore: tuple[tuple[str, ...], ...] = ()
    after: tuple[Emitted, ...] = ()
    asked_after_cleanup: bool = True
    versions: VersionRange = VersionRange()


@dataclass(frozen=True, slots=True, kw_only=True)
class LookEntry:
    """A Look as a file has it: what is wanted is the key that is given."""

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
        """Yield what is wrong with the keys beside each other."""
        if (self.there or self.absent) and not self.at:
            yield FileFault("at", "'at' is missing", "Say where it is to be seen.")

    def made(self) -> Look:
        """Return what the entry stands for."""
        wanted, value = self._wanted()
        return Look(
            request=self.request,
            path=self.at,
            wanted=wanted,
            value=value,
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
        flags = {Wanted.THERE: self.there, Wanted.ABSENT: self.absent, Wanted.DIFFERS: self.differs}
        return next(wanted for wanted, given in flags.items() if given), True


VERIFY: Final = Key(
    "queries, and what each must show after the command",
    entry=LookEntry,
)


def looks_for(looks: tuple[Look, ...], version: Version) -> tuple[Look, ...]:
    """Return those of `looks` that hold for `version`."""
    return tuple(look for look in looks if version in look.versions)
