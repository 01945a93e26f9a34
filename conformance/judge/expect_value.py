"""Expectations of the value that a request returns."""

from __future__ import annotations

import abc
import enum
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any, assert_never

from conformance.judge.expect_answer import refused
from conformance.judge.json_path import brief, path_text, stands_at, without
from conformance.model.canonical import canonical, compact, same
from conformance.model.expectation import Expectation, Inconclusive, Kind, Problem, Reply
from conformance.model.terms import ABSENT, JsonValue, Outcome, PathPart


class ValueExpectation(Expectation):
    """The request succeeds, and what it returns is as `problem_of` demands."""

    __slots__ = ()
    reads = True

    def problem(self, reply: Reply) -> Problem | None:
        """Return the refusal, or what is wrong with the value."""
        return refused(reply) or self.problem_of(reply.message["return"], reply)

    @abc.abstractmethod
    def problem_of(self, value: Any, reply: Reply) -> Problem | None:
        """Return what is wrong with the returned value, None if nothing is."""


@dataclass(frozen=True, slots=True)
class Returns(ValueExpectation):
    """The request succeeds and returns one of `values`, compared as JSON."""

    values: tuple[JsonValue, ...]

    def words(self) -> str:
        """Return the words."""
        return f"returns {' or '.join(map(compact, self.values))}"

    def problem_of(self, value: Any, reply: Reply) -> Problem | None:
        """Return that the value is another."""
        if any(same(value, _plain(wanted)) for wanted in self.values):
            return None
        wanted = " or ".join(brief(item) for item in self.values)
        return Problem(f"returned {brief(value)}", f"the value {wanted}")


@dataclass(frozen=True, slots=True)
class Lists(ValueExpectation):
    """The request succeeds and returns an array of just `values`, in whatever order.

    Members that bear the feature `withheld`, if one is named, need not be there in it.
    """

    values: tuple[JsonValue, ...]
    withheld: str | None = None

    def words(self) -> str:
        """Return the words."""
        return f"returns just {len(self.values)} known values, in any order"

    def problem_of(self, value: Any, reply: Reply) -> Problem | None:
        """Return the first value that only one of the two arrays has."""
        if not isinstance(value, list):
            return Problem(f"returned {brief(value)}", "an array")
        found, wanted = Counter(map(canonical, value)), Counter(map(canonical, self.values))
        for more, other, what, expected in (
            (found, wanted, "lists more than it should", "an array without it"),
            (wanted, found, "does not list all", "an array with it"),
        ):
            odd = sorted((more - other).elements())
            if odd:
                first = brief(json.loads(odd[0]))
                return Problem(f"{what}: {first} and {len(odd) - 1} others", f"{expected}: {first}")
        return None


@dataclass(frozen=True, slots=True)
class Repeats(ValueExpectation):
    """The request succeeds and returns what the case's step number `step` (from 0) returned.

    What stands at the paths `less` is left out on both sides; "*" in one is any member or element.
    """

    step: int
    less: tuple[tuple[str, ...], ...] = ()

    def words(self) -> str:
        """Return the words."""
        return f"returns the same as step {self.step + 1}"

    def problem_of(self, value: Any, reply: Reply) -> Problem | None:
        """Return that the value is another than then; a refusal then tells nothing."""
        earlier = reply.earlier[self.step]
        if "return" not in earlier:
            return None
        found, wanted = without(value, self.less), without(earlier["return"], self.less)
        if same(found, wanted):
            return None
        return Problem(f"returned {brief(found)}", f"the value {brief(wanted)}")


class Sight(enum.StrEnum):
    """What is to be seen at a path of a returned value."""

    # Just the value that is given.
    VALUE = "value"
    # Something, whatever it is.
    THERE = "there"
    # Nothing.
    ABSENT = "absent"
    # Something else than an earlier step returned there.
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Shows(ValueExpectation):
    """The request succeeds, and at `path` of what it returns is what `sight` says.

    `value` is that of Sight.VALUE, `step` the earlier step of Sight.DIFFERENT.
    """

    path: tuple[PathPart, ...]
    sight: Sight
    value: JsonValue = None
    step: int = 0

    def words(self) -> str:
        """Return the words."""
        what = {
            Sight.VALUE: compact(self.value),
            Sight.THERE: "something",
            Sight.ABSENT: "nothing",
            Sight.DIFFERENT: f"something else than step {self.step + 1}",
        }
        return f"returns {what[self.sight]} at {path_text(self.path)}"

    def problem_of(self, value: Any, reply: Reply) -> Problem | None:
        """Return what stands there instead."""
        where = path_text(self.path)
        found = stands_at(value, self.path)
        match self.sight:
            case Sight.VALUE:
                right = same(found, self.value)
                wanted = f"{where} is {brief(self.value)}"
            case Sight.THERE:
                right, wanted = found is not ABSENT, f"{where} is there"
            case Sight.ABSENT:
                right, wanted = found is ABSENT, f"there is no {where}"
            case Sight.DIFFERENT:
                before = reply.earlier[self.step].get("return") if reply.earlier else None
                right = not same(found, stands_at(before, self.path))
                wanted = f"{where} is another than before"
            case _:
                assert_never(self.sight)
        is_there = "not there" if found is ABSENT else brief(found)
        return None if right else Problem(f"{where} is {is_there}", wanted)


def shows_value(path: tuple[PathPart, ...], value: JsonValue) -> Shows:
    """Return that the request succeeds and returns just `value` at `path`."""
    return Shows(path, Sight.VALUE, value)


@dataclass(frozen=True, slots=True)
class NotYet(ValueExpectation):
    """The request succeeds, and what `shows` is to show does not show yet.

    Where it does, what comes after cannot show that anything was done.
    """

    shows: Shows

    reads = False

    def words(self) -> str:
        """Return the words."""
        return f"not yet so: {self.shows.words()}"

    def problem_of(self, value: Any, reply: Reply) -> Problem | None:
        """Return that it shows already; what differs from what is now may be anything."""
        shows = self.shows
        if shows.sight is Sight.DIFFERENT or shows.problem_of(value, reply):
            return None
        found = stands_at(value, shows.path)
        what = "not there" if found is ABSENT else brief(found)
        return Problem(f"{path_text(shows.path)} is {what} before", "that it is not so before")

    def inconclusive(self, problem: Problem) -> Inconclusive | None:
        """Return that nothing can be seen to change."""
        if problem.kind is not Kind.VALUE:
            return None
        return Inconclusive(outcome=Outcome.VACUOUS, reason="nothing can be seen to change")


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
