"""One alternative that is refused where all its siblings are accepted."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.judge.expect_odd import Alternative, NoOddOneOut
from conformance.judge.observation import Observation
from conformance.judge.verdict import Verdict, judge
from conformance.model.case import Role
from conformance.model.ending import Ending
from conformance.model.expectation import Kind, Reply
from conformance.model.terms import Outcome
from tests.judge.made import case, judge_of_messages, line, step, success

TAKEN: dict[str, Any] = {"return": {}}
NAMES = ("off", "on", "unmap")


def _refused(desc: str = "no", error_class: str = "GenericError") -> dict[str, Any]:
    return {"error": {"class": error_class, "desc": desc}}


def _expected(**more: Any) -> NoOddOneOut:
    alternatives = tuple(Alternative(name=name, steps=(n,)) for n, name in enumerate(NAMES))
    return NoOddOneOut(alternatives=alternatives, least=2, **more)


def _told(*messages: dict[str, Any], **more: Any) -> tuple[str, Kind] | None:
    *earlier, last = messages
    problem = _expected(**more).problem(Reply(message=last, earlier=earlier))
    return None if problem is None else (problem.what, problem.kind)


@pytest.mark.parametrize("place", range(3))
def test_the_one_that_is_refused_is_told_with_its_siblings(place: int) -> None:
    replies = [TAKEN] * 3
    replies[place] = _refused("no such thing")

    told = _told(*replies)

    assert told is not None
    assert told[1] is Kind.REFUSED
    assert told[0].startswith(f"{NAMES[place]} is refused with GenericError: no such thing")
    others = [name for name in NAMES if name != NAMES[place]]
    assert f"({', '.join(others)})" in told[0]


def test_where_all_are_accepted_nothing_is_wrong() -> None:
    assert _told(TAKEN, TAKEN, TAKEN) is None


def test_another_class_says_why() -> None:
    assert _told(TAKEN, _refused("gone", "DeviceNotFound"), TAKEN) is None


@pytest.mark.parametrize(
    ("messages", "excused", "what"),
    [
        ((_refused(), _refused(), TAKEN), (), "2 of 3 are refused"),
        ((_refused("kernel lacks it"), TAKEN, TAKEN), ("kernel *",), "off is refused"),
    ],
    ids=["several", "excused"],
)
def test_what_leaves_no_single_one_proves_nothing(
    messages: tuple[dict[str, Any], ...], excused: tuple[str, ...], what: str
) -> None:
    expected = _expected(excused=excused)
    *earlier, last = messages

    problem = expected.problem(Reply(message=last, earlier=earlier))

    assert problem is not None
    assert problem.what.startswith(what)
    inconclusive = expected.inconclusive(problem)
    assert inconclusive is not None
    assert inconclusive.outcome is Outcome.NOT_APPLICABLE


def test_one_whose_set_up_is_refused_was_not_tried() -> None:
    alternatives = (
        Alternative(name="a", steps=(1,), setup=(0,)),
        Alternative(name="b", steps=(2,)),
        Alternative(name="c", steps=(3,)),
    )
    expected = NoOddOneOut(alternatives=alternatives, least=2)

    problem = expected.problem(Reply(message=TAKEN, earlier=[_refused(), TAKEN, TAKEN]))

    assert problem is not None
    assert problem.what == "2 could be tried"


def test_one_of_several_values_accepted_is_enough() -> None:
    alternatives = (
        Alternative(name="a", steps=(0, 1)),
        Alternative(name="b", steps=(2,)),
        Alternative(name="c", steps=(3,)),
    )
    expected = NoOddOneOut(alternatives=alternatives, least=2)

    assert expected.problem(Reply(message=TAKEN, earlier=[_refused(), TAKEN, TAKEN])) is None


def test_a_death_is_for_the_case_of_its_own_request_to_show() -> None:
    def verdict(**expected: Any) -> Verdict:
        steps = (step(role=Role.SUBJECT), step(role=Role.SUBJECT, **expected))
        seen = Observation(
            replies=(line(success()), None), death=Ending(status=-6, stderr=""), broke_off=1
        )
        return judge(case(*steps), seen, judge_of_messages(), 0)

    assert verdict().outcome is Outcome.CRASH
    shadowed = verdict(expect=_expected())
    assert shadowed.outcome is Outcome.BLOCKED_BY_FINDING
    assert shadowed.misses == ()
