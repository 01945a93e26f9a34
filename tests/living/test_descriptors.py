"""A request that closes a standard descriptor is found among others, and shown by its own."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.launch.folder import RunFolder
from conformance.model.case import Case
from conformance.model.terms import Outcome
from conformance.play.evidence import finding
from conformance.prepare.campaign import Campaign
from tests.miniatures.install import install, miniature
from tests.play.conftest import Runner

CHOSEN = ("query-status/valid/*", "stop/valid/*", "cont/valid/*", "query-version/valid/*")


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with RunFolder() as folder:
        yield Runner(folder)


def _chosen(campaign: Campaign) -> list[Case]:
    cases = campaign.plan.cases
    return [case for case in cases if any(fnmatch.fnmatchcase(case.id, g) for g in CHOSEN)]


def test_the_request_that_closes_standard_input_is_told_from_those_under_way(
    runner: Runner, tmp_path: Path
) -> None:
    target = miniature(install(tmp_path), "closes-descriptor")

    campaign, results = runner.run(target, _chosen)

    broken = [r for r in results if r.verdict.outcome is not Outcome.PASS]
    assert len(results) > len(broken)
    assert {r.case.subject.name for r in broken} == {"stop"}
    for result in broken:
        (miss,) = result.verdict.misses
        assert miss.summary == "stop: QEMU closed its descriptor 0 (standard input)"
        found = finding("t", result, miss, campaign.rules, campaign.command_line)
        assert (found.rule, found.severity) == ("X40", "must")
        assert "-qmp stdio" in found.reproducer
        assert "/proc/$!/fd/" in found.reproducer
        assert '"quit"' not in found.reproducer
