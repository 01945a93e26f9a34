"""Cases of values of an object type's members of which its schema alone promises nothing.

Each is answered, and QEMU lives; one of a documented form is taken, one out of it refused.  Knows
no type by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from conformance.derive.argument_shapes import shape_of
from conformance.derive.commands.trials import promised_step
from conformance.derive.inputs import Introspected
from conformance.derive.objects.shape import OBJECT_ADD
from conformance.derive.objects.under_test import TypeUnderTest, add, delete, type_under_test
from conformance.derive.objects.valid import first_value
from conformance.derive.steps import ANSWERED
from conformance.knowledge.argument_forms import DocumentedForms, FormPromise
from conformance.knowledge.arguments import ArgumentShape
from conformance.knowledge.everything import Knowledge
from conformance.model.blocked import untried
from conformance.model.case import Case, Role, Step
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import Aspect, JsonValue
from conformance.qapi.model import Member


def value_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield a case for each string, integer and array among the members of an object type."""
    tested, catalogue = type_under_test(build, knowledge, name), knowledge.catalogue
    for member in tested.shape.members:
        shape = shape_of(tested.shape.schema, member.type)
        if catalogue.leaves_out(OBJECT_ADD, member.name, thorough=build.thorough):
            continue
        values = (
            catalogue.values(OBJECT_ADD, member.name, shape, thorough=build.thorough)
            if shape
            else ()
        )
        forms = DocumentedForms()
        if shape is ArgumentShape.STRING:
            forms = catalogue.forms_of(OBJECT_ADD, member.name, build.version)
        formed = forms.texts()
        own = first_value(tested, member)
        tried = [_Value(text or "empty", text, promise) for text, promise in formed.items()]
        tried += [
            _Value(each.name, each.like(own), None)
            for each in values
            if each.like(own) not in [*formed]
        ]
        if tried:
            spec = forms.surrounded(tested.stage.spec)
            yield _case(_surrounded(tested, spec), member, tried)


@dataclass(frozen=True, slots=True)
class _Value:
    """A value of a member: what tells it from others, and what is promised of it."""

    name: str
    value: JsonValue
    promise: FormPromise | None


def _surrounded(tested: TypeUnderTest, spec: MachineSpec) -> TypeUnderTest:
    """Return the type, tried on a machine that may have more than it needs."""
    if spec == tested.stage.spec:
        return tested
    stage = replace(tested.stage, name=f"{tested.stage.name}{spec.mark}", spec=spec)
    return replace(tested, stage=stage)


def _case(tested: TypeUnderTest, member: Member, values: Sequence[_Value]) -> Case:
    omit = tested.recipe.member(member.name).omit
    return tested.case(
        Aspect.VALUES,
        member.name,
        () if omit else _steps(tested, member, values),
        about=member.name,
        together=tuple(f"{member.name}={value.name}" for value in values),
        blocked=tested.blocked or (untried(omit) if omit else None),
    )


def _steps(tested: TypeUnderTest, member: Member, values: Sequence[_Value]) -> Iterator[Step]:
    """Yield the smallest request that succeeds, and each value.

    An object that cannot be deleted has the machine for itself, and no request before.
    """
    if not tested.recipe.alone:
        yield add(tested.base(), role=Role.WITNESS)
        yield delete()
    for value in values:
        arguments = tested.giving(member.name, value.value)
        yield promised_step(Request(OBJECT_ADD, arguments), value.promise)
        yield delete(expect=ANSWERED)
