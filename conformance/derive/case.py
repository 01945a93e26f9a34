"""A case as a value: one fault or one promise, as a short dialogue with its expectations.

Cases are static: every request is known before the first is sent, so that they can be listed,
pipelined and replayed.  Knows nothing of machines or of how replies are judged.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from conformance.stage import Request, Stage
from conformance.terms import Aspect, ErrorClass, JsonValue, SubjectKind


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
    # Takes away what the case made.
    CLEANUP = "cleanup"


@dataclass(frozen=True, slots=True)
class Accept:
    """The request succeeds, with a value of its return type."""


@dataclass(frozen=True, slots=True)
class Reject:
    """The request fails with one of `classes`."""

    classes: frozenset[ErrorClass] = frozenset({ErrorClass.GENERIC})


@dataclass(frozen=True, slots=True)
class Answer:
    """The request is answered, either way; only the rules of every reply apply."""


@dataclass(frozen=True, slots=True)
class Returns:
    """The request succeeds and returns one of `values`, compared as JSON."""

    values: tuple[JsonValue, ...]


@dataclass(frozen=True, slots=True)
class Holds:
    """qom-list succeeds: it shows `present` (name to type), and nothing in `absent`.

    With `only`, it shows nothing else.
    """

    present: tuple[tuple[str, str], ...] = ()
    absent: tuple[str, ...] = ()
    only: bool = False


@dataclass(frozen=True, slots=True)
class ReadsAs:
    """qom-get succeeds with a value that a property of QOM type `type` can have (X08, X09)."""

    type: str


@dataclass(frozen=True, slots=True)
class ListsTypes:
    """qom-list-types returns exactly the entries named (name to its members)."""

    entries: Mapping[str, Mapping[str, JsonValue]]


Expectation = Accept | Reject | Answer | Returns | Holds | ReadsAs | ListsTypes


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request of a case, what must come of it, and which rule says so."""

    request: Request
    expect: Expectation
    role: Role
    rule: str
    why: str = ""
    """Why that must come of it, for a reader who knows the rule's text; "" where it says all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is tested."""

    kind: SubjectKind
    name: str


class Isolation(enum.StrEnum):
    """What a case may share a machine with."""

    # It leaves the state as it found it: cases of the same stage share a machine, pipelined.
    SHARED = "shared"
    # It changes the machine for good: it gets a machine of its own.
    ALONE = "alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One promise of one subject, and the dialogue that shows it kept or broken.

    `id` is a path that is the same on every build; `blocked` says why the case cannot be run
    (outcome and reason), and then there may be no steps.
    """

    id: str
    subject: Subject
    aspect: Aspect
    stage: Stage
    steps: tuple[Step, ...]
    isolation: Isolation = Isolation.SHARED
    fault: str = ""
    """What is wrong with the request of an invalid case, in words."""
    needs: tuple[str, ...] = ()
    """Probes of the host that must succeed, else the case is untestable here."""
    not_applicable: str = ""
    """Why this build has no such promise, else ""."""
    limit: float = field(default=10.0)
    """Seconds within which each of its replies must come."""
