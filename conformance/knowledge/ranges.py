"""The requests in which a command's arguments are tried, and which values they take.

docs/recipes.md describes the files. Knows neither a schema nor a machine.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
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
from conformance.knowledge.keys import Key
from conformance.knowledge.valid_request import Effect, Status, ValidRequest
from conformance.knowledge.versions import VersionRange, of_arch
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import JsonValue

VALUE: Final = "{value}"
UNIQUE: Final = "{unique}"
"""The placeholder for a word that no other case has: its owner may outlive the case."""
ANY_PATH: Final = ("*",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The values that a command accepts for one integer within its width, inclusive.

    It accepts values between `least` and `greatest`. It refuses values beyond if the limits are
    `documented`; else nothing is known of them. `open` says why the limits are unknown, `omit` why
    they are not even tried. `also_try` are more values, which a build must only answer.
    """

    least: Annotated[
        int | None,
        Key("the least value, which QEMU accepts", name="min", default="as its type"),
    ] = None
    greatest: Annotated[
        int | None,
        Key("the greatest value, which QEMU accepts", name="max", default="as its type"),
    ] = None
    documented: Annotated[
        bool,
        Key("whether QEMU must refuse values beyond them (rule X27); else nothing is claimed"),
    ] = False
    open: Annotated[str, Key("why the limits are unknown: a refusal there proves nothing")] = ""
    omit: Annotated[
        str, Key("why the limits are not even sent: they would fill the disk, wait forever, ...")
    ] = ""
    also_try: Annotated[
        tuple[int, ...],
        Key("more values to send; QEMU must answer, in any way"),
    ] = ()
    reason: Annotated[str, Key("how this is known")] = ""

    def faults(self) -> Iterator[FileFault]:
        """Yield contradictions between the keys."""
        if not (self.reason or self.open or self.omit):
            yield FileFault("min", "'reason' is missing", "Say how the limit is known.")


def with_value(whole: Any, value: JsonValue) -> Any:
    """Return `whole` with each string VALUE replaced by `value`, or itself without one."""
    match whole:
        case str():
            return value if whole == VALUE else whole
        case dict():
            inner = {key: with_value(item, value) for key, item in whole.items()}
            return inner if any(inner[key] is not whole[key] for key in whole) else whole
        case list():
            items = [with_value(item, value) for item in whole]
            return items if any(a is not b for a, b in zip(items, whole, strict=True)) else whole
        case _:
            return whole


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeRecipe:
    """A request of a command that succeeds, in which the arguments at `paths` (globs) are tried.

    `omit` says why they are never tried, `behind_finding` which finding prevents it; then nothing
    else counts. `refused` says why the request fails with an error class that no argument check
    gives. `accepted` are globs of the variations with which it succeeds; `values` maps globs of
    arguments to values with which it does; nothing is known of others. A request `apart` is for
    these alone.
    """

    command: Annotated[str, Key("the command", identity=True)]
    paths: Annotated[
        tuple[str, ...],
        Key(
            "globs of the arguments to try in this request",
            default="all",
            some=True,
            identity=True,
        ),
    ] = ANY_PATH
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    arches: Annotated[tuple[str, ...], ARCH] = ()
    replaces: Annotated[bool, REPLACES] = False
    reason: Annotated[str, Key("why it needs this machine, or this request")] = ""
    omit: Annotated[str, Key("why these arguments, and invalid ones there, are never tried")] = ""
    behind_finding: Annotated[str, Key("the same, if a finding of the build prevents it")] = ""
    refused: Annotated[
        str,
        Key(
            "why the request fails, but with an error class that no argument check gives "
            "(DeviceNotFound, ...), so that QEMU has understood it"
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
    apart: Annotated[
        bool,
        Key("whether only what is known to succeed is tried in it, and nothing else about `paths`"),
    ] = False
    limits: Annotated[
        Mapping[str, Limits],
        Key("what the command accepts, by glob of the integer; the first match counts"),
    ] = field(default_factory=dict)
    accepted: Annotated[
        tuple[str, ...],
        Key("globs of the variations with which this request is known to succeed", identity=True),
    ] = ()
    values: Annotated[
        Mapping[str, tuple[JsonValue, ...]],
        Key(
            "by glob of the argument, values with which it is known to succeed, if the "
            "schema only knows a meaningless one",
            some=True,
        ),
    ] = field(default_factory=dict)

    def valid_request(self) -> ValidRequest:
        """Return the request, which succeeds with one of the arguments added."""
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
        """Whether its requests need a value for VALUE."""
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
        """Return the values known to be accepted for the argument at `path`."""
        fitting = (some for glob, some in self.values.items() if fnmatch.fnmatchcase(path, glob))
        return next(fitting, ())

    def limit(self, path: str) -> Limits:
        """Return the limits of the integer at `path`; empty ones if there is no entry."""
        for glob, limits in self.limits.items():
            if fnmatch.fnmatchcase(path, glob):
                return limits
        return Limits()


def ranges_of_arch(
    recipes: Mapping[str, tuple[RangeRecipe, ...]], arch: str | None
) -> Mapping[str, tuple[RangeRecipe, ...]]:
    """Return the `recipes` for builds whose guests are of `arch`."""
    return {
        command: tuple(recipe for recipe in some if of_arch(recipe.arches, arch))
        for command, some in recipes.items()
    }


def needs_of(recipes: Mapping[str, tuple[RangeRecipe, ...]]) -> frozenset[str]:
    """Return all needs of `recipes`, of host and build."""
    return frozenset(need for some in recipes.values() for recipe in some for need in recipe.needs)
