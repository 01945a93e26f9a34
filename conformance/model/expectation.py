"""What a step's reply must be, as a value that tells itself whether a reply is so.

judge/expectations.py names all kinds of them; knows neither steps nor how a reply is read.
"""

from __future__ import annotations

import abc
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from conformance.model.terms import Outcome


class Kind(enum.StrEnum):
    """In what way a promise was broken."""

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


@dataclass(slots=True, kw_only=True)
class Reply:
    """A well-formed reply, the replies to the case's steps before, and what the case is about."""

    message: Mapping[str, Any]
    earlier: Sequence[Mapping[str, Any]] = ()
    subject: str = ""
    about: str = ""
    fault: str | None = None

    @property
    def error(self) -> Mapping[str, Any] | None:
        """The error of a refusal, None of a success."""
        return self.message.get("error")


@dataclass(frozen=True, slots=True)
class Problem:
    """What came, what was expected, and what misses of one defect share.

    `fold` is None where that is what their cases are about: a property declared with a wrong type
    is one defect, wherever it stands.
    """

    what: str
    expected: str
    fold: str | None = None
    kind: Kind = Kind.VALUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Inconclusive:
    """What an unmet expectation makes of its case where it breaks no promise."""

    outcome: Outcome
    reason: str
    told: bool = True
    """Whether what came is told behind the reason."""


class Expectation(abc.ABC):
    """What the reply to a request must be."""

    __slots__ = ()
    reads: ClassVar[bool] = False
    """Whether it is about a value alone: then one that is wrong leaves the machine as it was."""
    ends: ClassVar[bool] = False
    """Whether the request ends the build: then the reply may be lost."""
    withheld: str | None = None
    """The feature whose bearers need not be in the reply, None where all must."""

    @abc.abstractmethod
    def words(self) -> str:
        """Return the expectation for a reader, as in "the request is WORDS"."""

    @abc.abstractmethod
    def problem(self, reply: Reply) -> Problem | None:
        """Return in what way the reply is not as expected, None if it is."""

    def inconclusive(self, problem: Problem) -> Inconclusive | None:
        """Return what `problem` makes of the case where it breaks no promise, else None."""
        return None
