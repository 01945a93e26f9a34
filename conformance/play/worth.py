"""What is most worth running first where time is short; knows no clock.

First what failed last time, then what changed since, then what was never run, then the rest.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping, Sequence, Set

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
    then.
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


def run_worths(
    campaigns: Iterable[Campaign], options: Options, beforehand: Beforehand
) -> dict[str, int]:
    """Return how much each item of a run is worth running."""
    return {
        name: int(worth)
        for campaign in campaigns
        for name, worth in worths(
            campaign,
            groups(campaign, options.selection),
            (beforehand.baselines or {}).get(campaign.target.name),
            beforehand.changed(campaign, options.baseline),
        ).items()
    }
