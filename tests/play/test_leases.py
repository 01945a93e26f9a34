"""Which machines run: those of kept stages, of others the one in use; which are prefetched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import pytest

from conformance.judge.reply import MessageJudge
from conformance.launch.pool import Pool
from conformance.model.case import Case, Isolation, Role
from conformance.model.ending import Ending
from conformance.model.stage import MachineSpec, ScratchFile, Stage
from conformance.play.leases import SHARING, Lease, Leases
from conformance.play.stages import StageFailed
from conformance.prepare.starts import Starts
from conformance.qapi.validate import Validator
from tests.play.made import FakePool, case, step
from tests.qapi.schemas import command, schema_of

SCHEMA = schema_of(*map(command, ("qmp_capabilities", "good")))
PLAIN, OTHER = Stage(name="plain"), Stage(name="other", spec=MachineSpec(machine="other"))
KEPT = Stage(name="kept", spec=MachineSpec(machine="kept"), kept=True)
THIRD = Stage(name="third")
WORN = Stage(
    name="worn", spec=MachineSpec(machine="worn", files=(ScratchFile(path="disk", size=512),))
)
NAMES = [f"m{number}" for number in range(5)]
MANY = [Stage(name=name, spec=MachineSpec(machine=name)) for name in NAMES]
"""One more than stand because they are needed later."""
PASSAGE = replace(step("good"), role=Role.PASSAGE)


@pytest.fixture
def pool() -> FakePool:
    return FakePool(*[lambda request: [{"return": {}, "id": request["id"]}]] * 8)


@pytest.fixture
def leases(pool: FakePool) -> Iterator[Leases]:
    made = Leases(cast(Pool, pool), MessageJudge(SCHEMA, Validator(SCHEMA)), Starts())
    yield made
    made.close()
    assert all(machine.closed for machine in pool.machines)


def _take(leases: Leases, stage: Stage) -> Lease:
    lease = leases.take(stage)
    assert isinstance(lease, Lease)
    return lease


def _on(stage: Stage) -> Case:
    return replace(case(stage.name, step("good")), stage=stage)


def test_a_machine_that_stands_is_given_out_again(leases: Leases, pool: FakePool) -> None:
    assert _take(leases, PLAIN) is _take(leases, PLAIN)
    assert len(pool.machines) == 1


def test_a_machine_gives_way_to_that_of_another_stage(leases: Leases, pool: FakePool) -> None:
    for stage in (PLAIN, OTHER, PLAIN):
        _take(leases, stage)

    assert [machine.closed for machine in pool.machines] == [True, True, False]


def test_a_kept_machine_stands_while_others_come_and_go(leases: Leases, pool: FakePool) -> None:
    for stage in (KEPT, PLAIN, OTHER, KEPT):
        _take(leases, stage)

    assert [machine.closed for machine in pool.machines] == [False, True, False]


def test_a_machine_that_many_cases_have_shared_is_replaced(leases: Leases, pool: FakePool) -> None:
    lease = _take(leases, KEPT)
    lease.played += [_on(KEPT)] * (SHARING - 1)
    assert _take(leases, KEPT) is lease

    lease.played.append(_on(KEPT))

    assert _take(leases, KEPT) is not lease
    assert [machine.closed for machine in pool.machines] == [True, False]


def test_a_machine_that_is_not_healthy_is_replaced(leases: Leases, pool: FakePool) -> None:
    _take(leases, KEPT).player.healthy = False

    _take(leases, KEPT)

    assert [machine.closed for machine in pool.machines] == [True, False]


def test_a_stage_that_does_not_stand_is_not_tried_again() -> None:
    declines = Ending(status=1, stderr="there is no such machine")
    pool = FakePool(*[lambda request: None] * 2, stillborn=(0, 1), ending=declines)
    leases = Leases(cast(Pool, pool), MessageJudge(SCHEMA, Validator(SCHEMA)), Starts())

    first, second = leases.take(PLAIN), leases.take(PLAIN)

    assert isinstance(first, StageFailed)
    assert first is second
    assert len(pool.machines) == 2


def test_a_stage_that_stood_before_is_tried_again_but_not_for_ever() -> None:
    answers = [lambda request: [{"return": {}, "id": request["id"]}]] * 12
    pool = FakePool(*answers, stillborn=range(1, 12))
    leases = Leases(cast(Pool, pool), MessageJudge(SCHEMA, Validator(SCHEMA)), Starts())
    _take(leases, PLAIN)
    leases.end(PLAIN)

    failed = [leases.take(PLAIN) for _ in range(5)]

    assert all(isinstance(each, StageFailed) for each in failed)
    assert failed[2] is failed[3] is failed[4]
    # Three starts for each of three times.
    assert len(pool.machines) == 1 + 9


@pytest.mark.parametrize(
    ("stages", "machines"),
    [
        ((PLAIN, PLAIN, OTHER, PLAIN), ["none", "other"]),
        ((KEPT, PLAIN, KEPT, OTHER, KEPT), ["kept", "none", "other"]),
        ((*MANY, PLAIN, *MANY), [*NAMES, "none", "m0"]),
        ((WORN, PLAIN, WORN, PLAIN), ["worn", "none", "worn"]),
        ((KEPT, WORN, KEPT, WORN), ["kept", "worn"]),
    ],
    ids=[
        "needed ones stand",
        "kept ones stand",
        "the first of too many give way",
        "one with files gives way",
        "but not to one that stands and is kept",
    ],
)
def test_the_machines_that_are_prefetched_are_those_that_will_be_taken(
    leases: Leases, pool: FakePool, stages: tuple[Stage, ...], machines: list[str]
) -> None:
    cases = [_on(stage) for stage in stages]
    leases.prefetch(cases)

    assert [spec.machine for spec in pool.expected] == machines
    leases.begin(cases)
    for stage in stages:
        leases.go_on(1)
        _take(leases, stage)
    assert len(pool.machines) == len(machines)


def test_a_machine_stands_until_the_last_case_that_needs_it(leases: Leases, pool: FakePool) -> None:
    leases.begin([_on(stage) for stage in (PLAIN, OTHER, PLAIN, OTHER)])
    for stage in (PLAIN, OTHER, PLAIN):
        leases.go_on(1)
        _take(leases, stage)
    assert [machine.closed for machine in pool.machines] == [False, False]

    leases.begin([_on(THIRD)])
    leases.go_on(1)
    _take(leases, THIRD)

    assert [machine.closed for machine in pool.machines] == [True, True, False]


def test_a_case_that_is_cut_wants_a_machine_on_either_side(leases: Leases, pool: FakePool) -> None:
    cut = replace(case("cut", step("good"), PASSAGE, step("good")), stage=KEPT)

    leases.prefetch([cut, cut, replace(cut, isolation=Isolation.ALONE)])

    assert [spec.machine for spec in pool.expected] == ["kept"] * 3
