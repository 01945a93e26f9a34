"""Recipes of the documentation's examples: what must stand before one can be run.

docs/recipes.md describes the file.  Knows neither the examples nor a schema or machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from conformance.knowledge.common import (
    CLEANUP,
    ISOLATION,
    MACHINE,
    NEEDS,
    REASON,
    REPLACES,
    SETUP,
    VERSIONS,
    RequestsPart,
)
from conformance.knowledge.decoder import FileFault, FileProblem, Read, raise_problems, read_file
from conformance.knowledge.gathering import gathered
from conformance.knowledge.keys import DOTTED, Key
from conformance.knowledge.versions import Version, VersionRange
from conformance.model.canonical import same
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import JsonValue

FILE = "examples.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitute:
    """What stands in an example's request for a value of the example: `value` at `path`.

    The path leads through the arguments, members parted by dots.
    """

    path: Annotated[tuple[str, ...], Key("the member, from the arguments on", form=DOTTED)]
    value: Annotated[JsonValue, Key("what stands there")]
    reason: Annotated[str, REASON]

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

    `stage` names the machine where `spec` says more of it than which machine it is, else it is
    None.
    """

    commands: Annotated[
        tuple[str, ...], Key("the commands whose examples it is for", some=True, identity=True)
    ]
    reason: Annotated[str, REASON]
    given: Annotated[
        Mapping[str, JsonValue],
        Key("arguments that one of the example's requests must have", default="any", identity=True),
    ] = field(default_factory=dict)
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    replaces: Annotated[bool, REPLACES] = False
    stage: Annotated[
        str | None, Key("a name for the machine, where more is said of it than `machine`")
    ] = None
    spec: Annotated[MachineSpec, MACHINE] = MachineSpec()
    setup: Annotated[tuple[Request, ...], SETUP] = ()
    cleanup: Annotated[tuple[Request, ...], CLEANUP] = ()
    needs: Annotated[tuple[str, ...], NEEDS] = ()
    substitutes: Annotated[
        tuple[Substitute, ...],
        Key("what stands here for a value of the example", name="substitute"),
    ] = ()
    alone: Annotated[bool, ISOLATION] = False

    def faults(self) -> Iterator[FileFault]:
        """Yield what is wrong with the keys beside each other."""
        if self.spec != MachineSpec(machine=self.spec.machine) and not self.stage:
            yield FileFault("commands", "'stage' is missing", "Name the machine that it describes.")

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


@dataclass(frozen=True, kw_only=True)
class ExamplesPart(RequestsPart):
    """What a file says of the documentation's examples."""

    examples: Annotated[
        tuple[ExampleRecipe, ...],
        Key("on what some of the documentation's examples are run", name="example"),
    ] = ()


def load_examples(path: Path, more: Sequence[Read[ExamplesPart]] = ()) -> ExampleRecipes:
    """Return the recipes of the file `path`, those of `more` first; raises KnowledgeError."""
    parts = [*more, read_file(path, ExamplesPart)]
    recipes = gathered(parts, "examples")
    raise_problems(list(two_machines(parts)))
    return ExampleRecipes(recipes)


def two_machines(parts: Sequence[Read[Any]]) -> Iterator[FileProblem]:
    """Yield each entry whose stage is another machine than that of an earlier one."""
    specs: dict[str, MachineSpec] = {}
    for part in parts:
        for number, recipe in enumerate(part.kept.examples):
            if recipe.stage and specs.setdefault(recipe.stage, recipe.spec) != recipe.spec:
                what = f"the stage {recipe.stage!r} is of two machines"
                yield part.source.problem(("example", number, "stage"), what, "Name one of them.")
