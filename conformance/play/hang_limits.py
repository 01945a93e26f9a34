"""Decides when to give up on a build, or on a subject, that no longer answers.

Knows neither machines nor what cases are about.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from conformance.judge.verdict import Verdict
from conformance.model.case import Subject
from conformance.model.terms import Outcome, SubjectKind

_SUBJECTS: Final = 3
"""How many subjects in a row may hang.

One or two may hang in a working build, and each costs twice its limit of 10 s; so a dead build is
given up after a minute.
"""
_OF_SUBJECT: Final = 6
"""How many cases of one subject may wait in vain: in working builds there are up to five."""
_OF_KIND: Final = 24
"""The same for one kind of subject, whatever else is answered: in working builds up to nine."""

_ANSWERED: Final = frozenset(
    {Outcome.PASS, Outcome.FAIL, Outcome.REFUSED_DIFFERENTLY, Outcome.VACUOUS}
)


class HangLimits:
    """Counts the cases that waited in vain: in a row, of each subject, and of each kind."""

    def __init__(self) -> None:
        self._hung: set[Subject] = set()
        self._vain: Counter[Subject] = Counter()
        self._kinds: Counter[SubjectKind] = Counter()

    def left(self, subject: Subject) -> Verdict | None:
        """Return the outcome for further cases of a subject, None to play them."""
        if len(self._hung) >= _SUBJECTS:
            return _not_asked(f"the build had hung on {_SUBJECTS} subjects in a row")
        if self._vain[subject] >= _OF_SUBJECT:
            return _not_asked(f"{_OF_SUBJECT} cases of {subject.name} had waited in vain")
        if self._kinds[subject.kind] >= _OF_KIND:
            return _not_asked(f"{_OF_KIND} cases about a {subject.kind} had waited in vain")
        return None

    def note(self, subject: Subject, verdict: Verdict, *, waited: bool) -> None:
        """Count the next case's outcome, and whether it waited in vain."""
        if verdict.outcome is Outcome.TIMEOUT:
            self._hung.add(subject)
        elif verdict.outcome in _ANSWERED:
            self._hung.clear()
        if verdict.outcome is Outcome.TIMEOUT or (waited and verdict.outcome is not Outcome.PASS):
            self._vain[subject] += 1
            self._kinds[subject.kind] += 1


def _not_asked(why: str) -> Verdict:
    return Verdict(outcome=Outcome.NOT_RUN, reason=f"not asked any more: {why}")
