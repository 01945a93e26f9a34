"""What is known of a command's arguments: requests in which they can be tried, and what they take.

docs/recipes.md describes the files.  Knows neither a schema nor a machine.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Final

from conformance.knowledge.common import (
    ARCH,
    CLEANUP,
    ISOLATION,
    MACHINE,
    NEEDS,
    REPLACES,
    SETUP,
    VERSIONS,
)
from conformance.knowledge.decoder import FileFault
from conformance.knowledge.keys import TURN, Key
from conformance.knowledge.valid_request import Effect, Status, ValidRequest
from conformance.knowledge.versions import VersionRange, of_arch
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import ABSENT, Absent, JsonValue, PathPart

MEMBER: Final = "{member}"
VALUE: Final = "{value}"
UNIQUE: Final = "{unique}"
"""Stands for a word that no other case has: what it names may stay when the case is over."""
ANY_PATH: Final = ("*",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a command makes of one integer, beyond its width; both ends are included.

    Between `least` and `greatest` it is accepted.  Beyond, it is refused where the limits are
    `documented`, and else nothing is known.  `open` is why nothing is known of the ends at all,
    `omit` why they are not even tried.  `also_try` are further values of which nothing is known but
    that a build must answer.
    """

    least: Annotated[
        int | None,
        Key("the least value, which is accepted", name="min", default="what its type takes"),
    ] = None
    greatest: Annotated[
        int | None,
        Key("the greatest value, which is accepted", name="max", default="what its type takes"),
    ] = None
    documented: Annotated[
        bool,
        Key("whether it must be refused beyond them (rule X27); else nothing is known of that"),
    ] = False
    open: Annotated[
        str, Key("why nothing is known of the ends: what is refused there shows nothing")
    ] = ""
    omit: Annotated[
        str, Key("why the ends are not even sent: they would fill the disk, wait for ever, ...")
    ] = ""
    also_try: Annotated[
        tuple[int, ...],
        Key("further values that must be answered, either way"),
    ] = ()
    reason: Annotated[str, Key("how it is known")] = ""

    def faults(self) -> Iterator[FileFault]:
        """Yield what is wrong with the keys beside each other."""
        if not (self.reason or self.open or self.omit):
            yield FileFault("min", "'reason' is missing", "Say how the limit is known.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownValue:
    """A request that shows what an argument is, and where in its answer: names, indices, elements.

    A name that is MEMBER stands for the argument's own, VALUE for the value that it was given.
    What it `reads` there is that value, where nothing else is said.
    """

    request: Annotated[Request, Key(flat=True, only=("execute", "arguments"))]
    at: Annotated[
        tuple[PathPart | int, ...],
        Key(
            "where in the reply, as in `verify`; `{member}` is the argument's own name, `{value}` "
            "the value that it was given",
            items=TURN,
        ),
    ] = ()
    reads: Annotated[
        JsonValue | Absent,
        Key("the value that stands there", default="the one that was given"),
    ] = ABSENT

    def made(self) -> ShownValue:
        """Return it with arguments, of which there may be none."""
        if self.request.arguments is not ABSENT:
            return self
        return replace(self, request=replace(self.request, arguments={}))

    def place(self, member: str, value: JsonValue = None) -> tuple[PathPart, ...]:
        """Return where in the answer the argument of that name stands, given that value."""
        return tuple(_turn(turn, member, value) for turn in self.at)


def _turn(turn: PathPart | int, member: str, value: JsonValue) -> PathPart:
    if isinstance(turn, Mapping):
        return {key: with_value(item, value) for key, item in turn.items()}
    return member if turn == MEMBER else str(turn)


def with_value(whole: Any, value: JsonValue) -> Any:
    """Return `whole` with `value` in the place of every string VALUE."""
    match whole:
        case str():
            return value if whole == VALUE else whole
        case dict():
            return {key: with_value(item, value) for key, item in whole.items()}
        case list():
            return [with_value(item, value) for item in whole]
        case _:
            return whole


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeRecipe:
    """A request of a command that succeeds, in which the arguments at `paths` (globs) are tried.

    `omit` is why they are never tried, `behind_finding` which finding of the build keeps them from
    it; then nothing else counts.  `refused` is why it does not
    succeed, but is refused with a class that no check of arguments gives.  `accepted` are globs of
    the variations of which it succeeds, and `values` maps globs of arguments to the values with
    which it does; of any other nobody knows.
    """

    command: Annotated[str, Key("the command", identity=True)]
    paths: Annotated[
        tuple[str, ...],
        Key(
            "globs of the arguments that are tried in this request",
            default="all",
            some=True,
            identity=True,
        ),
    ] = ANY_PATH
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    arches: Annotated[tuple[str, ...], ARCH] = ()
    replaces: Annotated[bool, REPLACES] = False
    reason: Annotated[str, Key("why the machine is what it is, or the request")] = ""
    omit: Annotated[str, Key("why these arguments, and wrong ones there, are never tried")] = ""
    behind_finding: Annotated[
        str, Key("likewise, where it is a finding of the build that keeps them from being tried")
    ] = ""
    refused: Annotated[
        str,
        Key(
            "why the request does not succeed, but is refused with a class that no check of "
            "arguments gives (DeviceNotFound, ...): so it was understood"
        ),
    ] = ""
    spec: Annotated[MachineSpec, MACHINE] = MachineSpec()
    needs: Annotated[tuple[str, ...], NEEDS] = ()
    setup: Annotated[tuple[Request, ...], SETUP] = ()
    arguments: Annotated[
        Mapping[str, JsonValue],
        Key("arguments with which it succeeds; the tags and mandatory members of a path are added"),
    ] = field(default_factory=dict)
    cleanup: Annotated[tuple[Request, ...], CLEANUP] = ()
    alone: Annotated[bool, ISOLATION] = False
    shown: Annotated[
        ShownValue | None, Key("a query that shows a value which was accepted, and where")
    ] = None
    limits: Annotated[
        Mapping[str, Limits],
        Key("what the command takes, by glob of the integer; the first that fits counts"),
    ] = field(default_factory=dict)
    accepted: Annotated[
        tuple[str, ...],
        Key("globs of the variations that this request is known to succeed with", identity=True),
    ] = ()
    values: Annotated[
        Mapping[str, tuple[JsonValue, ...]],
        Key(
            "by glob of the argument, the values that it is known to succeed with, where the "
            "schema knows none but one that means nothing",
            some=True,
        ),
    ] = field(default_factory=dict)

    def valid_request(self) -> ValidRequest:
        """Return the request, which succeeds once one of the arguments is in it."""
        return ValidRequest(
            request=Request(self.command, self.arguments),
            spec=self.spec,
            setup=self.setup,
            cleanup=self.cleanup,
            effect=Effect.DESTRUCTIVE if self.alone else Effect.NONE,
            status=Status.INCOMPLETE,
            needs=self.needs,
            paths=() if self.paths == ANY_PATH else self.paths,
        )

    @property
    def omitted(self) -> bool:
        """Whether the arguments are never tried."""
        return bool(self.omit or self.behind_finding)

    @property
    def varies(self) -> bool:
        """Whether its requests are none before VALUE stands for something."""
        requests = (*self.setup, *self.cleanup)
        wholes: list[Any] = [self.arguments, *(request.arguments for request in requests)]
        return any(with_value(whole, None) != whole for whole in wholes)

    def fits(self, path: str) -> bool:
        """Return whether the argument at `path` is tried in this request."""
        return any(fnmatch.fnmatchcase(path, glob) for glob in self.paths)

    def accepts(self, variation: str) -> bool:
        """Return whether the request is known to succeed with a variation of that label."""
        return any(fnmatch.fnmatchcase(variation, glob) for glob in self.accepted)

    def values_at(self, path: str) -> tuple[JsonValue, ...]:
        """Return the values with which the argument at `path` is known to be accepted."""
        fitting = (some for glob, some in self.values.items() if fnmatch.fnmatchcase(path, glob))
        return next(fitting, ())

    def limit(self, path: str) -> Limits:
        """Return what is known of the integer at `path`: nothing, where no entry has it."""
        for glob, limits in self.limits.items():
            if fnmatch.fnmatchcase(path, glob):
                return limits
        return Limits()


def ranges_of_arch(
    recipes: Mapping[str, tuple[RangeRecipe, ...]], arch: str | None
) -> Mapping[str, tuple[RangeRecipe, ...]]:
    """Return those of `recipes` that are for builds whose guests are of `arch`."""
    return {
        command: tuple(recipe for recipe in some if of_arch(recipe.arches, arch))
        for command, some in recipes.items()
    }


def needs_of(recipes: Mapping[str, tuple[RangeRecipe, ...]]) -> frozenset[str]:
    """Return all needs of `recipes` that a host or a build is asked for."""
    return frozenset(need for some in recipes.values() for recipe in some for need in recipe.needs)
