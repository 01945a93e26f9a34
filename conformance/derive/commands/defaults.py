"""Cases of the documented defaults of commands' arguments (X17)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from conformance.derive.commands.valid import command_subject
from conformance.derive.inputs import Introspected, Knowledge
from conformance.derive.objects.defaults import WORDS, default_of
from conformance.derive.steps import supporting_steps
from conformance.digest.digest import DigestEntity
from conformance.digest.lookup import DocumentedMember, argument_fact
from conformance.judge.expect_answer import Accept
from conformance.judge.expect_value import Repeats, shows_value
from conformance.knowledge.defaults import Showing, showings_for
from conformance.model.blocked import Blocked, not_applicable
from conformance.model.case import Case, DefaultOf, Isolation, Role, Step
from conformance.model.expectation import Expectation
from conformance.model.stage import Request, Stage
from conformance.model.terms import ABSENT, Aspect

RULE: Final = "X17"


def documented_default_cases(
    build: Introspected, knowledge: Knowledge, name: str
) -> Iterator[Case]:
    """Yield a case for each argument whose value can be read back.

    A default that is not documented as a value is read for the report's table alone.
    """
    if name not in build.schema.commands:
        return
    for showing in showings_for(knowledge.showings, build.version):
        if showing.command == name:
            yield from _shown_defaults(showing, build.declared)


def _shown_defaults(showing: Showing, entities: Mapping[str, DigestEntity]) -> Iterator[Case]:
    for name in showing.shows:
        fact = argument_fact(entities, showing.command, name, showing.case)
        if fact is None:
            continue
        if fact.default is ABSENT:
            why = f"the documentation gives no value: {WORDS[fact.default_kind] or 'none'}"
            blocked = not_applicable(why)
            yield _command_case(showing, name, (), blocked=blocked)
        elif showing.read is None:
            yield _command_case(showing, name, _alike(showing, name, fact))
        else:
            path = showing.shows[name]
            expect = shows_value(path, fact.default)
            steps = (
                *supporting_steps(showing.setup, Role.SETUP),
                _step(Request(showing.command, showing.arguments), Accept(), Role.SUBJECT, "Q16"),
                _step(showing.read, expect, Role.CHECK, RULE, _why(showing, fact)),
                *supporting_steps(showing.cleanup, Role.CLEANUP),
            )
            row = default_of(name, fact, step=len(showing.setup) + 1, path=path)
            yield _command_case(showing, name, steps, defaults=(row,))


def _why(showing: Showing, fact: DocumentedMember) -> str:
    return f"{fact.where} documents it. {showing.reason}"


def _alike(showing: Showing, name: str, fact: DocumentedMember) -> tuple[Step, ...]:
    """Return the steps of a default that shows in the answer alone."""
    given = {**showing.arguments, name: fact.default}
    first = len(showing.setup)
    return (
        *supporting_steps(showing.setup, Role.SETUP),
        _step(Request(showing.command, given), Accept(), Role.SUBJECT, "Q30"),
        _step(
            Request(showing.command, showing.arguments),
            Repeats(first),
            Role.CHECK,
            RULE,
            _why(showing, fact),
        ),
        *supporting_steps(showing.cleanup, Role.CLEANUP),
    )


def _command_case(
    showing: Showing,
    name: str,
    steps: tuple[Step, ...],
    *,
    blocked: Blocked | None = None,
    defaults: tuple[DefaultOf, ...] = (),
) -> Case:
    kind = f"{showing.name}/" if showing.name else ""
    return Case(
        id=f"{showing.command}/{Aspect.DOCUMENTATION}/default/{kind}{name}",
        subject=command_subject(showing.command),
        aspect=Aspect.DOCUMENTATION,
        # Other cases of the command may leave other values behind.
        stage=Stage(name=f"defaults of {showing.command}"),
        steps=steps,
        isolation=Isolation.ALONE if showing.changes else Isolation.SHARED,
        about=name,
        blocked=blocked,
        defaults=defaults,
    )


def _step(request: Request, expect: Expectation, role: Role, rule: str, why: str = "") -> Step:
    return Step(request=request, expect=expect, role=role, rule=rule, why=why)
