"""Expectations of the value that a request returns."""

from __future__ import annotations

import abc
import enum
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, assert_never

from conformance.judge.expect_answer import refused
from conformance.judge.json_path import (
    all_at,
    brief,
    changed_elements,
    emptied,
    first_change,
    path_text,
    shown_at,
    stands_at,
    without,
)
from conformance.judge.pattern import differences
from conformance.model.canonical import canonical, compact, same
from conformance.model.expectation import Expectation, Inconclusive, Kind, Problem, Reply
from conformance.model.state import StateQuery
from conformance.model.terms import ABSENT, JsonValue, Outcome, PathPart

_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


class ValueExpectation(Expectation):
    """The request succeeds, and its return value passes `problem_of`."""

    __slots__ = ()
    reads = True

    def problem(self, reply: Reply) -> Problem | None:
        """Return the refusal, or what is wrong with the value."""
        return refused(reply) or self.problem_of(reply.message["return"], reply)

    @abc.abstractmethod
    def problem_of(self, value: Any, reply: Reply) -> Problem | None:
        """Return what is wrong with the return value, None if nothing is."""


@dataclass(frozen=True, slots=True)
class Returns(ValueExpectation):
    """The request succeeds and returns one of `values`, compared as JSON."""

    values: tuple[JsonValue, ...]

    def words(self) -> str:
        """Return the expectation in words."""
        return f"returns {' or '.join(map(compact, self.values))}"

    def problem_of(self, value: Any, reply: Reply) -> Problem | None:
        """Return that the value differs."""
        if any(same(value, _plain(wanted)) for wanted in self.values):
            return None
        wanted = " or ".join(brief(item) for item in self.values)
        return Problem(f"returned {brief(value)}", f"the value {wanted}")


@dataclass(frozen=True, slots=True)
class Lists(ValueExpectation):
    """The request succeeds and returns an array of exactly `values`, in any order.

    Members with the feature `withheld`, if given, may be missing.
    """

    values: tuple[JsonValue, ...]
    withheld: str | None = None

    def words(self) -> str:
        """Return the expectation in words."""
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

    The values at the paths `less` are ignored on both sides; "*" in a path is any member or
    element.
    """

    step: int
    less: tuple[tuple[str, ...], ...] = ()

    def words(self) -> str:
        """Return the expectation in words."""
        return f"returns the same as step {self.step + 1}"

    def problem_of(self, value: Any, reply: Reply) -> Problem | None:
        """Return that the value differs from the earlier one; an earlier refusal proves nothing."""
        earlier = reply.earlier[self.step]
        if "return" not in earlier:
            return None
        found, wanted = without(value, self.less), without(earlier["return"], self.less)
        if same(found, wanted):
            return None
        return Problem(f"returned {brief(found)}", f"the value {brief(wanted)}")


@dataclass(frozen=True, slots=True)
class Unchanged(Expectation):
    """The query is answered as by the case's step number `step` (from 0), be it with a refusal."""

    query: StateQuery
    step: int
    reads: ClassVar[bool] = True

    def words(self) -> str:
        """Return the words."""
        return f"answered as in step {self.step + 1}"

    def problem(self, reply: Reply) -> Problem | None:
        """Return the first difference from the answer then."""
        before = _state(self.query, reply.earlier[self.step])
        change = first_change(before, _state(self.query, reply.message))
        if change is None:
            return None
        path, old, new = change
        where = path_text(path)
        expected = f"{where} is {shown_at(old)} still"
        return Problem(f"{where} became {shown_at(new)}", expected, fold=where)


@dataclass(frozen=True, slots=True)
class UnchangedIfRefused(Unchanged):
    """The query is answered as by the step `step`, if the steps `subjects` were all refused."""

    subjects: tuple[int, ...]

    def words(self) -> str:
        """Return the words."""
        steps = ", ".join(str(number + 1) for number in self.subjects)
        return f"answered as in step {self.step + 1}, if what was asked is refused (step {steps})"

    def problem(self, reply: Reply) -> Problem | None:
        """Return the first difference from the answer then; what was accepted may change it."""
        if any("error" not in reply.earlier[number] for number in self.subjects):
            return None
        return Unchanged.problem(self, reply)


def _state(query: StateQuery, reply: Mapping[str, Any]) -> Any:
    if "error" not in reply:
        return without(reply["return"], query.ignore)
    return {"error": reply["error"]} if query.nothing is ABSENT else query.nothing


@dataclass(frozen=True, slots=True)
class Adds(Expectation):
    """The query shows what it showed at the case's step `step`, and at `at` just `elements` more.

    Each of them has at least the given members. A refusal of the query proves nothing.
    """

    query: StateQuery
    step: int
    at: tuple[PathPart, ...]
    elements: tuple[Mapping[str, JsonValue], ...]
    reads: ClassVar[bool] = True

    def words(self) -> str:
        """Return the words."""
        named = ", ".join(map(compact, self.elements))
        return f"answered as in step {self.step + 1}, and with {named} more"

    def problem(self, reply: Reply) -> Problem | None:
        """Return the first difference that is not one of the elements."""
        before = _state(self.query, reply.earlier[self.step])
        after = _state(self.query, reply.message)
        if "error" in reply.message and self.query.nothing is ABSENT:
            return None
        where = path_text(self.at)
        gone, come = changed_elements(stands_at(before, self.at), stands_at(after, self.at))
        if gone:
            return Problem(
                f"{where} has {brief(gone[0])} no longer", f"{brief(gone[0])} is there still", where
            )
        for element in self.elements:
            found = next((each for each in come if not any(differences(element, each))), None)
            if found is None:
                wanted = compact(element)
                what = f"{where} has no {wanted} more, but {brief(come)}"
                return Problem(what, f"{wanted} is there", where)
            come.remove(found)
        if come:
            what = f"{where} also has {brief(come[0])} more"
            return Problem(what, f"there is no {brief(come[0])}", where)
        change = first_change(emptied(before, self.at), emptied(after, self.at))
        if change is None:
            return None
        path, old, new = change
        where = path_text(path)
        expected = f"{where} is {shown_at(old)} still"
        return Problem(f"{where} became {shown_at(new)}", expected, fold=where)


@dataclass(frozen=True, slots=True)
class Grows(ValueExpectation):
    """The answer is at most `factor` times as much more than at step `steps[1]`, as that was more
    than at `steps[0]`: each of the three asks of twice as many things.
    """

    steps: tuple[int, int]
    factor: float

    def words(self) -> str:
        """Return the expectation in words."""
        first, second = (step + 1 for step in self.steps)
        return f"at most {self.factor:g} times the growth between steps {first} and {second}"

    def problem_of(self, value: Any, reply: Reply) -> Problem | None:
        """Return the sizes, if they grow too fast; an earlier refusal proves nothing."""
        before = [reply.earlier[step].get("return") for step in self.steps]
        first, second, third = map(answer_size, (*before, value))
        if None in before or third - second <= self.factor * (second - first):
            return None
        return Problem(
            f"returned {first:,}, {second:,} and {third:,} bytes for each time twice as many",
            f"at most {int(second + self.factor * (second - first)):,} bytes the third time",
        )


def answer_size(value: Any) -> int:
    """Return the bytes of a value as compact JSON, in which each number counts one.

    The digits of a file's size, of a time or of an address are not what an answer grows by.
    """
    return len(_NUMBER.sub("0", compact(value)))


class Sight(enum.StrEnum):
    """What must be at a path of a returned value."""

    # Exactly the value.
    VALUE = "value"
    # Any value.
    THERE = "there"
    # No value.
    ABSENT = "absent"
    # A value other than the one that an earlier step returned there.
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Shows(ValueExpectation):
    """The request succeeds, and its return value has at `path` what `sight` says.

    `value` is for Sight.VALUE, `step` the earlier step for Sight.DIFFERENT.
    """

    path: tuple[PathPart, ...]
    sight: Sight
    value: JsonValue = None
    step: int = 0

    def words(self) -> str:
        """Return the expectation in words."""
        what = {
            Sight.VALUE: compact(self.value),
            Sight.THERE: "something",
            Sight.ABSENT: "nothing",
            Sight.DIFFERENT: f"something else than step {self.step + 1}",
        }
        return f"returns {what[self.sight]} at {path_text(self.path)}"

    def problem_of(self, value: Any, reply: Reply) -> Problem | None:
        """Return what is there instead."""
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


@dataclass(frozen=True, slots=True)
class Tells(ValueExpectation):
    """The request succeeds, and its return value is as `pattern` says (model/pattern.py)."""

    pattern: JsonValue

    def words(self) -> str:
        """Return the expectation in words."""
        return f"returns {compact(self.pattern)}, at least"

    def problem_of(self, value: Any, reply: Reply) -> Problem | None:
        """Return the first difference."""
        return next(self._problems(value), None)

    def problems(self, reply: Reply) -> Sequence[Problem]:
        """Return all differences, each with its place: one defect in several states is one."""
        refusal = refused(reply)
        return (refusal,) if refusal else tuple(self._problems(reply.message["return"]))

    def _problems(self, value: Any) -> Iterator[Problem]:
        for each in differences(self.pattern, value):
            where = path_text(each.path)
            yield Problem(f"{where} is {each.found}", f"{where} is {each.wanted}", fold=each.place)


@dataclass(frozen=True, slots=True)
class Agrees(Expectation):
    """The query shows at `path` what the case's step `step` shows at `other`, in any order.

    "*" in a path is any member or element. With `part` it may show less. A refusal of either query
    proves nothing.
    """

    path: tuple[str, ...]
    step: int
    other: tuple[str, ...]
    part: bool = False
    reads: ClassVar[bool] = True

    def words(self) -> str:
        """Return the expectation in words."""
        mine, theirs = path_text(self.path), path_text(self.other)
        less = " or a part of it" if self.part else ""
        return f"shows at {mine} what step {self.step + 1} shows at {theirs}{less}"

    def problem(self, reply: Reply) -> Problem | None:
        """Return the first value that only one of them shows."""
        earlier = reply.earlier[self.step]
        if "return" not in earlier or "return" not in reply.message:
            return None
        mine = Counter(map(canonical, all_at(reply.message["return"], self.path)))
        theirs = Counter(map(canonical, all_at(earlier["return"], self.other)))
        where, there = path_text(self.path), f"{path_text(self.other)} of the other query"
        if self.part:
            # Several of these may be about one of those.
            mine = Counter(mine.keys() - theirs.keys())
        more, less = sorted((mine - theirs).elements()), sorted((theirs - mine).elements())
        if more:
            odd = brief(json.loads(more[0]))
            return Problem(f"{where} shows {odd}, {there} does not", f"{there} shows it too")
        if less and not self.part:
            odd = brief(json.loads(less[0]))
            return Problem(f"{where} does not show {odd}", f"it shows it, as {there} does")
        return None


@dataclass(frozen=True, slots=True)
class ReadsBack(Expectation):
    """The query shows at `path` what `pattern` says, if the case's step `step` was accepted."""

    path: tuple[PathPart, ...]
    pattern: JsonValue
    step: int
    reads: ClassVar[bool] = True

    def words(self) -> str:
        """Return the expectation in words."""
        return f"returns {compact(self.pattern)} at {path_text(self.path)}"

    def problem(self, reply: Reply) -> Problem | None:
        """Return what is there instead; a refusal of either request proves nothing."""
        if "error" in reply.earlier[self.step] or reply.error is not None:
            return None
        found = stands_at(reply.message["return"], self.path)
        odd = next(differences(self.pattern, found), None)
        if odd is None:
            return None
        where = path_text((*self.path, *odd.path))
        return Problem(f"{where} is {odd.found}", f"{where} is {odd.wanted}")


@dataclass(frozen=True, slots=True)
class Confirms(Expectation):
    """The request succeeds, as it only does if the case's step `step` took its argument."""

    step: int
    reads: ClassVar[bool] = True

    def words(self) -> str:
        """Return the expectation in words."""
        return f"accepted, if step {self.step + 1} was"

    def problem(self, reply: Reply) -> Problem | None:
        """Return the refusal; that of the step proves nothing."""
        return None if "error" in reply.earlier[self.step] else refused(reply)


@dataclass(frozen=True, slots=True)
class Stays(Expectation):
    """The query shows at `path` what it showed in the step `before`, but for what is at `less`.

    A refusal of either query, or of the step `step`, proves nothing; nor does a thing that was not
    there before.
    """

    path: tuple[PathPart, ...]
    before: int
    step: int
    less: tuple[tuple[str, ...], ...] = ()
    reads: ClassVar[bool] = True

    def words(self) -> str:
        """Return the expectation in words."""
        return f"shows at {path_text(self.path)} what it showed in step {self.before + 1}, the rest"

    def problem(self, reply: Reply) -> Problem | None:
        """Return the first other value that differs."""
        earlier = reply.earlier[self.before]
        if any("error" in each for each in (earlier, reply.earlier[self.step], reply.message)):
            return None
        was = stands_at(earlier["return"], self.path)
        now = stands_at(reply.message["return"], self.path)
        if was is ABSENT or now is ABSENT:
            return None
        change = first_change(without(was, self.less), without(now, self.less))
        if change is None:
            return None
        path, old, new = change
        where = path_text((*self.path, *path))
        expected = f"{where} is {shown_at(old)}, as without the argument"
        return Problem(f"{where} is {shown_at(new)}", expected, fold=path_text(path))


def shows_value(path: tuple[PathPart, ...], value: JsonValue) -> Shows:
    """Return that the request succeeds and returns exactly `value` at `path`."""
    return Shows(path, Sight.VALUE, value)


@dataclass(frozen=True, slots=True)
class NotYet(ValueExpectation):
    """The request succeeds, and its return value does not show yet what `shows` expects.

    If it does, the later query proves nothing.
    """

    shows: Shows

    reads = False
    binds = False

    def words(self) -> str:
        """Return the expectation in words."""
        return f"not yet so: {self.shows.words()}"

    def problem_of(self, value: Any, reply: Reply) -> Problem | None:
        """Return that it shows already; for a difference, any value will do."""
        shows = self.shows
        if shows.sight is Sight.DIFFERENT or shows.problem_of(value, reply):
            return None
        found = stands_at(value, shows.path)
        what = "not there" if found is ABSENT else brief(found)
        return Problem(f"{path_text(shows.path)} is {what} before", "that it is not so before")

    def inconclusive(self, problem: Problem) -> Inconclusive | None:
        """Return that no change can show."""
        if problem.kind is not Kind.VALUE:
            return None
        return Inconclusive(outcome=Outcome.VACUOUS, reason="nothing can be seen to change")


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
