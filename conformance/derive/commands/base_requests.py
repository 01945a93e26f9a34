"""The requests of a command in which faults of its arguments are tried: recipes', or its schema's.

Tells which of them are known to succeed; knows nothing of faults and cases.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

from conformance.derive.commands.ranges import usual_integer
from conformance.knowledge.commands import CommandRecipe, Effect, Further
from conformance.knowledge.ranges import ANY_PATH, RangeRecipe, with_value
from conformance.knowledge.versions import Version
from conformance.model.blocked import Blocked, behind_finding, untried
from conformance.model.stage import MachineSpec, Request
from conformance.qapi.model import Builtin, Command, Member, Schema
from conformance.qapi.validate import Validator
from conformance.space.alternatives import Variation, variations_of
from conformance.space.integers import is_integer
from conformance.space.objects import Place
from conformance.space.paths import IntegerPath, Into, edited, with_integer


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

    def omitted(self, command: str, label: str) -> Blocked | None:
        """Return why what stands at `label` is never asked of the command, None where it is."""
        fits = (
            untried(recipe.omit) or behind_finding(recipe.behind_finding)
            for recipe in self.ranges.get(command, ())
            if recipe.omitted and self.version in recipe.versions and recipe.fits(label)
        )
        return next(fits, None)

    def recipes(self, command: Command) -> Iterator[RangeRecipe]:
        """Yield the recipes of the command's integers whose requests succeed here."""
        for recipe in self.ranges.get(command.name, ()):
            usable = not (recipe.omitted or recipe.refused or self.lacks.keys() & {*recipe.needs})
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
    descriptor: str = ""
    whole: bool = False
    """Whether it succeeds with nothing added: that of integers may need one."""
    paths: tuple[str, ...] = ()
    """The globs of the arguments that it is meant for, before any other request."""

    def is_for(self, label: str) -> bool:
        """Return whether it is meant for the argument at `label`."""
        return any(fnmatch.fnmatchcase(label, glob) for glob in self.paths)


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
            descriptor=own.descriptor,
            known=True,
            whole=not own.never,
        )
    for recipe in context.recipes(command):
        if not recipe.varies:
            yield _of_recipe(recipe, recipe.arguments)
    if own is not None and not context.lacks.keys() & {*own.needs}:
        yield from (_of_further(own, further) for further in own.further_for(context.version))
    yield Sibling(arguments={}, own=True)


def _of_further(recipe: CommandRecipe, further: Further) -> Sibling:
    return Sibling(
        arguments=further.arguments,
        spec=recipe.spec if further.spec is None else further.spec,
        setup=further.setup,
        cleanup=further.cleanup,
        alone=further.lasting,
        descriptor=recipe.descriptor,
        known=True,
        whole=True,
    )


def nearest_first(bases: Sequence[Sibling], label: str) -> tuple[Sibling, ...]:
    """Return the requests with those first that are meant for the argument at `label`.

    Of others those come first that may share a machine, and last that which is nobody's.
    """
    return tuple(sorted(bases, key=lambda base: (not base.is_for(label), base.own, base.alone)))


def _of_recipe(recipe: RangeRecipe, arguments: Mapping[str, Any]) -> Sibling:
    return Sibling(
        arguments=arguments,
        spec=recipe.spec,
        setup=recipe.setup,
        cleanup=recipe.cleanup,
        alone=recipe.alone,
        known=True,
        paths=() if recipe.paths == ANY_PATH else recipe.paths,
    )


def siblings_with(
    context: ArgumentContext, command: Command, place: Place, member: Member
) -> Iterator[Sibling]:
    """Yield the requests in which a member is known to be accepted."""
    kind = context.schema.type(member.type)
    if not isinstance(kind, Builtin) or not is_integer(kind):
        for variation in variations_of(context.schema, place, member):
            yield from (known.sibling for known in known_variations(context, command, variation))
        return
    path = IntegerPath(
        label=place.label_with(member), type=kind, way=(*place.way, Into(member.name))
    )
    for recipe in context.recipes(command):
        if recipe.fits(path.label):
            value = usual_integer(recipe, path)
            whole = with_integer(context.schema, command.arg_type, path, value, recipe.arguments)
            certain = not recipe.limit(path.label).open
            yield replace(_of_recipe(recipe, whole), whole=certain)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownVariation:
    """A variation with which the recipe's request, as the sibling has it, is known to succeed."""

    variation: Variation
    recipe: RangeRecipe
    sibling: Sibling


def known_variations(
    context: ArgumentContext, command: Command, variation: Variation
) -> Iterator[KnownVariation]:
    """Yield what is known to be accepted of a variation, by the first recipe that knows any.

    A recipe has other values for what only stands for all of its type.
    """
    for recipe in context.recipes(command):
        if not recipe.fits(variation.path):
            continue
        values = recipe.values_at(variation.path) if variation.for_all else ()
        tried = tuple(_with_values(variation, values))
        if not values and recipe.accepts(variation.label):
            tried = (variation,)
        known = tuple(_known(context, command, recipe, each) for each in tried)
        valid = tuple(
            each
            for each in known
            if not context.validator.check(command.arg_type, each.sibling.arguments)
        )
        if valid:
            yield from valid
            return


def _with_values(variation: Variation, values: Sequence[Any]) -> Iterator[Variation]:
    for number, value in enumerate(values, start=1):
        more = f"-{number}" if number > 1 else ""
        yield replace(variation, label=variation.label + more, value=value)


def _known(
    context: ArgumentContext, command: Command, recipe: RangeRecipe, variation: Variation
) -> KnownVariation:
    """Return the recipe's request with the variation, whose value its own requests may name."""
    schema, way, value = context.schema, variation.way, variation.given
    base = with_value(recipe.arguments, value)
    whole = edited(schema, command.arg_type, way, variation.edit, base)
    sibling = _of_recipe(recipe, whole)
    named = replace(
        sibling,
        setup=tuple(_naming(request, value) for request in sibling.setup),
        cleanup=tuple(_naming(request, value) for request in sibling.cleanup),
    )
    return KnownVariation(variation=variation, recipe=recipe, sibling=named)


def _naming(request: Request, value: Any) -> Request:
    return replace(request, arguments=with_value(request.arguments, value))


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
