"""Cases of the further requests that a command's recipe holds: each is accepted.

Knows neither what a command does nor a schema; the first request of a recipe is tried elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from conformance.derive.case import Case, Isolation, Role, Step, aside
from conformance.derive.commands import command_subject, recipe_stage
from conformance.knowledge.commands import CommandRecipe, Further
from conformance.knowledge.versions import Version
from conformance.stage import Request
from conformance.terms import ABSENT, Aspect


def further_cases(recipe: CommandRecipe, version: Version) -> Iterator[Case]:
    """Yield a case for each further request of the recipe that holds for `version`."""
    name = recipe.name
    for further in recipe.further_for(version):
        yield Case(
            id=f"{name}/{Aspect.VALID}/{further.name}",
            subject=command_subject(name),
            aspect=Aspect.VALID,
            stage=recipe_stage(recipe),
            steps=_steps(name, further),
            isolation=Isolation.ALONE if further.lasting else Isolation.SHARED,
            about=further.name,
        )


def _steps(name: str, further: Further) -> tuple[Step, ...]:
    request = Request(name, further.arguments or ABSENT)
    return (
        *(aside(each, Role.SETUP) for each in further.setup),
        replace(aside(request, Role.SUBJECT), why=further.reason),
        *(aside(each, Role.CLEANUP) for each in further.cleanup),
    )
