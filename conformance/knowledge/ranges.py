"""What is known of a command's arguments: requests in which they can be tried, and what they take.

docs/recipes.md describes the files.  Knows neither a schema nor a machine.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from conformance.knowledge.recipes import filled, requests_of, spec_of
from conformance.knowledge.tables import Table, read_table
from conformance.knowledge.valid_request import Effect, Status, ValidRequest
from conformance.knowledge.versions import VersionRange, of_arch
from conformance.model.errors import KnowledgeError
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
    `omit` why they are not even tried.  `tries` are further values of which nothing is known but
    that a build must answer.
    """

    least: int | None = None
    greatest: int | None = None
    documented: bool = False
    open: str = ""
    omit: str = ""
    tries: tuple[int, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A request that shows what an argument is, and where in its answer: names, indices, elements.

    A name that is MEMBER stands for the argument's own, VALUE for the value that it was given.
    What it `reads` there is that value, where nothing else is said.
    """

    request: Request
    at: tuple[PathPart | int, ...]
    reads: JsonValue | Absent = ABSENT

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

    command: str
    paths: tuple[str, ...] = ANY_PATH
    versions: VersionRange = VersionRange()
    arches: tuple[str, ...] = ()
    reason: str = ""
    omit: str = ""
    behind_finding: str = ""
    refused: str = ""
    spec: MachineSpec = MachineSpec()
    needs: tuple[str, ...] = ()
    setup: tuple[Request, ...] = ()
    arguments: Mapping[str, JsonValue] = field(default_factory=dict)
    cleanup: tuple[Request, ...] = ()
    alone: bool = False
    shown: Shown | None = None
    limits: Mapping[str, Limits] = field(default_factory=dict)
    accepted: tuple[str, ...] = ()
    values: Mapping[str, tuple[JsonValue, ...]] = field(default_factory=dict)

    def valid_request(self) -> ValidRequest:
        """Return the request, which succeeds once one of the arguments is in it."""
        return ValidRequest(
            request=Request(self.command, self.arguments),
            spec=self.spec,
            setup=self.setup,
            cleanup=self.cleanup,
            effect=Effect.LASTING if self.alone else Effect.NONE,
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


def load_ranges(folder: Path) -> Mapping[str, tuple[RangeRecipe, ...]]:
    """Return the entries `[[range]]` of all files `*.toml` in `folder`, by command.

    Those of one command stand in the order in which they are tried.  Raises KnowledgeError.
    """
    found: dict[str, tuple[RangeRecipe, ...]] = {}
    for path in sorted(folder.glob("*.toml")):
        for table in read_table(path).tables("range"):
            recipe = _recipe(table)
            found[recipe.command] = (*found.get(recipe.command, ()), recipe)
    return found


def ranges_of_arch(
    recipes: Mapping[str, tuple[RangeRecipe, ...]], arch: str
) -> Mapping[str, tuple[RangeRecipe, ...]]:
    """Return those of `recipes` that are for builds whose guests are of `arch`."""
    return {
        command: tuple(recipe for recipe in some if of_arch(recipe.arches, arch))
        for command, some in recipes.items()
    }


def needs_of(recipes: Mapping[str, tuple[RangeRecipe, ...]]) -> frozenset[str]:
    """Return all needs of `recipes` that a host or a build is asked for."""
    return frozenset(need for some in recipes.values() for recipe in some for need in recipe.needs)


def _recipe(table: Table) -> RangeRecipe:
    command = table.take("command", str)
    table.place = f"{table.place} ({command})"
    isolation = table.take("isolation", str, "shared")
    if isolation not in ("shared", "alone"):
        raise KnowledgeError(f"{table.place}: isolation is {isolation!r}", "Known: shared, alone.")
    versions = table.versions()
    recipe = RangeRecipe(
        command=command,
        paths=table.texts("paths") or ANY_PATH,
        versions=versions,
        arches=table.texts("arch"),
        reason=table.take("reason", str, ""),
        omit=table.take("omit", str, ""),
        behind_finding=table.take("behind-finding", str, ""),
        refused=table.take("refused", str, ""),
        spec=spec_of(table, MachineSpec()),
        needs=table.texts("needs"),
        setup=requests_of(table, "setup"),
        arguments=filled(table.take("arguments", dict, {})),
        cleanup=requests_of(table, "cleanup"),
        alone=isolation == "alone",
        shown=_shown(table),
        limits={path: _limits(item) for path, item in table.table("limits").named_tables()},
        accepted=table.texts("accepted"),
        values=_values(table),
    )
    table.done()
    return recipe


def _shown(table: Table) -> Shown | None:
    values = table.take("shown", dict, {})
    if not values:
        return None
    entry = Table(f"{table.place}.shown", values)
    at = tuple(_element(entry, turn) for turn in entry.take("at", list, []))
    request = Request(entry.take("execute", str), filled(entry.take("arguments", dict, {})))
    reads = entry.take_any("reads", ABSENT)
    entry.done()
    return Shown(request=request, at=at, reads=reads)


def _element(entry: Table, turn: Any) -> PathPart | int:
    match turn:
        case str() | int() | dict():
            return turn
    text = "at holds other things than names, numbers and tables of members"
    raise KnowledgeError(f"{entry.place}: {text}", "docs/recipes.md describes it.")


def _values(table: Table) -> dict[str, tuple[JsonValue, ...]]:
    found = table.take("values", dict, {})
    for path, some in found.items():
        if not isinstance(some, list) or not some:
            raise KnowledgeError(
                f"{table.place}.values: {path!r} is no array of values",
                "Give one, or leave it out.",
            )
    return {path: tuple(filled(some)) for path, some in found.items()}


def _limits(table: Table) -> Limits:
    least, greatest = table.take_any("min", None), table.take_any("max", None)
    if not all(bound is None or type(bound) is int for bound in (least, greatest)):
        raise KnowledgeError(f"{table.place}: min and max are integers")
    tries = table.take("tries", list, [])
    if not all(type(value) is int for value in tries):
        raise KnowledgeError(f"{table.place}: tries holds other things than integers")
    limits = Limits(
        least=least,
        greatest=greatest,
        documented=table.take("documented", bool, False),
        open=table.take("open", str, ""),
        omit=table.take("omit", str, ""),
        tries=tuple(tries),
        reason=table.take("reason", str, ""),
    )
    table.done()
    if not (limits.reason or limits.open or limits.omit):
        raise KnowledgeError(f"{table.place}: a limit has no reason", "Say how it is known.")
    return limits
