"""What the cases of a command or of an event cover: counts for the reports' tables.

Knows neither how a report looks nor whether a build conforms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from conformance.model.terms import BROKEN, Aspect, Outcome
from conformance.report.stream import AnswerRead, CaseEnded, RowPlanned

# What differs between reasons that are alike: quoted names, and generated words.
_NAMED: Final = re.compile(r"'[^']*'|\"[^\"]*\"|\bw[0-9a-f]{8}\b")
_PLAYED: Final = frozenset(
    {
        *(Outcome.PASS, Outcome.INTERMITTENT, Outcome.FLAKY),
        *(Outcome.REFUSED_DIFFERENTLY, Outcome.VACUOUS, *BROKEN),
    }
)
"""The outcomes of cases whose requests were sent."""
_SILENT: Final = frozenset({Aspect.INTROSPECTION, Aspect.DOCUMENTATION})
"""The aspects that compare words: whatever they send is no test of the command."""
_TELLING: Final = (Aspect.VALID, Aspect.INVALID)
"""The aspects whose cases explain best why nothing was accepted, in that order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part of a whole, as numbers."""

    part: int = 0
    whole: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandCoverage:
    """What the cases of a command cover.

    `covered` are those of its `members` that were in an accepted valid request, or at fault in a
    refused one whose witness was accepted.
    """

    members: int
    covered: int
    left_out: int
    looked: Share
    """Members of its arguments that a query showed, of those in an accepted request."""
    accepted_only: tuple[str, ...]
    """The other accepted ones: nothing shows what they did."""
    valid: Share
    """Accepted, of those sent."""
    invalid: Share
    """Refused, and accepted without the fault, of those sent."""
    differently: int
    """Invalid ones that were refused with other words than their witness."""
    vacuous: int
    """Invalid ones that were refused and prove nothing."""
    told: Share
    """Members of its answers that were there where a case looks at them, of those in the schema."""
    known: Share
    """Of the same, those whose value was the one that is known from elsewhere."""
    effect: Share
    unseen: str
    """Why nothing shows the effect, "" where something does or no reason is known."""
    gates: Share
    errors: Share
    named: Share
    """Refusals that name the member at fault, which nothing promises."""
    asked: bool
    """Whether any request of it was to be sent."""
    accepted: bool
    """Whether a valid request of it was accepted in any of its cases."""
    why_not: str
    """Why none was accepted, "" where one was or none was to be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCoverage:
    """Whether a recipe provoked an event, why not, and whether it came at all."""

    provoked: bool
    seen: bool
    why_not: str
    """"" where it was provoked."""


def without_names(reason: str) -> str:
    """Return a reason without the names in it, which differ where reasons are alike."""
    return _NAMED.sub("*", reason)


def command_coverage(
    planned: RowPlanned | None, cases: Sequence[CaseEnded], read: Sequence[AnswerRead] = ()
) -> CommandCoverage:
    """Return what `cases`, all those of one command, cover, and its answers that they `read`.

    Its row may be unplanned.
    """
    whole = planned.answers if planned else 0
    told = {member for each in read for member in each.named}
    known = {member for each in read for member in each.known}
    by_aspect = {
        aspect: [each for each in cases if each.aspect is aspect and each.outcome in _PLAYED]
        for aspect in Aspect
    }
    valid, invalid = by_aspect[Aspect.VALID], by_aspect[Aspect.INVALID]
    refused = [each for each in invalid if each.outcome is Outcome.PASS and each.accepted]
    taken = [each for each in valid if each.accepted]
    given = {each.about for each in taken} - {""}
    looked = {each.about for each in taken if each.looked} - {""}
    effect = _passed(by_aspect[Aspect.EFFECT])
    asked = any(each.aspect not in _SILENT for each in cases)
    accepted = any(each.accepted for each in cases)
    return CommandCoverage(
        members=planned.members if planned else 0,
        covered=len({each.about for each in (*taken, *refused)} - {""}),
        left_out=planned.left_out if planned else 0,
        looked=Share(part=len(looked), whole=len(given)),
        accepted_only=tuple(sorted(given - looked)),
        valid=Share(part=len(taken), whole=len(valid)),
        invalid=Share(part=len(refused), whole=len(invalid)),
        differently=sum(each.outcome is Outcome.REFUSED_DIFFERENTLY for each in invalid),
        vacuous=sum(each.outcome is Outcome.VACUOUS for each in invalid),
        told=Share(part=len(told), whole=whole),
        known=Share(part=len(known), whole=whole),
        effect=effect,
        unseen="" if effect.whole else _unseen(cases),
        gates=_passed(by_aspect[Aspect.GATES]),
        errors=_passed(by_aspect[Aspect.ERRORS]),
        named=Share(part=sum(e.named for e in cases), whole=sum(e.refused for e in cases)),
        asked=asked,
        accepted=accepted,
        why_not=_why_not(planned, cases) if asked and not accepted else "",
    )


def event_coverage(cases: Sequence[CaseEnded], *, seen: bool) -> EventCoverage:
    """Return whether one of `cases`, all those of one event, provoked it."""
    recipes = [each for each in cases if each.aspect is Aspect.VALID]
    provoked = any(each.outcome is Outcome.PASS for each in recipes)
    why_not = _commonest(recipes) or "no case of it was run"
    return EventCoverage(provoked=provoked, seen=seen, why_not="" if provoked else why_not)


def _passed(cases: Sequence[CaseEnded]) -> Share:
    passed = sum(each.outcome is Outcome.PASS for each in cases)
    return Share(part=passed, whole=len(cases))


def _unseen(cases: Iterable[CaseEnded]) -> str:
    looking = (each for each in cases if each.aspect is Aspect.EFFECT)
    return _commonest(each for each in looking if each.outcome is Outcome.NOT_APPLICABLE)


def _why_not(planned: RowPlanned | None, cases: Sequence[CaseEnded]) -> str:
    if planned is not None and planned.blocked:
        return planned.blocked
    tried = [case for case in cases if case.aspect not in _SILENT]
    groups = [[case for case in tried if case.aspect is aspect] for aspect in _TELLING]
    reasons = (_commonest(group) for group in (*groups, tried))
    return next(filter(None, reasons), "no case asks it for success")


def _commonest(cases: Iterable[CaseEnded]) -> str:
    """Return the commonest reason of the cases that did not pass, without differing names."""
    told: dict[str, list[str]] = {}
    for case in cases:
        if case.outcome is not Outcome.PASS and case.reason:
            told.setdefault(without_names(case.reason), []).append(case.reason)
    if not told:
        return ""
    alike, reasons = min(told.items(), key=lambda item: (-len(item[1]), item[0]))
    return reasons[0] if len(set(reasons)) == 1 else alike
