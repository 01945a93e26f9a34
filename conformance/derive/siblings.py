"""The requests of a command in which faults of its arguments are tried: recipes', or its schema's.

Tells which of them are known to succeed; knows nothing of faults and cases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from conformance.derive.integers import is_integer
from conformance.derive.paths import IntegerPath, Into, with_integer
from conformance.derive.places import Place
from conformance.derive.ranges import usual_integer
from conformance.knowledge.commands import CommandRecipe, Effect
from conformance.knowledge.ranges import RangeRecipe
from conformance.knowledge.versions import Version
from conformance.qapi.model import Builtin, Command, Member, Schema
from conformance.qapi.validate import Validator
from conformance.stage import MachineSpec, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgumentContext:
    """All that the cases of arguments are derived from.

    `validator` is one of `schema`.  `commands` and `ranges` hold requests that succeed; `lacks`
    maps each need that host and build do not meet to why.  The arguments of `unchecked` the build
    takes as they come; of `shallow` the branches have cases elsewhere.
    """

    schema: Schema
    validator: Validator
    version: Version
    commands: Mapping[str, CommandRecipe]
    ranges: Mapping[str, Sequence[RangeRecipe]]
    lacks: Mapping[str, str]
    unchecked: AbstractSet[str] = frozenset()
    shallow: AbstractSet[str] = frozenset()

    def omitted(self, command: str, label: str) -> str:
        """Return why what stands at `label` is never asked of the command, "" where it is."""
        fits = (
            recipe.omit
            for recipe in self.ranges.get(command, ())
            if recipe.omit and self.version in recipe.versions and recipe.fits(label)
        )
        return next(fits, "")

    def recipes(self, command: Command) -> Iterator[RangeRecipe]:
        """Yield the recipes of the command's integers whose requests succeed here."""
        for recipe in self.ranges.get(command.name, ()):
            usable = not (recipe.omit or recipe.refused or self.lacks.keys() & {*recipe.needs})
            if usable and self.version in recipe.versions:
                yield recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Sibling:
    """A request of the command without a fault; `known` tells whether it succeeds as it stands.

    `own` tells that it is nobody's, but made from the schema, with names that mean nothing.
    """

    arguments: Mapping[str, Any]
    spec: MachineSpec = MachineSpec()
    setup: tuple[Request, ...] = ()
    cleanup: tuple[Request, ...] = ()
    effect: Effect = Effect.NONE
    alone: bool = False
    known: bool = False
    own: bool = False


def siblings(context: ArgumentContext, command: Command) -> Iterator[Sibling]:
    """Yield the requests to start from: those that succeed, then one that may not."""
    own = context.commands.get(command.name)
    if own is not None and not context.lacks.keys() & {*own.needs}:
        yield Sibling(
            arguments=own.arguments,
            spec=own.spec,
            setup=own.setup,
            cleanup=own.cleanup,
            effect=own.effect,
            alone=own.effect is not Effect.NONE,
            known=True,
        )
    for recipe in context.recipes(command):
        yield _of_recipe(recipe, recipe.arguments)
    yield Sibling(arguments={}, own=True)


def _of_recipe(recipe: RangeRecipe, arguments: Mapping[str, Any]) -> Sibling:
    return Sibling(
        arguments=arguments,
        spec=recipe.spec,
        setup=recipe.setup,
        cleanup=recipe.cleanup,
        alone=recipe.alone,
        known=True,
    )


def siblings_with(
    context: ArgumentContext, command: Command, place: Place, member: Member
) -> Iterator[Sibling]:
    """Yield the requests in which a member that is an integer is known to be accepted."""
    kind = context.schema.type(member.type)
    if not isinstance(kind, Builtin) or not is_integer(kind):
        return
    path = IntegerPath(
        label=place.label_with(member), type=kind, way=(*place.way, Into(member.name))
    )
    for recipe in context.recipes(command):
        if recipe.fits(path.label):
            value = usual_integer(recipe, path)
            whole = with_integer(context.schema, command.arg_type, path, value, recipe.arguments)
            yield _of_recipe(recipe, whole)


def is_within(part: Any, whole: Any) -> bool:
    """Return whether all that is in `part` is in `whole` too."""
    match part:
        case dict():
            return isinstance(whole, dict) and all(
                key in whole and is_within(value, whole[key]) for key, value in part.items()
            )
        case list():
            return (
                isinstance(whole, list)
                and len(part) <= len(whole)
                and all(map(is_within, part, whole))
            )
        case _:
            return bool(part == whole)
