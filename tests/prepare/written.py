"""Plans of cases that tests have made, written and read back as a run does."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from conformance.model.case import Case
from conformance.prepare.plan_file import Head, Plan, PlanWriter
from conformance.qapi.model import Schema
from tests.derive.builds import made_plan


def written(cases: Iterable[Case]) -> Plan:
    """Return the plan of just these cases, of a build without a schema."""
    writer = PlanWriter()
    for case in cases:
        writer.add(case, case.about)
    return Plan(writer.end(Head(version=(10, 0, 0), schema=Schema(), rows=())))


@cache
def written_plan() -> Plan:
    """Return the plan of a made build."""
    return written(made_plan(typed=True).cases)
