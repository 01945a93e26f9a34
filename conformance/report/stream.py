"""The stream of events of a run, as values: the only source of every report.

Each event is one JSON object on one line of `events.ndjson`; `report/stream.schema.json` in the
package describes them. Measured values are in members named `time`, `seconds`, `shown` and `cost`
and nowhere else, so that two runs of one build differ only there (and in `resumed`, where one was
interrupted). Knows neither how a run works nor how it is shown.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from conformance.model.codec import Codec
from conformance.model.combination import Together
from conformance.model.flavour import Program
from conformance.model.known_issue import KnownIssue
from conformance.model.search import FoundHistory, SearchTotals
from conformance.model.terms import (
    Aspect,
    Mark,
    Outcome,
    SettledBy,
    Severity,
    SubjectKind,
    Weight,
)

STREAM_VERSION = 7
STREAM_FILE: Final = "events.ndjson"
"""The stream in a report folder; the other files are made from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """The first event: who runs what, with what."""

    kind: ClassVar[str] = "run-started"
    stream: int
    suite: str
    seed: int
    selection: tuple[str, ...]
    host: Mapping[str, str]
    """Host capabilities by name of the probe: "yes", or why not."""
    time: str
    resumed: int = 0
    """How often the run was interrupted and gone on with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetStarted:
    """A build under test: what it is and how it is started."""

    kind: ClassVar[str] = "target-started"
    target: str
    spelling: str
    """Shell text: the words with which a command line names the target again."""
    program: str
    version: str
    package: str
    arch: str
    sha256: str
    schema_sha256: str
    launcher: str
    documentation: str
    """In words: the source whose facts the build was compared with, or why there is none."""
    command_line: tuple[str, ...]
    cases: int
    kind_of_program: Program
    machine: str
    accel: str
    """Of -accel, "" for QEMU's choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownGiven:
    """A known issue that the run was given."""

    kind: ClassVar[str] = "known-given"
    issue: KnownIssue


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineGiven:
    """The target of an earlier run with which a target is compared."""

    kind: ClassVar[str] = "baseline-given"
    target: str
    version: str
    package: str
    arch: str
    sha256: str
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseBefore:
    """A root cause that the baseline of a target shows; `outcome` is the worst of its cases."""

    kind: ClassVar[str] = "cause-before"
    target: str
    fingerprint: str
    defect: str
    weight: Weight
    outcome: Outcome
    summary: str
    cases: tuple[str, ...]
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetLost:
    """A target that could not be identified or introspected, and has no cases.

    `what` says what happened, `remedy` what to do.
    """

    kind: ClassVar[str] = "target-lost"
    target: str
    spelling: str
    program: str
    what: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What playing cases has cost: seconds of a process, machines, bytes of their monitors."""

    seconds: float = 0.0
    machines: int = 0
    sent: int = 0
    received: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            seconds=round(self.seconds + other.seconds, 6),
            machines=self.machines + other.machines,
            sent=self.sent + other.sent,
            received=self.received + other.received,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPlanned:
    """An item of a target: the next `cases` cases of it in the stream, in the order of the items.

    `item` is its name in pytest, `place` its place among all items that a run of all shards has,
    `cost` what playing it has cost, None if that was not begun.
    """

    kind: ClassVar[str] = "item-planned"
    target: str
    item: str
    place: int
    cases: int
    cost: Cost | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemEnded:
    """What an item has cost in one process, `worker`, and the peak of that one's memory in KiB.

    Only in the parts of a run: in its stream, the plan of the item has it.
    """

    kind: ClassVar[str] = "item-ended"
    target: str
    item: str
    worker: str
    cost: Cost
    memory: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPlanned:
    """A subject that has a row in the report, even where the build lacks it.

    `note` says why there is nothing to test, else "". For a command, `members` counts those of its
    arguments at all depths, `left_out` the places that were not entered again, and `answers` the
    members that its answers can have.
    """

    kind: ClassVar[str] = "row-planned"
    target: str
    subject_kind: SubjectKind
    subject: str
    note: str
    members: int = 0
    left_out: int = 0
    answers: int = 0
    blocked: str = ""
    """Why no request of the command can succeed here, "" where no reason is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePlanned:
    """A rule that has a row in the report; `note` says how it is tested besides cases, or why not.

    With `throughout`, every message of every case is checked against it.
    """

    kind: ClassVar[str] = "rule-planned"
    target: str
    rule: str
    promise: str
    severity: Severity
    throughout: bool
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was seen: the dialogue, and the end of the process if it ended."""

    transcript: tuple[str, ...]
    """Lines as they went over the wire, each after "-> " (sent) or "<- " (received)."""
    exit_status: int | None = None
    stderr: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A broken promise of a build."""

    kind: ClassVar[str] = "finding"
    target: str
    case: str
    subject_kind: SubjectKind
    subject: str
    rule: str
    severity: Severity
    outcome: Outcome
    summary: str
    """One sentence: what the build did."""
    expected: str
    """One sentence: what it promised."""
    why: str
    """Where the promise is written."""
    fold: str
    """Findings of one target with equal `fold` are one finding seen in several cases."""
    defect: str
    """What is wrong, in words that are the same on each build that has the defect."""
    fingerprint: str
    """The short name of the defect: that of its words."""
    weight: Weight
    marks: tuple[Mark, ...] = ()
    evidence: Evidence
    reproducer: str
    """Shell text: QEMU's command line and the lines to send."""
    signs: tuple[str, ...] = ()
    """What it prints that shows the defect: replies as JSON, and parts of lines."""
    plays: int = 0
    shown: int = 0
    """Of an INTERMITTENT one, how often its case was played, and how often this showed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pasted:
    """What came of the smallest reproducer of a root cause, pasted into a shell.

    `shows` tells whether it printed all `signs` of the defect, `why` what is missing, else "". It
    stands behind all cases.
    """

    kind: ClassVar[str] = "pasted"
    target: str
    fingerprint: str
    case: str
    reproducer: str
    signs: tuple[str, ...]
    shows: bool
    why: str
    stack: tuple[str, ...] = ()
    """The functions that called each other when a signal ended QEMU, the innermost first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEnded:
    """The outcome of a case."""

    kind: ClassVar[str] = "case-ended"
    target: str
    case: str
    subject_kind: SubjectKind
    subject: str
    aspect: Aspect
    outcome: Outcome
    reason: str
    rules: tuple[str, ...]
    seconds: float
    settled_by: SettledBy | None = None
    """What a case lacks whose request without the fault is refused; None for other cases."""
    about: str = ""
    """The path of the one member of a command's arguments that the case tries, if any."""
    accepted: bool = False
    """Whether a valid request of the subject was seen to succeed in it."""
    looked: bool = False
    """Whether a query, an event or a file then showed that member."""
    refused: int = 0
    """How many requests with a fault in that member were refused, and how many of the refusals name
    it (`named`), which nothing promises."""
    named: int = 0
    plays: int = 0
    shown: int = 0
    """Of an INTERMITTENT one, how often it was played, and how often it broke its promise."""

    @property
    def unsettled(self) -> bool:
        """Whether it had different outcomes in this run."""
        return self.outcome is Outcome.FLAKY or (
            self.outcome is Outcome.INTERMITTENT and self.shown > 0
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StartDied:
    """A machine that ended before it was ready for a case.

    `exit_status` is the negative number of a signal, or the status returned. `always` tells that
    each machine with this command line ended so.
    """

    kind: ClassVar[str] = "start-died"
    target: str
    command_line: tuple[str, ...]
    exit_status: int
    stderr: str
    always: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSeen:
    """An event of the schema that came at some time in the run, for whatever reason."""

    kind: ClassVar[str] = "event-seen"
    target: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultRead:
    """What a member that was left out reads as, and what is said about its default.

    `documented` and `declared` (by qom-list-properties or by a command that lists defaults) and
    `real` are JSON texts; "" where nothing is said, or nothing could be read. `says` is what the
    documentation says where it gives no value, `where` the file and line.
    """

    kind: ClassVar[str] = "default-read"
    target: str
    case: str
    subject_kind: SubjectKind
    subject: str
    member: str
    documented: str
    says: str
    where: str
    declared: str
    real: str

    @property
    def differs(self) -> bool:
        """Whether documented, declared and real default are not all one value."""
        return len({self.documented, self.declared, self.real} - {""}) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRead:
    """The members of a command's answer that a case that passed has looked at, by their paths.

    All of `named` were there; the values of `known` are those that are known from elsewhere.
    """

    kind: ClassVar[str] = "answer-read"
    target: str
    case: str
    subject_kind: SubjectKind
    subject: str
    named: tuple[str, ...]
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviourSeen:
    """What a build does where releases differ and no schema shows it.

    `title` is what was asked for, `was` what becomes of it up to the release `after`, `now` what
    does from the release `by` on, `real` what became of it: "accepted", "refused", or a JSON text;
    "" where nothing could be seen.
    """

    kind: ClassVar[str] = "behaviour-seen"
    target: str
    case: str
    subject_kind: SubjectKind
    subject: str
    title: str
    was: str
    now: str
    after: str
    by: str
    real: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a case has measured of a build: `what`, in words.

    For `counts` things each, `sizes` are the bytes of an answer, or the objects lost at the end,
    and `seconds` the CPU time of it; without counts, that of a rest.
    """

    kind: ClassVar[str] = "measured"
    target: str
    case: str
    subject_kind: SubjectKind
    subject: str
    what: str
    counts: tuple[int, ...]
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Combined:
    """What the choices of a case of pairs came to, each alone and together."""

    kind: ClassVar[str] = "combined"
    target: str
    case: str
    subject_kind: SubjectKind
    subject: str
    together: Together


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What a random search came to; what it found are findings besides."""

    kind: ClassVar[str] = "searched"
    target: str
    case: str
    subject_kind: SubjectKind
    subject: str
    totals: SearchTotals
    found: tuple[FoundHistory, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """The last event: whether the run is complete, and its exit code."""

    kind: ClassVar[str] = "run-ended"
    complete: bool
    exit_code: int
    outcomes: Mapping[str, int]
    seconds: float
    time: str
    cost: Mapping[str, int] = field(default_factory=dict)
    """The peak of the resident memory of each process that played cases, in KiB, by its name."""

    @property
    def counts(self) -> Mapping[Outcome, int]:
        """The number of cases with each outcome."""
        return {Outcome(outcome): count for outcome, count in self.outcomes.items()}


Event = (
    RunStarted
    | TargetStarted
    | TargetLost
    | KnownGiven
    | BaselineGiven
    | CauseBefore
    | ItemPlanned
    | ItemEnded
    | RowPlanned
    | RulePlanned
    | Finding
    | CaseEnded
    | StartDied
    | EventSeen
    | DefaultRead
    | AnswerRead
    | BehaviourSeen
    | Measured
    | Combined
    | Searched
    | Pasted
    | RunEnded
)

KINDS: Final[Mapping[str, type[Any]]] = {
    cls.kind: cls
    for cls in (
        RunStarted,
        TargetStarted,
        TargetLost,
        KnownGiven,
        BaselineGiven,
        CauseBefore,
        ItemPlanned,
        ItemEnded,
        RowPlanned,
        RulePlanned,
        Finding,
        CaseEnded,
        StartDied,
        EventSeen,
        DefaultRead,
        AnswerRead,
        BehaviourSeen,
        Measured,
        Combined,
        Searched,
        Pasted,
        RunEnded,
    )
}
"""The class of each kind of event."""


@functools.cache
def _codec(kind: str) -> Codec[Any]:
    return Codec(KINDS[kind])


def to_json(event: Event) -> dict[str, Any]:
    """Return `event` as a JSON object whose member `event` names its kind."""
    return {"event": event.kind, **_codec(event.kind).write(event)}


def from_json(value: object) -> Event:
    """Return the event that `to_json` wrote as `value`.

    Raises ValueError, which says what is wrong, for any other value.
    """
    if not isinstance(value, dict):
        raise ValueError(f"not of type dict: {str(value)[:80]!r}")
    kind = value.get("event")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"no such event: {kind!r}")
    members = {name: member for name, member in value.items() if name != "event"}
    event: Event = _codec(kind).read(members)
    return event
