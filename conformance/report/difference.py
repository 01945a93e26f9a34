"""Compares two runs: root causes, cases, and both beside what changed in the schema; pure.

diff(a, a) has no change, and diff(a, b) mirrors diff(b, a).
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from conformance.compat.change import Comparison
from conformance.model.terms import BROKEN, Outcome, Standing
from conformance.report.news import Before, NewsItem, news_of
from conformance.report.result import Summary, TargetSummary
from conformance.report.stream import CauseBefore, TargetStarted
from conformance.report.summary import now_of

DIFFERENCE_VERSION: Final = 1

_ALIKE: Final = frozenset({Standing.STILL, Standing.COMES_AND_GOES, Standing.NOT_RUN})
"""What shows no change of behaviour."""


class CaseChange(enum.StrEnum):
    """What became of a case from one run to the next."""

    # It passed, and breaks a promise now.
    BROKEN = "broken"
    # It broke a promise, and passes now.
    MENDED = "mended"
    # It came out otherwise when tried again, in one of the runs.
    FLAKY = "flaky"
    # It has another outcome.
    CHANGED = "changed"
    # Only the old run has it.
    NO_LONGER_RUN = "no-longer-run"
    # Only the new run has it.
    NEWLY_RUN = "newly-run"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectChanges:
    """The subjects whose schema or behaviour differs, and how many are as they were."""

    both: tuple[str, ...]
    behaviour: tuple[str, ...]
    """What behaves otherwise under the schema that it had."""
    schema: tuple[str, ...]
    """What has another schema, and no case shows it."""
    neither: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetDifference:
    """A target of one run beside one of another."""

    old: TargetStarted
    new: TargetStarted
    items: tuple[NewsItem, ...]
    """What became of each root cause, news first."""
    cases: Mapping[CaseChange, tuple[str, ...]]
    alike: int
    """How many cases have one outcome in both runs."""
    joined: SubjectChanges | None
    """None where a schema is not at hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDifference:
    """Two runs, target by target; `unpaired` are the targets of one of them alone."""

    targets: tuple[TargetDifference, ...]
    unpaired: tuple[str, ...]

    @property
    def news(self) -> bool:
        """Whether the new run shows anything that somebody must look at."""
        return any(item.news for target in self.targets for item in target.items)


def pairs(old: Summary, new: Summary) -> list[tuple[TargetSummary, TargetSummary]]:
    """Return the targets of two runs that belong together: of one name, or the only ones."""
    if len(old.targets) == len(new.targets) == 1:
        return [(old.targets[0], new.targets[0])]
    by_name = {target.build.target: target for target in old.targets}
    return [
        (by_name[target.build.target], target)
        for target in new.targets
        if target.build.target in by_name
    ]


def difference(
    old: Summary, new: Summary, schemas: Mapping[str, Comparison | None]
) -> RunDifference:
    """Return what differs from one run to another; `schemas` compares those of each new target."""
    found = pairs(old, new)
    paired = {id(target) for pair in found for target in pair}
    return RunDifference(
        targets=tuple(
            _of_pair(before, new, now, schemas.get(now.build.target)) for before, now in found
        ),
        unpaired=tuple(
            f"{side}: {target.build.target}"
            for side, run in (("old", old), ("new", new))
            for target in run.targets
            if id(target) not in paired
        ),
    )


def _of_pair(
    old: TargetSummary, run: Summary, new: TargetSummary, schemas: Comparison | None
) -> TargetDifference:
    name = new.build.target
    before = Before(
        started=run.started,
        causes={name: {each.fingerprint: each for each in causes_before(name, old)}},
        ran={name: old.ran},
    )
    items = news_of(before, [now_of(run.started, new)])
    changes: dict[CaseChange, list[str]] = {change: [] for change in CaseChange}
    alike = 0
    for case in dict.fromkeys((*new.outcomes, *old.outcomes)):
        change = _change(old.outcomes.get(case), new.outcomes.get(case))
        if change is None:
            alike += 1
        else:
            changes[change].append(case)
    return TargetDifference(
        old=old.build,
        new=new.build,
        items=items,
        cases={change: tuple(sorted(cases)) for change, cases in changes.items() if cases},
        alike=alike,
        joined=None if schemas is None else _joined(items, old, new, schemas),
    )


def causes_before(target: str, old: TargetSummary) -> Iterator[CauseBefore]:
    """Yield the root causes of an earlier run's target, for the target of that name."""
    for cause in old.causes:
        finding = cause.finding
        yield CauseBefore(
            target=target,
            fingerprint=finding.fingerprint,
            defect=finding.defect,
            weight=finding.weight,
            outcome=finding.outcome,
            summary=finding.summary,
            cases=cause.cases,
            rule=finding.rule,
        )


def _change(old: Outcome | None, new: Outcome | None) -> CaseChange | None:
    """Return what became of a case with these outcomes; None for one as before."""
    unrun = (None, Outcome.NOT_RUN)
    if old in unrun or new in unrun:
        if old in unrun and new in unrun:
            return None
        return CaseChange.NEWLY_RUN if old in unrun else CaseChange.NO_LONGER_RUN
    if old is new:
        return None
    if Outcome.FLAKY in (old, new):
        return CaseChange.FLAKY
    if old is Outcome.PASS and new in BROKEN:
        return CaseChange.BROKEN
    return CaseChange.MENDED if old in BROKEN and new is Outcome.PASS else CaseChange.CHANGED


def _joined(
    items: Sequence[NewsItem], old: TargetSummary, new: TargetSummary, schemas: Comparison
) -> SubjectChanges:
    """Return which subjects differ in the schema, in what they do, or in both."""
    subjects = {row.subject for target in (old, new) for row in target.rows}
    changed = {name for change in schemas.changes for name in change.names} & subjects
    behaves = {
        subject
        for item in items
        if item.standing not in _ALIKE
        for case in item.cases
        for subject in _subjects(case, subjects)
    }
    return SubjectChanges(
        both=tuple(sorted(changed & behaves)),
        behaviour=tuple(sorted(behaves - changed)),
        schema=tuple(sorted(changed - behaves)),
        neither=len(subjects - changed - behaves),
    )


def _subjects(name: str, known: set[str]) -> set[str]:
    """Return the subjects that the id of a case begins with."""
    first, _, rest = name.partition("/")
    return {each for each in (first, rest.partition("/")[0]) if each in known}


def to_json(found: RunDifference) -> dict[str, Any]:
    """Return a difference as a JSON object."""
    return {
        "difference": DIFFERENCE_VERSION,
        "news": found.news,
        "unpaired": list(found.unpaired),
        "targets": [
            {
                "old": asdict(target.old),
                "new": asdict(target.new),
                "causes": [asdict(item) for item in target.items],
                "cases": {str(change): list(cases) for change, cases in target.cases.items()},
                "alike": target.alike,
                "schema": None if target.joined is None else asdict(target.joined),
            }
            for target in found.targets
        ],
    }
