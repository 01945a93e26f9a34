"""A build whose schema contradicts itself is told so, and what can be used of it is tested."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.model.errors import LaunchError
from conformance.model.terms import Outcome, SubjectKind
from conformance.prepare.campaign import load_all
from conformance.prepare.introspect import find_usable
from tests.miniatures.install import miniature
from tests.play.conftest import Runner


def test_a_run_goes_on_beside_what_contradicts_itself(runner: Runner, program: Path) -> None:
    campaign, results = runner.run(
        miniature(program, "tag-nowhere"),
        lambda made: [case for case in made.plan.cases if case.blocked is None],
        ("query-status/*", "query-qmp-schema/introspection/objects*"),
    )

    schema = campaign.schema
    assert schema.left_out == {"object-add"}
    assert "ObjectOptions" not in schema.types
    assert {"Toy", "Mode"} <= schema.types.keys()
    outcomes = {result.case.id: result.verdict.outcome for result in results}
    assert outcomes.pop("query-qmp-schema/introspection/objects") is Outcome.FAIL
    assert outcomes
    assert set(outcomes.values()) == {Outcome.PASS}


def test_what_needs_a_left_out_command_is_blocked_by_that_finding(
    runner: Runner, program: Path
) -> None:
    campaign, _ = runner.run(miniature(program, "array-of-nothing"), lambda made: [])

    needing = [
        c for c in campaign.plan.cases if any(s.request.execute == "qom-list" for s in c.steps)
    ]
    assert needing
    for case in needing:
        assert case.blocked is not None
        contradicted = "contradicts itself" in case.blocked.reason
        wanted = Outcome.BLOCKED_BY_FINDING if contradicted else Outcome.NOT_APPLICABLE
        assert case.blocked.outcome is wanted
    notes = {
        r.subject.name: r.note for r in campaign.plan.rows if r.subject.kind is SubjectKind.COMMAND
    }
    assert "contradicts itself" in (notes["qom-list"] or "")
    assert notes["query-status"] is None


def test_a_process_that_loads_a_campaign_knows_the_same_faults(
    runner: Runner, program: Path, tmp_path: Path
) -> None:
    campaign, _ = runner.run(miniature(program, "case-of-no-value"), lambda made: [])
    campaign.save(tmp_path, "campaign")
    (again,) = load_all(tmp_path)

    told = [case for case in again.plan.cases if case.id.startswith("query-qmp-schema/intro")]
    assert any(case.claims for case in told)
    assert again.plan.cases == campaign.plan.cases
    assert again.plan.rows == campaign.plan.rows


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ({}, "does not return an array"),
        ([17], "is not an object"),
        (
            [{"name": "c", "meta-type": "command", "arg-type": "x", "ret-type": "x"}],
            "no object type 'x'",
        ),
    ],
    ids=["no-array", "no-entry", "no-command"],
)
def test_a_schema_of_which_nothing_can_be_used_ends_the_target(
    entries: list[object], problem: str
) -> None:
    with pytest.raises(LaunchError, match=problem):
        find_usable(entries)
