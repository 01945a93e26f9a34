"""Cases of what the documentation says of a command: its defaults (X17) and its examples."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from conformance.derive.inputs import Introspected
from conformance.derive.objects.defaults import WORDS, default_of
from conformance.derive.steps import PLAIN, blocked_by, command_subject, supporting_steps
from conformance.digest.declaration import EntityKind
from conformance.digest.digest import DigestEntity
from conformance.digest.lookup import DocumentedMember, argument_fact
from conformance.judge.expect_answer import Accept, Reject
from conformance.judge.expect_value import Repeats, shows_value
from conformance.knowledge.defaults import Showing, showings_for
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.examples import ExampleRecipe
from conformance.model.blocked import Blocked, not_applicable, unmet, untried
from conformance.model.case import Case, Claim, DefaultOf, Isolation, Role, Step, Subject
from conformance.model.expectation import Expectation
from conformance.model.stage import Request, Stage
from conformance.model.terms import ABSENT, Absent, Aspect, ErrorClass, JsonValue, SubjectKind
from conformance.source.dialogue import ShownRequest
from conformance.source.documented import DocumentedExample

_ELSEWHERE: Final = re.compile(r" \((?:also in|likewise) [^)]*\)")
"""What a fault of an example says of its like."""
RULE: Final = "X17"


def documented_default_cases(
    build: Introspected, knowledge: Knowledge, name: str
) -> Iterator[Case]:
    """Yield a case for each argument whose value can be read back.

    A default that is not documented as a value is only read for the report's table.
    """
    if name not in build.schema.commands:
        return
    for showing in showings_for(knowledge.showings, build.version):
        if showing.command == name:
            facts = build.documented
            yield from _shown_defaults(showing, facts.entities if facts else {})


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
    """Return the steps for a default that only the reply shows."""
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


VALID: Final = "valid by the schema"
"""What the documentation promises of every example."""
NO_STAGE: Final = "no stage for this example"


def example_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the cases of the documented examples of a command or an event.

    Each example has a case of its validity, and a case that runs it if it has requests. Their
    numbers are those in the documentation of their owner. Validity was judged by the schema of the
    example's own source, whatever the build's configuration.
    """
    examples = build.documented.examples if build.documented else None
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
            # Not its number: another example before it changes nothing.
            defect=f"X18 example of {example.owner}: {_ELSEWHERE.sub('', problem)}",
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
    blocked = _blocked(example, recipe, build) or _never_accepted(example.owner, build, knowledge)
    steps: tuple[Step, ...] = ()
    stage, isolation = PLAIN, Isolation.SHARED
    if recipe is not None and blocked is None:
        steps = tuple(_steps(example.requests, recipe))
        if recipe.stage or recipe.spec != PLAIN.spec:
            word = f"example-{recipe.stage}" if recipe.stage else recipe.spec.machine
            stage = Stage(name=word, spec=recipe.spec)
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
    """Return why an example cannot run: it has no requests, or there is no machine for it."""
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


def _never_accepted(name: str, build: Introspected, knowledge: Knowledge) -> Blocked | None:
    """Return why no request of a command succeeds on the build, None if some may."""
    valid = knowledge.command(name).first(build.version)
    return blocked_by(valid, {}) if valid.always_fails else None


def _is_sound(example: DocumentedExample) -> bool:
    return all(shown.sound for shown in example.requests)


def _unmet(recipe: ExampleRecipe | None, build: Introspected) -> Blocked | None:
    if recipe is None:
        return untried(NO_STAGE)
    return unmet(recipe.needs, build.lacks)


def _steps(requests: Iterable[ShownRequest], recipe: ExampleRecipe) -> Iterator[Step]:
    """Yield the example's requests, whose replies must be of their return types."""
    yield from supporting_steps(recipe.setup, Role.SETUP)
    for shown in requests:
        request, why = _substituted(shown.request, recipe)
        expect = _expected(shown.reply)
        yield Step(request=request, expect=expect, role=Role.SUBJECT, rule="W73", why=why)
    yield from supporting_steps(recipe.cleanup, Role.CLEANUP)


def _substituted(request: Request, recipe: ExampleRecipe) -> tuple[Request, str]:
    """Return a request with substitutes for its values, and the reasons for them."""
    arguments: object = request.arguments
    reasons = [recipe.reason]
    for substitute in recipe.substitutes:
        changed = substitute.put(arguments)
        if changed is not arguments:
            reasons.append(substitute.reason)
        arguments = changed
    return Request(request.execute, arguments, request.key), "; ".join(reasons)


def _expected(reply: JsonValue | Absent) -> Expectation:
    """Return what the shown reply promises: success, or an error of its class."""
    match reply:
        case {"error": {"class": str(name)}} if name in frozenset(ErrorClass):
            return Reject(frozenset({ErrorClass(name)}))
        case _:
            # Only the type of a returned value is promised, and every reply is checked for that.
            return Accept()
