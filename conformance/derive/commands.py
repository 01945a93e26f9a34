"""Cases of a command as such: its recipe, its arguments one fault at a time, its errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.derive.case import Accept, Case, Expectation, Reject, Role, Step, Subject
from conformance.derive.mutate import Fault, members_of, object_faults
from conformance.derive.values import exemplar
from conformance.knowledge.commands import CommandRecipe, Refusal
from conformance.knowledge.versions import Version
from conformance.qapi.model import Schema
from conformance.stage import Request, Stage
from conformance.terms import Aspect, SubjectKind

PLAIN: Stage = Stage(name="plain")
"""A machine of type none with nothing added."""


def command_subject(name: str) -> Subject:
    """Return the command as a subject."""
    return Subject(kind=SubjectKind.COMMAND, name=name)


def command_cases(schema: Schema, recipe: CommandRecipe, version: Version) -> Iterator[Case]:
    """Yield the request that succeeds, its single faults, and the documented errors."""
    accepted = _step(recipe.name, recipe.arguments, Accept(), Role.SUBJECT, "Q30")
    yield _case(recipe, Aspect.VALID, "recipe", (accepted,))
    for fault, sibling in _faults(schema, recipe):
        refused = _step(recipe.name, fault.value, Reject(), Role.SUBJECT, fault.rule)
        witness = _step(recipe.name, sibling, Accept(), Role.WITNESS, "Q30")
        about = fault.label.split("/")[0]
        yield _case(
            recipe,
            Aspect.INVALID,
            fault.label,
            (refused, witness),
            about=about,
            fault=fault.text,
        )
    for refusal in recipe.refusals_for(version):
        yield _refused(recipe, refusal)


def _faults(schema: Schema, recipe: CommandRecipe) -> Iterator[tuple[Fault, Mapping[str, Any]]]:
    """Yield the faults of the recipe's arguments, and of each optional one added to them.

    Each comes with the arguments that lack the fault.
    """
    arg_type = schema.command(recipe.name).arg_type
    base = recipe.arguments
    yield from ((fault, base) for fault in object_faults(schema, arg_type, base))
    for member in members_of(schema, arg_type, base):
        if member.optional and member.name not in base and member.type != "any":
            fuller = {**base, member.name: exemplar(schema, member.type)}
            for fault in object_faults(schema, arg_type, fuller):
                if fault.label.startswith(f"{member.name}/"):
                    yield fault, fuller


def _refused(recipe: CommandRecipe, refusal: Refusal) -> Case:
    expect = Reject(refusal.classes)
    steps = [
        _step(recipe.name, refusal.arguments, expect, Role.SUBJECT, "X27", refusal.reason),
        *(_request(request, Role.CLEANUP) for request in refusal.cleanup),
        *(_request(request, Role.SETUP) for request in recipe.setup),
        _step(recipe.name, recipe.arguments, Accept(), Role.WITNESS, "Q30"),
        *(_request(request, Role.CLEANUP) for request in recipe.cleanup),
    ]
    return Case(
        id=f"{recipe.name}/{Aspect.ERRORS}/{refusal.name}",
        subject=command_subject(recipe.name),
        aspect=Aspect.ERRORS,
        stage=PLAIN,
        steps=(*(_request(request, Role.SETUP) for request in refusal.setup), *steps),
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
            *(_request(request, Role.SETUP) for request in recipe.setup),
            *steps,
            *(_request(request, Role.CLEANUP) for request in recipe.cleanup),
        ),
        **more,
    )


def _request(request: Request, role: Role) -> Step:
    return Step(request=request, expect=Accept(), role=role, rule="Q30")


def _step(
    name: str,
    arguments: Any,
    expect: Expectation,
    role: Role,
    rule: str,
    why: str = "",
) -> Step:
    return Step(request=Request(name, arguments), expect=expect, role=role, rule=rule, why=why)
