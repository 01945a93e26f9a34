"""The builds of a page, a column each, and the root causes that they show; knows no layout."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from conformance.model.terms import Outcome, Weight
from conformance.report.formats.told import ToldRun, ToldTarget
from conformance.report.news import NewsItem
from conformance.report.result import RunVerdict, Summary, TargetSummary
from conformance.report.root_cause import RootCause, badness
from conformance.report.stream import Finding
from conformance.report.trend import trend


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCause:
    """A root cause, beside each build of the page: `letters` as in a trend, "" for not known.

    It is told as the build at `place` shows it, the newest of those that do; `worst` is what any of
    them shows.
    """

    cause: RootCause
    worst: Finding
    place: int
    letters: tuple[str, ...]
    cases: tuple[int, ...]
    """How many cases of each build show it."""
    items: tuple[NewsItem, ...]
    """What it is beside what was known, where anything was."""

    @property
    def name(self) -> str:
        """Its fingerprint."""
        return self.cause.finding.fingerprint


@dataclass(frozen=True, kw_only=True)
class Columns:
    """What a page shows, build by build."""

    run: ToldRun

    @property
    def targets(self) -> tuple[ToldTarget, ...]:
        """The builds, in the order of their columns."""
        return self.run.targets

    @property
    def builds(self) -> list[TargetSummary]:
        """What each build shows."""
        return [target.summary for target in self.targets]

    @cached_property
    def causes(self) -> tuple[ShownCause, ...]:
        """The root causes of all builds, the worst first."""
        found = [
            {cause.finding.fingerprint: cause for cause in build.causes} for build in self.builds
        ]
        rows = trend(self.run.summaries).rows
        shown = (_shown(self.targets, row.fingerprint, row.letters, found) for row in rows)
        return tuple(sorted(shown, key=lambda each: badness(each.worst)))

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The place of each root cause."""
        return {each.name: place for place, each in enumerate(self.causes)}

    @cached_property
    def before(self) -> tuple[int | None, ...]:
        """Of each build, the column of the one before it of its program and architecture."""
        last: dict[tuple[str, str], int] = {}
        found: list[int | None] = []
        for place, build in enumerate(self.builds):
            found.append(last.get(_kind(build)))
            last[_kind(build)] = place
        return tuple(found)

    @cached_property
    def newest(self) -> tuple[int, ...]:
        """The columns of the newest build of each program and architecture."""
        found: dict[tuple[str, str], int] = {}
        for place, build in enumerate(self.builds):
            best = found.setdefault(_kind(build), place)
            if _version(build) >= _version(self.builds[best]):
                found[_kind(build)] = place
        return tuple(sorted(found.values()))

    @property
    def whole(self) -> Summary:
        """The runs as one: the worst of their verdicts, and the sum of their cases."""
        summaries = self.run.summaries
        if len(summaries) == 1:
            return summaries[0]
        verdicts = {each.verdict for each in summaries}
        return Summary(
            started=summaries[0].started,
            ended=None,
            targets=tuple(self.builds),
            totals={
                outcome: count
                for outcome in Outcome
                if (count := sum(each.totals.get(outcome, 0) for each in summaries))
            },
            incomplete=tuple(dict.fromkeys(why for each in summaries for why in each.incomplete)),
            verdict=next(each for each in RunVerdict if each in verdicts),
            news=None,
        )

    def weights(self) -> list[Weight]:
        """Return the weights that occur, the worst first."""
        found = {each.worst.weight for each in self.causes}
        return [each for each in Weight if each in found]


def _shown(
    targets: Sequence[ToldTarget],
    name: str,
    letters: tuple[str, ...],
    found: Sequence[dict[str, RootCause]],
) -> ShownCause:
    places = [number for number, causes in enumerate(found) if name in causes]
    place = max(places, key=lambda number: _version(targets[number].summary))
    return ShownCause(
        cause=found[place][name],
        worst=min((found[each][name].finding for each in places), key=badness),
        place=place,
        letters=tuple(letter.strip() for letter in letters),
        cases=tuple(len(causes[name].cases) if name in causes else 0 for causes in found),
        items=tuple(
            item for target in targets for item in target.items if item.fingerprint == name
        ),
    )


def _kind(build: TargetSummary) -> tuple[str, str]:
    return build.build.kind_of_program, build.build.arch


def _version(build: TargetSummary) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", build.build.version)[:3]))
