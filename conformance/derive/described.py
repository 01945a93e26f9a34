"""Cases of commands that a build serves and does not describe: each is asked for as it should be.

The schema is that of its source.  Knows neither what a command does nor how a build is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from conformance.derive.case import (
    Accept,
    Blocked,
    Case,
    Expectation,
    Isolation,
    Role,
    Step,
    Understood,
    aside,
)
from conformance.derive.commands import PLAIN, command_subject
from conformance.knowledge.commands import CommandRecipe, Effect
from conformance.qapi.model import Schema
from conformance.qapi.validate import Validator
from conformance.stage import MachineSpec, Request, Stage
from conformance.terms import ABSENT, Aspect, Outcome

_PLAIN_RECIPE = "recipe"
_NO_ARGUMENTS = "no-arguments"


def described_cases(schema: Schema, recipes: Mapping[str, CommandRecipe]) -> Iterator[Case]:
    """Yield a case for each command: its recipe's request, else one without arguments.

    The second may be refused for what the host lacks, and then shows nothing; a command that is not
    valid without arguments has none.
    """
    validator = Validator(schema)
    for name, command in sorted(schema.commands.items()):
        recipe = recipes.get(name)
        if recipe is not None:
            yield _case(recipe, _PLAIN_RECIPE, Accept())
        elif validator.check(command.arg_type, {}) is None:
            yield _case(CommandRecipe(name=name), _NO_ARGUMENTS, Understood())


def _case(recipe: CommandRecipe, about: str, expect: Expectation) -> Case:
    name = recipe.name
    plain = recipe.spec == MachineSpec()
    blocked = None
    if recipe.never:
        blocked = Blocked(outcome=Outcome.UNTESTABLE_HERE, reason=recipe.never)
    request = Request(name, recipe.arguments or ABSENT)
    subject = Step(request=request, expect=expect, role=Role.SUBJECT, rule="Q30")
    return Case(
        id=f"{name}/{Aspect.VALID}/{about}",
        subject=command_subject(name),
        aspect=Aspect.VALID,
        stage=PLAIN if plain else Stage(name=f"described/{name}", spec=recipe.spec),
        steps=()
        if blocked
        else (
            *(aside(each, Role.SETUP) for each in recipe.setup),
            subject,
            *(aside(each, Role.CLEANUP) for each in recipe.cleanup),
        ),
        isolation=Isolation.SHARED if recipe.effect is Effect.NONE else Isolation.ALONE,
        about=about,
        blocked=blocked,
    )
