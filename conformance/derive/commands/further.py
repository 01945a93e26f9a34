"""Cases of the further requests that a command's recipe holds: each is accepted.

Knows neither what a command does nor a schema; the first request of a recipe is tried elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from conformance.derive.commands.valid import PLAIN, command_subject, recipe_stage
from conformance.derive.steps import supporting_step
from conformance.knowledge.commands import CommandRecipe, Further
from conformance.knowledge.versions import Version
from conformance.model.blocked import not_applicable
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.stage import MachineSpec, Request, Stage
from conformance.model.terms import ABSENT, Aspect, JsonValue
from conformance.qapi.model import Schema
from conformance.qapi.validate import Validator


def further_cases(
    recipe: CommandRecipe, version: Version, schema: Schema | None = None
) -> Iterator[Case]:
    """Yield a case for each further request of the recipe that holds for `version`.

    One that is not valid by `schema`, where that is given, is blocked.
    """
    name = recipe.name
    for further in recipe.further_for(version):
        why = untaken(schema, name, further.arguments) if schema is not None else ""
        yield Case(
            id=f"{name}/{Aspect.VALID}/{further.name}",
            subject=command_subject(name),
            aspect=Aspect.VALID,
            stage=_stage(recipe, further),
            steps=() if why else _steps(name, further),
            isolation=Isolation.ALONE if further.lasting else Isolation.SHARED,
            about=further.name,
            blocked=not_applicable(why),
        )


def _stage(recipe: CommandRecipe, further: Further) -> Stage:
    """Return the recipe's machine, or the request's own."""
    match further.spec:
        case None:
            return recipe_stage(recipe)
        case spec if spec == MachineSpec():
            return PLAIN
        case spec:
            return Stage(name=f"further/{recipe.name}/{further.name}", spec=spec)


def untaken(schema: Schema, name: str, arguments: Mapping[str, JsonValue]) -> str:
    """Return why a request of the command is not valid by the schema, "" where it is."""
    fault = Validator(schema).check(schema.commands[name].arg_type, arguments)
    if fault is None:
        return ""
    return f"this build's schema does not take the request: {fault.path}: {fault.problem}"


def _steps(name: str, further: Further) -> tuple[Step, ...]:
    request = Request(name, further.arguments or ABSENT)
    return (
        *(supporting_step(each, Role.SETUP) for each in further.setup),
        replace(supporting_step(request, Role.SUBJECT), why=further.reason),
        *(supporting_step(each, Role.CLEANUP) for each in further.cleanup),
    )
