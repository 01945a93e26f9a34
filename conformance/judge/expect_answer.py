"""Expectations of whether a request is accepted, refused, or answered at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from conformance.judge.json_path import brief
from conformance.model.expectation import Expectation, Inconclusive, Kind, Problem, Reply
from conformance.model.terms import ErrorClass, Outcome

_SPECIFIC: Final = re.compile(r"'[^']*'|\"[^\"]*\"|/\S*|\b\d+\b|\b0x[0-9a-f]+\b")
"""What differs between the texts of errors that are the same: names, paths, numbers."""
_OF_CHECKS: Final = frozenset({ErrorClass.GENERIC, ErrorClass.COMMAND_NOT_FOUND})
"""The classes that a request may be refused with before its command sees it."""


@dataclass(frozen=True, slots=True)
class Accept(Expectation):
    """The request succeeds, with a value of its return type."""

    def words(self) -> str:
        """Return the words."""
        return "accepted"

    def problem(self, reply: Reply) -> Problem | None:
        """Return the refusal, if it is one."""
        return refused(reply)


@dataclass(frozen=True, slots=True)
class Ends(Expectation):
    """The request succeeds and ends the build: then the answer may be lost, not the status 0."""

    ends = True

    def words(self) -> str:
        """Return the words."""
        return "accepted, and ends the build"

    def problem(self, reply: Reply) -> Problem | None:
        """Return the refusal, if it is one."""
        return refused(reply)


@dataclass(frozen=True, slots=True)
class Reject(Expectation):
    """The request fails with one of `classes`."""

    classes: frozenset[ErrorClass] = frozenset({ErrorClass.GENERIC})

    def words(self) -> str:
        """Return the words."""
        return f"refused with {self._wanted}"

    def problem(self, reply: Reply) -> Problem | None:
        """Return that it succeeds, or fails with another class."""
        error = reply.error
        if error is None:
            fault = f" ({reply.fault})" if reply.fault else ""
            what = f"accepted{fault}, and returned {brief(reply.message.get('return'))}"
            return Problem(what, f"the request is refused with {self._wanted}", kind=Kind.ACCEPTED)
        if error.get("class") not in self.classes:
            return Problem(_told(error), f"the error class {self._wanted}", kind=Kind.CLASS)
        return None

    @property
    def _wanted(self) -> str:
        return " or ".join(sorted(self.classes))


@dataclass(frozen=True, slots=True)
class Refused(Expectation):
    """The request fails, as another case demands: where it does not, this one is in its shadow."""

    def words(self) -> str:
        """Return the words."""
        return "refused"

    def problem(self, reply: Reply) -> Problem | None:
        """Return that it succeeds."""
        if reply.error is not None:
            return None
        return Problem("accepted", "the request is refused", kind=Kind.ACCEPTED)

    def inconclusive(self, problem: Problem) -> Inconclusive | None:
        """Return that the finding of that other case stands in the way."""
        reason = "a request that must be refused is accepted"
        return Inconclusive(outcome=Outcome.BLOCKED_BY_FINDING, reason=reason)


@dataclass(frozen=True, slots=True)
class Answer(Expectation):
    """The request is answered, either way; only the rules of every reply apply."""

    def words(self) -> str:
        """Return the words."""
        return "answered, either way"

    def problem(self, reply: Reply) -> Problem | None:
        """Return None."""
        return None


@dataclass(frozen=True, slots=True)
class Known(Expectation):
    """The request is answered, either way, as one of a command that the build knows."""

    def words(self) -> str:
        """Return the words."""
        return "answered as a command that the build knows"

    def problem(self, reply: Reply) -> Problem | None:
        """Return that the command is not found."""
        error = reply.error
        if error is None or error.get("class") != ErrorClass.COMMAND_NOT_FOUND:
            return None
        return Problem(_told(error), "the build knows the command", kind=Kind.CLASS)


@dataclass(frozen=True, slots=True)
class Understood(Expectation):
    """The request gets past the schema's own check of it.

    It succeeds, or fails with a class that no check of arguments gives.  Refused with one that a
    check may give it shows nothing: nobody tells whether it was refused for its arguments.
    """

    def words(self) -> str:
        """Return the words."""
        return "accepted, or refused for another reason than its arguments"

    def problem(self, reply: Reply) -> Problem | None:
        """Return the refusal that a check of arguments may have made."""
        error = reply.error
        heard = error is not None and error.get("class") not in _OF_CHECKS
        return None if heard else refused(reply)

    def inconclusive(self, problem: Problem) -> Inconclusive | None:
        """Return that such a refusal shows nothing."""
        return Inconclusive(outcome=Outcome.VACUOUS, reason="refused, and nothing tells what for")


def refused(reply: Reply) -> Problem | None:
    """Return the refusal of a request that must be accepted, None where it is accepted."""
    error = reply.error
    if error is None:
        return None
    text = f"{error.get('class')}: {error.get('desc')}"
    fold = f"{reply.about} {without_names(text)}"
    if reply.subject not in reply.about:
        fold = without_names(text)
    return Problem(f"refused with {text}", "the request is accepted", fold, Kind.REFUSED)


def without_names(text: str) -> str:
    """Return an error's text less the names, paths and numbers that it is about."""
    return _SPECIFIC.sub("*", text)


def _told(error: object) -> str:
    assert isinstance(error, dict), "a well-formed reply's error is an object"
    return f"refused with {error.get('class')}: {error.get('desc')}"
