"""Cases of values of an object type's members that nothing promises to be taken or refused.

They are answered, and QEMU lives.  Knows no type by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.derive.argument_shapes import shape_of
from conformance.derive.inputs import Introspected
from conformance.derive.objects.shape import OBJECT_ADD
from conformance.derive.objects.under_test import TypeUnderTest, add, delete, type_under_test
from conformance.derive.objects.valid import first_value
from conformance.derive.steps import ANSWERED
from conformance.knowledge.arguments import ArgumentValue
from conformance.knowledge.everything import Knowledge
from conformance.model.blocked import untried
from conformance.model.case import Case, Role, Step
from conformance.model.terms import Aspect
from conformance.qapi.model import Member


def value_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield a case for each string, integer and array among the members of an object type."""
    tested = type_under_test(build, knowledge, name)
    for member in tested.shape.members:
        shape = shape_of(tested.shape.schema, member.type)
        values = knowledge.catalogue.values(OBJECT_ADD, member.name, shape) if shape else ()
        if values:
            yield _case(tested, member, values)


def _case(tested: TypeUnderTest, member: Member, values: Sequence[ArgumentValue]) -> Case:
    omit = tested.recipe.member(member.name).omit
    return tested.case(
        Aspect.VALUES,
        member.name,
        () if omit else _steps(tested, member, values),
        about=member.name,
        together=tuple(f"{member.name}={value.name}" for value in values),
        blocked=tested.blocked or (untried(omit) if omit else None),
    )


def _steps(
    tested: TypeUnderTest, member: Member, values: Sequence[ArgumentValue]
) -> Iterator[Step]:
    """Yield the smallest request that succeeds, and each value.

    An object that cannot be deleted has the machine for itself, and no request before.
    """
    own = first_value(tested, member)
    if not tested.recipe.alone:
        yield add(tested.base(), role=Role.WITNESS)
        yield delete()
    for value in values:
        arguments = tested.giving(member.name, value.like(own))
        yield add(arguments, role=Role.SUBJECT, rule="W35", expect=ANSWERED)
        yield delete(expect=ANSWERED)
