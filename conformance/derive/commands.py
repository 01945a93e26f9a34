"""Cases of a command as such: its recipe and its errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from conformance.derive.case import (
    Accept,
    Blocked,
    Case,
    Expectation,
    Reject,
    Role,
    Step,
    Subject,
    aside,
)
from conformance.digest.digest import DigestEntity
from conformance.knowledge.commands import CommandRecipe, Refusal
from conformance.knowledge.versions import Version
from conformance.stage import Request, Stage
from conformance.terms import Aspect, ErrorClass, Outcome, SubjectKind

PLAIN: Stage = Stage(name="plain")
"""A machine of type none with nothing added."""


def command_subject(name: str) -> Subject:
    """Return the command as a subject."""
    return Subject(kind=SubjectKind.COMMAND, name=name)


def command_cases(
    recipe: CommandRecipe,
    version: Version,
    documented: DigestEntity | None = None,
) -> Iterator[Case]:
    """Yield the request that succeeds, and the errors.

    `documented` is what the source of just this release says of the command, where it is known.
    """
    accepted = _step(recipe.name, recipe.arguments, Accept(), Role.SUBJECT, "Q30")
    yield _case(recipe, Aspect.VALID, "recipe", (accepted,))
    refusals = recipe.refusals_for(version)
    for refusal in refusals:
        yield _refused(recipe, refusal, documented)
    if documented is not None:
        yield from _unprovoked(recipe, refusals, documented)


def _promised(refusal: Refusal, documented: DigestEntity | None) -> tuple[str, frozenset[str]]:
    """Return the rule that says what a refusal must come to, and the classes that it may have."""
    classes = frozenset(map(str, refusal.classes))
    if documented is None:
        return "X27", classes
    if 0 < refusal.item <= len(documented.error_items):
        named = documented.error_items[refusal.item - 1]
        return ("X19", frozenset({named})) if named else ("Q29", classes)
    return "X19" if classes <= {*documented.errors} else "X27", classes


def _unprovoked(
    recipe: CommandRecipe, refusals: Iterable[Refusal], documented: DigestEntity
) -> Iterator[Case]:
    """Yield a blocked case for each documented error that no refusal of the recipe provokes."""
    items = {refusal.item for refusal in refusals}
    classes = {str(each) for refusal in refusals for each in refusal.classes}
    missing = [
        f"documented-{number}"
        for number, name in enumerate(documented.error_items, start=1)
        if number not in items and not (name and name in classes)
    ]
    missing += [f"documented-{name}" for name in documented.errors if name not in classes]
    why = "no recipe provokes this documented error"
    for name in missing:
        yield Case(
            id=f"{recipe.name}/{Aspect.ERRORS}/{name}",
            subject=command_subject(recipe.name),
            aspect=Aspect.ERRORS,
            stage=PLAIN,
            steps=(),
            blocked=Blocked(outcome=Outcome.UNTESTABLE_HERE, reason=why),
        )


def _refused(recipe: CommandRecipe, refusal: Refusal, documented: DigestEntity | None) -> Case:
    rule, classes = _promised(refusal, documented)
    expect = Reject(frozenset(map(ErrorClass, classes)))
    steps = [
        _step(recipe.name, refusal.arguments, expect, Role.SUBJECT, rule, refusal.reason),
        *(aside(request, Role.CLEANUP) for request in refusal.cleanup),
        *(aside(request, Role.SETUP) for request in recipe.setup),
        _step(recipe.name, recipe.arguments, Accept(), Role.WITNESS, "Q30"),
        *(aside(request, Role.CLEANUP) for request in recipe.cleanup),
    ]
    return Case(
        id=f"{recipe.name}/{Aspect.ERRORS}/{refusal.name}",
        subject=command_subject(recipe.name),
        aspect=Aspect.ERRORS,
        stage=PLAIN,
        steps=(*(aside(request, Role.SETUP) for request in refusal.setup), *steps),
        fault=refusal.reason,
        about=refusal.name,
    )


def _case(
    recipe: CommandRecipe, aspect: Aspect, name: str, steps: tuple[Step, ...], **more: Any
) -> Case:
    return Case(
        id=f"{recipe.name}/{aspect}/{name}",
        subject=command_subject(recipe.name),
        aspect=aspect,
        stage=PLAIN,
        steps=(
            *(aside(request, Role.SETUP) for request in recipe.setup),
            *steps,
            *(aside(request, Role.CLEANUP) for request in recipe.cleanup),
        ),
        **more,
    )


def _step(
    name: str,
    arguments: Any,
    expect: Expectation,
    role: Role,
    rule: str,
    why: str = "",
) -> Step:
    return Step(request=Request(name, arguments), expect=expect, role=role, rule=rule, why=why)
