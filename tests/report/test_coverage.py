"""What is counted of a command or an event is what its cases have shown, and no more."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.model.terms import Aspect, Outcome, SubjectKind
from conformance.report.coverage import (
    CommandCoverage,
    Share,
    command_coverage,
    event_coverage,
)
from conformance.report.stream import CaseEnded, RowPlanned


def _case(aspect: Aspect, outcome: Outcome, about: str = "", **more: Any) -> CaseEnded:
    told: dict[str, Any] = {"reason": "", **more}
    return CaseEnded(
        target="t",
        case=f"mend/{aspect}/{about}",
        subject_kind=SubjectKind.COMMAND,
        subject="mend",
        aspect=aspect,
        outcome=outcome,
        rules=(),
        seconds=0.0,
        about=about,
        **told,
    )


def _planned(*, blocked: str = "") -> RowPlanned:
    return RowPlanned(
        target="t",
        subject_kind=SubjectKind.COMMAND,
        subject="mend",
        note="",
        members=5,
        left_out=2,
        blocked=blocked,
    )


def _reached(*cases: CaseEnded) -> CommandCoverage:
    return command_coverage(_planned(), cases)


def test_accepted_members_that_no_query_showed_are_named() -> None:
    reached = _reached(
        _case(Aspect.VALID, Outcome.PASS, "a", accepted=True, looked=True),
        _case(Aspect.VALID, Outcome.PASS, "a", accepted=True),
        _case(Aspect.VALID, Outcome.PASS, "b", accepted=True),
        _case(Aspect.VALID, Outcome.VACUOUS, "c"),
    )

    assert reached.looked == Share(part=1, whole=2)
    assert reached.accepted_only == ("b",)


def test_members_count_once_and_only_where_something_valid_was_accepted() -> None:
    reached = _reached(
        _case(Aspect.VALID, Outcome.PASS, "a", accepted=True),
        _case(Aspect.INVALID, Outcome.PASS, "a", accepted=True),
        _case(Aspect.INVALID, Outcome.PASS, "b.c", accepted=True),
        _case(Aspect.VALID, Outcome.PASS, "understood"),
        _case(Aspect.INVALID, Outcome.VACUOUS, "vacuous"),
        _case(Aspect.INVALID, Outcome.FAIL, "broken", accepted=True),
    )

    assert (reached.covered, reached.members, reached.left_out) == (2, 5, 2)


def test_valid_counts_what_was_accepted_of_what_was_sent() -> None:
    reached = _reached(
        _case(Aspect.VALID, Outcome.PASS, "a", accepted=True),
        _case(Aspect.VALID, Outcome.PASS, "b"),
        _case(Aspect.VALID, Outcome.VACUOUS, "c"),
        _case(Aspect.VALID, Outcome.CRASH, "d"),
        _case(Aspect.VALID, Outcome.UNTESTABLE_HERE, "e"),
        _case(Aspect.VALID, Outcome.NOT_RUN, "f"),
    )

    assert reached.valid == Share(part=1, whole=4)


def test_invalid_counts_no_refusal_whose_sibling_was_not_accepted() -> None:
    reached = _reached(
        _case(Aspect.INVALID, Outcome.PASS, "a", accepted=True, refused=2, named=1),
        _case(Aspect.INVALID, Outcome.PASS, "b", refused=1, named=1),
        _case(Aspect.INVALID, Outcome.VACUOUS, "c", refused=1),
        _case(Aspect.INVALID, Outcome.FAIL, "d", accepted=True),
    )

    assert (reached.invalid, reached.vacuous) == (Share(part=1, whole=4), 1)
    assert reached.named == Share(part=2, whole=4)


@pytest.mark.parametrize(
    ("aspect", "column"),
    [(Aspect.EFFECT, "effect"), (Aspect.GATES, "gates"), (Aspect.ERRORS, "errors")],
)
def test_effects_gates_and_errors_count_what_passed(aspect: Aspect, column: str) -> None:
    reached = _reached(
        _case(aspect, Outcome.PASS, "a"),
        _case(aspect, Outcome.FAIL, "b"),
        _case(aspect, Outcome.NOT_APPLICABLE, "c"),
    )

    assert getattr(reached, column) == Share(part=1, whole=2)


def test_command_whose_witness_was_accepted_in_any_case_needs_no_reason() -> None:
    reached = _reached(
        _case(Aspect.VALID, Outcome.VACUOUS, reason="refused"),
        _case(Aspect.ERRORS, Outcome.PASS, accepted=True),
    )

    assert (reached.asked, reached.accepted, reached.why_not) == (True, True, "")


def test_command_that_was_only_compared_with_its_source_was_not_asked() -> None:
    reached = _reached(_case(Aspect.DOCUMENTATION, Outcome.PASS))

    assert (reached.asked, reached.accepted, reached.why_not) == (False, False, "")


def test_reason_is_what_is_known_of_the_command_before_what_was_seen() -> None:
    case = _case(Aspect.VALID, Outcome.VACUOUS, reason="refused")
    reached = command_coverage(_planned(blocked="needs a moon"), [case])

    assert reached.why_not == "needs a moon"


@pytest.mark.parametrize(
    ("cases", "why"),
    [
        ([], "no case asks it for success"),
        (
            [
                _case(Aspect.INVALID, Outcome.VACUOUS, "a", reason="often"),
                _case(Aspect.INVALID, Outcome.VACUOUS, "b", reason="often"),
                _case(Aspect.VALID, Outcome.VACUOUS, "c", reason="of the valid"),
            ],
            "of the valid",
        ),
        (
            [
                _case(Aspect.INVALID, Outcome.VACUOUS, "a", reason="once"),
                _case(Aspect.INVALID, Outcome.VACUOUS, "b", reason="no node 'x'"),
                _case(Aspect.INVALID, Outcome.VACUOUS, "c", reason="no node 'y'"),
            ],
            "no node *",
        ),
    ],
    ids=["nothing-said", "valid-first", "most-frequent"],
)
def test_reason_is_the_commonest_of_the_cases(cases: list[CaseEnded], why: str) -> None:
    assert _reached(_case(Aspect.GATES, Outcome.PASS), *cases).why_not == why


def test_reason_why_no_effect_shows_is_kept() -> None:
    reached = _reached(_case(Aspect.EFFECT, Outcome.NOT_APPLICABLE, reason="no command tells"))

    unknown = _reached(_case(Aspect.EFFECT, Outcome.UNTESTABLE_HERE, reason="nobody has looked"))

    assert unknown.unseen == ""
    assert (reached.effect, reached.unseen) == (Share(part=0, whole=0), "no command tells")


@pytest.mark.parametrize(
    ("cases", "seen", "provoked", "why"),
    [
        ([_case(Aspect.VALID, Outcome.PASS)], True, True, ""),
        ([_case(Aspect.VALID, Outcome.VACUOUS, reason="r")], True, False, "r"),
        ([_case(Aspect.VALID, Outcome.FAIL, reason="r")], False, False, "r"),
        ([_case(Aspect.DOCUMENTATION, Outcome.PASS)], False, False, "no case of it was run"),
        ([], True, False, "no case of it was run"),
    ],
    ids=["provoked", "seen-besides", "broken", "only-compared", "no-case"],
)
def test_event_counts_as_provoked_only_by_a_recipe_that_passed(
    cases: list[CaseEnded], seen: bool, provoked: bool, why: str
) -> None:
    reached = event_coverage(cases, seen=seen)

    assert (reached.provoked, reached.seen, reached.why_not) == (provoked, seen, why)
