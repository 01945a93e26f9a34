"""What the cases of one item came to, as it is told to pytest and to what shows its items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from conformance.model.counting import counted
from conformance.model.terms import BROKEN, Outcome
from conformance.report.stream import CaseEnded, Event, Finding
from conformance.report.wording import OUTCOMES, visible

UNDECIDED: Final = "undecided"
"""The property of an item that counts its cases without a verdict."""
_SHOWN: Final = 30
"""Cases without a verdict that an item names: the report has all of them."""
_JUDGED: Final = BROKEN | {Outcome.PASS, Outcome.INTERMITTENT}


def undecided(counts: Mapping[Outcome, int]) -> int:
    """Return how many of these cases were not judged."""
    return sum(count for outcome, count in counts.items() if outcome not in _JUDGED)


@dataclass(slots=True)
class ItemLog:
    """The cases of an item, as they end."""

    ended: list[CaseEnded] = field(default_factory=list)
    findings: dict[str, list[Finding]] = field(default_factory=dict)
    """By case."""
    excused: dict[str, None] = field(default_factory=dict)
    """The cases that break only what is known, or no more than good order."""

    def hear(self, events: Sequence[Event]) -> None:
        """Note what is recorded of a case."""
        for event in events:
            if isinstance(event, CaseEnded):
                self.ended.append(event)
            elif isinstance(event, Finding):
                self.findings.setdefault(event.case, []).append(event)

    @property
    def counts(self) -> Counter[Outcome]:
        """The number of cases with each outcome."""
        return Counter(each.outcome for each in self.ended)

    def told(self) -> str:
        """Return in lines the cases without a verdict, and why; "" if there is none."""
        return "\n".join(self._told())

    def _told(self) -> Iterator[str]:
        open_cases = [each for each in self.ended if each.outcome not in _JUDGED]
        if not open_cases:
            return
        yield f"{len(open_cases)} of {counted(len(self.ended), 'case')} without a verdict:"
        for each in open_cases[:_SHOWN]:
            yield visible(f"  {OUTCOMES[each.outcome]} {each.case}: {each.reason}")
        if len(open_cases) > _SHOWN:
            yield f"  and {len(open_cases) - _SHOWN} more, which the report names"
