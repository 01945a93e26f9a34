"""What is accepted alone is played together; what ends the build is narrowed to a pair."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.launch.folder import RunFolder
from conformance.model.terms import Outcome
from conformance.play.alone import Result
from conformance.play.evidence import finding
from tests.miniatures.install import install, miniature
from tests.play.conftest import Runner


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with RunFolder() as folder:
        yield Runner(folder)


def _played(runner: Runner, folder: Path, kind: str, *words: str) -> tuple[str, Result]:
    """Return what became of the pairs of an object type, and how to reproduce a finding."""
    target = miniature(install(folder), *words)
    name = f"object-add/{kind}/pairs/members"
    campaign, (result,) = runner.run(target, lambda made: made.plan.cases, (name,))
    found = [
        finding("t", result, miss, campaign.rules, campaign.command_line).reproducer
        for miss in result.verdict.misses
    ]
    return "".join(found), result


def test_two_that_are_refused_together_are_told_and_no_finding(
    runner: Runner, tmp_path: Path
) -> None:
    _, result = _played(runner, tmp_path, "iothread")

    assert result.verdict.outcome is Outcome.PASS
    together = result.together
    assert together is not None
    assert together.tried == together.pairs
    assert 0 < together.refused < together.rows
    (told,) = together.refused_pairs
    assert {told.one, told.two} == {"thread-pool-min=greatest", "thread-pool-max=least"}
    assert "thread-pool-min/thread-pool-max" in told.error


def test_a_pair_that_ends_the_build_is_a_finding_with_these_two_alone(
    runner: Runner, tmp_path: Path
) -> None:
    reproducer, result = _played(runner, tmp_path, "toy", "dies-of-a-pair")

    assert result.verdict.outcome is Outcome.CRASH
    assert '"flag":' in reproducer
    assert '"narrow":' in reproducer
    assert '"mode":' not in reproducer


def test_choices_that_break_a_promise_alone_are_told_and_the_others_combined(
    runner: Runner, tmp_path: Path
) -> None:
    reproducer, result = _played(runner, tmp_path, "toy", "dies-of-a-member")

    assert result.verdict.outcome is Outcome.CRASH
    assert '"ratio":' in reproducer
    assert result.together is not None
    assert result.together.choices > result.together.accepted > 10
    assert result.together.tried == result.together.pairs


def test_a_request_of_which_nothing_is_accepted_proves_nothing(
    runner: Runner, tmp_path: Path
) -> None:
    _, result = _played(runner, tmp_path, "toy", "object-add-refused")

    assert result.verdict.outcome is Outcome.VACUOUS
    assert "fewer than two choices" in result.verdict.reason
    assert result.together is None
