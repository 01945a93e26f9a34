"""Cases of well-formed requests that a command must refuse.

The thing that a request names does not exist, or is in the wrong state.  After each refusal the
same command must succeed, which shows that nothing changed.  Knows no command by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from conformance.derive.commands.unchanged import unchanged_cases
from conformance.derive.inputs import Introspected
from conformance.derive.steps import (
    ANSWERED,
    PLAIN,
    around,
    blocked_by,
    command_subject,
    stage_of,
    supporting_steps,
    witness,
)
from conformance.digest.digest import DigestEntity
from conformance.judge.expect_answer import Refused, Reject
from conformance.judge.expect_value import Repeats
from conformance.knowledge.commands import CommandRecipe
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.refusals import Reference, Refusal, When
from conformance.knowledge.valid_request import ValidRequest
from conformance.knowledge.versions import Version
from conformance.model.blocked import untried
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.stage import MachineSpec, Request, Stage
from conformance.model.terms import ABSENT, Aspect, ErrorClass, JsonValue, as_object

ANY_CLASS: Final = frozenset(map(str, ErrorClass)) - {str(ErrorClass.COMMAND_NOT_FOUND)}
"""The classes with which QEMU may refuse an existing command."""
UNPROVOKED: Final = "no recipe provokes this documented error"
_NOT_THERE: Final = "X34"
_EXCLUDED: Final = "X27"
_NO_EFFECT: Final = "W65"
_ANSWER: Final = "W35"
_IF_REFUSED: Final = Refused(promised=False)


def error_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the error cases of one command."""
    recipe = knowledge.command(name)
    documented = build.documented.entities.get(name) if build.documented else None
    made = _ErrorCases(build=build, recipe=recipe, documented=documented)
    excluded: list[Case] = []
    may_be_taken: list[Case] = []
    for refusal in recipe.refusals_for(build.version):
        case = made.refused(refusal)
        yield case
        if refusal.any_class and not refusal.unsettled:
            (may_be_taken if refusal.open else excluded).append(case)
    missing = [
        case
        for valid in recipe.requests(build.version)
        for reference in valid.references
        for case in made.not_there(valid, reference)
    ]
    yield from missing
    yield from unchanged_cases(build, knowledge, missing, rule=_NOT_THERE)
    # Where no class is promised, that nothing changes is what is left to see.
    yield from unchanged_cases(build, knowledge, excluded, rule=_NO_EFFECT, of="excluded-")
    yield from unchanged_cases(
        build, knowledge, may_be_taken, rule=_NO_EFFECT, expect=_IF_REFUSED, of="open-"
    )
    if documented is not None:
        yield from _unprovoked(recipe, documented, build.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ErrorCases:
    """Makes the cases of one command."""

    build: Introspected
    recipe: CommandRecipe
    documented: DigestEntity | None

    @property
    def own(self) -> ValidRequest:
        return self.recipe.first(self.build.version)

    def not_there(self, base: ValidRequest, reference: Reference) -> Iterator[Case]:
        """Yield the case that `reference` names a thing that does not exist.

        There is none if the schema lacks the member.
        """
        arguments = named_instead(base.arguments, reference)
        if self.build.schema_error(self.recipe.name, arguments):
            return
        fault = f"no {reference.to} is {reference.instead!r}"
        promised = _promised(reference.classes, reference.item, self.documented)
        rule, classes = promised or (_NOT_THERE, ANY_CLASS)
        refused = base.request.with_arguments(arguments)
        looks = tuple(supporting_steps(base.queries, Role.SETUP))
        same = tuple(
            replace(look, expect=Repeats(len(base.setup) + number), role=Role.CHECK, rule=rule)
            for number, look in enumerate(looks)
        )
        refusal = _refusal(refused, classes, rule, fault)
        steps = around(base, *looks, refusal, *same, witness(base))
        label = ".".join(reference.at)
        name = "/".join(filter(None, (base.name, "not-there", label)))
        yield self._case(name, steps, fault, alone=base.destructive)

    def refused(self, refusal: Refusal) -> Case:
        """Return the case of a refusal; the recipe's own request is the witness."""
        if refusal.spec is not None:
            return self._refused_elsewhere(refusal, refusal.spec)
        valid = self.own
        arguments = refusal.arguments or valid.arguments or ABSENT
        request = valid.request.with_arguments(arguments)
        if refusal.when is When.APART:
            request = Request(valid.command, refusal.arguments)
        promised = _promised(refusal.classes, refusal.item, self.documented)
        own_classes = ANY_CLASS if refusal.when is not When.APART else _known(refusal.classes)
        rule, classes = promised or (_EXCLUDED, own_classes)
        setup = tuple(supporting_steps(valid.setup, Role.SETUP))
        own = _around(refusal, _subject(request, refusal, classes, rule))
        # Its result does not need the clean-up, and may be in its way.
        undone = () if refusal.destructive else valid.cleanup
        cleanup = tuple(supporting_steps(undone, Role.CLEANUP))
        accepted = witness(valid)
        steps = {
            When.APART: (*own, *setup, accepted, *cleanup),
            When.BEFORE: (*setup, *own, accepted, *cleanup),
            When.AFTER: (*setup, accepted, *own, *cleanup),
        }[refusal.when]
        alone = refusal.destructive or valid.destructive
        return self._case(refusal.name, steps, refusal.reason, alone=alone)

    def _refused_elsewhere(self, refusal: Refusal, spec: MachineSpec) -> Case:
        """Return the case of a refusal on a machine of its own, with its own witness if any."""
        name = self.recipe.name
        promised = _promised(refusal.classes, refusal.item, self.documented)
        # Without a witness, only the class shows that QEMU understood the request.
        own_classes = ANY_CLASS if refusal.witness is not None else _known(refusal.classes)
        rule, classes = promised or (_EXCLUDED, own_classes)
        request = Request(name, refusal.arguments or ABSENT)
        own = _around(refusal, _subject(request, refusal, classes, rule))
        accepted: tuple[Step, ...] = ()
        if refusal.witness is not None:
            with_own = replace(self.own, request=Request(name, refusal.witness or ABSENT))
            accepted = (witness(with_own),)
        steps = (*accepted, *own) if refusal.when is When.AFTER else (*own, *accepted)
        case = self._case(refusal.name, steps, refusal.reason, alone=refusal.destructive)
        plain = spec == MachineSpec()
        stage = PLAIN if plain else Stage(name=f"refused/{name}/{refusal.name}", spec=spec)
        # The needs of the recipe's machine do not apply to this one.
        return replace(case, stage=stage, blocked=None)

    def _case(self, name: str, steps: tuple[Step, ...], fault: str, *, alone: bool) -> Case:
        return Case(
            id=f"{self.recipe.name}/{Aspect.ERRORS}/{name}",
            subject=command_subject(self.recipe.name),
            aspect=Aspect.ERRORS,
            stage=stage_of(self.own),
            steps=steps,
            isolation=Isolation.ALONE if alone else Isolation.SHARED,
            about=name,
            fault=fault,
            blocked=blocked_by(self.own, self.build.lacks),
        )


def _refusal(request: Request, classes: frozenset[str], rule: str, why: str) -> Step:
    expect = Reject(frozenset(map(ErrorClass, classes)))
    return Step(request=request, expect=expect, role=Role.SUBJECT, rule=rule, why=why)


def _subject(request: Request, refusal: Refusal, classes: frozenset[str], rule: str) -> Step:
    """Return the step of a refusal: what nothing promises must be answered only."""
    if refusal.open:
        return Step(request=request, expect=ANSWERED, role=Role.SUBJECT, rule=_ANSWER)
    why = f"{refusal.reason} ({refusal.promise})" if refusal.promise else refusal.reason
    return _refusal(request, classes, rule, why)


def _around(refusal: Refusal, step: Step) -> tuple[Step, ...]:
    return (
        *supporting_steps(refusal.setup, Role.SETUP),
        step,
        *supporting_steps(refusal.cleanup, Role.CLEANUP),
    )


def named_instead(arguments: Mapping[str, JsonValue], reference: Reference) -> JsonValue:
    """Return the arguments with a reference to what it says to name instead."""
    less = {k: v for k, v in arguments.items() if k not in reference.without}
    return _put(less, reference.at, reference.instead)


def _put(whole: JsonValue, at: Sequence[str], value: JsonValue) -> JsonValue:
    """Return `whole` with `value` at the path `at`."""
    if not at:
        return value
    first, rest = at[0], at[1:]
    if isinstance(whole, list):
        place = int(first)
        there = whole[place] if place < len(whole) else {}
        return [*whole[:place], _put(there, rest, value), *whole[place + 1 :]]
    there = as_object(whole).get(first, {})
    return {**as_object(whole), first: _put(there, rest, value)}


def _known(classes: frozenset[ErrorClass]) -> frozenset[str]:
    return frozenset(map(str, classes)) or ANY_CLASS


def _promised(
    classes: frozenset[ErrorClass], item: int, documented: DigestEntity | None
) -> tuple[str, frozenset[str]] | None:
    """Return the rule and the allowed classes of a documented error, if it is one.

    `classes` are those that a release names for it, `item` is the condition's number. If the
    documentation of exactly this release is unknown, or lacks the error, nothing is promised.
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
    """Yield a blocked case for each documented error that the recipe does not provoke."""
    references = [each for valid in recipe.requests(version) for each in valid.references]
    provoking: tuple[Refusal | Reference, ...] = (*recipe.refusals_for(version), *references)
    first = recipe.first(version)
    items = {each.item for each in provoking}
    classes = {str(name) for each in provoking for name in each.classes}
    for number, name in enumerate(documented.error_items, start=1):
        if number not in items and not (name and name in classes):
            yield _blocked(recipe, stage_of(first), f"documented-{number}", number, name)
    for name in documented.errors:
        if name not in classes and name not in documented.error_items:
            yield _blocked(recipe, stage_of(first), f"documented-{name}", 0, name)


def _blocked(recipe: CommandRecipe, stage: Stage, label: str, item: int, name: str | None) -> Case:
    reasons = (
        each.reason
        for each in recipe.unprovoked
        if (item and each.item == item) or (name and each.name == name)
    )
    return Case(
        id=f"{recipe.name}/{Aspect.ERRORS}/{label}",
        subject=command_subject(recipe.name),
        aspect=Aspect.ERRORS,
        stage=stage,
        steps=(),
        blocked=untried(next(reasons, UNPROVOKED)),
    )
