"""Makes the summary of a run from its events; pure.

Knows neither where the events come from nor how a report looks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, assert_never

from conformance.model.errors import UsageError
from conformance.model.known_issue import KnownIssue
from conformance.model.terms import (
    BROKEN,
    Aspect,
    Outcome,
    Severity,
    SubjectKind,
    starts_lost,
)
from conformance.report.costs import costs_of
from conformance.report.coverage import (
    CommandCoverage,
    EventCoverage,
    command_coverage,
    event_coverage,
    without_names,
)
from conformance.report.news import Before, Now, news_of
from conformance.report.ran import Ran
from conformance.report.result import (
    Counts,
    Reason,
    SubjectRow,
    Summary,
    TargetSummary,
    judge,
)
from conformance.report.root_cause import causes_of
from conformance.report.rules import rule_rows
from conformance.report.stream import (
    AnswerRead,
    BaselineGiven,
    BehaviourSeen,
    CaseEnded,
    CauseBefore,
    Combined,
    Cost,
    DefaultRead,
    Event,
    EventSeen,
    Finding,
    ItemEnded,
    ItemPlanned,
    KnownGiven,
    Measured,
    Pasted,
    RowPlanned,
    RulePlanned,
    RunEnded,
    RunStarted,
    Searched,
    StartDied,
    TargetLost,
    TargetStarted,
)

__all__ = ["Summary", "summarise"]

# Enough to look at and to replay; the stream has them all.
_EXAMPLES: Final = 10

_Subject = tuple[SubjectKind, str]


@dataclass(slots=True)
class _Target:
    """What the stream has said about a target so far."""

    build: TargetStarted
    planned: dict[_Subject, RowPlanned] = field(default_factory=dict)
    rules: dict[str, RulePlanned] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    cases: dict[str, CaseEnded] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    defaults: dict[tuple[str, str], DefaultRead] = field(default_factory=dict)
    answers: dict[str, list[AnswerRead]] = field(default_factory=dict)
    """By command."""
    behaviours: dict[str, BehaviourSeen] = field(default_factory=dict)
    measured: dict[str, Measured] = field(default_factory=dict)
    baseline: BaselineGiven | None = None
    causes_before: dict[str, CauseBefore] = field(default_factory=dict)
    combined: dict[str, Combined] = field(default_factory=dict)
    searched: dict[str, Searched] = field(default_factory=dict)
    pasted: dict[str, Pasted] = field(default_factory=dict)
    """By fingerprint."""
    items: dict[str, Cost] = field(default_factory=dict)


@dataclass(slots=True)
class _Run:
    """What the stream has said so far."""

    started: RunStarted | None = None
    ended: RunEnded | None = None
    targets: dict[str, _Target] = field(default_factory=dict)
    lost: list[TargetLost] = field(default_factory=list)
    known: list[KnownIssue] = field(default_factory=list)

    def target(self, name: str) -> _Target:
        if name not in self.targets:
            raise UsageError(
                f"the stream speaks of target {name}, which it never started",
                "Is it the beginning of a run's events.ndjson?",
            )
        return self.targets[name]


def summarise(events: Iterable[Event]) -> Summary:
    """Return the summary of the run whose events these are.

    Commands keep the order in which their rows were planned, then come commands without a planned
    row, then object types and events, by name. A stream that breaks off gives a partial summary;
    one that mentions a target before it started it is a UsageError.
    """
    run = _Run()
    for event in events:
        _take(run, event)
    incomplete = _incomplete(run)
    targets = tuple(
        _target(target, broken_off=run.ended is None) for target in run.targets.values()
    )
    totals = _counts(outcome for target in run.targets.values() for outcome in _outcomes(target))
    before = _before(run)
    return Summary(
        started=run.started,
        ended=run.ended,
        targets=targets,
        totals=totals,
        incomplete=incomplete,
        news=news_of(before, [now_of(run.started, target) for target in targets])
        if before.given
        else None,
        verdict=judge(
            totals,
            broken=any(map(_broken, run.targets.values())),
            unsettled=any(map(_unsettled, run.targets.values())),
            incomplete=bool(incomplete),
        ),
    )


def _before(run: _Run) -> Before:
    """Return what was known before the run."""
    baselines = {name: target for name, target in run.targets.items() if target.baseline}
    causes = {name: target.causes_before for name, target in baselines.items()}
    return Before(started=run.started, known=run.known, causes=causes if baselines else None)


def now_of(started: RunStarted | None, target: TargetSummary) -> Now:
    """Return what a run shows of a target; `started` is its first event."""
    selected = started is not None and any(started.selection)
    cut = target.missing or Outcome.NOT_RUN in target.totals
    return Now(
        build=target.build,
        causes=target.causes,
        ran=target.ran,
        whole=not (selected or cut),
    )


def _broken(target: _Target) -> bool:
    """Return whether what must hold was broken.

    A case that is broken and has no finding is no remark.
    """
    told = {finding.case for finding in target.findings}
    lost = any(case.outcome in BROKEN and name not in told for name, case in target.cases.items())
    return lost or any(each.severity is Severity.MUST for each in target.findings)


def _unsettled(target: _Target) -> bool:
    """Return whether a case of the target had different outcomes when repeated."""
    return any(case.unsettled for case in target.cases.values())


def _take(run: _Run, event: Event) -> None:
    match event:
        case RunStarted():
            run.started = event
        case TargetStarted():
            run.targets.setdefault(event.target, _Target(event))
        case TargetLost():
            run.lost.append(event)
        case KnownGiven():
            run.known.append(event.issue)
        case BaselineGiven():
            run.target(event.target).baseline = event
        case CauseBefore():
            run.target(event.target).causes_before[event.fingerprint] = event
        case RowPlanned():
            run.target(event.target).planned[event.subject_kind, event.subject] = event
        case RulePlanned():
            run.target(event.target).rules[event.rule] = event
        case StartDied() | ItemEnded():
            # The case about all starts of a run reports them; what an item cost is in its plan.
            pass
        case (
            EventSeen()
            | ItemPlanned()
            | Finding()
            | DefaultRead()
            | AnswerRead()
            | BehaviourSeen()
            | Measured()
            | Combined()
            | Searched()
            | Pasted()
            | CaseEnded()
        ):
            _learn(run.target(event.target), event)
        case RunEnded():
            run.ended = event
        case _:
            assert_never(event)


def _learn(
    target: _Target,
    event: (
        EventSeen
        | ItemPlanned
        | Finding
        | DefaultRead
        | AnswerRead
        | BehaviourSeen
        | Measured
        | Combined
        | Searched
        | Pasted
        | CaseEnded
    ),
) -> None:
    match event:
        case EventSeen():
            target.seen.add(event.name)
        case ItemPlanned():
            target.items[event.item] = event.cost or Cost()
        case Finding():
            target.findings.append(event)
        case DefaultRead():
            target.defaults[event.case, event.member] = event
        case AnswerRead():
            target.answers.setdefault(event.subject, []).append(event)
        case BehaviourSeen():
            target.behaviours[event.case] = event
        case Measured():
            target.measured[event.case] = event
        case Combined():
            target.combined[event.case] = event
        case Searched():
            target.searched[event.case] = event
        case Pasted():
            target.pasted[event.fingerprint] = event
        case CaseEnded():
            # A case that ended again was replayed: its last outcome counts.
            target.cases[event.case] = event
        case _:
            assert_never(event)


def _incomplete(run: _Run) -> tuple[str, ...]:
    reasons = []
    if run.started is None:
        reasons.append("The stream lacks its beginning.")
    if run.ended is None:
        reasons.append("The stream breaks off: the run was killed, or is still going on.")
    elif not run.ended.complete and not (run.lost or starts_lost(run.ended.counts)):
        reasons.append("The run was ended before all cases had their turn.")
    reasons += [
        " ".join(filter(None, (f"{lost.target} was not tested: {lost.what}.", lost.remedy)))
        for lost in run.lost
    ]
    if run.ended is not None and starts_lost(run.ended.counts):
        lost = run.ended.counts[Outcome.NOT_STARTED]
        reasons.append(f"{lost} cases were lost to machines that did not start.")
    for name, target in run.targets.items():
        missing = _missing(target)
        not_run = sum(outcome is Outcome.NOT_RUN for outcome in _outcomes(target))
        if missing or not_run:
            total = max(target.build.cases, len(target.cases))
            reasons.append(f"{missing + not_run} of {total} cases of {name} have no result.")
    return tuple(reasons)


def _target(target: _Target, *, broken_off: bool) -> TargetSummary:
    causes = causes_of(target.findings, target.pasted)
    totals = _counts(_outcomes(target))
    missing = _missing(target)
    incomplete = broken_off or missing > 0 or Outcome.NOT_RUN in totals
    return TargetSummary(
        build=target.build,
        rows=_rows(target),
        rules=rule_rows(
            target.rules,
            target.cases.values(),
            target.findings,
            (way for each in causes for way in each.ways),
        ),
        causes=causes,
        totals=totals,
        defaults=tuple(target.defaults.values()),
        behaviours=tuple(target.behaviours.values()),
        measured=tuple(target.measured.values()),
        combined=tuple(target.combined.values()),
        searched=tuple(target.searched.values()),
        reasons=_reasons(target.cases),
        ran=Ran(
            outcomes={name: case.outcome for name, case in target.cases.items()},
            rules={name: case.rules for name, case in target.cases.items()},
            throughout=frozenset(name for name, rule in target.rules.items() if rule.throughout),
        ),
        missing=missing,
        cost=costs_of(target.items),
        verdict=judge(
            totals,
            broken=_broken(target),
            unsettled=_unsettled(target),
            incomplete=incomplete,
        ),
    )


def _missing(target: _Target) -> int:
    return max(0, target.build.cases - len(target.cases))


def _outcomes(target: _Target) -> Iterable[Outcome]:
    return (case.outcome for case in target.cases.values())


def _counts(outcomes: Iterable[Outcome]) -> Counts:
    counter = Counter(outcomes)
    return {outcome: counter[outcome] for outcome in Outcome if outcome in counter}


def _rows(target: _Target) -> tuple[SubjectRow, ...]:
    cases: dict[_Subject, list[CaseEnded]] = {}
    for case in target.cases.values():
        cases.setdefault((case.subject_kind, case.subject), []).append(case)
    planned = {subject: place for place, subject in enumerate(target.planned)}
    kinds = {kind: place for place, kind in enumerate(SubjectKind)}

    def place(subject: _Subject) -> tuple[int, int, str]:
        kind, name = subject
        own = planned.get(subject, len(planned)) if kind is SubjectKind.COMMAND else 0
        return kinds[kind], own, name

    return tuple(
        _row(target, subject, cases.get(subject, []))
        for subject in sorted(planned.keys() | cases.keys(), key=place)
    )


def _row(target: _Target, subject: _Subject, cases: list[CaseEnded]) -> SubjectRow:
    outcomes: dict[Aspect, list[Outcome]] = {}
    for case in cases:
        outcomes.setdefault(case.aspect, []).append(case.outcome)
    planned = target.planned.get(subject)
    return SubjectRow(
        kind=subject[0],
        subject=subject[1],
        note=planned.note if planned else "",
        cells={aspect: _counts(outcomes[aspect]) for aspect in Aspect if aspect in outcomes},
        reached=_reached(target, subject, sorted(cases, key=lambda case: case.case)),
    )


def _reached(
    target: _Target, subject: _Subject, cases: list[CaseEnded]
) -> CommandCoverage | EventCoverage | None:
    planned = target.planned.get(subject)
    kind, name = subject
    if target.planned and (planned is None or planned.note):
        # What only the source declares has documentation cases, and is not in the build.
        return None
    match kind:
        case SubjectKind.COMMAND:
            return command_coverage(planned, cases, target.answers.get(name, ()))
        case SubjectKind.EVENT:
            return event_coverage(cases, seen=name in target.seen)
        case SubjectKind.OBJECT_TYPE | SubjectKind.DEVICE_TYPE | SubjectKind.PROTOCOL:
            return None
        case _:
            assert_never(kind)


def _reasons(cases: Mapping[str, CaseEnded]) -> tuple[Reason, ...]:
    groups: dict[tuple[Outcome, str], list[CaseEnded]] = {}
    for case in cases.values():
        if case.outcome is not Outcome.PASS and case.outcome not in BROKEN:
            alike = without_names(case.reason)
            groups.setdefault((case.outcome, alike), []).append(case)
    places = {outcome: place for place, outcome in enumerate(Outcome)}
    reasons = [
        Reason(
            outcome=outcome,
            # A reason of a single case, or shared by all, is shown unchanged.
            reason=group[0].reason if len({each.reason for each in group}) == 1 else reason,
            count=len(group),
            subjects=tuple(sorted({each.subject for each in group})),
            examples=tuple(sorted(each.case for each in group)[:_EXAMPLES]),
            settled_by=group[0].settled_by,
        )
        for (outcome, reason), group in groups.items()
    ]
    return tuple(sorted(reasons, key=lambda each: (places[each.outcome], -each.count, each.reason)))
