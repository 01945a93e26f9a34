"""Expectations of whether a request is accepted, refused, or answered at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from conformance.judge.json_path import brief
from conformance.model.expectation import Expectation, Inconclusive, Kind, Problem, Reply
from conformance.model.terms import ErrorClass, Outcome

_SPECIFIC: Final = re.compile(r"'[^']*'|\"[^\"]*\"|/\S*|\b\d+\b|\b0x[0-9a-f]+\b")
"""What may differ between texts of the same error: names, paths, numbers."""
ANSWERS_TO_ARGUMENTS: Final = frozenset({ErrorClass.GENERIC, ErrorClass.COMMAND_NOT_FOUND})
"""The classes with which QEMU may refuse a request before its command sees it."""


@dataclass(frozen=True, slots=True)
class Accept(Expectation):
    """The request succeeds, with a value of its return type."""

    def words(self) -> str:
        """Return the expectation in words."""
        return "accepted"

    def problem(self, reply: Reply) -> Problem | None:
        """Return the refusal, if it is one."""
        return refused(reply)


@dataclass(frozen=True, slots=True)
class Ends(Expectation):
    """The request succeeds and ends the build: the reply may be lost, but not the exit status 0."""

    ends = True

    def words(self) -> str:
        """Return the expectation in words."""
        return "accepted, and ends the build"

    def problem(self, reply: Reply) -> Problem | None:
        """Return the refusal, if it is one."""
        return refused(reply)


@dataclass(frozen=True, slots=True)
class Reject(Expectation):
    """The request fails with one of `classes`."""

    classes: frozenset[ErrorClass] = frozenset({ErrorClass.GENERIC})

    def words(self) -> str:
        """Return the expectation in words."""
        return f"refused with {self._wanted}"

    def problem(self, reply: Reply) -> Problem | None:
        """Return that the request succeeds, or fails with another class."""
        error = reply.error
        if error is None:
            fault = f" ({reply.fault})" if reply.fault else ""
            what = f"accepted{fault}, and returned {brief(reply.message.get('return'))}"
            return Problem(what, f"the request is refused with {self._wanted}", kind=Kind.ACCEPTED)
        if error.get("class") not in self.classes:
            told = _told(error)
            defect = f"{without_names(told)}, not with {self._wanted}"
            wanted = f"the error class {self._wanted}"
            return Problem(told, wanted, kind=Kind.CLASS, defect=defect)
        return None

    @property
    def _wanted(self) -> str:
        return " or ".join(sorted(self.classes))


@dataclass(frozen=True, slots=True)
class TakesItsOwn(Expectation):
    """The request, which sets a property to its own value, succeeds unless the property is fixed.

    `fixed` are the refusals (globs) of a property that refuses every value.  They are as good as
    success for a case that is about such properties, too (`shown`); any other shows nothing.
    """

    fixed: tuple[str, ...] = ()
    shown: bool = False

    def words(self) -> str:
        """Return the expectation in words."""
        return "accepted, or refused as every value is" if self.shown else "accepted"

    def problem(self, reply: Reply) -> Problem | None:
        """Return the refusal, if it is one that counts."""
        is_fixed = reply.error is not None and self._is_fixed(str(reply.error.get("desc")))
        return None if self.shown and is_fixed else refused(reply)

    def inconclusive(self, problem: Problem) -> Inconclusive | None:
        """Return that a fixed property proves nothing."""
        if not self._is_fixed(problem.what.partition(": ")[2]):
            return None
        reason = "every value is refused, its own too; one case of each type shows that it stays"
        return Inconclusive(outcome=Outcome.NOT_APPLICABLE, reason=reason)

    def _is_fixed(self, words: str) -> bool:
        return any(fnmatchcase(words, glob) for glob in self.fixed)


@dataclass(frozen=True, slots=True)
class Refused(Expectation):
    """The request fails, as another case demands: where it does not, this one is in its shadow.

    What nothing promises to fail (`promised`) may succeed, and then there is nothing to see.
    """

    promised: bool = True
    binds = False

    def words(self) -> str:
        """Return the words."""
        return "refused"

    def problem(self, reply: Reply) -> Problem | None:
        """Return that it succeeds."""
        if reply.error is not None:
            return None
        return Problem("accepted", "the request is refused", kind=Kind.ACCEPTED)

    def inconclusive(self, problem: Problem) -> Inconclusive | None:
        """Return that the finding of that other case stands in the way, if it is one."""
        if not self.promised:
            reason = "nothing promises that it is refused, and it is accepted"
            return Inconclusive(outcome=Outcome.NOT_APPLICABLE, reason=reason)
        reason = "a request that must be refused is accepted"
        return Inconclusive(outcome=Outcome.BLOCKED_BY_FINDING, reason=reason)


@dataclass(frozen=True, slots=True)
class Succeeds(Expectation):
    """The request succeeds, as another case demands: where it does not, this one shows nothing."""

    binds = False
    shadowed = True

    def words(self) -> str:
        """Return the words."""
        return "accepted, as in a case of its own"

    def problem(self, reply: Reply) -> Problem | None:
        """Return the refusal, if it is one."""
        return refused(reply)

    def inconclusive(self, problem: Problem) -> Inconclusive | None:
        """Return that nothing was done that could be undone."""
        return Inconclusive(outcome=Outcome.UNTRIED, reason="what must be done is refused")


@dataclass(frozen=True, slots=True)
class Answer(Expectation):
    """QEMU answers the request, in any way; only the rules of every reply apply."""

    binds = False

    def words(self) -> str:
        """Return the expectation in words."""
        return "answered, either way"

    def problem(self, reply: Reply) -> Problem | None:
        """Return None."""
        return None


@dataclass(frozen=True, slots=True)
class Present(Expectation):
    """QEMU answers the request, in any way, as a build does that has what the request is about.

    `absences` are the refusals (globs) of a build without it.
    """

    absences: tuple[str, ...]
    binds = False

    def words(self) -> str:
        """Return the expectation in words."""
        return "answered, either way"

    def problem(self, reply: Reply) -> Problem | None:
        """Return a refusal that says that the build lacks what it is about."""
        words = "" if reply.error is None else str(reply.error.get("desc"))
        lacks = any(fnmatchcase(words, glob) for glob in self.absences)
        return refused(reply) if lacks else None

    def inconclusive(self, problem: Problem) -> Inconclusive | None:
        """Return that the build was built without it."""
        return Inconclusive(outcome=Outcome.NOT_APPLICABLE, reason="the build was built without it")


@dataclass(frozen=True, slots=True)
class RefusedLike(Expectation):
    """The request undoes that of the step `step`: it is refused if that one was."""

    step: int

    def words(self) -> str:
        """Return the expectation in words."""
        return f"refused, if what it undoes was refused (step {self.step + 1})"

    def problem(self, reply: Reply) -> Problem | None:
        """Return that there was something to undo after a refusal."""
        if reply.error is not None or "error" not in reply.earlier[self.step]:
            return None
        what = "accepted, though the request that it undoes was refused"
        return Problem(what, "the request is refused", kind=Kind.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Known(Expectation):
    """QEMU answers the request in any way that shows that it knows the command."""

    def words(self) -> str:
        """Return the expectation in words."""
        return "answered as a command that the build knows"

    def problem(self, reply: Reply) -> Problem | None:
        """Return that the command is unknown."""
        error = reply.error
        if error is None or error.get("class") != ErrorClass.COMMAND_NOT_FOUND:
            return None
        return Problem(_told(error), "the build knows the command", kind=Kind.CLASS)


@dataclass(frozen=True, slots=True)
class Understood(Expectation):
    """The request passes the schema's own check.

    It succeeds, or fails with an error class that no argument check gives. Any other refusal is
    inconclusive: its cause may be the arguments or something else.
    """

    binds = False

    def words(self) -> str:
        """Return the expectation in words."""
        return "accepted, or refused for another reason than its arguments"

    def problem(self, reply: Reply) -> Problem | None:
        """Return a refusal that an argument check may have made."""
        error = reply.error
        heard = error is not None and error.get("class") not in ANSWERS_TO_ARGUMENTS
        return None if heard else refused(reply)

    def inconclusive(self, problem: Problem) -> Inconclusive | None:
        """Return that such a refusal is inconclusive."""
        return Inconclusive(outcome=Outcome.VACUOUS, reason="refused, and nothing tells what for")


def refused(reply: Reply) -> Problem | None:
    """Return the refusal of a request that must be accepted, None if it is accepted."""
    error = reply.error
    if error is None:
        return None
    text = f"{error.get('class')}: {error.get('desc')}"
    fold = f"{reply.about} {without_names(text)}"
    if reply.subject not in reply.about:
        fold = without_names(text)
    return Problem(f"refused with {text}", "the request is accepted", fold, Kind.REFUSED)


def without_names(text: str) -> str:
    """Return an error's text without names, paths and numbers."""
    return _SPECIFIC.sub("*", text)


def _told(error: object) -> str:
    assert isinstance(error, dict), "a well-formed reply's error is an object"
    return f"refused with {error.get('class')}: {error.get('desc')}"
