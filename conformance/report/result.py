"""What a run found, as values made from its events: the source of every report for people.

Knows neither how cases run nor how a report looks. Independent of the order in which the cases
ended.
"""

from __future__ import annotations

import dataclasses
import enum
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from conformance.model.terms import (
    BROKEN,
    CLIENT,
    Aspect,
    Outcome,
    SettledBy,
    SubjectKind,
)
from conformance.report.costs import TargetCosts
from conformance.report.coverage import CommandCoverage, EventCoverage, Share
from conformance.report.news import NewsItem
from conformance.report.ran import Ran
from conformance.report.root_cause import RootCause
from conformance.report.rules import RuleRow
from conformance.report.stream import (
    BehaviourSeen,
    Combined,
    Cost,
    DefaultRead,
    Measured,
    RunEnded,
    RunStarted,
    Searched,
    TargetStarted,
)

SUMMARY_VERSION: Final = 4

Counts = Mapping[Outcome, int]
"""Cases by outcome: only outcomes that occur, in the order of `Outcome`."""


class RunVerdict(enum.StrEnum):
    """The verdict on a build, or on all builds of a run, worst first."""

    # A case crashed, hung or failed, or a finding breaks what must hold.
    BROKEN = "broken"
    # The suite itself failed in a case: its promise may be broken or not.
    HARNESS = "harness-error"
    # A case had one outcome among others and another one alone: something is wrong, unproved.
    UNSETTLED = "unsettled"
    # Some cases have no result.
    PARTIAL = "partial"
    # Not one case was judged.
    NOTHING_TESTED = "nothing-tested"
    # Every case that was judged passed.
    CONFORMS = "conforms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why cases have no verdict: those with the same outcome and reason."""

    outcome: Outcome
    reason: str
    count: int
    subjects: tuple[str, ...]
    examples: tuple[str, ...]
    """The ids of the first few cases."""
    settled_by: SettledBy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectRow:
    """One subject: its cases by aspect and outcome.

    `note` says why there is nothing to test, else "".
    """

    kind: SubjectKind
    subject: str
    note: str
    cells: Mapping[Aspect, Counts]
    """Only aspects that have cases."""
    reached: CommandCoverage | EventCoverage | None = None
    """For a command or an event that the build has, what its cases cover."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSummary:
    """One build of the run."""

    build: TargetStarted
    rows: tuple[SubjectRow, ...]
    rules: tuple[RuleRow, ...]
    """In the order of the catalogue."""
    causes: tuple[RootCause, ...]
    """Worst first."""
    totals: Counts
    defaults: tuple[DefaultRead, ...]
    """What members that were left out read as, in the order of the cases."""
    behaviours: tuple[BehaviourSeen, ...]
    """What the build does where releases differ, in the order of the cases."""
    measured: tuple[Measured, ...]
    """What cases have measured, in their order."""
    combined: tuple[Combined, ...]
    """What the choices of cases came to together, in their order."""
    searched: tuple[Searched, ...]
    """What random searches came to, in the order of their cases."""
    reasons: tuple[Reason, ...]
    ran: Ran
    missing: int
    """How many planned cases have no result in the stream."""
    cost: TargetCosts
    verdict: RunVerdict

    @property
    def outcomes(self) -> Mapping[str, Outcome]:
        """The outcome of each case that has a result."""
        return self.ran.outcomes

    @property
    def commands(self) -> Share:
        """How many commands accepted a valid request, of those that were sent one."""
        found = [row.reached for row in self.rows if isinstance(row.reached, CommandCoverage)]
        asked = [each for each in found if each.asked]
        return Share(part=sum(each.accepted for each in asked), whole=len(asked))

    @property
    def events(self) -> Share:
        """How many events were provoked, of those in the schema."""
        found = [row.reached for row in self.rows if isinstance(row.reached, EventCoverage)]
        return Share(part=sum(each.provoked for each in found), whole=len(found))

    @property
    def sessions(self) -> Share:
        """How many sessions with the official client were kept, of those that were played."""
        found = [
            row for row in self.rows if (row.kind, row.subject) == (SubjectKind.PROTOCOL, CLIENT)
        ]
        counts = Counter[Outcome]()
        for row in found:
            for told in row.cells.values():
                counts.update(told)
        played = counts.keys() - {Outcome.NOT_APPLICABLE, Outcome.UNTESTABLE_HERE, Outcome.UNTRIED}
        return Share(part=counts[Outcome.PASS], whole=sum(counts[each] for each in played))


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A run: its parameters, the result of each build, and whether it is complete."""

    started: RunStarted | None
    ended: RunEnded | None
    targets: tuple[TargetSummary, ...]
    totals: Counts
    incomplete: tuple[str, ...]
    """Why the run is not complete, in sentences; empty where it is."""
    verdict: RunVerdict
    news: tuple[NewsItem, ...] | None
    """What its defects are beside what was known before, news first; None if nothing was given."""

    @property
    def complete(self) -> bool:
        """Whether every case of the run has a result."""
        return not self.incomplete

    def to_json(self) -> dict[str, Any]:
        """Return the summary as a JSON object.

        Two runs of one build differ only in members named `time`, `seconds`, `shown` and `cost`.
        """
        return {
            "summary": SUMMARY_VERSION,
            "run": dataclasses.asdict(self.started) if self.started else None,
            "end": dataclasses.asdict(self.ended) if self.ended else None,
            "complete": self.complete,
            "incomplete": list(self.incomplete),
            "verdict": str(self.verdict),
            "totals": _counts(self.totals),
            "news": None if self.news is None else [dataclasses.asdict(each) for each in self.news],
            "targets": [_target(target) for target in self.targets],
        }


def shown_aspects(rows: Iterable[SubjectRow]) -> tuple[Aspect, ...]:
    """Return the aspects for which a table of `rows` has columns: those with a case."""
    found = {aspect for row in rows for aspect in row.cells}
    return tuple(aspect for aspect in Aspect if aspect in found)


def judge(totals: Counts, *, broken: bool, unsettled: bool, incomplete: bool) -> RunVerdict:
    """Return the verdict on cases with these outcomes.

    `broken`: what must hold was broken; `unsettled`: cases had different outcomes when repeated.
    """
    judged = sum(totals.get(outcome, 0) for outcome in (Outcome.PASS, *BROKEN))
    if broken:
        return RunVerdict.BROKEN
    if Outcome.HARNESS_ERROR in totals:
        return RunVerdict.HARNESS
    if unsettled:
        return RunVerdict.UNSETTLED
    if incomplete:
        return RunVerdict.PARTIAL
    return RunVerdict.CONFORMS if judged else RunVerdict.NOTHING_TESTED


def _counts(counts: Counts) -> dict[str, int]:
    return {str(outcome): count for outcome, count in counts.items()}


def _target(target: TargetSummary) -> dict[str, Any]:
    return {
        "build": dataclasses.asdict(target.build),
        "verdict": str(target.verdict),
        "totals": _counts(target.totals),
        "missing": target.missing,
        "not_run": [
            case for case, outcome in target.outcomes.items() if outcome is Outcome.NOT_RUN
        ],
        "commands": {"asked": target.commands.whole, "accepted": target.commands.part},
        "events": {"in_schema": target.events.whole, "provoked": target.events.part},
        "client": {"sessions": target.sessions.whole, "kept": target.sessions.part},
        "rows": [_row(row) for row in target.rows],
        "rules": [dataclasses.asdict(rule) for rule in target.rules],
        "causes": [
            {
                "fingerprint": each.finding.fingerprint,
                "defect": each.finding.defect,
                "weight": each.finding.weight,
                "marks": list(each.finding.marks),
                "cases": list(each.cases),
                "ways": [dataclasses.asdict(way) for way in each.ways],
                "pasted": None if each.pasted is None else dataclasses.asdict(each.pasted),
            }
            for each in target.causes
        ],
        "behaviours": [dataclasses.asdict(each) for each in target.behaviours],
        "measured": [dataclasses.asdict(each) for each in target.measured],
        "combined": [dataclasses.asdict(each) for each in target.combined],
        "searched": [dataclasses.asdict(each) for each in target.searched],
        "cost": {
            "total": dataclasses.asdict(target.cost.total),
            "aspects": _asdicts(target.cost.aspects),
            "dearest": _asdicts(target.cost.dearest),
        },
        "defaults": [dataclasses.asdict(default) for default in target.defaults],
        "reasons": [dataclasses.asdict(reason) for reason in target.reasons],
    }


def _asdicts(costs: Mapping[Any, Cost]) -> dict[str, Any]:
    return {str(name): dataclasses.asdict(cost) for name, cost in costs.items()}


def _row(row: SubjectRow) -> dict[str, Any]:
    return {
        "subject_kind": str(row.kind),
        "subject": row.subject,
        "note": row.note,
        "aspects": {str(aspect): _counts(counts) for aspect, counts in row.cells.items()},
        "reached": dataclasses.asdict(row.reached) if row.reached else None,
    }
