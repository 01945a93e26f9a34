"""Known states on one build: their stage, what stands in their way, and facts in their patterns.

Knows no state and no query by name.
"""

from __future__ import annotations

from typing import Final

from conformance.derive.inputs import Introspected
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.machines import StandIns
from conformance.knowledge.states import MachineState
from conformance.knowledge.type_options import types_of_options
from conformance.model.blocked import Blocked, not_applicable, unmet
from conformance.model.pattern import ANYTHING, FACTS
from conformance.model.stage import Stage
from conformance.model.terms import JsonValue, as_object

_MACHINE: Final = "-machine"
"""The end of the names of machine types."""


def stage_of_state(state: MachineState) -> Stage:
    """Return the stage of a state."""
    return Stage(name=f"state/{state.name}", spec=state.spec, setup=state.setup)


def blocked_state(build: Introspected, knowledge: Knowledge, state: MachineState) -> Blocked | None:
    """Return why a build cannot be brought into a state here, None if it can."""
    problem = _problem(build, knowledge, state) or _lacking(build, knowledge, state)
    return not_applicable(problem) or unmet(state.needs, build.lacks)


def _problem(build: Introspected, knowledge: Knowledge, state: MachineState) -> str | None:
    """Return which request of the set-up the build's schema does not take, None if none.

    The arguments of some commands are in no schema.
    """
    untyped = knowledge.untyped(build.version)
    for request in state.setup:
        if request.execute not in build.schema.commands:
            return f"this build's schema has no command {request.execute}"
        arguments = as_object(request.arguments)
        problem = build.schema_error(request.execute, arguments)
        if problem and request.execute not in untyped:
            return f"this build's schema does not take {request.execute}: {problem}"
    return None


def _lacking(build: Introspected, knowledge: Knowledge, state: MachineState) -> str | None:
    """Return which machine or type of the state the build lacks, as far as its types tell."""
    missing = missing_machine(build, knowledge, state.spec.machine)
    types = build.model.by_name
    if missing is not None or not types:
        return missing
    named_types = (each for _, _, each in types_of_options(state.spec.args))
    lost = next((each for each in named_types if each not in types), None)
    return None if lost is None else f"this build has no type {lost}"


def missing_machine(build: Introspected, knowledge: Knowledge, machine: str) -> str | None:
    """Return which machine the build lacks, None if it has it or its types do not tell."""
    own = knowledge.stand_ins.get(build.arch or "", StandIns()).machines
    named = own[machine].name if machine in own else machine
    beginning, types = knowledge.walk.get(named), build.model.by_name
    if not types:
        return None
    machines = (each for each in types if each.endswith(_MACHINE))
    if beginning is not None and not any(each.startswith(beginning) for each in machines):
        return f"this build has no machine {named}"
    return None


def with_facts(pattern: JsonValue, build: Introspected) -> JsonValue:
    """Return a pattern with the words for facts of the build replaced by them."""
    known: tuple[JsonValue, ...] = (build.arch or ANYTHING, *build.version)
    facts = dict(zip(FACTS, known, strict=True))

    def filled(value: JsonValue) -> JsonValue:
        match value:
            case dict():
                return {name: filled(each) for name, each in value.items()}
            case list():
                return [filled(each) for each in value]
            case str():
                return facts.get(value, value)
            case _:
                return value

    return filled(pattern)
