"""Cases of one object type over time and in company: documented errors, users, order, reset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from conformance.derive.commands.unchanged import state_queries
from conformance.derive.inputs import Introspected
from conformance.derive.objects.shape import ID
from conformance.derive.objects.under_test import (
    OBJECT_ID,
    OBJECTS,
    CaseParts,
    TypeUnderTest,
    add,
    delete,
    listed,
    type_under_test,
)
from conformance.derive.objects.valid import readings
from conformance.derive.steps import ANSWERED, PLAIN, supporting_step
from conformance.judge.expect_answer import Accept, Answer, Reject
from conformance.judge.expect_value import UnchangedIfRefused
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.recipes import ErrorRecipe, UserRecipe
from conformance.model.blocked import not_applicable, unmet
from conformance.model.case import Case, Role, Step
from conformance.model.stage import Request, Stage
from conformance.model.state import StateQuery
from conformance.model.terms import ABSENT, Aspect, JsonValue

ID_MARK: Final = "{id}"
"""The placeholder for the object in a recipe's request."""
MANY: Final = 6
"""The number of objects at once: enough to delete first, last and middle ones in turn."""
_DELETION_ORDER: Final = (2, 0, 5, 3, 1, 4)


def error_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the requests that QEMU must refuse although their types are right."""
    tested = type_under_test(build, knowledge, name)
    base = tested.base()
    if name not in build.model.by_name:
        yield _not_listed(tested, base)
    look = Request("qom-list", {"path": OBJECTS})
    known = (each for each in state_queries(build, knowledge) if each.request == look)
    query = next(known, StateQuery(request=look))
    for recipe in tested.recipe.errors:
        yield _refused(tested, recipe, base, query)
    if not tested.recipe.alone:
        yield tested.case(
            Aspect.ERRORS,
            "deleted-twice",
            (
                add(base),
                delete(Role.WITNESS),
                delete(Role.SUBJECT, Reject(), rule="X14"),
                listed(absent=(OBJECT_ID,), rule="W65"),
            ),
            fault="deletion of an object that is deleted already",
        )


def _not_listed(tested: TypeUnderTest, base: Mapping[str, JsonValue]) -> Case:
    """Return the case of a type that the schema names, and the list of types does not.

    The build has no such class, or its list lacks one.
    """
    fault = "qom-list-types does not list the type"
    steps = (
        add(base, role=Role.SUBJECT, rule="X11", expect=Reject(), why=fault),
        delete(expect=Answer()),
    )
    more: CaseParts = {"stage": PLAIN, "fault": fault, "blocked": None}
    return replace(tested.case(Aspect.ERRORS, "not-listed", steps, **more), blocked=None)


def _refused(
    tested: TypeUnderTest, recipe: ErrorRecipe, base: Mapping[str, JsonValue], query: StateQuery
) -> Case:
    kept = {k: v for k, v in base.items() if k not in recipe.without}
    arguments = {**kept, **recipe.changes}
    about = ",".join(recipe.changes) or ",".join(recipe.without)
    more: CaseParts = {"about": about, "fault": recipe.reason}
    problem = tested.shape.schema_error(arguments)
    if problem and not tested.blocked:
        why = f"the request is not valid for this build's schema: {problem}"
        more["blocked"] = not_applicable(why)
    if recipe.open:
        steps = [*_answered(recipe, arguments, query), add(base, role=Role.WITNESS)]
    else:
        steps = [*_rejected(recipe, base, arguments), add(base, role=Role.WITNESS)]
    if not tested.recipe.alone:
        steps.append(delete())
    return tested.case(Aspect.ERRORS, recipe.name, steps, **more)


def _rejected(
    recipe: ErrorRecipe, base: Mapping[str, JsonValue], arguments: Mapping[str, JsonValue]
) -> Iterator[Step]:
    """Yield the steps of a request that something promises to be refused."""
    why = f"{recipe.reason} ({recipe.promise})"
    for changes in recipe.after:
        yield add({**base, **changes}, role=Role.SETUP, rule="X27", expect=Reject(), why=why)
    yield add(
        arguments,
        role=Role.SUBJECT,
        rule="W65" if recipe.after else "X27",
        expect=Reject(frozenset({recipe.error_class})),
        why=why,
    )
    yield listed(absent=(OBJECT_ID,), rule="W65")


def _answered(
    recipe: ErrorRecipe, arguments: Mapping[str, JsonValue], query: StateQuery
) -> Iterator[Step]:
    """Yield the steps of a request that must be answered: if refused, it does nothing."""
    left = UnchangedIfRefused(query, 0, (1,))
    yield supporting_step(query.request, Role.SETUP, ANSWERED)
    yield add(arguments, role=Role.SUBJECT, rule="W35", expect=ANSWERED, why=recipe.open)
    yield Step(request=query.request, expect=left, role=Role.CHECK, rule="W65", why=recipe.reason)
    yield delete(expect=Answer())


def lifecycle_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the stages of an object's life: many at once, reset, stop and cont, users."""
    tested = type_under_test(build, knowledge, name)
    base = tested.base()
    yield _many(tested, base)
    for name, commands in (
        ("system-reset", ("system_reset",)),
        ("stop-cont", ("cont", "stop", "cont", "stop")),
    ):
        steps = [
            add(base),
            *(_plain(command) for command in commands),
            listed({OBJECT_ID: tested.shape.name}, rule="X26"),
            *readings(tested, base, "X26"),
        ]
        if not tested.recipe.alone:
            steps.append(delete(Role.CHECK))
        yield tested.case(Aspect.LIFECYCLE, name, steps)
    for user in tested.recipe.users:
        yield _used(tested, user, base)


def _plain(command: str) -> Step:
    return Step(request=Request(command, ABSENT), expect=Accept(), role=Role.SUBJECT, rule="X26")


def _many(tested: TypeUnderTest, base: Mapping[str, JsonValue]) -> Case:
    reason = tested.recipe.only_one
    if reason or tested.recipe.alone:
        blocked = tested.blocked or not_applicable(reason or tested.recipe.reason)
        return tested.case(Aspect.LIFECYCLE, "many", (), blocked=blocked)
    names = [f"{OBJECT_ID}{number}" for number in range(MANY)]
    kind = tested.shape.name
    steps = [
        *(add({**base, ID: name}, role=Role.SUBJECT, rule="X20") for name in names),
        listed(dict.fromkeys(names, kind)),
    ]
    left = list(names)
    for position in _DELETION_ORDER:
        left.remove(names[position])
        steps += [
            delete(Role.CHECK, object_id=names[position]),
            listed(dict.fromkeys(left, kind), absent=(names[position],), rule="X22"),
        ]
    return tested.case(Aspect.LIFECYCLE, "many", steps)


def _used(tested: TypeUnderTest, user: UserRecipe, base: Mapping[str, JsonValue]) -> Case:
    """Return the case of an object in use: it survives an attempt to delete it."""
    there = listed({OBJECT_ID: tested.shape.name}, rule="X23")
    steps = [
        add(base),
        *(_recipe_step(request, Role.SETUP) for request in user.use),
        delete(Role.SUBJECT, None if user.deletable else Reject(), rule="X23"),
    ]
    if not user.deletable:
        steps += [there, *(_recipe_step(request, Role.CLEANUP) for request in user.release)]
        if user.release:
            steps.append(delete(Role.WITNESS))
    stage = Stage(
        name=f"{tested.stage.name}/used-by/{user.name}",
        spec=user.spec,
        setup=tested.stage.setup,
    )
    return tested.case(
        Aspect.LIFECYCLE,
        f"used-by/{user.name}",
        steps,
        stage=stage,
        fault=user.reason or None,
        blocked=tested.blocked or unmet(user.needs, tested.lacks),
    )


def _recipe_step(request: Request, role: Role) -> Step:
    return Step(
        request=Request(request.execute, _named(request.arguments)),
        expect=Accept(),
        role=role,
        rule="X23",
    )


def _named(value: object) -> object:
    match value:
        case str():
            return value.replace(ID_MARK, OBJECT_ID)
        case dict():
            return {key: _named(item) for key, item in value.items()}
        case list():
            return [_named(item) for item in value]
        case _:
            return value
