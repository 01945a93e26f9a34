"""The engine: what a shared machine shows is proved alone, and the rest goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from conformance.judge.expect_answer import Reject
from conformance.judge.expect_value import Returns
from conformance.judge.observation import Observation
from conformance.judge.reply import MessageJudge
from conformance.launch.pool import Pool
from conformance.model.blocked import Blocked
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.event_facts import EventFacts
from conformance.model.stage import MachineSpec, Stage
from conformance.model.terms import Outcome
from conformance.play.alone import Result
from conformance.play.engine import Engine
from conformance.play.proof import HANGING_PLAYS, PLAYS
from conformance.qapi.validate import Validator
from tests.judge.made import claim
from tests.patience import patiently
from tests.play.made import Answer, FakePool, case, step
from tests.qapi.schemas import command, schema_of

SCHEMA = schema_of(*map(command, ("qmp_capabilities", "good", "bad", "worse", "fatal")))
PASS, FAIL, CRASH = Outcome.PASS, Outcome.FAIL, Outcome.CRASH
A, B, C = (case(name, step("good")) for name in "abc")
BAD = case("bad", step("bad"), about="bad")
FATAL = case("fatal", step("fatal"))


def answering(*bad: str) -> Answer:
    """Return a server that refuses the commands `bad`, dies of `fatal` and takes all others."""

    def answer(request: dict[str, Any]) -> Sequence[object] | None:
        name = request["execute"]
        if name == "fatal":
            return None
        if name in bad:
            error = {"class": "GenericError", "desc": f"no {name}"}
            return [{"error": error, "id": request["id"]}]
        return [{"return": {}, "id": request["id"]}]

    return answer


def spoilt_by(first: str, then: str) -> Answer:
    """Return a server that refuses the command `then` once it has seen the command `first`."""
    seen: list[str] = []

    def answer(request: dict[str, Any]) -> Sequence[object] | None:
        seen.append(request["execute"])
        return answering(*([then] if first in seen else []))(request)

    return answer


def _refused(execute: str) -> Step:
    return step(execute, expect=Reject())


def mute_until(fatal: str) -> Answer:
    """Return a server that dies of the command `fatal`, its answers to all before it unsent."""

    def answer(request: dict[str, Any]) -> Sequence[object] | None:
        if request["execute"] == "qmp_capabilities":
            return [{"return": {}, "id": request["id"]}]
        return None if request["execute"] == fatal else []

    return answer


Run = Callable[..., list[Result]]


@pytest.fixture
def run() -> Iterator[Run]:
    pools: list[FakePool] = []

    def go(pool: FakePool, *cases: Case) -> list[Result]:
        pools.append(pool)
        messages = MessageJudge(SCHEMA, Validator(SCHEMA))
        with Engine(cast(Pool, pool), messages) as engine:
            return list(engine.run(cases))

    yield go
    for pool in pools:
        assert all(machine.closed for machine in pool.machines)


def _outcomes(results: list[Result]) -> list[Outcome]:
    return [result.verdict.outcome for result in results]


def test_cases_of_one_stage_share_a_machine(run: Run) -> None:
    pool = FakePool(answering())

    results = run(pool, A, B, C)

    assert [result.case for result in results] == [A, B, C]
    assert _outcomes(results) == [PASS] * 3
    assert pool.taken == [False]


def test_cases_of_another_stage_get_another_machine(run: Run) -> None:
    other = replace(B, stage=Stage(name="other", spec=MachineSpec(machine="pc")))
    pool = FakePool(answering(), answering())

    assert _outcomes(run(pool, A, other)) == [PASS, PASS]
    assert len(pool.taken) == 2


def test_a_wrong_answer_to_who_only_asks_ends_no_machine(run: Run) -> None:
    """One play alone proves it for all that show the same; the machine is as it was."""
    wrong = step("good", expect=Returns(({"x": 1},)))
    asking = [case(f"q{n}", wrong, about="q", isolation=Isolation.PURE) for n in range(4)]
    pool = FakePool(*[answering()] * 2)

    assert _outcomes(run(pool, A, *asking, B)) == [PASS, *[FAIL] * 4, PASS]
    assert len(pool.taken) == 2


def test_a_failure_is_proved_alone_on_a_fresh_machine_and_the_rest_goes_on(run: Run) -> None:
    pool = FakePool(*[answering("bad")] * 3)

    results = run(pool, A, BAD, C)

    assert _outcomes(results) == [PASS, FAIL, PASS]
    assert results[1].before == ()
    assert results[1].seen is not None
    # The first; the one for the proof and the one for the rest, both beside what is prefetched.
    assert pool.taken == [False, True, True]
    proof = [request["execute"] for request in pool.machines[1].requests]
    assert proof == ["qmp_capabilities", "bad"]


def test_a_death_costs_its_own_case_alone(run: Run) -> None:
    pool = FakePool(*[answering()] * 3)

    results = run(pool, A, FATAL, B, C)

    assert _outcomes(results) == [PASS, CRASH, PASS, PASS]
    seen = results[1].seen
    assert seen is not None
    assert seen.death is not None
    assert seen.death.status == -11


def test_one_defect_is_proved_once(run: Run) -> None:
    again = replace(BAD, id="made/valid/again")
    pool = FakePool(*[answering("bad")] * 4)

    assert _outcomes(run(pool, BAD, again, A)) == [FAIL, FAIL, PASS]
    # One proof, and a machine in place of each that a failure has spoilt.
    assert pool.taken == [False, True, True, True]


def test_two_defects_are_proved_each(run: Run) -> None:
    other = case("worse", step("worse"), about="worse")
    pool = FakePool(*[answering("bad", "worse")] * 4)

    assert _outcomes(run(pool, BAD, other)) == [FAIL, FAIL]
    # Two proofs, and one machine for the second case.
    assert pool.taken == [False, True, True, True]


def test_what_fails_in_company_alone_is_shown_with_that_company(run: Run) -> None:
    machines = [spoilt_by("worse", "bad") for _ in range(3)]
    spoiler = case("spoiler", step("worse"))

    results = run(FakePool(*machines), A, spoiler, BAD)

    assert _outcomes(results) == [PASS, PASS, FAIL]
    assert results[2].before == (A, spoiler)


def test_what_cannot_be_seen_again_is_flaky_and_no_finding(run: Run) -> None:
    pool = FakePool(answering("bad"), *[answering()] * (2 + PLAYS))

    results = run(pool, A, BAD)

    assert _outcomes(results) == [PASS, Outcome.FLAKY]
    assert results[1].verdict.misses == ()
    assert "fail at first" in results[1].verdict.reason
    assert f"pass in each of {PLAYS} plays alone" in results[1].verdict.reason


def test_what_fails_in_some_plays_is_told_with_how_often(run: Run) -> None:
    plays = [answering("bad") if number in (2, 5, 7) else answering() for number in range(PLAYS)]
    pool = FakePool(answering("bad"), *[answering()] * 2, *plays)

    results = run(pool, A, BAD)

    assert _outcomes(results) == [PASS, Outcome.INTERMITTENT]
    assert (results[1].shown, results[1].plays) == (3, PLAYS)
    assert [miss.rule for miss in results[1].verdict.misses] == ["X20"]
    assert isinstance(results[1].seen, Observation)


def silent_at(command: str) -> Answer:
    """Return a server that does not answer `command`."""

    def answer(request: dict[str, Any]) -> Sequence[object] | None:
        return [] if request["execute"] == command else answering()(request)

    return answer


def test_what_hangs_in_some_plays_is_played_less_often(run: Run) -> None:
    def attempt(limit: float) -> None:
        hangs = replace(BAD, isolation=Isolation.ALONE, limit=limit)
        plays = [answering()] * (HANGING_PLAYS - 1) + [silent_at("bad")]
        pool = FakePool(silent_at("bad"), answering(), *plays, alive=True)

        (result,) = run(pool, hangs)

        assert result.verdict.outcome is Outcome.INTERMITTENT
        assert (result.shown, result.plays) == (1, HANGING_PLAYS)

    patiently(attempt, 0.5)


def hung_by(command: str) -> Answer:
    """Return a server that answers nothing any more from `command` on."""
    seen: list[str] = []

    def answer(request: dict[str, Any]) -> Sequence[object] | None:
        seen.append(request["execute"])
        return [] if command in seen else answering()(request)

    return answer


@pytest.mark.parametrize("isolation", [Isolation.SHARED, Isolation.ALONE])
def test_a_hang_is_proved_while_the_machine_that_showed_it_has_time_left(
    run: Run, isolation: Isolation
) -> None:
    stood: list[bool] = []
    hung = hung_by("bad")

    def silent(request: dict[str, Any]) -> Sequence[object] | None:
        if request["execute"] == "bad":
            stood.append(not pool.machines[0].closed)
        return hung(request)

    pool = FakePool(hung_by("bad"), silent, answering(), alive=True)

    results = run(pool, replace(BAD, isolation=isolation, limit=0.5), C)

    assert _outcomes(results) == [Outcome.TIMEOUT, PASS]
    assert stood == [True]
    assert len(pool.machines) == 3


def test_an_answer_that_comes_late_is_one(run: Run) -> None:
    def attempt(limit: float) -> None:
        proved = threading.Event()

        def late(request: dict[str, Any]) -> Sequence[object] | None:
            if request["execute"] == "bad":
                assert proved.wait(limit)
            return answering()(request)

        def meanwhile(request: dict[str, Any]) -> Sequence[object] | None:
            if request["execute"] == "bad":
                proved.set()
            return answering()(request)

        pool = FakePool(late, meanwhile)

        assert _outcomes(run(pool, replace(BAD, limit=limit), C)) == [PASS, PASS]
        assert len(pool.machines) == 2

    patiently(attempt, 0.5)


def test_a_hang_whose_machine_answers_while_it_is_proved_is_proved_anew(run: Run) -> None:
    def attempt(limit: float) -> None:
        asked = threading.Event()

        def late(request: dict[str, Any]) -> Sequence[object] | None:
            if request["execute"] == "bad":
                assert asked.wait(limit)
            return answering()(request)

        def meanwhile(request: dict[str, Any]) -> Sequence[object] | None:
            if request["execute"] == "bad":
                asked.set()
            return silent_at("bad")(request)

        pool = FakePool(late, meanwhile, silent_at("bad"), alive=True)

        (result,) = run(pool, replace(BAD, isolation=Isolation.ALONE, limit=limit))

        assert result.verdict.outcome is Outcome.TIMEOUT
        assert len(pool.machines) == 3

    patiently(attempt, 0.5)


def test_a_hang_that_is_proved_for_another_case_is_not_played_again(run: Run) -> None:
    other = replace(BAD, id="made/valid/other", limit=0.3)
    pool = FakePool(*(hung_by("bad") for _ in range(3)), alive=True)

    results = run(pool, replace(BAD, limit=0.3), other)

    assert _outcomes(results) == [Outcome.TIMEOUT] * 2
    assert len(pool.machines) == 3


def test_a_case_with_a_machine_of_its_own_is_not_believed_at_once_either(run: Run) -> None:
    alone = replace(BAD, isolation=Isolation.ALONE)
    plays = [answering("bad") if number == 4 else answering() for number in range(PLAYS)]

    (always,) = run(FakePool(*[answering("bad")] * 2), alone)
    (once,) = run(FakePool(answering("bad"), answering(), *plays), alone)

    assert (always.verdict.outcome, always.plays) == (FAIL, 0)
    assert (once.verdict.outcome, once.shown, once.plays) == (Outcome.INTERMITTENT, 1, PLAYS)


@pytest.mark.parametrize("shown", [0, 4, PLAYS])
def test_what_is_known_to_come_and_go_is_always_played_often(run: Run, shown: int) -> None:
    known = replace(BAD, intermittent="a race")
    plays = [answering("bad")] * shown + [answering()] * (PLAYS - shown)

    (result,) = run(FakePool(*plays), known)

    # What comes each time is no longer what was known of it.
    assert result.verdict.outcome is (FAIL if shown == PLAYS else Outcome.INTERMITTENT)
    assert (result.shown, bool(result.verdict.misses)) == (shown % PLAYS, shown > 0)
    assert result.plays == (0 if shown == PLAYS else PLAYS)


def test_what_fails_otherwise_alone_is_believed_as_seen_alone(run: Run) -> None:
    def dies(request: dict[str, Any]) -> Sequence[object] | None:
        return None if request["execute"] == "bad" else answering()(request)

    results = run(FakePool(answering("bad"), dies, dies), BAD)

    assert _outcomes(results) == [CRASH]


def test_a_vacuous_case_is_proved_and_spoils_no_machine(run: Run) -> None:
    witness = replace(step("bad"), role=Role.WITNESS)
    vacuous = case("vacuous", _refused("worse"), witness)
    pool = FakePool(*[answering("bad", "worse")] * 2)

    assert _outcomes(run(pool, A, vacuous, B)) == [PASS, Outcome.VACUOUS, PASS]
    assert pool.taken == [False, True]


def _invalid(name: str) -> Case:
    witness = replace(step("worse"), role=Role.WITNESS)
    return replace(case(name, _refused("bad"), witness), fault="a fault")


def test_a_refused_witness_is_asked_alone_once_for_all_cases_like_it(run: Run) -> None:
    pool = FakePool(answering("bad", "worse"), answering("bad", "worse"))

    results = run(pool, _invalid("one"), A, _invalid("two"))

    # The fake refuses each command in words of its own.
    differently = Outcome.REFUSED_DIFFERENTLY
    assert _outcomes(results) == [differently, PASS, differently]
    assert _asked(pool, 1) == ["qmp_capabilities", "worse"]


def test_a_witness_that_is_accepted_alone_shows_what_a_refusal_left_behind(run: Run) -> None:
    def leaving() -> Answer:
        spoilt = spoilt_by("bad", "worse")
        refusing = answering("bad")

        def answer(request: dict[str, Any]) -> Sequence[object] | None:
            told = spoilt(request)
            return refusing(request) if request["execute"] == "bad" else told

        return answer

    pool = FakePool(*[leaving() for _ in range(6)])

    results = run(pool, _invalid("one"), A)

    assert _outcomes(results) == [FAIL, PASS]
    assert [miss.rule for miss in results[0].verdict.misses] == ["W65"]
    beside = results[0].beside
    assert beside is not None
    assert [each.request.execute for each in beside.case.steps] == ["worse"]
    # Shared, alone, the whole case twice, alone again; the machine is replaced for the next case.
    assert [_asked(pool, number)[1:] for number in range(6)] == [
        ["bad", "worse", "good"],
        ["worse"],
        ["bad", "worse"],
        ["bad", "worse"],
        ["worse"],
        ["good"],
    ]


def test_a_witness_that_company_had_refused_is_flaky_and_no_finding(run: Run) -> None:
    refusing = [answering("bad", "worse"), answering("bad"), answering("bad")]

    results = run(FakePool(*refusing), _invalid("one"))

    assert _outcomes(results) == [Outcome.FLAKY]


def _asked(pool: FakePool, machine: int) -> list[str]:
    return [request["execute"] for request in pool.machines[machine].requests]


def test_a_case_that_shows_nothing_alone_either_does_so_in_whatever_words(run: Run) -> None:
    witness = replace(step("bad"), role=Role.WITNESS)
    setup = replace(step("worse"), role=Role.WITNESS)
    vacuous = case("vacuous", witness, setup)
    pool = FakePool(answering("bad"), answering("worse"))

    assert _outcomes(run(pool, A, vacuous)) == [PASS, Outcome.VACUOUS]


def test_a_blocked_case_takes_no_machine(run: Run) -> None:
    blocked = replace(A, blocked=Blocked(outcome=Outcome.NOT_APPLICABLE, reason="gone"), steps=())
    pool = FakePool()

    (result,) = run(pool, blocked)

    assert (result.verdict.outcome, result.verdict.reason) == (Outcome.NOT_APPLICABLE, "gone")
    assert pool.taken == []


def test_claims_are_judged_without_a_machine(run: Run) -> None:
    pool = FakePool(answering())
    kept = replace(A, steps=(), claims=(claim("1", "1"),))
    broken = replace(B, steps=(), claims=(claim("1", "2"),))

    assert _outcomes(run(pool, kept, broken)) == [PASS, FAIL]
    assert pool.taken == []


def test_a_case_that_changes_the_machine_has_one_of_its_own(run: Run) -> None:
    alone = replace(B, isolation=Isolation.ALONE)
    pool = FakePool(*[answering()] * 2)

    assert _outcomes(run(pool, A, alone, C)) == [PASS] * 3
    assert sorted(len(machine.requests) for machine in pool.machines) == [2, 3]


def test_a_death_that_took_answers_along_is_that_of_the_case_it_came_of(run: Run) -> None:
    results = run(FakePool(mute_until("fatal"), *[answering()] * (6 + PLAYS)), A, B, FATAL, C)

    assert _outcomes(results) == [PASS, PASS, CRASH, PASS]
    assert [result.case for result in results] == [A, B, FATAL, C]


def test_a_death_that_never_comes_again_is_not_forgotten(run: Run) -> None:
    results = run(FakePool(mute_until("good"), *[answering()] * (3 + PLAYS)), A, B, C)

    assert _outcomes(results) == [Outcome.FLAKY, PASS, PASS]


PASSAGE = replace(step("complete"), role=Role.PASSAGE)
EARLY = Stage(name="early", kept=True)


def _parted(name: str, before: Step, after: Step) -> Case:
    return replace(case(name, before, PASSAGE, after), stage=EARLY)


def phased(*late: str) -> Answer:
    """Return a server that refuses the commands `late` until it has seen the passage."""
    seen: list[str] = []

    def answer(request: dict[str, Any]) -> Sequence[object] | None:
        seen.append(request["execute"])
        return answering(*(() if "complete" in seen else late))(request)

    return answer


def test_cases_with_a_passage_share_a_machine_on_either_side_of_it(run: Run) -> None:
    witness = replace(step("bad"), role=Role.WITNESS)
    cases = [_parted(name, _refused("bad"), witness) for name in "abc"]
    pool = FakePool(phased("bad"), phased("bad"))

    assert _outcomes(run(pool, *cases)) == [PASS] * 3
    sent = [[request["execute"] for request in machine.requests] for machine in pool.machines]
    assert sent == [
        ["qmp_capabilities", *["bad"] * 3],
        ["qmp_capabilities", "complete", *["bad"] * 3],
    ]


def test_a_part_that_does_not_pass_has_the_whole_case_played_alone(run: Run) -> None:
    taken = _parted("taken", _refused("good"), step("good"))
    pool = FakePool(*[answering()] * 5)

    (first, second) = run(pool, taken, _parted("right", step("good"), step("good")))

    assert (first.verdict.outcome, second.verdict.outcome) == (FAIL, PASS)
    assert isinstance(first.seen, Observation)
    assert len(first.seen.replies) == 3
    whole = [request["execute"] for request in pool.machines[1].requests]
    assert whole == ["qmp_capabilities", "good", "complete", "good"]


def test_a_part_that_fails_in_company_alone_makes_the_case_flaky(run: Run) -> None:
    pool = FakePool(answering("bad"), *[phased() for _ in range(1 + PLAYS)])

    (result,) = run(pool, _parted("doubtful", step("bad"), step("good")))

    assert result.verdict.outcome is Outcome.FLAKY
    assert result.verdict.misses == ()


def test_a_case_cannot_be_tested_whose_passage_is_not_to_be_had(run: Run) -> None:
    pool = FakePool(answering("complete"), answering("complete"))

    (result,) = run(pool, _parted("stuck", step("good"), step("good")))

    assert result.verdict.outcome is Outcome.UNTRIED
    assert "no complete" in result.verdict.reason


def test_a_machine_that_changes_for_good_goes_through_its_phases_itself(run: Run) -> None:
    whole = replace(_parted("own", step("good"), step("good")), isolation=Isolation.ALONE)
    pool = FakePool(answering())

    assert _outcomes(run(pool, whole)) == [PASS]
    assert len(pool.machines[0].requests) == 4


@pytest.mark.parametrize(
    ("alone", "outcome"), [(False, PASS), (True, FAIL)], ids=["left over", "of the case"]
)
def test_an_event_without_a_cause_counts_only_where_the_case_shows_it_alone(
    alone: bool, outcome: Outcome
) -> None:
    stray = {"event": "STRAY", "timestamp": {"seconds": -1, "microseconds": -1}}
    told: list[int] = []

    def answer(request: dict[str, Any]) -> Sequence[object] | None:
        told.append(request["id"])
        events = [stray] if request["execute"] == "good" and (alone or len(told) == 2) else []
        return [*events, {"return": {}, "id": request["id"]}]

    pool = FakePool(answer, answer, answer)
    facts = EventFacts(causes={"STRAY": ("worse",)})
    with Engine(cast(Pool, pool), MessageJudge(None, None, facts)) as engine:
        (result,) = engine.run((A,))

    assert result.verdict.outcome is outcome
    assert [miss.rule for miss in result.verdict.misses] == ["W75"] * alone
