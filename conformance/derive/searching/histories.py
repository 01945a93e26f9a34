"""Draws histories: known requests of several commands, in an order that nobody foresaw.

The steps of the case hold known requests, each with its set-up and clean-up: a chain.  A history
goes through several chains at once, repeats requests, and changes some.  The same seed and the
same answers give the same histories.  Knows no command by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from conformance.derive.commands.unchanged import parts
from conformance.derive.searching.batches import ANSWER_RULE, Answers, Gains, error_of
from conformance.derive.steps import ANSWERED
from conformance.model.case import Case, Role, Step
from conformance.model.terms import as_object
from conformance.qapi.model import Schema
from conformance.space.draws import Draws

LENGTH: Final = 48
"""The requests of a history, before what is open is taken back."""
_OPEN: Final = 6
"""The chains that are gone through at once."""
_OWN: Final = 0.4
"""How often the next chain is one of the command that the search is about."""
_CHANGED: Final = 0.08
"""How often the arguments of a request are changed."""


@dataclass(slots=True)
class _Walk:
    """A chain that a history goes through, and its next step."""

    steps: Sequence[Step]
    next: int = 0


class HistorySearch:
    """Draws histories from the chains of a case; those of its own command come first there."""

    def __init__(self, case: Case, schema: Schema, seed: str) -> None:
        assert case.search is not None, "the case is a search"
        self._case, self._schema, self._kept = case, schema, case.search.kept
        chains = [[replace(s, expect=ANSWERED) for s in part] for part in parts(case.steps)]
        about = case.subject.name
        self._own = [each for each in chains if _subject(each) == about] or chains
        self._chains = [each for each in chains if _role(each) is Role.SUBJECT]
        # What is no known request may come at any time.
        self._anytime = [step for each in chains for step in each if _role(each) is Role.CHECK]
        self._random = Random(f"{seed} {case.id}")
        self._draws = Draws(schema=schema, random=self._random, words=case.search.words)
        self._found = Gains()

    @property
    def found(self) -> Gains:
        """What was found so far."""
        return self._found

    def next_case(self) -> Case:
        """Return a case with one history."""
        walks: list[_Walk] = []
        steps: list[Step] = []
        while len(steps) < LENGTH:
            steps.append(self._next(walks, steps))
        for walk in reversed(walks):
            steps += walk.steps[walk.next :]
        return replace(self._case, steps=tuple(_as_set_up(steps)), search=None)

    def _next(self, walks: list[_Walk], sent: Sequence[Step]) -> Step:
        dice = self._random.random()
        if sent and dice < 0.1:
            return self._random.choice(sent)
        if self._anytime and dice < 0.2:
            return self._random.choice(self._anytime)
        if not walks or (dice < 0.45 and len(walks) < _OPEN):
            own = self._random.random() < _OWN
            walks.append(_Walk(self._random.choice(self._own if own else self._chains)))
            walk = walks[-1]
        else:
            walk = self._random.choice(walks)
        step = walk.steps[walk.next]
        walk.next += 1
        if walk.next == len(walk.steps):
            walks.remove(walk)
        return self._changed(step) if self._random.random() < _CHANGED else step

    def _changed(self, step: Step) -> Step:
        request = step.request
        command = self._schema.commands.get(request.execute)
        if command is None or request.descriptor or request.awaits:
            return step
        given = as_object(request.arguments)
        changed = self._draws.changed(command.arg_type, given, self._kept)
        return replace(step, request=request.with_arguments(changed))

    def learn(self, case: Case, answers: Answers) -> None:
        """Learn which requests were accepted, and behind which others."""
        before = ""
        for step, reply in zip(case.steps, answers, strict=True):
            if reply is None:
                return
            name, error = step.request.execute, error_of(reply)
            self._found.note({f"{before} {name}"}, error)
            before = name if error is None else before

    def fewer(self, case: Case, answers: Answers) -> Case | None:
        """Return None."""
        return None

    def looking(self, *, last: bool) -> Iterator[Case]:
        """Yield nothing: what must stay as it is depends on all that stands."""
        yield from ()


def _as_set_up(steps: Sequence[Step]) -> Iterator[Step]:
    """Yield the steps as those of one case: all but the last lead to it."""
    for step in steps[:-1]:
        yield replace(step, role=Role.SETUP, rule=ANSWER_RULE)
    yield replace(steps[-1], role=Role.SUBJECT, rule=ANSWER_RULE)


def _subject(chain: Sequence[Step]) -> str:
    return next((s.request.execute for s in chain if s.role is Role.SUBJECT), "")


def _role(chain: Sequence[Step]) -> Role:
    roles = {step.role for step in chain}
    return Role.SUBJECT if Role.SUBJECT in roles else Role.CHECK
