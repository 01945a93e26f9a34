"""What is most worth running first where time is short; knows no clock.

First what failed last time, then what changed since or what a patch of QEMU may change, then what
was never run, then the rest.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from conformance.model.terms import Outcome
from conformance.play.beforehand import Beforehand
from conformance.play.options import Options
from conformance.prepare.campaign import Campaign
from conformance.prepare.groups import Group, groups, node_id
from conformance.report.result import TargetSummary


class Worth(enum.IntEnum):
    """Why an item runs when it does, the first first."""

    FAILED = 0
    CHANGED = 1
    NEVER_RUN = 2
    PASSED = 3


def worths(
    campaign: Campaign,
    items: Iterable[Group],
    before: TargetSummary | None,
    changed: Collection[str],
) -> Mapping[str, Worth]:
    """Return how much each item of a target, by its name, is worth running.

    `before` is an earlier run of the target, `changed` the subjects whose schema is not what it was
    then, and those that a patch may change.
    """
    ids = campaign.plan.ids
    ran = {
        case
        for case, outcome in (before.outcomes.items() if before else ())
        if outcome is not Outcome.NOT_RUN
    }
    broken = {case for cause in before.causes for case in cause.cases} if before else set()
    return {
        node_id(campaign, group): _worth([ids[n] for n in group.numbers], broken, ran)
        if group.subject.name not in changed
        else min(Worth.CHANGED, _worth([ids[n] for n in group.numbers], broken, ran))
        for group in items
    }


def _worth(cases: Sequence[str], broken: Set[str], ran: Set[str]) -> Worth:
    if not broken.isdisjoint(cases):
        return Worth.FAILED
    return Worth.NEVER_RUN if ran.isdisjoint(cases) else Worth.PASSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Worths:
    """How much each item of a run is worth running, by its name, the first ones 0.

    `unknown` are the files of a patch of which nothing is known, for any target.
    """

    items: Mapping[str, int] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


def run_worths(campaigns: Sequence[Campaign], options: Options, beforehand: Beforehand) -> Worths:
    """Return how much each item of a run is worth running; nothing where all are the same."""
    patch = options.touching
    timed = options.budget is not None or any(each.target.budget for each in campaigns)
    if not timed and not patch:
        return Worths()
    found: dict[str, int] = {}
    unknown = list(patch.files)
    for campaign in campaigns:
        changed = beforehand.changed(campaign, options.baseline)
        if patch:
            # Not at the top: it reads the digest of a release.
            from conformance.prepare.touched import touched

            by_patch = touched(campaign, patch)
            changed |= by_patch.subjects
            unknown = [path for path in unknown if path in by_patch.unknown]
        before = (beforehand.baselines or {}).get(campaign.target.name)
        items = groups(campaign, options.selection)
        found |= {
            name: int(worth) for name, worth in worths(campaign, items, before, changed).items()
        }
    return Worths(items=found, unknown=tuple(unknown))
