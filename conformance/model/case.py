"""A case as a value: one fault or one promise, as a short dialogue with its expectations.

Cases are static: every request is known before the first is sent, so that they can be listed,
pipelined and replayed.  Knows nothing of machines or of how replies are judged.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from conformance.model.blocked import Blocked
from conformance.model.expectation import Expectation
from conformance.model.frozen import frozen_value
from conformance.model.script import Exchange
from conformance.model.search import Search
from conformance.model.stage import OUT_OF_BAND, Request, Stage
from conformance.model.terms import (
    ABSENT,
    Absent,
    Aspect,
    JsonValue,
    PathPart,
    SubjectKind,
)


class Role(enum.StrEnum):
    """The purpose of a step in its case."""

    # Brings about what the subject needs; if it fails, the case says nothing.
    SETUP = "setup"
    # The request that the case is about.
    SUBJECT = "subject"
    # The same request less its one fault: unless it is accepted, the refusal proves nothing.
    WITNESS = "witness"
    # Looks at the state that the subject left.
    CHECK = "check"
    # Takes the machine to its next phase, from which there is no way back.
    PASSAGE = "passage"
    # Takes away what the case made.
    CLEANUP = "cleanup"


_MEANS: Final = frozenset({Role.SETUP, Role.WITNESS, Role.PASSAGE})
"""The roles of requests whose refusal leaves a case without a verdict."""


READS_BACK: Final = "X31"
"""The rule about what a command was given: it shows as it was given."""
ORDER: Final = "W77"
"""The rule about which comes first, an event or the reply to the request that brings it about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emits:
    """An event that follows a request, whose data includes all of `data`, objects by member.

    `answered` says whether the reply comes first; None if nothing is promised of the order.
    """

    event: str
    data: Mapping[str, JsonValue]
    answered: bool | None = None
    rule: str | None
    """The rule that promises the event; None if the case only waits for it."""
    within: float | None = None
    """How many seconds to wait for it, None for the time limit of a reply."""

    @property
    def ordered(self) -> bool:
        """Whether its order relative to the reply is promised."""
        return self.rule is not None and self.answered is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What a reply must show that an event told before: the member `member` of its data at `path`.

    The last event of that name counts whose data includes all of `data`.
    """

    event: str
    data: Mapping[str, JsonValue] = field(default_factory=dict)
    member: tuple[str, ...]
    path: tuple[PathPart, ...]
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How often an event whose data includes all of `data` may come in a case at most."""

    event: str
    data: Mapping[str, JsonValue] = field(default_factory=dict)
    most: int
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """An event that QEMU sends at most once per second for each kind.

    The members `by` of its data distinguish kinds. An event whose data includes all of a non-empty
    `unless` is not limited.
    """

    event: str
    by: tuple[str, ...] = ()
    unless: Mapping[str, JsonValue] = field(default_factory=dict)
    rule: str


@frozen_value(frozen=True, slots=True, kw_only=True)
class Step:
    """One request of a case, its expectation, and the rule that promises it."""

    request: Request
    expect: Expectation
    role: Role
    rule: str
    why: str = ""
    """The reason for the expectation, beside the rule's text; "" if the rule is enough."""
    emits: tuple[Emits, ...] = ()
    """The events that must follow it; the next request is sent after they have arrived."""
    agrees: tuple[Agreement, ...] = ()
    """What its reply must show of what events told."""

    @property
    def binds(self) -> bool:
        """Whether its reply can break its rule, not only keep the case from a verdict."""
        return self.expect.binds and (self.expect.reads or self.role not in _MEANS)

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that it can find broken: its own and those of its events."""
        own = (self.rule, *self.expect.rules) if self.binds else ()
        if not self.emits and not self.agrees:
            return own
        of_events = (each.rule for each in self.emits if each.rule)
        of_order = (ORDER for each in self.emits if each.ordered)
        return (*own, *of_events, *of_order, *(each.rule for each in self.agrees))


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A statement of the source (`promised`) and what the build has (`found`), in the same terms.

    `what` is its topic, `where` its file and line in the source. It holds if the two are equal; no
    machine is needed to judge it.
    """

    rule: str
    what: str
    promised: str
    found: str
    fold: str
    where: str | None = None
    defect: str = ""
    """What the defect is called on all builds, where that is not `fold`."""
    asks: tuple[Request, ...] = ()
    """The requests whose answers show what the build has, where its schema does not."""
    shows: str = ""
    """What these answers hold then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultOf:
    """The declared default of a member that the case omits; its step `step` reads the real value.

    `path` is the value's place in the result of that step. See stream.DefaultRead.
    """

    member: str
    documented: JsonValue | Absent = ABSENT
    says: str = ""
    where: str | None = None
    declared: JsonValue | Absent = ABSENT
    step: int
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaves:
    """What releases do differently, and the step whose reply shows what a build does.

    `path` is the value's place in its result; without one, it is whether the request is accepted.
    See stream.BehaviourSeen.
    """

    title: str
    was: JsonValue
    now: JsonValue
    after: str
    by: str
    step: int
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt:
    """The members of an answer that a case looks at, by their paths as ids spell them.

    All of `named` must be there; `known` are those whose value is known from elsewhere.
    """

    named: tuple[str, ...]
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What a case measures of the build: `what`, in words for a reader.

    `counts` are the numbers of things of which the steps `steps` ask, one for each. After the last
    step, the build is asked nothing for `rest` seconds. With `rounds`, the case ends the build
    after as many rounds, and is played again with twice as many: what is lost must not grow.
    """

    what: str
    counts: tuple[int, ...] = ()
    steps: tuple[int, ...] = ()
    rest: float = 0.0
    rounds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Misbehaves:
    """The peer at `address`, which has misbehaved soon after the answer to the step `step`."""

    address: str
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanwhile:
    """The step `step` talks to a peer that falls silent for `seconds` before it hangs up.

    `rule` promises that the step does not wait that long; if it does, the promise of `beside` is
    that the step behind it, sent out of band as soon as the peer is silent, is answered before.
    None if the build has no such command.
    """

    step: int
    seconds: float
    rule: str
    beside: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MayEnd:
    """The build may end with exit status 1 once the step `step` was answered.

    Then it says why: a line of its standard error fits one of the globs `words`.
    """

    step: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFiles:
    """The scratch folder must hold the same files after the last step as before step `since`.

    `rule` promises it. Names that one of the globs `excused` fits do not count.
    """

    since: int = 0
    rule: str
    excused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFile:
    """A file of the scratch folder that must show at `path`, at the end, what `pattern` says.

    It is an object with its `kind`, `size`, and beginning in hexadecimal, `hex`. `rule` promises it
    if the step `step` was accepted; else it proves nothing.
    """

    name: str
    path: tuple[PathPart, ...]
    pattern: JsonValue
    step: int
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is tested."""

    kind: SubjectKind
    name: str


class Isolation(enum.StrEnum):
    """What a case may share a machine with."""

    # It only asks: a wrong answer leaves no doubt about the machine's state.
    PURE = "pure"
    # It puts back what it changes: cases of the same stage share a machine, pipelined, until one
    # of them fails and may not have put everything back.
    SHARED = "shared"
    # It changes the machine for good: it gets a machine of its own.
    ALONE = "alone"


@frozen_value(frozen=True, slots=True, kw_only=True)
class Case:
    """One promise of one subject, and the dialogue or the claims that test it.

    `id` is a path that is the same on every build. A case has steps, claims or an exchange.
    """

    id: str
    subject: Subject
    aspect: Aspect
    stage: Stage
    steps: tuple[Step, ...]
    isolation: Isolation = Isolation.SHARED
    about: str = ""
    """The member or property that the case is about, if any: its failures fold together."""
    fault: str | None = None
    """The fault in the request of an invalid case, in words; None for other cases."""
    blocked: Blocked | None = None
    """Why the case is not run; then it may have no steps."""
    limit: float = 10.0
    """The time limit of each reply in seconds."""
    claims: tuple[Claim, ...] = ()
    defaults: tuple[DefaultOf, ...] = ()
    """The defaults that its steps read, for the report's table."""
    limits: tuple[Limit, ...] = ()
    """The limited events of its steps; each is provoked by a step after another one of its kind."""
    counts: tuple[Count, ...] = ()
    """How often events of its steps may come."""
    exchange: Exchange | None = None
    every_start: bool = False
    """Whether it is about every start of a machine in the run, not only the one that it plays."""
    absences: tuple[str, ...] = ()
    """The refusals (globs) that mean that the build was built without the feature."""
    unlisted: tuple[str, ...] = ()
    """Those of them that say so of what the build does not list."""
    together: tuple[str, ...] = ()
    """What each subject step is about, where any of them may have caused what the case shows."""
    looked: LookedAt | None = None
    """The members of the answer that it looks at, if any."""
    behaves: Behaves | None = None
    """What it tells of the build where releases differ, if anything."""
    measure: Measure | None = None
    """What it measures; then each request waits for the answer to the one before."""
    kept: KeptFiles | None = None
    """The files that must stay as they are, if it looks at them."""
    shown: tuple[ShownFile, ...] = ()
    """The files that must show what a request of it was given."""
    misbehaves: Misbehaves | None = None
    """The peer that must have misbehaved for the case to prove anything, if it is about one."""
    meanwhile: Meanwhile | None = None
    """What the build does while a peer of it is silent, if the case looks at that."""
    may_end: MayEnd | None = None
    """How the build may end in the case, None if it must live."""
    ground: str = ""
    """The known state in which it stands with cases of other subjects, "" if it is no such case:
    they are played one after the other, and share its machine."""
    intermittent: str | None = None
    """Why it is known to break its promise only in some plays, None if it is not known to: such a
    case is played several times."""

    search: Search | None = None
    """What is drawn at random from its steps, if it is a search: then they are where that begins.
    """

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that it can find broken, in order."""
        rules: set[str] = set()
        for step in self.steps:
            rules.update(step.rules)
        parts: tuple[Limit | Count | Claim | ShownFile, ...] = (
            *self.limits,
            *self.counts,
            *self.claims,
            *self.shown,
        )
        rules.update(each.rule for each in parts)
        if self.exchange is not None:
            rules.update(self.exchange.rules)
        if self.kept is not None:
            rules.add(self.kept.rule)
        if self.meanwhile is not None:
            rules.add(self.meanwhile.rule)
            rules.update(filter(None, [self.meanwhile.beside]))
        return tuple(sorted(rules))

    @property
    def item(self) -> Subject:
        """What names the cases that it is played with: its subject, or its state."""
        return replace(self.subject, name=f"state.{self.ground}") if self.ground else self.subject

    @property
    def plays(self) -> bool:
        """Whether it needs a machine."""
        return self.blocked is None and not self.claims

    @property
    def in_step(self) -> bool:
        """Whether each request waits for the reply to the one before.

        Out-of-band replies overtake others, and so would the refusal of such a request. Of two
        descriptors in flight the first would be closed, and an event belongs to the previous
        request only if no other is in flight. A companion is asked when its turn has come.
        """
        return (self.measure or self.misbehaves) is not None or any(
            step.request.key == OUT_OF_BAND
            or step.request.descriptor
            or step.request.companion
            or step.emits
            for step in self.steps
        )

    def parts(self) -> tuple[Case, ...]:
        """Return the case cut at its passages, each part on a stage behind the earlier ones.

        A case without passages is its only part.
        """
        for number, step in enumerate(self.steps):
            if step.role is Role.PASSAGE:
                first = replace(self, steps=self.steps[:number])
                beyond = self.stage.beyond(step.request)
                rest = replace(self, stage=beyond, steps=self.steps[number + 1 :])
                return (first, *rest.parts())
        return (self,)
