"""A case that shows a defect is made smaller, and never so small that it shows another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.judge.miss import Miss
from conformance.judge.observation import Observation
from conformance.judge.verdict import Verdict
from conformance.model.case import Case
from conformance.model.ending import Ending
from conformance.model.expectation import Kind
from conformance.model.stage import MachineSpec, Peer, Request, ScratchFile, Stage
from conformance.model.terms import ABSENT, Outcome
from conformance.play.alone import Result
from conformance.play.shrinking import MACHINES, Shrinking
from tests.play.made import case, step

DEATH = Miss(rule="W35", kind=Kind.CRASH, summary="s", expected="e", fold="dead")


def shows(case: Case, miss: Miss = DEATH, **more: Any) -> Result:
    seen = Observation(
        replies=(None,) * len(case.steps),
        death=Ending(status=-6, stderr=""),
        broke_off=len(case.steps) - 1,
    )
    verdict = Verdict(outcome=Outcome.CRASH, misses=(miss,))
    return Result(case=case, verdict=verdict, seen=seen, **more)


def passes(case: Case) -> Result:
    return Result(case=case, verdict=Verdict(outcome=Outcome.PASS))


class Build:
    """A build that dies where a case fits, and counts what it is asked."""

    def __init__(self, dies: Callable[[Case], bool]) -> None:
        self._dies, self.plays = dies, 0

    def play(self, case: Case, like: Result) -> Result:
        self.plays += 1
        return shows(case, before=like.before) if self._dies(case) else passes(case)


def smallest(first: Case, dies: Callable[[Case], bool], **more: Any) -> tuple[Result, Build]:
    build = Build(dies)
    return Shrinking(shows(first, **more), DEATH, build.play).smallest(), build


def names(case: Case) -> list[str]:
    return [each.request.execute for each in case.steps]


def test_only_the_request_that_ends_the_build_is_left_if_that_is_enough() -> None:
    first = replace(
        case("long", step("one"), step("two"), step("last")),
        stage=Stage(
            name="s", spec=MachineSpec(machine="pc", args=("-m", "1G")), setup=(Request("cont"),)
        ),
    )

    small, _ = smallest(first, lambda each: names(each)[-1:] == ["last"])

    assert names(small.case) == ["last"]
    assert small.case.stage.setup == ()
    assert small.case.stage.spec == MachineSpec()


def test_what_it_takes_is_kept() -> None:
    spec = MachineSpec(
        machine="pc",
        args=("-m", "1G", "-device", "x"),
        files=(ScratchFile(path="a"), ScratchFile(path="b")),
        peers=(Peer(serve="nbd", address="p"),),
    )
    first = replace(
        case("long", step("one"), step("two"), step("last")), stage=Stage(name="s", spec=spec)
    )

    def dies(each: Case) -> bool:
        now = each.stage.spec
        return "two" in names(each) and "-device" in now.args and "b" in [f.path for f in now.files]

    small, _ = smallest(first, dies)

    assert names(small.case) == ["two", "last"]
    assert small.case.stage.spec == MachineSpec(args=("-device", "x"), files=(spec.files[1],))


def test_members_are_dropped_and_values_made_plainer() -> None:
    given = {"id": "a-name-that-is-long", "size": 1 << 40, "more": [1, {"x": True}], "no": None}

    def dies(each: Case) -> bool:
        now = each.steps[-1].request.arguments
        return isinstance(now, dict) and "id" in now and now.get("size", 0) >= 1 << 10

    small, build = smallest(case("one", step("last", given)), dies)

    assert small.case.steps[0].request.arguments == {"id": "a", "size": 1 << 10}
    assert build.plays <= MACHINES


def test_another_defect_is_not_this_one() -> None:
    first = case("long", step("one"), step("last"))
    other = replace(DEATH, fold="another death")

    small = Shrinking(shows(first), DEATH, lambda each, _: shows(each, other)).smallest()

    assert small.case is first


def test_company_that_is_not_needed_is_left_out() -> None:
    before = (case("before", step("stop")),)

    small, _ = smallest(case("one", step("last")), lambda each: True, before=before)

    assert small.before == ()


def test_a_wrong_answer_stays_as_it_is() -> None:
    # That it is wrong may follow from what was asked before.
    wrong = replace(DEATH, kind=Kind.VALUE)
    first = shows(case("long", step("one", ABSENT), step("last")), wrong)
    build = Build(lambda each: True)

    assert Shrinking(first, wrong, build.play).smallest() is first
    assert build.plays == 0


def test_a_hang_is_seen_with_all_its_time_in_the_end() -> None:
    limits: list[float] = []
    hang = replace(DEATH, kind=Kind.HANG)

    def play(each: Case, _: Result) -> Result:
        limits.append(each.limit)
        return shows(each, hang)

    first = case("long", step("one"), step("last"), limit=10.0)
    small = Shrinking(shows(first, hang), hang, play).smallest()

    assert limits[-1] == small.case.limit == 10.0
    assert max(limits[:-1]) < 10.0
