"""What sanitizers report is found, narrowed to the request that caused it, and proved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.judge.expect_answer import Answer, Ends
from conformance.judge.miss import Miss
from conformance.judge.observation import Observation
from conformance.knowledge.rules import load_rules
from conformance.launch.folder import RunFolder
from conformance.launch.sandbox import is_sanitized
from conformance.launch.target import Target, program_target
from conformance.model.case import Case, Isolation, Measure, Role, Step, Subject
from conformance.model.stage import Request, Stage
from conformance.model.terms import Aspect, Outcome, SubjectKind
from conformance.play.alone import Result
from conformance.play.evidence import finding
from conformance.report.stream import Finding
from tests.living.built import build_sanitized
from tests.play.conftest import Runner

LAST = 2**63 - 1


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Target:
    return program_target(str(build_sanitized(tmp_path_factory.mktemp("sanitized"))))


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with RunFolder() as folder:
        yield Runner(folder)


def case(command: str, *values: int, isolation: Isolation = Isolation.SHARED) -> Case:
    return Case(
        id=f"{command}/valid/{'-'.join(map(str, values))}",
        subject=Subject(kind=SubjectKind.COMMAND, name=command),
        aspect=Aspect.VALID,
        stage=Stage(name="plain"),
        steps=tuple(_step(command, value) for value in values),
        isolation=isolation,
        about=str(values[0]),
    )


def _step(command: str, value: int) -> Step:
    request = Request(command, {"value": value})
    return Step(request=request, expect=Answer(), role=Role.SUBJECT, rule="Q30")


def told(target: Target, result: Result) -> list[Finding]:
    rules, line = load_rules(), (target.program, "-qmp", "stdio")
    return [finding("t", result, miss, rules, line) for miss in result.verdict.misses]


def test_undefined_behaviour_is_found_in_the_one_case_that_asks_for_it(
    runner: Runner, target: Target
) -> None:
    cases = [case("add-one", value) for value in (1, 2, LAST, 3, 4)]

    results = runner.play_alone(target, cases)

    outcomes = {r.case.id: r.verdict.outcome for r in results}
    assert outcomes.pop(f"add-one/valid/{LAST}") is Outcome.FAIL
    assert set(outcomes.values()) == {Outcome.PASS}
    (found,) = [each for result in results for each in told(target, result)]
    assert (found.rule, found.severity) == ("X37", "must")
    assert found.summary == (
        "add-one: QEMU wrote to standard error: signed integer overflow: 9223372036854775807 + 1 "
        "cannot be represented in type 'long int' (in add_one)"
    )
    assert f'"value":{LAST}' in found.reproducer
    assert "server.c:" in found.evidence.stderr
    assert "0x..." in found.evidence.stderr


@pytest.mark.parametrize("isolation", [Isolation.SHARED, Isolation.ALONE])
def test_a_report_is_of_the_request_that_waited_for_its_answer(
    runner: Runner, target: Target, isolation: Isolation
) -> None:
    (result,) = runner.play_alone(target, [case("add-one", 1, 2, LAST, 3, isolation=isolation)])

    assert isinstance(result.seen, Observation)
    assert [said.step for said in result.seen.said] == [2]


def test_two_defects_have_two_folds_and_one_has_one(runner: Runner, target: Target) -> None:
    one = case("add-one", LAST)
    cases = [one, case("add-two", LAST), case("add-two", LAST - 1), case("add-one", LAST, 1)]

    results = runner.play_alone(target, cases)

    assert [r.verdict.outcome for r in results] == [Outcome.FAIL] * 4
    folds = [_only(r).fold for r in results]
    assert folds[0] == folds[3] != folds[1] == folds[2]
    assert not any(str(LAST)[:5] in fold or "0x" in fold or "server.c" in fold for fold in folds)


def test_a_read_past_the_end_is_a_crash_that_names_its_place(
    runner: Runner, target: Target
) -> None:
    results = runner.play_alone(target, [case("read-at", value) for value in (0, 7, 8, 9)])

    assert [r.verdict.outcome for r in results] == [
        *(Outcome.PASS, Outcome.PASS, Outcome.CRASH, Outcome.PASS)
    ]
    (found,) = told(target, results[2])
    assert (found.rule, found.outcome) == ("W35", "crash")
    assert "AddressSanitizer: heap-buffer-overflow" in found.summary
    assert "(in read_at)" in found.summary
    assert "read_at" in found.fold
    assert "READ of size 1" in found.evidence.stderr
    assert '"value":8' in found.reproducer


def test_where_the_program_goes_on_a_read_past_the_end_is_a_report(
    runner: Runner, target: Target, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    recovering = build_sanitized(tmp_path, "-fsanitize-recover=address")
    monkeypatch.setenv("ASAN_OPTIONS", "halt_on_error=0")
    cases = [case("read-at", value) for value in (0, 7, 8, 0)]

    results = runner.play_alone(program_target(str(recovering)), cases)

    assert [r.verdict.outcome for r in results] == [
        *(Outcome.PASS, Outcome.PASS, Outcome.FAIL, Outcome.PASS)
    ]
    assert _only(results[2]).rule == "X37"


def _repeated(command: str, *, rounds: int = 4) -> Case:
    end = Step(request=Request("quit"), expect=Ends(), role=Role.CLEANUP, rule="Q30")
    measure = Measure(what="lost", counts=(rounds, 2 * rounds), rounds=rounds)
    one = case(command, 1)
    return replace(
        one, steps=(*one.steps * rounds, end), isolation=Isolation.ALONE, measure=measure
    )


def test_what_each_request_loses_is_told_and_what_is_lost_once_is_not(
    runner: Runner, target: Target
) -> None:
    lost, once, kept = runner.play_alone(
        target, [_repeated("keep"), _repeated("keep-once"), _repeated("read-at")]
    )

    assert (lost.verdict.outcome, lost.lost) == (Outcome.FAIL, (4, 8))
    (found,) = told(target, lost)
    assert (found.rule, found.severity) == ("X39", "should")
    assert found.summary == "keep: each request loses memory (in keep)"
    assert "Direct leak of" in found.evidence.stderr
    assert found.reproducer.count('"execute":"keep"') == 8
    assert (once.verdict.outcome, once.lost) == (Outcome.PASS, (1, 1))
    assert (kept.verdict.outcome, kept.lost) == (Outcome.PASS, (0, 0))


def test_a_build_with_a_sanitizer_is_told_from_others(target: Target) -> None:
    assert is_sanitized(target)
    assert not is_sanitized(program_target("/bin/sh"))


def _only(result: Result) -> Miss:
    (miss,) = result.verdict.misses
    return miss
