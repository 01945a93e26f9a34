"""Cases of an object that was created: its properties read and set one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.derive.argument_shapes import shape_of
from conformance.derive.inputs import Introspected
from conformance.derive.instances import open_settings, readings, refused_settings
from conformance.derive.objects.under_test import (
    OBJECT_ID,
    OBJECTS,
    TypeUnderTest,
    add,
    delete,
    type_under_test,
)
from conformance.derive.steps import ANSWERED
from conformance.knowledge.arguments import ArgumentShape
from conformance.knowledge.everything import Knowledge
from conformance.model.case import Case, Role
from conformance.model.terms import Aspect
from conformance.qapi.model import Member

_PATH: Final = f"{OBJECTS}/{OBJECT_ID}"


def instance_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the cases of an object of the type; none if the build lists no properties of it."""
    tested = type_under_test(build, knowledge, name)
    items = tested.shape.listed
    if not items:
        return
    made = add(tested.base())
    gone = () if tested.recipe.alone else (delete(),)
    yield tested.case(Aspect.INTROSPECTION, "instance", (made, *readings(_PATH, items), *gone))
    arrays = {m.name for m in tested.shape.members if _is_array(tested, m)}
    for item in items:
        # An array that calls itself something else is told where it is read.
        steps = refused_settings(_PATH, item, 1) if item.name not in arrays else ()
        if steps:
            name, whole = f"set/{item.name}", (made, *steps, *gone)
            yield tested.case(Aspect.INTROSPECTION, name, whole, about=item.name)
    yield from _open_case(tested, knowledge)


def _is_array(tested: TypeUnderTest, member: Member) -> bool:
    known = tested.recipe.member(member.name).values
    declared = shape_of(tested.shape.schema, member.type) is ArgumentShape.ARRAY
    return declared or any(isinstance(value, list | tuple) for value in known)


def _open_case(tested: TypeUnderTest, knowledge: Knowledge) -> Iterator[Case]:
    """Yield the case of what properties are set to that nothing promises to be taken.

    Each is set on an object of its own, whose end it may bring about; one that cannot be deleted
    takes them all.
    """
    found = tuple(open_settings(_PATH, tested.shape.listed, knowledge.catalogue))
    if not found:
        return
    base = tested.base()
    steps = [add(base, role=Role.WITNESS)]
    if tested.recipe.alone:
        steps += (step for _, step in found)
    else:
        steps.append(delete())
        for _, step in found:
            steps += (add(base, expect=ANSWERED), step, delete(expect=ANSWERED))
    yield tested.case(Aspect.VALUES, "set", steps, together=tuple(label for label, _ in found))
