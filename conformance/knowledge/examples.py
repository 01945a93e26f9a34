"""Recipes of the documentation's examples: the machine and set-up that each needs.

docs/recipes.md describes the file. Knows neither the examples nor a schema or machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from conformance.knowledge.common import (
    ARCH,
    CLEANUP,
    ISOLATION,
    MACHINE,
    NEEDS,
    REASON,
    REPLACES,
    SETUP,
    VERSIONS,
    NamesPart,
)
from conformance.knowledge.decoder import FileFault, FileProblem, Read, raise_problems, read_file
from conformance.knowledge.gathering import gathered
from conformance.knowledge.keys import DOTTED, Key
from conformance.knowledge.versions import Version, VersionRange, of_arch
from conformance.model.canonical import same
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import JsonValue

FILE = "examples.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitute:
    """A value to use in an example's request instead of its own: `value` at `path`.

    The path leads through the arguments, with dots between members.
    """

    path: Annotated[tuple[str, ...], Key("the member, as a path from the arguments", form=DOTTED)]
    value: Annotated[JsonValue, Key("the value to use")]
    reason: Annotated[str, REASON]

    def put(self, arguments: object) -> Any:
        """Return `arguments` with the value in place, if they have that place."""
        return _put(arguments, self.path, self.value)


def _put(value: object, path: tuple[str, ...], new: JsonValue) -> object:
    if not path:
        return new
    if not isinstance(value, Mapping) or path[0] not in value:
        return value
    return {**value, path[0]: _put(value[path[0]], path[1:], new)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleRecipe:
    """What examples of `commands` need, if the arguments of a request include all of `given`.

    `stage` names the machine if `spec` has more than `machine`, else it is None.
    """

    commands: Annotated[
        tuple[str, ...], Key("the commands whose examples it applies to", some=True, identity=True)
    ]
    reason: Annotated[str, REASON]
    given: Annotated[
        Mapping[str, JsonValue],
        Key("arguments that one of the example's requests must have", default="any", identity=True),
    ] = field(default_factory=dict)
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    arches: Annotated[tuple[str, ...], ARCH] = ()
    replaces: Annotated[bool, REPLACES] = False
    stage: Annotated[str | None, Key("a name for the machine, if it has more than `machine`")] = (
        None
    )
    spec: Annotated[MachineSpec, MACHINE] = MachineSpec()
    setup: Annotated[tuple[Request, ...], SETUP] = ()
    cleanup: Annotated[tuple[Request, ...], CLEANUP] = ()
    needs: Annotated[tuple[str, ...], NEEDS] = ()
    substitutes: Annotated[
        tuple[Substitute, ...],
        Key("a value to use instead of the example's", name="substitute"),
    ] = ()
    alone: Annotated[bool, ISOLATION] = False

    def faults(self) -> Iterator[FileFault]:
        """Yield contradictions between the keys."""
        if self.spec != MachineSpec(machine=self.spec.machine) and not self.stage:
            yield FileFault("commands", "'stage' is missing", "Name the machine that it describes.")

    def fits(self, requests: Iterable[Request]) -> bool:
        """Return whether it applies to an example with these requests."""
        return any(
            request.execute in self.commands and _holds(request.arguments, self.given)
            for request in requests
        )


def _holds(arguments: object, given: Mapping[str, JsonValue]) -> bool:
    own = arguments if isinstance(arguments, Mapping) else {}
    return all(key in own and same(own[key], value) for key, value in given.items())


class ExampleRecipes:
    """The recipes of all examples; the first match counts."""

    def __init__(self, recipes: Iterable[ExampleRecipe] = ()) -> None:
        self.recipes = tuple(recipes)

    def for_arch(self, arch: str | None) -> ExampleRecipes:
        """Return those for builds with guests of `arch`; None may be any."""
        return ExampleRecipes(each for each in self.recipes if of_arch(each.arches, arch))

    def find(
        self, command: str, requests: Iterable[Request], version: Version
    ) -> ExampleRecipe | None:
        """Return the recipe for an example of `command` with these requests, or None."""
        own = tuple(request for request in requests if request.execute == command)
        for recipe in self.recipes:
            if version in recipe.versions and recipe.fits(own):
                return recipe
        return None

    def needs(self) -> frozenset[str]:
        """Return all needs to probe the host for."""
        return frozenset(need for recipe in self.recipes for need in recipe.needs)


@dataclass(frozen=True, kw_only=True)
class ExamplesPart(NamesPart):
    """The entries of a file about the documentation's examples."""

    examples: Annotated[
        tuple[ExampleRecipe, ...],
        Key("the machines and set-ups for some of the documentation's examples", name="example"),
    ] = ()


def load_examples(path: Path, more: Sequence[Read[ExamplesPart]] = ()) -> ExampleRecipes:
    """Return the recipes of the file `path`, those of `more` first; raises KnowledgeError."""
    parts = [*more, read_file(path, ExamplesPart)]
    recipes = gathered(parts, "examples")
    raise_problems(list(two_machines(parts)))
    return ExampleRecipes(recipes)


def two_machines(parts: Sequence[Read[Any]]) -> Iterator[FileProblem]:
    """Yield each entry whose stage is a different machine in an earlier one."""
    specs: dict[str, MachineSpec] = {}
    for part in parts:
        for number, recipe in enumerate(part.kept.examples):
            if recipe.stage and specs.setdefault(recipe.stage, recipe.spec) != recipe.spec:
                what = f"the stage {recipe.stage!r} is of two machines"
                yield part.source.problem(("example", number, "stage"), what, "Name one of them.")
