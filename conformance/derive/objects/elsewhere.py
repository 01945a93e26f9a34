"""Cases of object types in another place than theirs: on a machine with buses, and in preconfig.

Knows no object type by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from conformance.derive.commands.known_states import missing_machine
from conformance.derive.inputs import Introspected
from conformance.derive.objects.under_test import OBJECT_ID, add, delete, listed, type_under_test
from conformance.derive.steps import ANSWERED, command_subject
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.valid_request import Effect
from conformance.model.blocked import not_applicable
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.stage import MachineSpec, Request, Stage
from conformance.model.terms import Aspect

_ASK: Final = "qom-list-properties"
_EARLY: Final = "preconfig"


def machine_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the case that a type which needs no machine can be created on one, too."""
    tested = type_under_test(build, knowledge, name)
    if tested.recipe.spec.machine != MachineSpec().machine:
        return
    spec = replace(tested.recipe.spec, machine=knowledge.ordinary)
    stage = Stage(name=f"{name}/on-a-machine", spec=spec, setup=tested.recipe.setup)
    steps = [add(tested.base(), role=Role.SUBJECT, rule="Q30"), listed({OBJECT_ID: name})]
    if not tested.recipe.alone:
        steps.append(delete())
    case = tested.case(Aspect.VALID, "on-a-machine", steps, stage=stage)
    missing = not_applicable(missing_machine(build, knowledge, spec.machine))
    yield replace(case, blocked=case.blocked or missing)


def early_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the cases that types are described before the machine is complete, as after it.

    The first type of each parent is asked for, all with --thorough; none where the release's source
    says that the query is not allowed then.
    """
    completing = (r for r in knowledge.commands.values() if r.effect is Effect.COMPLETES)
    ending = next((r for r in completing if r.name in build.schema.commands), None)
    if ending is None or build.preconfig_flags.get(_ASK) is False:
        return
    stage = Stage(name=f"introspection/{_EARLY}", spec=MachineSpec(args=ending.spec.args))
    first = {info.parent: info.name for info in reversed(build.model.types)}
    for kind in build.model.by_name if build.thorough else sorted(first.values()):
        request = Request(_ASK, {"typename": kind})
        step = Step(request=request, expect=ANSWERED, role=Role.SUBJECT, rule="W35")
        yield Case(
            id=f"{_ASK}/{Aspect.INTROSPECTION}/{kind}/{_EARLY}",
            subject=command_subject(_ASK),
            aspect=Aspect.INTROSPECTION,
            stage=stage,
            steps=(step,),
            isolation=Isolation.PURE,
            about=kind,
        )
