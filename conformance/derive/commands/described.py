"""Cases of commands that a build serves and does not describe, and that no recipe is for.

The schema is that of its source.  Knows neither what a command does nor how a build is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from conformance.derive.commands.valid import PLAIN, command_subject
from conformance.judge.expect_answer import Understood
from conformance.knowledge.commands import CommandRecipe
from conformance.model.case import Case, Role, Step
from conformance.model.stage import Request
from conformance.model.terms import ABSENT, Aspect
from conformance.qapi.model import Schema
from conformance.qapi.validate import Validator

_NO_ARGUMENTS = "no-arguments"


def described_cases(schema: Schema, recipes: Mapping[str, CommandRecipe]) -> Iterator[Case]:
    """Yield a request without arguments of each command that is valid so and has no recipe.

    It may be refused for what the host lacks, and then shows nothing.
    """
    validator = Validator(schema)
    for name, command in sorted(schema.commands.items()):
        if name not in recipes and validator.check(command.arg_type, {}) is None:
            subject = Step(
                request=Request(name, ABSENT),
                expect=Understood(),
                role=Role.SUBJECT,
                rule="Q30",
            )
            yield Case(
                id=f"{name}/{Aspect.VALID}/{_NO_ARGUMENTS}",
                subject=command_subject(name),
                aspect=Aspect.VALID,
                stage=PLAIN,
                steps=(subject,),
                about=_NO_ARGUMENTS,
            )
