"""Which cases are about a rule, grouped for a reader.

Knows neither the text of a rule nor the outcomes of cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conformance.model.entry import Entry
from conformance.model.terms import Aspect, SubjectKind


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseGroup:
    """The cases of one rule about one kind of subject, in one aspect.

    For the protocol, the kind is its part, `part`, and the exchanges give their `reasons`, each
    once.
    """

    kind: SubjectKind
    aspect: Aspect
    part: str
    cases: tuple[Entry, ...]
    reasons: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name of the group: "wire/id", "command, invalid"."""
        return f"wire/{self.part}" if self.part else f"{self.kind}, {self.aspect}"

    @property
    def blocked(self) -> int:
        """How many of its cases are not run."""
        return sum(case.is_blocked for case in self.cases)


def cases_by_rule(cases: Iterable[Entry]) -> Mapping[str, tuple[Entry, ...]]:
    """Return the cases that are about each rule, in their order."""
    found: dict[str, list[Entry]] = {}
    for case in cases:
        for rule in case.rules:
            found.setdefault(rule, []).append(case)
    return {rule: tuple(own) for rule, own in found.items()}


def grouped(cases: Iterable[Entry]) -> tuple[CaseGroup, ...]:
    """Return the groups of the cases of one rule: exchanges by part, then the others by kind."""
    found: dict[tuple[str, SubjectKind, Aspect], list[Entry]] = {}
    for case in cases:
        part = case.subject.name if case.is_exchange else ""
        found.setdefault((part, case.subject.kind, case.aspect), []).append(case)
    kinds, aspects = list(SubjectKind), list(Aspect)

    def place(key: tuple[str, SubjectKind, Aspect]) -> tuple[bool, str, int, int]:
        part, kind, aspect = key
        return not part, part, kinds.index(kind), aspects.index(aspect)

    return tuple(
        CaseGroup(
            kind=kind,
            aspect=aspect,
            part=part,
            cases=tuple(found[part, kind, aspect]),
            reasons=_reasons(found[part, kind, aspect]),
        )
        for part, kind, aspect in sorted(found, key=place)
    )


def _reasons(cases: Iterable[Entry]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(case.reason for case in cases if case.reason))
