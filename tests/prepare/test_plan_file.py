"""A plan that was written reads back as it was, in parts and as a whole."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.model.entry import entry_of
from conformance.model.flavour import Program
from conformance.model.row import Row
from conformance.prepare.plan_file import Head, PlanError, PlanWriter, WrittenPlan
from tests.derive.builds import made_plan
from tests.prepare.written import written, written_plan

CASES = made_plan(typed=True).cases


def test_cases_read_back_equal_and_in_their_order() -> None:
    assert written_plan().cases == CASES


def test_the_cases_of_a_machine_s_tree_read_back_equal() -> None:
    # Those hold what is known of all types, which stands in the plan once.
    cases = made_plan(typed=False).cases

    assert written(cases).cases == cases


def test_a_part_is_read_without_the_rest() -> None:
    plan = written_plan()
    numbers = [7, 3, len(plan) - 1]

    assert list(plan.read(numbers)) == [CASES[number] for number in numbers]


def test_ids_read_back_whatever_they_hold_and_however_many_there_are() -> None:
    # Some parts of what is read end within a letter.
    ids = [f"é{number}" + "ü" * (number % 200) for number in range(6000)]

    assert written(replace(CASES[0], id=each) for each in ids).ids == ids


def test_what_is_known_of_cases_is_told_without_them() -> None:
    assert list(written_plan().entries()) == [entry_of(case, case.about) for case in CASES]


def test_equal_cases_make_equal_bytes() -> None:
    assert written(CASES).data == written(map(replace, CASES)).data


def test_the_head_reads_back_equal() -> None:
    made = made_plan(typed=True)
    head = Head(
        version=(10, 0, 0),
        schema=written_plan().head.schema,
        rows=tuple(replace(row) for row in made.rows),
        program=Program.GUEST_AGENT,
        package="a package",
        withheld=("guest-exec",),
    )

    plan = WrittenPlan(PlanWriter().end(head))

    assert plan.head == head
    assert isinstance(plan.rows[0], Row)
    assert (plan.cases, plan.ids, list(plan.entries())) == ((), [], [])


@pytest.mark.parametrize("cut", [0, 15, 100, -1])
def test_what_is_no_plan_is_an_error_that_says_so(cut: int) -> None:
    with pytest.raises(PlanError, match="no plan"):
        WrittenPlan(written_plan().data[:cut])
