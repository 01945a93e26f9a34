"""What a step's reply must be, as a value that judges a reply itself.

judge/expectations.py lists all kinds; knows neither steps nor how a reply is read.
"""

from __future__ import annotations

import abc
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from conformance.model.terms import Outcome


class Kind(enum.StrEnum):
    """How a promise was broken."""

    # A request was refused that must be accepted.
    REFUSED = "refused"
    # A request was accepted that must be refused.
    ACCEPTED = "accepted"
    # A request was refused with another class than it must be.
    CLASS = "class"
    # A value is not the one that it must be.
    VALUE = "value"
    # A message is malformed, or not of the type that the schema gives.
    SHAPE = "shape"
    # The build died.
    CRASH = "crash"
    # The build stopped answering.
    HANG = "hang"
    # The process did what it must not, beside its answers.
    PROCESS = "process"
    # A file in the scratch folder is not what it must be.
    FILE = "file"


@dataclass(slots=True, kw_only=True)
class Reply:
    """A well-formed reply, the replies to the previous steps, and what the case is about."""

    message: Mapping[str, Any]
    earlier: Sequence[Mapping[str, Any]] = ()
    subject: str = ""
    about: str = ""
    fault: str | None = None

    @property
    def error(self) -> Mapping[str, Any] | None:
        """The error of a refusal, None for success."""
        return self.message.get("error")


@dataclass(frozen=True, slots=True)
class Problem:
    """What was received and expected, and what misses of one defect share.

    `fold` is None if their cases share what they are about: a property declared with a wrong type
    is one defect, wherever it occurs.
    """

    what: str
    expected: str
    fold: str | None = None
    kind: Kind = Kind.VALUE
    rule: str | None = None
    """The rule whose words it breaks, where that is not the rule of the step."""
    everywhere: bool = False
    """Whether it is one defect of what the command shows, whatever subject shows it."""
    defect: str = ""
    """What is wrong, the same for all subjects, where the fold tells them apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inconclusive:
    """The outcome of a case whose unmet expectation breaks no promise."""

    outcome: Outcome
    reason: str
    told: bool = True
    """Whether to report what was received after the reason."""


class Expectation(abc.ABC):
    """What the reply to a request must be."""

    __slots__ = ()
    reads: ClassVar[bool] = False
    """Whether it is only about a value: then a wrong one does not change the machine."""
    ends: ClassVar[bool] = False
    """Whether the request ends the build: then the reply may be lost."""
    rules: ClassVar[tuple[str, ...]] = ()
    """The rules that its problems can break beside that of the step."""
    binds: ClassVar[bool] = True
    """Whether a reply can break a promise by it, not only keep the case from a verdict."""
    shadowed: ClassVar[bool] = False
    """Whether other cases send all requests of its case: what the process does is for them to show.
    """
    withheld: str | None = None
    """The feature whose members may be missing from the reply, None if none may."""

    @abc.abstractmethod
    def words(self) -> str:
        """Return the expectation for a reader, as in "the request is WORDS"."""

    @abc.abstractmethod
    def problem(self, reply: Reply) -> Problem | None:
        """Return how the reply differs from the expectation, None if it does not."""

    def problems(self, reply: Reply) -> Sequence[Problem]:
        """Return all ways in which the reply differs, `problem` first; by default that alone."""
        problem = self.problem(reply)
        return () if problem is None else (problem,)

    def inconclusive(self, problem: Problem) -> Inconclusive | None:
        """Return the outcome for a `problem` that breaks no promise, else None."""
        return None
