"""Plans of cases that tests have made, written and read back as a run does."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from conformance.model.case import Case
from conformance.prepare.plan_file import Head, PlanWriter, WrittenPlan
from conformance.qapi.model import Schema
from tests.derive.builds import made_plan


def written(cases: Iterable[Case]) -> WrittenPlan:
    """Return the plan of just these cases, of a build without a schema."""
    writer = PlanWriter()
    for case in cases:
        writer.add(case, case.about)
    return WrittenPlan(writer.end(Head(version=(10, 0, 0), schema=Schema(), rows=())))


@cache
def written_plan() -> WrittenPlan:
    """Return the plan of a made build."""
    return written(made_plan(typed=True).cases)
