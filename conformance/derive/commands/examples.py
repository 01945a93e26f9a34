"""Cases of the examples in the documentation: each is valid, and runs as shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from conformance.derive.inputs import Introspected, Knowledge
from conformance.derive.objects.tree import machine_stage
from conformance.derive.steps import PLAIN, supporting_steps
from conformance.digest.declaration import EntityKind
from conformance.judge.expect_answer import Accept, Reject
from conformance.knowledge.examples import ExampleRecipe
from conformance.model.blocked import Blocked, not_applicable, unmet, untried
from conformance.model.case import Case, Claim, Isolation, Role, Step, Subject
from conformance.model.expectation import Expectation
from conformance.model.stage import Request, Stage
from conformance.model.terms import Absent, Aspect, ErrorClass, JsonValue, SubjectKind
from conformance.source.dialogue import ShownRequest
from conformance.source.documented import DocumentedExample

VALID: Final = "valid by the schema"
"""What every example is promised to be."""
NO_STAGE: Final = "no stage for this example"


def example_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the cases of the documented examples of a command or an event.

    Each has one of whether it is valid, and one of its run if it has requests.  They are numbered
    as in the documentation of their owner.  Whether one is valid has been judged by the schema of
    its own source, whatever the build's configuration.
    """
    examples = build.exact.examples if build.exact else None
    for example in examples or ():
        if example.owner == name:
            yield _static(example)
            if example.kind is EntityKind.COMMAND:
                yield _run(example, build, knowledge)


def _subject(example: DocumentedExample) -> Subject:
    command = example.kind is EntityKind.COMMAND
    kind = SubjectKind.COMMAND if command else SubjectKind.EVENT
    return Subject(kind=kind, name=example.owner)


def _static(example: DocumentedExample) -> Case:
    told = f"example {example.number} of {example.owner}"
    problems = [(fault.place, fault.problem) for fault in example.faults]
    claims = tuple(
        Claim(
            rule="X18",
            what=f"{place.file}:{place.line}: {told}",
            promised=VALID,
            found=problem,
            fold=f"X18 {told}",
        )
        for place, problem in problems or [(example.place, VALID)]
    )
    return Case(
        id=f"{example.owner}/{Aspect.EXAMPLES}/{example.number}/static",
        subject=_subject(example),
        aspect=Aspect.EXAMPLES,
        stage=PLAIN,
        steps=(),
        claims=claims,
        about=f"{example.number}",
    )


def _run(example: DocumentedExample, build: Introspected, knowledge: Knowledge) -> Case:
    requests = [shown.request for shown in example.requests]
    recipe = knowledge.examples.find(example.owner, requests, build.version)
    blocked = _blocked(example, recipe, build)
    steps: tuple[Step, ...] = ()
    stage, isolation = PLAIN, Isolation.SHARED
    if recipe is not None and blocked is None:
        steps = tuple(_steps(example.requests, recipe))
        stage = machine_stage(recipe.spec.machine)
        if recipe.stage:
            stage = Stage(name=f"example-{recipe.stage}", spec=recipe.spec)
        isolation = Isolation.ALONE if recipe.alone else Isolation.SHARED
    return Case(
        id=f"{example.owner}/{Aspect.EXAMPLES}/{example.number}/run",
        subject=_subject(example),
        aspect=Aspect.EXAMPLES,
        stage=stage,
        steps=steps,
        isolation=isolation,
        about=f"{example.number}",
        blocked=blocked,
    )


def _blocked(
    example: DocumentedExample, recipe: ExampleRecipe | None, build: Introspected
) -> Blocked | None:
    """Return why an example cannot be run: there is nothing to run, or nothing to run it on."""
    names = (example.owner, *(shown.request.execute for shown in example.requests))
    absent = next((name for name in names if name not in build.schema.commands), None)
    if absent is not None and (absent == example.owner or _is_sound(example)):
        why = f"this build's schema has no command {absent}"
    elif not example.requests:
        why = "the example shows no whole request"
    elif not _is_sound(example):
        why = "a request of the example is wrong, or shown in part"
    else:
        return _unmet(recipe, build)
    return not_applicable(why)


def _is_sound(example: DocumentedExample) -> bool:
    return all(shown.sound for shown in example.requests)


def _unmet(recipe: ExampleRecipe | None, build: Introspected) -> Blocked | None:
    if recipe is None:
        return untried(NO_STAGE)
    return unmet(recipe.needs, build.lacks)


def _steps(requests: Iterable[ShownRequest], recipe: ExampleRecipe) -> Iterator[Step]:
    """Yield the example's requests, which must be answered with values of their return types."""
    yield from supporting_steps(recipe.setup, Role.SETUP)
    for shown in requests:
        request, why = _substituted(shown.request, recipe)
        expect = _expected(shown.reply)
        yield Step(request=request, expect=expect, role=Role.SUBJECT, rule="W73", why=why)
    yield from supporting_steps(recipe.cleanup, Role.CLEANUP)


def _substituted(request: Request, recipe: ExampleRecipe) -> tuple[Request, str]:
    """Return a request with what stands for its values here, and the reasons for that."""
    arguments: object = request.arguments
    reasons = [recipe.reason]
    for substitute in recipe.substitutes:
        changed = substitute.put(arguments)
        if changed is not arguments:
            reasons.append(substitute.reason)
        arguments = changed
    return Request(request.execute, arguments, request.key), "; ".join(reasons)


def _expected(reply: JsonValue | Absent) -> Expectation:
    """Return what a shown reply promises: success, or an error of its class."""
    match reply:
        case {"error": {"class": str(name)}} if name in frozenset(ErrorClass):
            return Reject(frozenset({ErrorClass(name)}))
        case _:
            # Of a value that is returned the type alone is promised, which every reply is held to.
            return Accept()
