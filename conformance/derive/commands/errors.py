"""Cases of the errors of a command: its arguments are of the right types, and it is refused.

What it names is not there, or what is there is in no state for it; each refusal leaves all as it
was, which the same command shows by succeeding.  Leaves what the schema says to others, and knows
no command by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from conformance.derive.commands.valid import (
    PLAIN,
    command_subject,
    recipe_blocked,
    recipe_request,
    recipe_stage,
)
from conformance.derive.steps import supporting_step
from conformance.digest.digest import DigestEntity
from conformance.judge.expect_answer import Accept, Ends, Reject
from conformance.judge.expect_value import Repeats
from conformance.knowledge.commands import CommandRecipe, Effect
from conformance.knowledge.refusals import Reference, Refusal, When, references_for
from conformance.knowledge.versions import Version
from conformance.model.blocked import untried
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.stage import MachineSpec, Request, Stage
from conformance.model.terms import ABSENT, Aspect, ErrorClass
from conformance.qapi.model import Schema
from conformance.qapi.validate import Validator

ANY_CLASS: Final = frozenset(map(str, ErrorClass)) - {str(ErrorClass.COMMAND_NOT_FOUND)}
"""The classes that a command which is there may be refused with."""
UNPROVOKED: Final = "no recipe provokes this documented error"
_NOT_THERE: Final = "X34"
_EXCLUDED: Final = "X27"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorContext:
    """What the cases of errors are derived from.

    `documented` are the declarations of just this release, by name, where its source is known.
    `lacks` maps each need that host and build do not meet to why.
    """

    schema: Schema
    validator: Validator
    version: Version
    documented: Mapping[str, DigestEntity] = field(default_factory=dict)
    lacks: Mapping[str, str] = field(default_factory=dict)


def command_errors(context: ErrorContext, recipe: CommandRecipe) -> Iterator[Case]:
    """Yield the cases of one command of the schema, whose recipe may have nothing but a name."""
    documented = context.documented.get(recipe.name)
    made = _Made(context=context, recipe=recipe, documented=documented)
    for refusal in recipe.refusals_for(context.version):
        yield made.refused(refusal)
    for base in _bases(recipe, context.version):
        for reference in references_for(base.references, context.version):
            yield from made.not_there(base, reference)
    if documented is not None:
        yield from _unprovoked(recipe, documented, context.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Base:
    """A request that succeeds, and the references in it; `name` is "" for the recipe's own."""

    name: str
    request: Request
    setup: tuple[Request, ...]
    cleanup: tuple[Request, ...]
    shows: tuple[Request, ...]
    lasting: bool
    references: tuple[Reference, ...]


def _bases(recipe: CommandRecipe, version: Version) -> Iterator[_Base]:
    yield _Base(
        name="",
        request=recipe_request(recipe),
        setup=recipe.setup,
        cleanup=recipe.cleanup,
        shows=recipe.shows,
        lasting=recipe.effect is not Effect.NONE,
        references=recipe.references,
    )
    for further in recipe.further_for(version):
        yield _Base(
            name=further.name,
            request=Request(recipe.name, further.arguments or ABSENT),
            setup=further.setup,
            cleanup=further.cleanup,
            shows=(),
            lasting=further.lasting,
            references=further.references,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """Makes the cases of one command."""

    context: ErrorContext
    recipe: CommandRecipe
    documented: DigestEntity | None

    def not_there(self, base: _Base, reference: Reference) -> Iterator[Case]:
        """Yield the case that `reference` names what is not there.

        A build whose schema has no such member has no such case.
        """
        given = base.request.arguments
        arguments = _with(given if isinstance(given, Mapping) else {}, reference)
        command = self.context.schema.commands[self.recipe.name]
        if self.context.validator.check(command.arg_type, arguments) is not None:
            return
        fault = f"no {reference.to} is {reference.instead!r}"
        promised = _promised(reference.classes, reference.item, self.documented)
        rule, classes = promised or (_NOT_THERE, ANY_CLASS)
        refused = replace(base.request, arguments=arguments)
        looks = tuple(supporting_step(look, Role.SETUP) for look in base.shows)
        same = tuple(
            replace(
                supporting_step(look, Role.CHECK),
                expect=Repeats(len(base.setup) + number),
                rule=rule,
            )
            for number, look in enumerate(base.shows)
        )
        steps = (
            *(supporting_step(request, Role.SETUP) for request in base.setup),
            *looks,
            _refusal(refused, classes, rule, fault),
            *same,
            self._witness(base.request),
            *(supporting_step(request, Role.CLEANUP) for request in base.cleanup),
        )
        label = ".".join(reference.at)
        name = "/".join(filter(None, (base.name, "not-there", label)))
        yield self._case(name, steps, fault, alone=base.lasting)

    def refused(self, refusal: Refusal) -> Case:
        """Return the case of a refusal, with the recipe's request as its witness."""
        if refusal.spec is not None:
            return self._refused_elsewhere(refusal, refusal.spec)
        recipe = self.recipe
        request = replace(
            recipe_request(recipe),
            arguments=refusal.arguments or recipe.arguments or ABSENT,
        )
        if refusal.when is When.APART:
            request = Request(recipe.name, refusal.arguments)
        promised = _promised(refusal.classes, refusal.item, self.documented)
        own_classes = ANY_CLASS if refusal.when is not When.APART else _known(refusal.classes)
        rule, classes = promised or (_EXCLUDED, own_classes)
        setup = tuple(supporting_step(each, Role.SETUP) for each in recipe.setup)
        own = (
            *(supporting_step(each, Role.SETUP) for each in refusal.setup),
            _refusal(request, classes, rule, refusal.reason),
            *(supporting_step(each, Role.CLEANUP) for each in refusal.cleanup),
        )
        witness = self._witness(recipe_request(recipe))
        cleanup = tuple(supporting_step(each, Role.CLEANUP) for each in recipe.cleanup)
        if refusal.lasting:
            # What it leaves has no use for the clean-up, and may be in its way.
            cleanup = ()
        steps = {
            When.APART: (*own, *setup, witness, *cleanup),
            When.BEFORE: (*setup, *own, witness, *cleanup),
            When.AFTER: (*setup, witness, *own, *cleanup),
        }[refusal.when]
        alone = refusal.lasting or recipe.effect is not Effect.NONE
        return self._case(refusal.name, steps, refusal.reason, alone=alone)

    def _refused_elsewhere(self, refusal: Refusal, spec: MachineSpec) -> Case:
        """Return the case of a refusal on a machine of its own, with its own witness if any."""
        name = self.recipe.name
        promised = _promised(refusal.classes, refusal.item, self.documented)
        # Without a witness the class alone tells that the request was understood.
        own_classes = ANY_CLASS if refusal.witness is not None else _known(refusal.classes)
        rule, classes = promised or (_EXCLUDED, own_classes)
        own = (
            *(supporting_step(each, Role.SETUP) for each in refusal.setup),
            _refusal(Request(name, refusal.arguments or ABSENT), classes, rule, refusal.reason),
            *(supporting_step(each, Role.CLEANUP) for each in refusal.cleanup),
        )
        witness: tuple[Step, ...] = ()
        if refusal.witness is not None:
            witness = (self._witness(Request(name, refusal.witness or ABSENT)),)
        steps = (*witness, *own) if refusal.when is When.AFTER else (*own, *witness)
        case = self._case(refusal.name, steps, refusal.reason, alone=refusal.lasting)
        plain = spec == MachineSpec()
        stage = PLAIN if plain else Stage(name=f"refused/{name}/{refusal.name}", spec=spec)
        # What the recipe's machine needs, this one does not.
        return replace(case, stage=stage, blocked=None)

    def _witness(self, request: Request) -> Step:
        expect = Ends() if self.recipe.effect is Effect.END else Accept()
        return Step(request=request, expect=expect, role=Role.WITNESS, rule="Q30")

    def _case(self, name: str, steps: tuple[Step, ...], fault: str, *, alone: bool) -> Case:
        return Case(
            id=f"{self.recipe.name}/{Aspect.ERRORS}/{name}",
            subject=command_subject(self.recipe.name),
            aspect=Aspect.ERRORS,
            stage=recipe_stage(self.recipe),
            steps=steps,
            isolation=Isolation.ALONE if alone else Isolation.SHARED,
            about=name,
            fault=fault,
            blocked=recipe_blocked(self.recipe, self.context.lacks),
        )


def _refusal(request: Request, classes: frozenset[str], rule: str, why: str) -> Step:
    expect = Reject(frozenset(map(ErrorClass, classes)))
    return Step(request=request, expect=expect, role=Role.SUBJECT, rule=rule, why=why)


def _with(arguments: Mapping[str, Any], reference: Reference) -> Any:
    less = {k: v for k, v in arguments.items() if k not in reference.without}
    return _put(less, reference.at, reference.instead)


def _put(whole: Any, at: Sequence[str], value: Any) -> Any:
    """Return `whole` with `value` at the place, where something else may stand or nothing."""
    if not at:
        return value
    first, rest = at[0], at[1:]
    if isinstance(whole, list):
        place = int(first)
        there = whole[place] if place < len(whole) else {}
        return [*whole[:place], _put(there, rest, value), *whole[place + 1 :]]
    return {**whole, first: _put(whole.get(first, {}), rest, value)}


def _known(classes: frozenset[ErrorClass]) -> frozenset[str]:
    return frozenset(map(str, classes)) or ANY_CLASS


def _promised(
    classes: frozenset[ErrorClass], item: int, documented: DigestEntity | None
) -> tuple[str, frozenset[str]] | None:
    """Return the rule of a documented error and the classes that it may have, if it is one.

    `classes` are those that a release names for it, `item` is the condition's number.  Where the
    documentation of just this release is not known, or has no such error, nothing is promised.
    """
    if documented is None:
        return None
    if 0 < item <= len(documented.error_items):
        named = documented.error_items[item - 1]
        return ("X19", frozenset({named})) if named else ("Q29", _known(classes))
    known = frozenset(map(str, classes))
    return ("X19", known) if known and known <= {*documented.errors} else None


def _unprovoked(
    recipe: CommandRecipe, documented: DigestEntity, version: Version
) -> Iterator[Case]:
    """Yield a blocked case for each documented error that nothing of the recipe provokes."""
    references = [
        reference
        for base in _bases(recipe, version)
        for reference in references_for(base.references, version)
    ]
    provoking: tuple[Refusal | Reference, ...] = (*recipe.refusals_for(version), *references)
    items = {each.item for each in provoking}
    classes = {str(name) for each in provoking for name in each.classes}
    for number, name in enumerate(documented.error_items, start=1):
        if number not in items and not (name and name in classes):
            yield _blocked(recipe, f"documented-{number}", number, name)
    for name in documented.errors:
        if name not in classes and name not in documented.error_items:
            yield _blocked(recipe, f"documented-{name}", 0, name)


def _blocked(recipe: CommandRecipe, label: str, item: int, name: str) -> Case:
    reasons = (
        each.reason
        for each in recipe.unprovoked
        if (item and each.item == item) or (name and each.name == name)
    )
    return Case(
        id=f"{recipe.name}/{Aspect.ERRORS}/{label}",
        subject=command_subject(recipe.name),
        aspect=Aspect.ERRORS,
        stage=recipe_stage(recipe),
        steps=(),
        blocked=untried(next(reasons, UNPROVOKED)),
    )
