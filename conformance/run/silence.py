"""Tells when a build has gone silent for good, so that no more is asked of it.

Knows neither machines nor what cases are about.
"""

from __future__ import annotations

from typing import Final

from conformance.derive.case import Subject
from conformance.judge.verdict import Verdict
from conformance.terms import Outcome

_SUBJECTS: Final = 3
"""Subjects in a row of which nothing was answered: one or two may hang in a build that works, and
each costs twice its limit of 10 s, so that a dead build is left after a minute."""

GIVEN_UP: Final = Verdict(
    outcome=Outcome.NOT_RUN,
    reason=f"not asked any more: the build had hung on {_SUBJECTS} subjects in a row",
)
"""What becomes of the cases that are left."""


class Silence:
    """Counts what was not answered since the last case that was."""

    def __init__(self) -> None:
        self._hung: set[Subject] = set()

    @property
    def given_up(self) -> bool:
        """Whether nothing more is to be asked."""
        return len(self._hung) >= _SUBJECTS

    def note(self, subject: Subject, verdict: Verdict) -> None:
        """Take in what became of the next case."""
        if verdict.outcome is Outcome.TIMEOUT:
            self._hung.add(subject)
        elif verdict.outcome in (Outcome.PASS, Outcome.FAIL, Outcome.VACUOUS):
            self._hung.clear()
