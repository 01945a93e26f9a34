"""The engine and its machines: what does not come up, dies too early, or is started ahead."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from conformance.judge.reply import MessageJudge
from conformance.launch.pool import Pool
from conformance.model.blocked import Blocked
from conformance.model.case import Isolation
from conformance.model.ending import Ending
from conformance.model.stage import MachineSpec, Stage
from conformance.model.terms import Outcome
from conformance.play.engine import Engine
from conformance.qapi.validate import Validator
from tests.play.made import FakePool, step
from tests.play.test_engine import PASS, SCHEMA, A, B, C, Run, answering
from tests.play.test_engine import _outcomes as outcomes_of
from tests.play.test_engine import run as run


def test_no_case_can_be_tested_on_a_machine_that_does_not_come_up(run: Run) -> None:
    declines = Ending(status=1, stderr="no such machine")
    pool = FakePool(*[answering()] * 2, stillborn=(0, 1), ending=declines)

    results = run(pool, A, B)

    assert outcomes_of(results) == [Outcome.NOT_STARTED] * 2
    assert "did not start (exit status 1): no such machine" in results[0].verdict.reason
    # A second one might have started.
    assert len(pool.machines) == 2


def test_a_machine_that_ends_by_itself_now_and_then_is_noted() -> None:
    declines = Ending(status=1, stderr="not today")
    pool = FakePool(*[answering()] * 2, stillborn=(0,), ending=declines)

    with Engine(cast(Pool, pool), MessageJudge(SCHEMA, Validator(SCHEMA))) as engine:
        results = list(engine.run((A, B)))
        deaths = engine.starts.take_deaths()

    assert outcomes_of(results) == [PASS] * 2
    assert [death.death.status for death in deaths] == [1]


def test_a_machine_that_dies_before_it_greets_is_started_again_and_noted() -> None:
    pool = FakePool(*[answering()] * 3, stillborn=(0, 1))

    with Engine(cast(Pool, pool), MessageJudge(SCHEMA, Validator(SCHEMA))) as engine:
        results = list(engine.run((A, B)))
        deaths = engine.starts.take_deaths()

    assert outcomes_of(results) == [PASS] * 2
    assert [death.death.status for death in deaths] == [-11, -11]
    assert deaths[0].command_line == ("qemu", "-S")
    assert engine.starts.take_deaths() == ()


def test_a_machine_that_always_dies_before_it_greets_is_given_up() -> None:
    pool = FakePool(*[answering()] * 3, stillborn=range(3))

    with Engine(cast(Pool, pool), MessageJudge(SCHEMA, Validator(SCHEMA))) as engine:
        results = list(engine.run((A, B)))
        deaths = engine.starts.take_deaths()

    assert outcomes_of(results) == [Outcome.NOT_STARTED] * 2
    assert len(deaths) == len(pool.machines) == 3


def test_the_host_does_not_lack_what_has_started_before(run: Run) -> None:
    declines = Ending(status=1, stderr="no memory")
    alone = replace(B, isolation=Isolation.ALONE)
    pool = FakePool(*[answering()] * 3, stillborn=(1,), ending=declines)

    assert outcomes_of(run(pool, A, alone)) == [PASS, PASS]


def test_a_death_in_the_set_up_that_does_not_come_again_is_noted() -> None:
    stage = Stage(name="ready", setup=(step("fatal").request,))
    pool = FakePool(answering(), lambda request: [{"return": {}, "id": request["id"]}])

    with Engine(cast(Pool, pool), MessageJudge(SCHEMA, Validator(SCHEMA))) as engine:
        results = list(engine.run((replace(A, stage=stage),)))
        deaths = engine.starts.take_deaths()

    assert outcomes_of(results) == [PASS]
    assert [death.death.status for death in deaths] == [-11]


def test_a_set_up_that_is_refused_leaves_its_cases_untested_and_no_others(run: Run) -> None:
    stage = Stage(name="bad", setup=(step("bad").request,))
    pool = FakePool(*[answering("bad")] * 2)

    results = run(pool, replace(A, stage=stage), replace(B, stage=stage), C)

    assert outcomes_of(results) == [Outcome.UNTRIED] * 2 + [PASS]
    assert "no bad" in results[0].verdict.reason


def test_the_machines_that_are_wanted_next_are_prefetched() -> None:
    pool = FakePool()
    other = Stage(name="other", spec=MachineSpec(machine="pc"))
    alone = replace(C, stage=other, isolation=Isolation.ALONE)
    blocked = replace(C, blocked=Blocked(outcome=Outcome.NOT_APPLICABLE, reason=""))

    with Engine(cast(Pool, pool), MessageJudge(SCHEMA, Validator(SCHEMA))) as engine:
        engine.prefetch([A, B, blocked, alone, alone])

    assert pool.expected == [A.stage.spec, other.spec, other.spec]


def test_a_machine_that_earlier_cases_leave_standing_is_not_prefetched() -> None:
    pool = FakePool()
    other = replace(C, stage=Stage(name="other", spec=MachineSpec(machine="pc")))

    with Engine(cast(Pool, pool), MessageJudge(SCHEMA, Validator(SCHEMA))) as engine:
        engine.prefetch([A, other, B], after=[other, C])

    # That of A stands for B.
    assert pool.expected == [other.stage.spec]
