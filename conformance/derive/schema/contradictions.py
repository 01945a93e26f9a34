"""Cases that a schema agrees with itself: one for each rule that says how it must.

They hold what was found when the schema was read, as claims, and need no machine.  Knows neither
the entries nor what became of those with a fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from conformance.derive.inputs import Introspected
from conformance.derive.schema.declarations import INTROSPECT
from conformance.derive.steps import PLAIN, command_subject
from conformance.knowledge.everything import Knowledge
from conformance.model.case import Case, Claim, Isolation, Subject
from conformance.model.terms import Aspect
from conformance.qapi.consistency import ContradictionError
from conformance.qapi.qom import PATH_NAMES, PROPERTY_NAMES, TYPE_NAMES

RULES: Final[Mapping[str, str]] = {
    "Q12": "values-distinct",
    "Q22": "branches-disjoint",
    "Q44": "names-usable",
    "Q46": "names-distinct",
    "Q53": "entries",
    "Q57": "form-of-commands",
    "Q58": "arguments",
    "Q59": "events",
    "Q60": "objects",
    "Q61": "members",
    "Q62": "variants",
    "Q63": "alternates",
    "Q64": "arrays",
    "Q65": "enumerations",
    "Q66": "builtins",
    "Q68": "types-defined",
}
"""The rules on a schema's consistency, and the names of their cases."""
MODEL_RULES: Final[Mapping[str, str]] = {
    TYPE_NAMES: "qom-list-types",
    PROPERTY_NAMES: "qom-list-properties",
    PATH_NAMES: "qom-list",
}
"""The rules on names of the object model, and the commands that list such names."""
_SHOWN: Final = 100
"""How many faults against one rule to report singly: each is a finding."""
_SOUND: Final = "no contradiction"


def contradiction_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the case of each rule, with the schema's faults against it, in order."""
    for rule, label in RULES.items():
        yield _case(INTROSPECT, label, rule, build.faults)


def unusable_name_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the case of the object model names that a command lists."""
    for rule, command in MODEL_RULES.items():
        if command == name:
            yield _case(command_subject(command), "names-usable", rule, build.model.faults)


def _case(subject: Subject, name: str, rule: str, faults: Sequence[ContradictionError]) -> Case:
    return Case(
        id=f"{subject.name}/{Aspect.INTROSPECTION}/{name}",
        subject=subject,
        aspect=Aspect.INTROSPECTION,
        stage=PLAIN,
        steps=(),
        claims=tuple(_claims(rule, [fault for fault in faults if fault.rule == rule])),
        isolation=Isolation.PURE,
        about=name,
    )


def _claims(rule: str, faults: Sequence[ContradictionError]) -> Iterator[Claim]:
    for fault in faults[:_SHOWN]:
        yield Claim(
            rule=rule,
            what=fault.place,
            promised=_SOUND,
            found=fault.problem,
            fold=f"contradiction {rule} {fault}",
        )
    if len(faults) > _SHOWN:
        found = f"{len(faults) - _SHOWN} more contradictions"
        yield Claim(
            rule=rule,
            what="the schema beyond that",
            promised=_SOUND,
            found=found,
            fold=f"contradiction {rule} more",
        )
    yield Claim(
        rule=rule,
        what="the rest of the schema",
        promised=_SOUND,
        found=_SOUND,
        fold=f"contradiction {rule}",
    )
