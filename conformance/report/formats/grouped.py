"""Cases folded to one result for each subject and aspect: few, with names that stay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from conformance.report.formats.told import Told, ToldCase, ToldRun, ToldTarget

_WORST: Final = (Told.FAILED, Told.ERROR, Told.KNOWN, Told.PASSED, Told.SKIPPED)
"""A group with a passed case has passed, however many others decide nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AspectResult:
    """The cases of one aspect of one subject of one target."""

    target: ToldTarget
    subject: str
    aspect: str
    cases: Sequence[ToldCase]

    @property
    def told(self) -> Told:
        """The worst that its cases are told as."""
        return next(each for each in _WORST if any(case.told is each for case in self.cases))

    @property
    def seconds(self) -> float:
        """How long its cases took together."""
        return sum(case.ended.seconds for case in self.cases)

    def of(self, told: Told) -> list[ToldCase]:
        """Return its cases in a class."""
        return [case for case in self.cases if case.told is told]

    @property
    def note(self) -> str:
        """How many of its cases are in each class."""
        counts = {each: len(self.of(each)) for each in Told}
        return ", ".join(f"{count} {each}" for each, count in counts.items() if count)


def aspects_of(run: ToldRun) -> Iterator[AspectResult]:
    """Yield the groups of all targets, in the order of their first cases."""
    for target in run.targets:
        found: dict[tuple[str, str], list[ToldCase]] = {}
        for case in target.cases:
            found.setdefault((case.ended.subject, str(case.ended.aspect)), []).append(case)
        for (subject, aspect), cases in found.items():
            yield AspectResult(target=target, subject=subject, aspect=aspect, cases=cases)
