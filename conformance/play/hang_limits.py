"""Tells when a build has gone silent for good, or of a subject, so that no more is asked of it.

Knows neither machines nor what cases are about.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from conformance.judge.verdict import Verdict
from conformance.model.case import Subject
from conformance.model.terms import Outcome, SubjectKind

_SUBJECTS: Final = 3
"""Subjects in a row of which nothing was answered: one or two may hang in a build that works, and
each costs twice its limit of 10 s, so that a dead build is left after a minute."""
_OF_SUBJECT: Final = 6
"""Cases of one subject that wait in vain: in builds that work there are up to five."""
_OF_KIND: Final = 24
"""The same of one kind of subject, whatever else is answered: in builds that work up to nine."""


class Silence:
    """Counts the cases that waited in vain: in a row, of each subject, and of each kind."""

    def __init__(self) -> None:
        self._hung: set[Subject] = set()
        self._vain: Counter[Subject] = Counter()
        self._kinds: Counter[SubjectKind] = Counter()

    def left(self, subject: Subject) -> Verdict | None:
        """Return what becomes of further cases of a subject, None where they are to be played."""
        if len(self._hung) >= _SUBJECTS:
            return _not_asked(f"the build had hung on {_SUBJECTS} subjects in a row")
        if self._vain[subject] >= _OF_SUBJECT:
            return _not_asked(f"{_OF_SUBJECT} cases of {subject.name} had waited in vain")
        if self._kinds[subject.kind] >= _OF_KIND:
            return _not_asked(f"{_OF_KIND} cases about a {subject.kind} had waited in vain")
        return None

    def note(self, subject: Subject, verdict: Verdict, *, waited: bool) -> None:
        """Take in what became of the next case, and whether it waited for what did not come."""
        if verdict.outcome is Outcome.TIMEOUT:
            self._hung.add(subject)
        elif verdict.outcome in (Outcome.PASS, Outcome.FAIL, Outcome.VACUOUS):
            self._hung.clear()
        if verdict.outcome is Outcome.TIMEOUT or (waited and verdict.outcome is not Outcome.PASS):
            self._vain[subject] += 1
            self._kinds[subject.kind] += 1


def _not_asked(why: str) -> Verdict:
    return Verdict(outcome=Outcome.NOT_RUN, reason=f"not asked any more: {why}")
