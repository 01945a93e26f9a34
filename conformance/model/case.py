"""A case as a value: one fault or one promise, as a short dialogue with its expectations.

Cases are static: every request is known before the first is sent, so that they can be listed,
pipelined and replayed.  Knows nothing of machines or of how replies are judged.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from conformance.model.blocked import Blocked
from conformance.model.expectation import Expectation
from conformance.model.script import Exchange
from conformance.model.stage import OUT_OF_BAND, Request, Stage
from conformance.model.terms import (
    ABSENT,
    Absent,
    Aspect,
    JsonValue,
    SubjectKind,
)


class Role(enum.StrEnum):
    """What a step is to its case."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Emits:
    """An event that comes of a request, with data that hold all of `data`, objects by member.

    `answered` tells whether the reply comes before it; None where nothing is promised of that.
    """

    event: str
    data: Mapping[str, JsonValue]
    answered: bool | None = None
    rule: str | None
    """The one that promises it; None where it only tells when the case can go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """An event of which at most one of a kind is sent per second.

    The members `by` of its data tell one kind from another.  One whose data hold all of `unless`,
    if that is anything, is not limited.
    """

    event: str
    by: tuple[str, ...] = ()
    unless: Mapping[str, JsonValue] = field(default_factory=dict)
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request of a case, what must come of it, and which rule says so."""

    request: Request
    expect: Expectation
    role: Role
    rule: str
    why: str = ""
    """Why that must come of it, for a reader who knows the rule's text; "" where it says all."""
    emits: tuple[Emits, ...] = ()
    """The events that come of it besides; the next request is not sent before they have come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One thing that the source says (`promised`) beside what is there (`found`), in like words.

    `what` says of what, `where` in which file and line the source does.  It is kept if the two are
    equal; no machine is needed to judge it.
    """

    rule: str
    what: str
    promised: str
    found: str
    fold: str
    where: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultOf:
    """What is said of a member that the case leaves out; its step `step` reads the real value.

    `path` leads to the value within what that step returns.  See stream.DefaultRead.
    """

    member: str
    documented: JsonValue | Absent = ABSENT
    says: str = ""
    where: str | None = None
    declared: JsonValue | Absent = ABSENT
    step: int
    path: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One promise of one subject, and the dialogue or the claims that show it kept or broken.

    `id` is a path that is the same on every build.  A case has steps, claims or an exchange.
    """

    id: str
    subject: Subject
    aspect: Aspect
    stage: Stage
    steps: tuple[Step, ...]
    isolation: Isolation = Isolation.SHARED
    about: str = ""
    """The member or property that the case is about, if one: failures of one thing fold by it."""
    fault: str | None = None
    """What is wrong with the request of an invalid case, in words; None of any other case."""
    blocked: Blocked | None = None
    """Why the case is not run; then it may have no steps."""
    limit: float = 10.0
    """Seconds within which each of its replies must come."""
    claims: tuple[Claim, ...] = ()
    defaults: tuple[DefaultOf, ...] = ()
    """The defaults that its steps read, for the report's table."""
    limits: tuple[Limit, ...] = ()
    """The events of its steps that are limited; each comes of a step that has another before it."""
    exchange: Exchange | None = None
    every_start: bool = False
    """Whether it is about every start of a machine in the run, beside the one that it plays."""
    absences: tuple[str, ...] = ()
    """How refusals read (globs) that tell what the build was made without."""
    intermittent: str | None = None
    """Why its promise is known to be broken in some plays only, None where it is not.  Such a case
    is always played often."""

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that it is about, in order."""
        of_events = (each.rule for step in self.steps for each in step.emits if each.rule)
        of_steps = (step.rule for step in self.steps)
        of_limits = (limit.rule for limit in self.limits)
        of_claims = (claim.rule for claim in self.claims)
        of_turns = self.exchange.rules if self.exchange else ()
        return tuple(sorted({*of_steps, *of_events, *of_limits, *of_turns, *of_claims}))

    @property
    def plays(self) -> bool:
        """Whether it needs a machine."""
        return self.blocked is None and not self.claims

    @property
    def in_step(self) -> bool:
        """Whether each request waits for the answer to the one before.

        Answers out of band overtake others, and so would the refusal of such a request.  Of two
        descriptors on their way the first would be closed, and an event is of the request before it
        where no other is on its way.
        """
        return any(
            step.request.key == OUT_OF_BAND or step.request.descriptor or step.emits
            for step in self.steps
        )

    def parts(self) -> tuple[Case, ...]:
        """Return the case cut at its passages, each part on a stage that has them behind it.

        The parts of a case that has none are the case itself.
        """
        for number, step in enumerate(self.steps):
            if step.role is Role.PASSAGE:
                first = replace(self, steps=self.steps[:number])
                beyond = self.stage.beyond(step.request)
                rest = replace(self, stage=beyond, steps=self.steps[number + 1 :])
                return (first, *rest.parts())
        return (self,)
