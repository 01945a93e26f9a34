"""Behind a value that ends the build, each is tried alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from conformance.judge.verdict import Verdict
from conformance.launch.folder import RunFolder
from conformance.model.terms import Outcome
from conformance.play.alone import Result
from conformance.play.evidence import finding
from conformance.play.narrowing import narrowed
from conformance.play.proof import Prover
from tests.miniatures.install import install, miniature
from tests.play.conftest import Runner
from tests.play.made import case, step


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with RunFolder() as folder:
        yield Runner(folder)


def test_two_values_that_kill_in_two_ways_are_two_findings(runner: Runner, tmp_path: Path) -> None:
    target = miniature(install(tmp_path), "arrays-kill")

    campaign, (result,) = runner.run(
        target, lambda made: made.plan.cases, ("yank/values/instances",)
    )

    (other,) = result.further
    found = [
        finding("t", each, each.verdict.misses[0], campaign.rules, campaign.command_line)
        for each in (result, other)
    ]
    assert {each.outcome for each in found} == {Outcome.CRASH}
    assert found[0].fold != found[1].fold
    none, two = (each.reproducer for each in found)
    assert '"yank","arguments":{"instances":[]}' in none
    assert '"instances":[]' not in two


def test_what_breaks_in_some_plays_only_stays_as_it_was_measured() -> None:
    measured = Result(
        case=replace(case("n", step("a"), step("b")), together=("a", "b")),
        verdict=Verdict(outcome=Outcome.INTERMITTENT),
        plays=10,
        shown=3,
    )

    # Nothing is played again: there is nobody who could.
    assert narrowed(measured, cast(Prover, None)) is measured
