"""What a host lacks for the cases of a target, and what each missing piece costs in cases.

Plays no case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from conformance.launch.host import remedy
from conformance.launch.target import Target
from conformance.model.terms import Outcome
from conformance.prepare.campaign import Campaign
from conformance.prepare.prepare import lacks
from conformance.prepare.selection import Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A piece that the host lacks: the reason in words, the number of cases, what to do."""

    reason: str
    cases: int | None
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup:
    """How many cases of a target run, and how many do not by outcome; what is missing for them.

    `missing` begins with what costs most. A case that two pieces are missing for counts for both.
    """

    cases: int
    left_out: Mapping[Outcome, int]
    missing: tuple[Missing, ...]


def checkup(campaign: Campaign, selection: Selection) -> Checkup:
    """Return what the host lacks for the selected cases of a target."""
    plan = campaign.plan
    selected = [*campaign.selected(selection)]
    blocked = [
        number
        for number, entry in zip(selected, plan.entries(selected), strict=True)
        if entry.is_blocked
    ]
    left_out: Counter[Outcome] = Counter()
    costs: Counter[str] = Counter()
    for case in plan.read(blocked):
        assert case.blocked is not None, "its entry says that it is"
        left_out[case.blocked.outcome] += 1
        if case.blocked.outcome is Outcome.UNTESTABLE_HERE:
            costs.update(set(case.blocked.reason.split("; ")))
    remedies = {each.reason: each.remedy for each in unmet_needs(campaign.target)}
    missing = (
        Missing(reason=reason, cases=count, remedy=remedies.get(reason, ""))
        for reason, count in sorted(costs.items(), key=lambda each: (-each[1], each[0]))
    )
    return Checkup(cases=len(selected), left_out=dict(left_out), missing=tuple(missing))


def unmet_needs(target: Target) -> tuple[Missing, ...]:
    """Return what any case needs of the host that it lacks; nobody has counted the cases."""
    from conformance.knowledge.loading import load_knowledge
    from conformance.prepare.needs import needs_of_all

    found = lacks(needs_of_all(load_knowledge(target.cases)), target)
    return tuple(
        Missing(reason=reason, cases=None, remedy=remedy(need)) for need, reason in found.items()
    )
