"""Draws the requests of a search by argument, some at a time, and learns from their answers.

The same seed and the same answers give the same requests.  Knows no command by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final, Protocol

from conformance.derive.commands.unchanged import looks_at, watched
from conformance.derive.steps import ANSWERED, supporting_steps
from conformance.judge.expect_answer import Refused, Reject, Succeeds, without_names
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.stage import Request
from conformance.model.state import StateQuery
from conformance.model.terms import ErrorClass, JsonValue, as_object
from conformance.qapi.model import Schema
from conformance.space.draws import Draws, visited
from conformance.space.faults import Fault, faults

ANSWER_RULE: Final = "W35"
LEFT_RULE: Final = "W65"
BACK_RULE: Final = "X46"
TOGETHER: Final = 24
"""The requests of a batch: enough to keep the server busy, few enough to find the one of them."""
WATCHED: Final = 16
"""The requests between two looks at the state, which cost as much as some dozens."""
_CORPUS: Final = 64
"""So many arguments that showed something new are begun with again."""
_FAULTY: Final = 0.15
_WHOLE: Final = 0.1
"""The shares of requests with a fault, and of those that are drawn whole."""
_ANY_CLASS: Final = frozenset(ErrorClass)
_LEFT: Final = "the state of the machine is that of before the requests"
_BACK: Final = "what was done is undone: by the clean-up, or by the request itself"
_PERHAPS: Final = Refused(promised=False)

Answers = Sequence[Mapping[str, JsonValue] | None]
"""The replies to the steps of a case, None for those that did not come."""


class Drawn(Protocol):
    """A search: draws cases, and learns from the answers to their steps."""

    def next_case(self) -> Case:
        """Return the next case."""
        ...

    def learn(self, case: Case, answers: Answers) -> None:
        """Learn from what was answered."""
        ...

    def looking(self, *, last: bool) -> Iterator[Case]:
        """Yield the cases that look at the state around what was answered so far.

        Where there are few such requests they wait for others, unless it is the `last` time.
        """
        ...

    def fewer(self, case: Case, answers: Answers) -> Case | None:
        """Return a case that looks at the state, with those requests alone that were refused.

        None if that is not what it needs.
        """
        ...

    @property
    def found(self) -> Gains:
        """What was found so far."""
        ...


@dataclass(slots=True)
class Gains:
    """What a search has sent, and what is new in the answers."""

    requests: int = 0
    accepted: int = 0
    members: set[str] = field(default_factory=set)
    answers: set[str] = field(default_factory=set)
    since: int = 0

    def note(self, new: set[str], error: str | None) -> bool:
        """Note one more answer; return whether it showed anything new."""
        self.requests += 1
        self.accepted += error is None
        grown = bool(new - self.members) if error is None else error not in self.answers
        if error is None:
            self.members |= new
        else:
            self.answers.add(error)
        self.since = 0 if grown else self.since + 1
        return grown


def error_of(reply: Mapping[str, JsonValue]) -> str | None:
    """Return what is alike in equal refusals, None for success."""
    if "error" not in reply:
        return None
    error = as_object(reply["error"])
    return f"{error.get('class')}: {without_names(str(error.get('desc')))}"


class ArgumentSearch:
    """Draws the arguments of one command, between the set-up and clean-up of a known request."""

    def __init__(self, case: Case, schema: Schema, seed: str) -> None:
        assert case.search is not None, "the case is a search"
        self._case, self._search = case, case.search
        subject = next(n for n, s in enumerate(case.steps) if s.role is Role.SUBJECT)
        self._request = case.steps[subject].request
        self._before = [replace(step, expect=ANSWERED) for step in case.steps[:subject]]
        self._after = [replace(step, expect=ANSWERED) for step in case.steps[subject + 1 :]]
        self._schema = schema
        self._type = schema.commands[self._request.execute].arg_type
        self._random = Random(f"{seed} {case.id}")
        self._draws = Draws(schema=schema, random=self._random, words=self._search.words)
        self._corpus = [as_object(self._request.arguments)]
        self._refused: dict[str, Request] = {}
        self._undone: dict[str, Request] = {}
        self._looked: set[str] = set()
        self._found = Gains()

    @property
    def found(self) -> Gains:
        """What was found so far."""
        return self._found

    def next_case(self) -> Case:
        """Return a case with some requests, each with its own set-up and clean-up."""
        steps: list[Step] = []
        for _ in range(TOGETHER):
            steps += (*self._before, self._drawn(), *self._after)
        return replace(self._case, steps=tuple(steps), search=None)

    def _drawn(self) -> Step:
        base = self._random.choice(self._corpus)
        if self._random.random() < 0.4:
            base = self._corpus[0]
        fault = self._fault(base) if self._random.random() < _FAULTY else None
        if fault is not None:
            value, expect, rule = fault.value, Reject(_ANY_CLASS), fault.rule
            request = self._request.with_arguments(value)
            return Step(request=request, expect=expect, role=Role.SUBJECT, rule=rule)
        if self._random.random() < _WHOLE and not self._search.kept:
            made = self._draws.drawn(self._type)
        else:
            made = self._draws.changed(self._type, base, self._search.kept)
        request = self._request.with_arguments(made)
        return Step(request=request, expect=ANSWERED, role=Role.SUBJECT, rule=ANSWER_RULE)

    def _fault(self, base: JsonValue) -> Fault | None:
        changed = self._draws.changed(self._type, base, self._search.kept)
        found = list(faults(self._schema, self._type, changed))
        return self._random.choice(found) if found else None

    def learn(self, case: Case, answers: Answers) -> None:
        """Learn which arguments were accepted, and which led to something new."""
        width = len(self._before) + 1 + len(self._after)
        for start in range(0, len(case.steps), width):
            subject = start + len(self._before)
            reply, step = answers[subject], case.steps[subject]
            if reply is None:
                return
            error = error_of(reply)
            arguments = as_object(step.request.arguments)
            legal = step.expect is ANSWERED
            new = set(visited(self._schema, self._type, arguments)) if legal else set[str]()
            grown = self._found.note(new, error)
            if error is None and grown and legal and len(self._corpus) < _CORPUS:
                self._corpus.append(arguments)
            if error is not None:
                # One of each kind of refusal: they are made at one place of the code.
                self._refused.setdefault(error, step.request)
            elif self._search.restores and self._taken_back(answers, subject, start + width):
                self._undone.setdefault(",".join(sorted(new)), step.request)

    def _taken_back(self, answers: Answers, subject: int, end: int) -> bool:
        after = answers[subject + 1 : end]
        return bool(after) and all(reply is not None and "return" in reply for reply in after)

    def looking(self, *, last: bool) -> Iterator[Case]:
        """Yield what was refused, and what was accepted and undone, between looks at the state."""
        if self._search.leaves:
            yield from self._watched(self._refused, self._left, last=last)
        if self._search.restores:
            yield from self._watched(self._undone, self._restored, last=last)

    def _watched(self, pending: dict[str, Request], made: _Makes, *, last: bool) -> Iterator[Case]:
        waiting = [key for key in pending if key not in self._looked]
        if waiting and (last or len(waiting) >= WATCHED):
            self._looked.update(waiting[:WATCHED])
            yield made([pending[key] for key in waiting[:WATCHED]])

    def fewer(self, case: Case, answers: Answers) -> Case | None:
        """Return the case with what was refused on this machine, too."""
        subjects = [n for n, step in enumerate(case.steps) if step.expect is _PERHAPS]
        refused = [n for n in subjects if "error" in (answers[n] or {})]
        if not refused or len(refused) == len(subjects):
            return None
        return self._left([case.steps[n].request for n in refused])

    def _left(self, requests: Sequence[Request]) -> Case:
        subjects = [
            Step(request=each, expect=_PERHAPS, role=Role.SUBJECT, rule=LEFT_RULE)
            for each in requests
        ]
        looks = looks_at(self._search.looks, len(self._before), LEFT_RULE, _LEFT)
        return watched(self._alone(requests), self._before, subjects, looks)

    def _restored(self, requests: Sequence[Request]) -> Case:
        before, own = (self._before, ()) if self._search.lasting else ((), self._before)
        between: list[Step] = []
        for each in requests:
            subject = Step(request=each, expect=Succeeds(), role=Role.SUBJECT, rule="Q30")
            between += [replace(step, expect=Succeeds()) for step in own]
            between += [subject, *(replace(step, expect=Succeeds()) for step in self._after)]
        looks = looks_at(self._search.looks, len(before), BACK_RULE, _BACK)
        return watched(self._alone(requests), before, between, looks)

    def _alone(self, requests: Sequence[Request]) -> Case:
        # Named alike: a defect is not called by what was drawn.
        names = ("",) * len(requests)
        return replace(self._case, steps=(), search=None, isolation=Isolation.ALONE, together=names)


class _Makes(Protocol):
    def __call__(self, requests: Sequence[Request]) -> Case: ...


def history(
    case: Case,
    requests: Sequence[Request],
    between: Sequence[Request],
    queries: Sequence[StateQuery],
) -> Case:
    """Return the case that sends requests, and those of `between` between two looks."""
    *earlier, last = (*requests, *between)
    steps = [*supporting_steps(earlier, Role.SETUP, ANSWERED)]
    steps.append(Step(request=last, expect=ANSWERED, role=Role.SUBJECT, rule=ANSWER_RULE))
    if not between:
        return replace(case, steps=tuple(steps))
    first = len(requests)
    looks = looks_at(queries, first, LEFT_RULE, _LEFT)
    return watched(case, steps[:first], steps[first:], looks)
