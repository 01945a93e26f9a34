"""Cases of the requests of a command that a recipe knows to succeed: each is accepted.

Knows no command by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from conformance.derive.commands.unchanged import unchanged_cases
from conformance.derive.inputs import Introspected
from conformance.derive.steps import (
    PLAIN,
    around,
    blocked_by,
    command_subject,
    isolation_of,
    stage_of,
    success_of,
    supporting_step,
)
from conformance.judge.expect_answer import Answer, Understood
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.valid_request import ValidRequest
from conformance.model.blocked import not_applicable, unmet
from conformance.model.case import Case, Role, Step
from conformance.model.stage import Request
from conformance.model.terms import ABSENT, Aspect

_NO_ARGUMENTS: Final = "no-arguments"


def recipe_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the case of the first request of a command's recipe."""
    if name not in knowledge.commands:
        return
    valid = knowledge.commands[name].first(build.version)
    subject = Step(request=valid.request, expect=success_of(valid), role=Role.SUBJECT, rule="Q30")
    yield Case(
        id=f"{name}/{Aspect.VALID}/recipe",
        subject=command_subject(name),
        aspect=Aspect.VALID,
        stage=stage_of(valid),
        steps=around(valid, subject),
        isolation=isolation_of(valid),
        blocked=blocked_by(valid, build.lacks),
    )


def further_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the case of each further request of a command's recipe.

    One that is not valid by the build's schema is blocked.
    """
    recipe = knowledge.command(name)
    own = recipe.first(build.version)
    for valid in recipe.further_requests(build.version):
        why = not_in_schema(build, valid)
        # What the recipe's own request needs, its others may do without.
        needs = [need for need in valid.needs if need not in own.needs]
        subject = replace(supporting_step(valid.request, Role.SUBJECT), why=valid.reason)
        yield Case(
            id=f"{name}/{Aspect.VALID}/{valid.name}",
            subject=command_subject(name),
            aspect=Aspect.VALID,
            stage=stage_of(valid),
            steps=() if why else around(valid, subject),
            isolation=isolation_of(valid),
            about=valid.name,
            blocked=not_applicable(why) or unmet(needs, build.lacks),
        )


def asked_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the cases that the known requests of a command that only asks change nothing."""
    if not knowledge.state.only_asks(name):
        return
    recipe = knowledge.command(name)
    known = [
        Case(
            id=name,
            subject=command_subject(name),
            aspect=Aspect.VALID,
            stage=stage_of(valid),
            steps=around(valid, supporting_step(valid.request, Role.SUBJECT)),
            isolation=isolation_of(valid),
            about=valid.name,
            blocked=blocked_by(valid, build.lacks),
        )
        for valid in recipe.requests(build.version)
        if not build.schema_error(name, valid.arguments)
    ]
    yield from unchanged_cases(build, knowledge, known, rule="X35", expect=Answer())


def not_in_schema(build: Introspected, valid: ValidRequest) -> str | None:
    """Return why the build's schema does not take a request, None if it does."""
    problem = build.schema_error(valid.command, valid.arguments)
    return f"this build's schema does not take the request: {problem}" if problem else None


def undescribed_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield a request without arguments for a command without recipe that needs none.

    It is for builds without a schema. QEMU may refuse the request if the host lacks something; then
    it proves nothing.
    """
    if build.flavour.introspects or name in knowledge.commands or build.schema_error(name, {}):
        return
    subject = Step(
        request=Request(name, ABSENT), expect=Understood(), role=Role.SUBJECT, rule="Q30"
    )
    yield Case(
        id=f"{name}/{Aspect.VALID}/{_NO_ARGUMENTS}",
        subject=command_subject(name),
        aspect=Aspect.VALID,
        stage=PLAIN,
        steps=(subject,),
        about=_NO_ARGUMENTS,
    )
