"""Which cases are about a rule, grouped for a reader.

Knows neither the text of a rule nor the outcomes of cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from conformance.model.entry import Entry
from conformance.model.terms import Aspect, SubjectKind

_EXAMPLES: Final = 3
"""How many cases of a group are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseGroup:
    """The cases of one rule about one kind of subject, in one aspect.

    For the protocol, the kind is its part, `part`, and the exchanges give their `reasons`, each
    once.  `blocked` of `count` cases are not run; `examples` are the ids of a few.
    """

    kind: SubjectKind
    aspect: Aspect
    part: str
    count: int
    blocked: int
    examples: tuple[str, ...]
    reasons: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name of the group: "wire/id", "command, invalid"."""
        return f"wire/{self.part}" if self.part else f"{self.kind}, {self.aspect}"


def cases_by_rule(cases: Iterable[Entry]) -> Mapping[str, tuple[Entry, ...]]:
    """Return the cases that are about each rule, in their order."""
    found: dict[str, list[Entry]] = {}
    for case in cases:
        for rule in case.rules:
            found.setdefault(rule, []).append(case)
    return {rule: tuple(own) for rule, own in found.items()}


def index_of(cases: Iterable[Entry]) -> Mapping[str, tuple[CaseGroup, ...]]:
    """Return the groups of the cases that are about each rule."""
    return {rule: grouped(own) for rule, own in cases_by_rule(cases).items()}


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
            count=len(own),
            blocked=sum(case.is_blocked for case in own),
            examples=tuple(case.id for case in _spread(own)),
            reasons=_reasons(own),
        )
        for (part, kind, aspect), own in sorted(found.items(), key=lambda item: place(item[0]))
    )


def _spread(cases: Sequence[Entry]) -> Iterator[Entry]:
    """Yield a few of the cases, from the whole length of them."""
    few = min(_EXAMPLES, len(cases))
    return (cases[place * len(cases) // few] for place in range(few))


def _reasons(cases: Iterable[Entry]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(case.reason for case in cases if case.reason))
