"""Recipes of the documentation's examples: what must stand before one can be run.

docs/recipes.md describes the file.  Knows neither the examples nor a schema or machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.knowledge.recipes import filled, requests_of, spec_of
from conformance.knowledge.tables import Table, read_table
from conformance.knowledge.versions import Version, VersionRange
from conformance.model.canonical import same
from conformance.model.errors import KnowledgeError
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import JsonValue

FILE = "examples.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitute:
    """What stands in an example's request for a value of the example: `value` at `path`.

    The path leads through the arguments, members parted by dots.
    """

    path: tuple[str, ...]
    value: JsonValue
    reason: str

    def put(self, arguments: object) -> Any:
        """Return `arguments` with the value in its place, if they have that place."""
        return _put(arguments, self.path, self.value)


def _put(value: object, path: tuple[str, ...], new: JsonValue) -> object:
    if not path:
        return new
    if not isinstance(value, Mapping) or path[0] not in value:
        return value
    return {**value, path[0]: _put(value[path[0]], path[1:], new)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleRecipe:
    """What examples of `commands` need, where the arguments of a request hold all of `given`.

    `stage` names the machine where `spec` says more of it than which machine it is, else it is "".
    """

    commands: tuple[str, ...]
    reason: str
    given: Mapping[str, JsonValue]
    versions: VersionRange
    stage: str
    spec: MachineSpec
    setup: tuple[Request, ...]
    cleanup: tuple[Request, ...]
    needs: tuple[str, ...]
    substitutes: tuple[Substitute, ...]
    alone: bool

    def fits(self, requests: Iterable[Request]) -> bool:
        """Return whether it is meant for an example with these requests."""
        return any(
            request.execute in self.commands and _holds(request.arguments, self.given)
            for request in requests
        )


def _holds(arguments: object, given: Mapping[str, JsonValue]) -> bool:
    own = arguments if isinstance(arguments, Mapping) else {}
    return all(key in own and same(own[key], value) for key, value in given.items())


class ExampleRecipes:
    """The recipes of all examples; the first that fits counts."""

    def __init__(self, recipes: Iterable[ExampleRecipe] = ()) -> None:
        self._recipes = tuple(recipes)

    def find(
        self, command: str, requests: Iterable[Request], version: Version
    ) -> ExampleRecipe | None:
        """Return the recipe for an example of `command` with these requests, None without one."""
        own = tuple(request for request in requests if request.execute == command)
        for recipe in self._recipes:
            if version in recipe.versions and recipe.fits(own):
                return recipe
        return None

    def needs(self) -> frozenset[str]:
        """Return all needs that a host is probed for."""
        return frozenset(need for recipe in self._recipes for need in recipe.needs)


def load_examples(path: Path) -> ExampleRecipes:
    """Return the recipes of the file `path`; raises KnowledgeError."""
    top = read_table(path)
    recipes = tuple(_recipe(table) for table in top.tables("example"))
    top.done()
    specs: dict[str, MachineSpec] = {}
    for recipe in recipes:
        if recipe.stage and specs.setdefault(recipe.stage, recipe.spec) != recipe.spec:
            raise KnowledgeError(f"{path.name}: the stage {recipe.stage!r} is of two machines")
    return ExampleRecipes(recipes)


def _recipe(table: Table) -> ExampleRecipe:
    versions = table.versions()
    isolation = table.take("isolation", str, "shared")
    if isolation not in ("shared", "alone"):
        raise KnowledgeError(f"{table.place}: isolation is {isolation!r}", "Known: shared, alone.")
    recipe = ExampleRecipe(
        commands=table.texts("commands"),
        reason=table.take("reason", str),
        given=filled(table.take("given", dict, {})),
        versions=versions,
        stage=table.take("stage", str, ""),
        spec=spec_of(table, MachineSpec()),
        setup=requests_of(table, "setup"),
        cleanup=requests_of(table, "cleanup"),
        needs=table.texts("needs"),
        substitutes=tuple(_substitutes(table)),
        alone=isolation == "alone",
    )
    if not recipe.commands:
        raise KnowledgeError(f"{table.place}: no commands", "Name those whose examples it is for.")
    if recipe.spec != MachineSpec(machine=recipe.spec.machine) and not recipe.stage:
        raise KnowledgeError(f"{table.place}: no stage", "Name the machine that it describes.")
    table.done()
    return recipe


def _substitutes(table: Table) -> Iterator[Substitute]:
    for entry in table.tables("substitute"):
        yield Substitute(
            path=tuple(entry.take("path", str).split(".")),
            value=filled(entry.take_any("value", None)),
            reason=entry.take("reason", str),
        )
        entry.done()
