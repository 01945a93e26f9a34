"""What is known of the integers among a command's arguments: requests in which they can be tried.

docs/recipes.md describes the files.  Knows neither a schema nor a machine.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from conformance.errors import KnowledgeError
from conformance.knowledge.recipes import filled, requests_of, spec_of
from conformance.knowledge.tables import Table, read_table
from conformance.knowledge.versions import VersionRange, of_arch
from conformance.stage import MachineSpec, Request
from conformance.terms import JsonValue

MEMBER: Final = "{member}"


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
    """A request that shows what an integer is, and where in its answer: names and indices.

    A name that is MEMBER stands for the integer's own.
    """

    request: Request
    at: tuple[str | int, ...]

    def place(self, member: str) -> tuple[str | int, ...]:
        """Return where in the answer the integer of that name stands."""
        return tuple(member if turn == MEMBER else turn for turn in self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeRecipe:
    """A request of a command that succeeds, in which the integers at `paths` (globs) are tried.

    `omit` is why they are never tried, then nothing else counts.  `refused` is why it does not
    succeed, but is refused with a class that no check of arguments gives.
    """

    command: str
    paths: tuple[str, ...] = ("*",)
    versions: VersionRange = VersionRange()
    arches: tuple[str, ...] = ()
    reason: str = ""
    omit: str = ""
    refused: str = ""
    spec: MachineSpec = MachineSpec()
    needs: tuple[str, ...] = ()
    setup: tuple[Request, ...] = ()
    arguments: Mapping[str, JsonValue] = field(default_factory=dict)
    cleanup: tuple[Request, ...] = ()
    alone: bool = False
    shown: Shown | None = None
    limits: Mapping[str, Limits] = field(default_factory=dict)

    def fits(self, path: str) -> bool:
        """Return whether the integer at `path` is tried in this request."""
        return any(fnmatch.fnmatchcase(path, glob) for glob in self.paths)

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
    try:
        versions = VersionRange(table.take("versions", str, ""))
    except ValueError as error:
        raise KnowledgeError(f"{table.place}: versions: {error}") from error
    recipe = RangeRecipe(
        command=command,
        paths=table.texts("paths") or ("*",),
        versions=versions,
        arches=table.texts("arch"),
        reason=table.take("reason", str, ""),
        omit=table.take("omit", str, ""),
        refused=table.take("refused", str, ""),
        spec=spec_of(table, MachineSpec()),
        needs=table.texts("needs"),
        setup=requests_of(table, "setup"),
        arguments=filled(table.take("arguments", dict, {})),
        cleanup=requests_of(table, "cleanup"),
        alone=isolation == "alone",
        shown=_shown(table),
        limits={path: _limits(item) for path, item in table.table("limits").named_tables()},
    )
    table.done()
    return recipe


def _shown(table: Table) -> Shown | None:
    values = table.take("shown", dict, {})
    if not values:
        return None
    entry = Table(f"{table.place}.shown", values)
    at = entry.take("at", list, [])
    if not all(isinstance(turn, str | int) for turn in at):
        raise KnowledgeError(f"{entry.place}: at holds other things than names and indices")
    request = Request(entry.take("execute", str), filled(entry.take("arguments", dict, {})))
    entry.done()
    return Shown(request=request, at=tuple(at))


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
