"""Tells the result of a case as events of the stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.judge.verdict import Verdict
from conformance.knowledge.settling import Settling, settled_by
from conformance.model.terms import REFUSED_ANYWAY, Outcome, SettledBy
from conformance.play.alone import Result
from conformance.play.appraisal import features_of
from conformance.play.coverage_facts import answers_of
from conformance.play.evidence import finding
from conformance.play.readings import behaviour_seen, combined, default_read, measured
from conformance.play.search_events import searched
from conformance.prepare.campaign import Campaign
from conformance.qapi.names import shown
from conformance.report.stream import AnswerRead, CaseEnded, Event


def _settled_by(verdict: Verdict, settling: Sequence[Settling]) -> SettledBy | None:
    return settled_by(settling, verdict.reason) if verdict.outcome in REFUSED_ANYWAY else None


def events_of(
    campaign: Campaign, result: Result, member: str | None, settling: Sequence[Settling]
) -> Iterator[Event]:
    """Yield the events of a result, its end last; `member` is what its case tries, if anything."""
    case, verdict = result.case, result.verdict
    for each in (result, *result.further):
        for miss in each.verdict.misses:
            yield finding(
                campaign.target.name,
                each,
                miss,
                campaign.rules,
                campaign.command_line,
                features_of(campaign.schema, case),
            )
    for default in case.defaults:
        yield default_read(campaign.target.name, result, default)
    if case.behaves is not None and case.plays:
        yield behaviour_seen(campaign.target.name, result, case.behaves)
    if case.looked is not None and verdict.outcome is Outcome.PASS:
        yield AnswerRead(
            target=campaign.target.name,
            case=case.id,
            subject_kind=case.subject.kind,
            subject=case.subject.name,
            named=case.looked.named,
            known=case.looked.known,
        )
    yield from measured(campaign.target.name, result)
    yield from combined(campaign.target.name, result)
    yield from searched(campaign.target.name, result)
    answers = answers_of(result, member)
    yield CaseEnded(
        target=campaign.target.name,
        case=case.id,
        subject_kind=case.subject.kind,
        subject=case.subject.name,
        aspect=case.aspect,
        outcome=verdict.outcome,
        reason=shown(verdict.reason),
        rules=case.rules,
        seconds=round(result.seen.seconds, 6) if result.seen else 0.0,
        settled_by=_settled_by(verdict, settling),
        about=member or "",
        accepted=answers.accepted,
        looked=answers.looked,
        refused=answers.refused,
        named=answers.named,
        plays=result.plays,
        shown=result.shown,
    )
