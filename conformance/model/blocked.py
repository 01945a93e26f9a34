"""Why a case is not run, as a value: the outcome that it has without a play, and the reason.

Knows neither cases nor what they are about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conformance.model.stage import BUILD_NEEDS
from conformance.model.terms import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """Why a case is not run: the outcome that it has without a play, and the reason in words.

    NOT_APPLICABLE, UNTESTABLE_HERE, UNTRIED or BLOCKED_BY_FINDING.
    """

    outcome: Outcome
    reason: str


def untried(reason: str | None) -> Blocked | None:
    """Return that the suite does not try a case, None without a `reason`."""
    return Blocked(outcome=Outcome.UNTRIED, reason=reason) if reason else None


def not_applicable(reason: str | None) -> Blocked | None:
    """Return that a build has nothing that a case is about, None without a `reason`."""
    return Blocked(outcome=Outcome.NOT_APPLICABLE, reason=reason) if reason else None


def behind_finding(reason: str | None) -> Blocked | None:
    """Return that another finding stands in the way of a case, None without a `reason`."""
    return Blocked(outcome=Outcome.BLOCKED_BY_FINDING, reason=reason) if reason else None


def unmet(needs: Iterable[str], lacks: Mapping[str, str]) -> Blocked | None:
    """Return which of `needs` are not met, None where all are.

    `lacks` maps each need that build or host do not meet to why.  What the build was made without
    weighs more than what the host lacks: no other host would help.
    """
    missing = [need for need in dict.fromkeys(needs) if need in lacks]
    own = [need for need in missing if need.partition(":")[0] in BUILD_NEEDS]
    reason = "; ".join(lacks[need] for need in own or missing)
    if own:
        return not_applicable(reason)
    return Blocked(outcome=Outcome.UNTESTABLE_HERE, reason=reason) if reason else None
