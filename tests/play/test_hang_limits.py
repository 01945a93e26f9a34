"""When a build, or a part of it, counts as silent for good."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.judge.verdict import Verdict
from conformance.model.case import Subject
from conformance.model.terms import Outcome, SubjectKind
from conformance.play.hang_limits import HangLimits

HUNG, PASS, FAIL = Outcome.TIMEOUT, Outcome.PASS, Outcome.FAIL
LAST = "z"


def noted(
    *cases: tuple[str, Outcome], waited: bool = False, asked: str = LAST, kind: str = "command"
) -> str:
    """Return why the subject `asked` is left after these cases of commands; "" if it is not."""
    limits = HangLimits()
    for name, outcome in cases:
        limits.note(_subject(name), Verdict(outcome=outcome, reason=""), waited=waited)
    left = limits.left(_subject(asked, kind))
    assert left is None or left.outcome is Outcome.NOT_RUN
    return left.reason if left else ""


def _subject(name: str, kind: str = "command") -> Subject:
    return Subject(kind=SubjectKind(kind), name=name)


def _spread(names: Iterable[str], times: int) -> list[tuple[str, Outcome]]:
    """Return hangs of each subject, with something answered after each."""
    return [each for name in names for each in ((name, HUNG), (LAST, PASS)) * times]


def test_a_build_that_hangs_on_three_subjects_in_a_row_is_left() -> None:
    assert "3 subjects in a row" in noted(*((name, HUNG) for name in "abc"), kind="event")


def test_an_answer_between_begins_the_count_anew() -> None:
    assert not noted(("a", HUNG), ("b", HUNG), ("c", PASS), ("c", HUNG))


def test_one_subject_that_hangs_is_left_alone() -> None:
    assert "6 cases of a had waited" in noted(*[("a", HUNG)] * 6, asked="a")
    assert not noted(*[("a", HUNG)] * 6)
    assert not noted(*[("a", HUNG)] * 5, asked="a")


def test_subjects_that_hang_between_answers_cost_their_kind() -> None:
    assert not noted(*_spread("abcde", 4))
    assert "24 cases about a command" in noted(*_spread("abcdef", 4))
    assert not noted(*_spread("abcdef", 4), kind="event")


def test_what_waited_and_did_not_pass_counts_whatever_it_comes_to() -> None:
    assert noted(*[("a", FAIL)] * 6, asked="a", waited=True)
    assert not noted(*[("a", FAIL)] * 6, asked="a")
    assert not noted(*[("a", PASS)] * 6, asked="a", waited=True)
