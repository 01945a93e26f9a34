"""Cases that a schema agrees with itself: one for each rule that says how it must.

They hold what was found when the schema was read, as claims, and need no machine.  Knows neither
the entries nor what became of those with a fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from conformance.derive.case import Case, Claim, Isolation
from conformance.derive.commands import PLAIN
from conformance.derive.promises import INTROSPECT
from conformance.qapi.consistency import ContradictionError
from conformance.terms import Aspect

RULES: Final[Mapping[str, str]] = {
    "Q12": "values-distinct",
    "Q22": "branches-disjoint",
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
"""The rules that a schema can break against itself, and what their cases are named."""
_SOUND: Final = "no contradiction"


def contradiction_cases(faults: Sequence[ContradictionError]) -> Iterator[Case]:
    """Yield the case of each rule; of `faults`, those of its rule stand in it, in their order."""
    for rule, name in RULES.items():
        claims = tuple(_claims(rule, [fault for fault in faults if fault.rule == rule]))
        yield Case(
            id=f"{INTROSPECT.name}/{Aspect.INTROSPECTION}/{name}",
            subject=INTROSPECT,
            aspect=Aspect.INTROSPECTION,
            stage=PLAIN,
            steps=(),
            claims=claims,
            isolation=Isolation.PURE,
            about=name,
        )


def _claims(rule: str, faults: Sequence[ContradictionError]) -> Iterator[Claim]:
    for fault in faults:
        yield Claim(
            rule=rule,
            what=fault.place,
            promised=_SOUND,
            found=fault.problem,
            fold=f"contradiction {rule} {fault}",
        )
    yield Claim(
        rule=rule,
        what="the rest of the schema",
        promised=_SOUND,
        found=_SOUND,
        fold=f"contradiction {rule}",
    )
