"""The requests of a command in which its arguments are tried: recipes', or its schema's.

Knows nothing of faults and cases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Final

from conformance.derive.inputs import Introspected
from conformance.derive.objects.shape import OBJECT_ADD
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.ranges import Limits, RangeRecipe, with_value
from conformance.knowledge.valid_request import Status, ValidRequest
from conformance.model.blocked import Blocked, behind_finding, untried
from conformance.model.stage import Request
from conformance.model.terms import JsonValue
from conformance.qapi.model import Builtin, Command, Member, Schema
from conformance.space.alternatives import Variation, variations_of
from conformance.space.integers import is_integer
from conformance.space.objects import ObjectPlace, object_places
from conformance.space.paths import IntegerPath, Into, edited, integer_at, with_integer

SHALLOW: Final = frozenset({OBJECT_ADD})
"""The commands whose branches are tried elsewhere, like object types."""


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The arguments of one command of a build, and the requests in which they can be tried."""

    build: Introspected
    knowledge: Knowledge
    command: Command
    _recipes_at: dict[str, tuple[RangeRecipe, ...]] = field(default_factory=dict, repr=False)
    _nearest: dict[str, tuple[ValidRequest, ...]] = field(default_factory=dict, repr=False)
    """What was asked for, by label: several members, values and faults have one label."""

    @property
    def schema(self) -> Schema:
        """The build's schema."""
        return self.build.schema

    def schema_error(self, arguments: JsonValue) -> str | None:
        """Return what the schema objects to in the arguments, None if they are valid."""
        return self.build.schema_error(self.command.name, arguments)

    @cached_property
    def places(self) -> tuple[ObjectPlace, ...]:
        """The objects within the arguments, nearest first."""
        through = self.knowledge.command(self.command.name).through
        found = object_places(self.schema, self.command.arg_type, through).places
        return found[:1] if self.command.name in SHALLOW else found

    def omitted(self, label: str) -> Blocked | None:
        """Return why the argument at `label` is never tried, None if it is."""
        fits = (
            untried(recipe.omit) or behind_finding(recipe.behind_finding)
            for recipe in self._omitting
            if recipe.fits(label)
        )
        return next(fits, None)

    def recipes_at(self, label: str) -> tuple[RangeRecipe, ...]:
        """Return those of `recipes` in which the argument at `label` is tried."""
        if label not in self._recipes_at:
            fitting = tuple(recipe for recipe in self.recipes if recipe.fits(label))
            self._recipes_at[label] = fitting
        return self._recipes_at[label]

    def nearest(self, label: str) -> tuple[ValidRequest, ...]:
        """Return the base requests: those for the argument at `label` first, guessed ones last.

        Between them, requests that can share a machine come first.
        """

        def rank(valid: ValidRequest) -> tuple[bool, bool, bool]:
            return not valid.is_for(label), valid.status is Status.GUESSED, valid.destructive

        if label not in self._nearest:
            self._nearest[label] = tuple(sorted(self._requests, key=rank))
        return self._nearest[label]

    @cached_property
    def recipes(self) -> tuple[RangeRecipe, ...]:
        """The recipes of the command's integers with requests that succeed here."""
        return tuple(
            recipe
            for recipe in self._ranges
            if not (recipe.omitted or recipe.refused or self.build.lacks.keys() & {*recipe.needs})
        )

    @cached_property
    def _omitting(self) -> tuple[RangeRecipe, ...]:
        return tuple(recipe for recipe in self._ranges if recipe.omitted)

    @cached_property
    def _ranges(self) -> tuple[RangeRecipe, ...]:
        recipes = self.knowledge.ranges.get(self.command.name, ())
        return tuple(recipe for recipe in recipes if self.build.version in recipe.versions)

    @cached_property
    def _requests(self) -> tuple[ValidRequest, ...]:
        """The base requests: those that succeed, then a guessed one."""
        return tuple(self._found_requests())

    def _found_requests(self) -> Iterator[ValidRequest]:
        version, recipe = self.build.version, self.knowledge.commands.get(self.command.name)
        usable = recipe is not None and not self.build.lacks.keys() & {*recipe.needs}
        if recipe is not None and usable:
            yield recipe.first(version)
        for each in self.recipes:
            if not (each.varies or each.apart):
                yield each.valid_request()
        if recipe is not None and usable:
            yield from recipe.further_requests(version)
        yield ValidRequest(request=Request(self.command.name, {}), status=Status.GUESSED)


@lru_cache(maxsize=1)
def arguments_of(build: Introspected, knowledge: Knowledge, name: str) -> Arguments:
    """Return the arguments of a command: the generators that try them follow one another."""
    return Arguments(build=build, knowledge=knowledge, command=build.schema.commands[name])


def requests_with(
    arguments: Arguments, place: ObjectPlace, member: Member, *, apart: bool
) -> Iterator[ValidRequest]:
    """Yield the requests in which a member is known to be accepted, with `apart` those, too."""
    schema = arguments.schema
    kind = schema.type(member.type)
    if not isinstance(kind, Builtin) or not is_integer(kind):
        for variation in variations_of(schema, place, member):
            yield from (each.valid for each in known_variations(arguments, variation, apart=apart))
        return
    path = IntegerPath(
        label=place.label_with(member), type=kind, way=(*place.way, Into(member.name))
    )
    for recipe in arguments.recipes_at(path.label):
        if apart or not recipe.apart:
            value = usual_integer(recipe.arguments, path, recipe.limit(path.label))
            arg_type = arguments.command.arg_type
            whole = with_integer(schema, arg_type, path, value, recipe.arguments)
            certain = not recipe.limit(path.label).open
            valid = with_arguments(recipe.valid_request(), whole)
            yield replace(valid, status=Status.SUCCEEDS if certain else Status.INCOMPLETE)


def with_arguments(valid: ValidRequest, arguments: JsonValue) -> ValidRequest:
    """Return the request with other arguments."""
    return replace(valid, request=valid.request.with_arguments(arguments))


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownVariation:
    """A variation, and the recipe's request that is known to succeed with it."""

    variation: Variation
    recipe: RangeRecipe
    valid: ValidRequest


def known_variations(
    arguments: Arguments, variation: Variation, *, apart: bool = True
) -> Iterator[KnownVariation]:
    """Yield the requests with the variation that a recipe knows to succeed.

    The first recipe that knows any decides, one that is `apart` too if that is true.  A recipe may
    give its own values for a variation that stands for all of its type.
    """
    for recipe in arguments.recipes_at(variation.path):
        if recipe.apart and not apart:
            continue
        values = recipe.values_at(variation.path) if variation.for_all else ()
        tried = tuple(_with_values(variation, values))
        if not values and recipe.accepts(variation.label):
            tried = (variation,)
        known = tuple(_known(arguments, recipe, each) for each in tried)
        valid = tuple(each for each in known if not arguments.schema_error(each.valid.arguments))
        if valid:
            yield from valid
            return


def _with_values(variation: Variation, values: Sequence[JsonValue]) -> Iterator[Variation]:
    for number, value in enumerate(values, start=1):
        more = f"-{number}" if number > 1 else ""
        yield replace(variation, label=variation.label + more, value=value)


def _known(arguments: Arguments, recipe: RangeRecipe, variation: Variation) -> KnownVariation:
    """Return the recipe's request with the variation; set-up and clean-up may name its value."""
    way, value = variation.way, variation.given
    base = with_value(recipe.arguments, value)
    arg_type = arguments.command.arg_type
    whole = edited(arguments.schema, arg_type, way, variation.edit, base)
    valid = with_arguments(recipe.valid_request(), whole)
    named = replace(
        valid,
        setup=tuple(_naming(request, value) for request in valid.setup),
        cleanup=tuple(_naming(request, value) for request in valid.cleanup),
    )
    return KnownVariation(variation=variation, recipe=recipe, valid=named)


def _naming(request: Request, value: JsonValue) -> Request:
    return request.with_arguments(with_value(request.arguments, value))


def is_within(part: JsonValue, whole: JsonValue) -> bool:
    """Return whether `whole` includes all of `part`."""
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


def usual_integer(arguments: Mapping[str, JsonValue], path: IntegerPath, limits: Limits) -> int:
    """Return an integer that the request accepts: its own, if it has one."""
    own = integer_at(path, arguments)
    if own is not None:
        return own
    least = max(1, limits.least or 1)
    return least if limits.greatest is None else min(least, limits.greatest)
