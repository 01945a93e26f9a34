"""The case that the request of a command's recipe succeeds, and the machine that it does so on.

Knows neither what a command does nor a schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from conformance.derive.steps import supporting_step
from conformance.judge.expect_answer import Accept, Ends
from conformance.knowledge.commands import CommandRecipe, Effect
from conformance.model.blocked import Blocked, unmet, untried
from conformance.model.case import Case, Isolation, Role, Step, Subject
from conformance.model.stage import MachineSpec, Request, Stage
from conformance.model.terms import ABSENT, Aspect, SubjectKind

PLAIN: Stage = Stage(name="plain")
"""A machine of type none with nothing added."""


def command_subject(name: str) -> Subject:
    """Return the command as a subject."""
    return Subject(kind=SubjectKind.COMMAND, name=name)


def recipe_stage(recipe: CommandRecipe) -> Stage:
    """Return the machine of the recipe, which all cases of its requests can share."""
    if recipe.spec == MachineSpec():
        return PLAIN
    return Stage(name=f"recipe/{recipe.name}", spec=recipe.spec)


def recipe_request(recipe: CommandRecipe) -> Request:
    """Return the request that succeeds."""
    return Request(recipe.name, recipe.arguments or ABSENT, descriptor=recipe.descriptor)


def recipe_blocked(recipe: CommandRecipe, lacks: Mapping[str, str]) -> Blocked | None:
    """Return why the request does not succeed here, None where it does.

    `lacks` maps each need that host and build do not meet to why.
    """
    if recipe.never:
        return untried(f"no request of it succeeds: {recipe.never}")
    return unmet(recipe.needs, lacks)


def command_cases(recipe: CommandRecipe, lacks: Mapping[str, str]) -> Iterator[Case]:
    """Yield the case of the request that succeeds."""
    expect = Ends() if recipe.effect is Effect.END else Accept()
    subject = Step(request=recipe_request(recipe), expect=expect, role=Role.SUBJECT, rule="Q30")
    alone = recipe.effect is not Effect.NONE
    yield Case(
        id=f"{recipe.name}/{Aspect.VALID}/recipe",
        subject=command_subject(recipe.name),
        aspect=Aspect.VALID,
        stage=recipe_stage(recipe),
        steps=(
            *(supporting_step(request, Role.SETUP) for request in recipe.setup),
            subject,
            *(supporting_step(request, Role.CLEANUP) for request in recipe.cleanup),
        ),
        isolation=Isolation.ALONE if alone else Isolation.SHARED,
        blocked=recipe_blocked(recipe, lacks),
    )
