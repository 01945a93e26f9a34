"""How long the rest of a run takes."""

from __future__ import annotations

from dataclasses import replace

from conformance.model.case import Isolation
from conformance.model.entry import entry_of
from conformance.play.pace import Pace
from tests.derive.builds import made_plan


def test_nothing_is_said_of_the_rest_before_something_is_known() -> None:
    pace = Pace(1000)
    assert pace.left(3600.0) is None
    pace.add(100)
    assert pace.left(1.0) is None
    assert pace.left(10.0) == 90.0
    pace.add(400)
    assert pace.left(30.0) == 30.0


def test_a_case_with_a_machine_of_its_own_is_more_work() -> None:
    case = next(
        case for case in made_plan(typed=True).cases if case.plays and case.exchange is None
    )
    shared = replace(case, isolation=Isolation.SHARED)
    alone = replace(case, isolation=Isolation.ALONE)

    assert entry_of(shared).weight == len(case.steps)
    assert entry_of(alone).weight > 10 * entry_of(shared).weight


def test_a_case_that_is_not_run_is_no_work() -> None:
    blocked = [case for case in made_plan(typed=True).cases if case.blocked is not None]
    assert blocked
    assert {entry_of(case).weight for case in blocked} == {0}
