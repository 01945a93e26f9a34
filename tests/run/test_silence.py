"""When a build counts as silent for good."""

from __future__ import annotations

from conformance.derive.case import Subject
from conformance.judge.verdict import Verdict
from conformance.run.silence import Silence
from conformance.terms import Outcome, SubjectKind


def noted(*cases: tuple[str, Outcome]) -> bool:
    """Return whether nothing more is asked after these cases of subjects."""
    silence = Silence()
    for name, outcome in cases:
        subject = Subject(kind=SubjectKind.COMMAND, name=name)
        silence.note(subject, Verdict(outcome=outcome, reason=""))
    return silence.given_up


def test_a_build_that_hangs_on_three_subjects_in_a_row_is_left() -> None:
    assert noted(*((name, Outcome.TIMEOUT) for name in "abc"))


def test_one_subject_that_hangs_however_often_is_not_the_build() -> None:
    assert not noted(*[("a", Outcome.TIMEOUT)] * 9)


def test_an_answer_between_begins_the_count_anew() -> None:
    hung = Outcome.TIMEOUT
    assert not noted(("a", hung), ("b", hung), ("c", Outcome.PASS), ("c", hung))
