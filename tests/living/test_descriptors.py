"""A request that closes a standard descriptor is found among others, and shown by its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.launch.folder import RunFolder
from conformance.launch.machine import Machine
from conformance.model.terms import Outcome
from conformance.play.alone import Result
from conformance.play.evidence import finding
from conformance.prepare.campaign import Campaign
from tests.miniatures.install import install, miniature
from tests.play.conftest import Runner

GUILTY = "qom-list/introspection/none/machine/peripheral"
"""One of the cases that are under way together."""


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with RunFolder() as folder:
        yield Runner(folder)


def _played(runner: Runner, folder: Path) -> tuple[Campaign, list[Result]]:
    target = miniature(install(folder), "closes-descriptor")
    return runner.run(target, lambda made: made.plan.cases, ("qom-list/introspection/*",))


def test_what_a_process_hides_by_dying_of_a_later_request_is_looked_for_again(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, dying = Machine.descriptors, set[Machine]()

    def too_late(machine: Machine) -> tuple[str, ...] | None:
        """What is seen of the first machine that closes one: as if it had died just then."""
        found = look(machine)
        if found and "" in found and len(dying) < 1:
            dying.add(machine)
        return None if machine in dying else found

    monkeypatch.setattr(Machine, "descriptors", too_late)

    _, results = _played(runner, tmp_path)

    assert len(dying) == 1
    assert len(results) > 1
    assert [r.case.id for r in results if r.verdict.outcome is not Outcome.PASS] == [GUILTY]


def test_the_request_that_closes_standard_input_is_told_from_those_under_way(
    runner: Runner, tmp_path: Path
) -> None:
    campaign, results = _played(runner, tmp_path)

    assert len(results) > 1
    (result,) = (each for each in results if each.verdict.outcome is not Outcome.PASS)
    assert result.case.id == GUILTY
    (miss,) = result.verdict.misses
    assert miss.summary == "qom-list: QEMU closed its descriptor 0 (standard input)"
    found = finding("t", result, miss, campaign.rules, campaign.command_line)
    assert (found.rule, found.severity) == ("X40", "must")
    # On a socket, since the monitor may be lost with what is closed; looked at behind each answer.
    assert "-qmp stdio" not in found.reproducer
    assert found.reproducer.count("\nlook(machine, before)") == len(result.case.steps)
    assert found.signs == ("descriptor 0 of QEMU is",)
