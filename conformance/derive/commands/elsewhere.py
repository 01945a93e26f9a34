"""Cases of known requests on another machine than their recipe's: each is answered, and QEMU lives.

What needs a machine is sent to one of type none; what needs none, to one with processors, memory
and buses.  Knows no command by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from conformance.derive.applicability import OFFERS
from conformance.derive.commands.known_states import missing_machine
from conformance.derive.inputs import Introspected
from conformance.derive.steps import ANSWERED, around, blocked_by, command_subject, isolation_of
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.valid_request import Effect, ValidRequest
from conformance.model.blocked import not_applicable
from conformance.model.case import Case, Role, Step
from conformance.model.stage import MachineSpec, Stage
from conformance.model.terms import Aspect

_LACKING: Final = "without-machine"
_HAVING: Final = "with-machine"
_BARE: Final = Stage(name=f"gates/{_LACKING}", kept=True)


def elsewhere_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the case of a command's request on a machine that is unlike its recipe's.

    On a machine of type none the request has neither its set-up nor the rest of its machine.
    """
    if name not in knowledge.commands or not OFFERS[build.program].machines:
        return
    valid = knowledge.commands[name].first(build.version)
    if build.schema_error(name, valid.arguments) or valid.effect in (Effect.END, Effect.COMPLETES):
        return
    if valid.spec.machine != MachineSpec().machine:
        yield _case(_LACKING, _BARE, valid, (_subject(valid),))
    elif valid.spec == MachineSpec() and valid.effect is Effect.NONE:
        spec = MachineSpec(machine=knowledge.ordinary)
        case = _case(_HAVING, Stage(name=f"gates/{_HAVING}", spec=spec, kept=True), valid, ())
        missing = not_applicable(missing_machine(build, knowledge, spec.machine))
        blocked = missing or blocked_by(valid, build.lacks)
        yield replace(case, steps=around(valid, _subject(valid)), blocked=blocked)


def _subject(valid: ValidRequest) -> Step:
    return Step(request=valid.request, expect=ANSWERED, role=Role.SUBJECT, rule="W35")


def _case(name: str, stage: Stage, valid: ValidRequest, steps: tuple[Step, ...]) -> Case:
    return Case(
        id=f"{valid.command}/{Aspect.GATES}/{name}",
        subject=command_subject(valid.command),
        aspect=Aspect.GATES,
        stage=stage,
        steps=steps,
        isolation=isolation_of(valid),
        about=name,
    )
