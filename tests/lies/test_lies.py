"""A real QEMU that is lied about is caught, and one that is told of truthfully is not."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.launch.folder import RunFolder
from conformance.launch.target import program_target
from conformance.model.case import Case
from conformance.model.terms import BROKEN
from conformance.prepare.cache import open_cache
from conformance.prepare.campaign import Campaign
from conformance.prepare.prepare import prepare
from tests.conftest import QEMU
from tests.lies.install import install, liar
from tests.lies.told import LIES
from tests.play.conftest import Runner

pytestmark = pytest.mark.qemu


@dataclass(frozen=True, slots=True)
class Forbidden:
    """The rule that forbids a lie, and the cases that see it."""

    rule: str
    cases: str


CAUGHT = {
    "refused-node-is-made": Forbidden("W65", "blockdev-add/invalid/unchanged/*"),
    "refused-character-device-is-made": Forbidden("W65", "chardev-add/invalid/unchanged/*"),
    "status-sets-a-parameter": Forbidden("X35", "query-status/valid/unchanged/*"),
    "list-sets-a-parameter": Forbidden("X35", "qom-list/valid/unchanged/*"),
    "stop-does-nothing": Forbidden("X33", "stop/effect/*"),
    "parameters-are-not-set": Forbidden("X33", "migrate-set-parameters/effect/*"),
    "capabilities-are-not-set": Forbidden("X33", "migrate-set-capabilities/effect/*"),
    "one-parameter-is-dropped": Forbidden("X31", "migrate-set-parameters/valid/downtime-limit*"),
    "no-block-jobs": Forbidden("X33", "block-job-set-speed/effect/*"),
    "stop-is-not-told": Forbidden("X32", "STOP/valid/*"),
    "resume-is-told-as-stop": Forbidden("X32", "RESUME/valid/*"),
    "unknown-device-has-another-class": Forbidden("X19", "device_del/errors/*"),
    "ids-are-of-another": Forbidden("W25", "query-name/valid/*"),
}
"""What must be seen of each lie."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("lies")
    install(made)
    return made


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with RunFolder() as run_folder:
        yield Runner(run_folder)


@pytest.fixture(scope="module")
def campaign(runner: Runner) -> Campaign:
    """Return what the program is that is lied about: the lies begin when it is known."""
    return prepare(program_target(QEMU), runner.folder, open_cache())


@pytest.mark.parametrize("lie", CAUGHT)
def test_a_lie_is_caught(runner: Runner, campaign: Campaign, folder: Path, lie: str) -> None:
    forbidden = CAUGHT[lie]

    results = runner.play(campaign, liar(folder, lie, QEMU), _chosen(campaign, forbidden.cases))

    broken = [result for result in results if result.verdict.outcome in BROKEN]
    assert forbidden.rule in {miss.rule for each in broken for miss in each.verdict.misses}


def test_the_truth_has_no_finding(runner: Runner, campaign: Campaign, folder: Path) -> None:
    cases = _chosen(campaign, *(each.cases for each in CAUGHT.values()))

    results = runner.play(campaign, liar(folder, "truth", QEMU), cases)

    assert len(results) > 50
    assert [r.case.id for r in results if r.verdict.outcome in BROKEN] == []


def test_every_lie_has_a_name_that_the_relay_knows() -> None:
    assert CAUGHT.keys() | {"truth"} == LIES.keys()


def _chosen(campaign: Campaign, *globs: str) -> list[Case]:
    plan = campaign.plan
    numbers = [
        number
        for number, name in enumerate(plan.ids)
        if any(fnmatch.fnmatchcase(name, glob) for glob in globs)
    ]
    assert numbers, f"no case fits {globs}"
    return list(plan.read(numbers))
