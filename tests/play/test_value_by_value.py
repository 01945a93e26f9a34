"""Behind a value that ends the build, each is tried alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.launch.folder import RunFolder
from conformance.model.terms import Outcome
from conformance.play.evidence import finding
from tests.miniatures.install import install, miniature
from tests.play.conftest import Runner


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with RunFolder() as folder:
        yield Runner(folder)


def test_two_values_that_kill_in_two_ways_are_two_findings(runner: Runner, tmp_path: Path) -> None:
    target = miniature(install(tmp_path), "arrays-kill")

    campaign, (result,) = runner.run(
        target, lambda made: [c for c in made.plan.cases if c.id == "yank/values/instances"]
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
