"""Why a case is not run, as a value: its outcome and the reason.

Knows neither cases nor their subjects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conformance.model.stage import BUILD_NEEDS
from conformance.model.terms import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """Why a case is not run: the outcome it gets without a play, and the reason in words.

    The outcome is NOT_APPLICABLE, UNTESTABLE_HERE, UNTRIED or BLOCKED_BY_FINDING.
    """

    outcome: Outcome
    reason: str


def untried(reason: str | None) -> Blocked | None:
    """Return that the suite does not try a case, or None without a `reason`."""
    return Blocked(outcome=Outcome.UNTRIED, reason=reason) if reason else None


def not_applicable(reason: str | None) -> Blocked | None:
    """Return that a build lacks what a case is about, or None without a `reason`."""
    return Blocked(outcome=Outcome.NOT_APPLICABLE, reason=reason) if reason else None


def behind_finding(reason: str | None) -> Blocked | None:
    """Return that another finding blocks a case, or None without a `reason`."""
    return Blocked(outcome=Outcome.BLOCKED_BY_FINDING, reason=reason) if reason else None


def unmet(needs: Iterable[str], lacks: Mapping[str, str]) -> Blocked | None:
    """Return which of `needs` are not met, or None if all are.

    `lacks` maps each unmet need to the reason. What the build was built without comes before what
    the host lacks: another host would not help.
    """
    missing = [need for need in dict.fromkeys(needs) if need in lacks]
    own = [need for need in missing if need.partition(":")[0] in BUILD_NEEDS]
    reason = "; ".join(lacks[need] for need in own or missing)
    if own:
        return not_applicable(reason)
    return Blocked(outcome=Outcome.UNTESTABLE_HERE, reason=reason) if reason else None
