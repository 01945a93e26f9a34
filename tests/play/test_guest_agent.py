"""The guest agent: a real one conforms and is never asked for what harms, broken ones are told."""

from __future__ import annotations

import fnmatch
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.judge.reply import MessageJudge
from conformance.knowledge.guest_agent_blocklist import load_withheld
from conformance.knowledge.loading import load_knowledge
from conformance.launch.folder import RunFolder
from conformance.launch.pool import Pool
from conformance.launch.target import program_target
from conformance.model.case import Case
from conformance.model.errors import LaunchError
from conformance.model.flavour import Program
from conformance.model.stage import SCRATCH
from conformance.model.terms import BROKEN, Aspect, Outcome
from conformance.play.alone import Result
from conformance.play.engine import Engine
from conformance.prepare.asking import ask
from conformance.prepare.campaign import Campaign, load_all
from conformance.prepare.described import ask_served
from conformance.prepare.plan_file import WrittenPlan
from conformance.prepare.planning import introspected, planned
from conformance.prepare.prepare import prepare
from conformance.qapi.validate import Validator
from conformance.report.reproducer import reproducer
from tests.miniatures import agent
from tests.patience import patiently

pytestmark = pytest.mark.qemu

AGENT = "/usr/sbin/qemu-ga"


@pytest.fixture(scope="module")
def real(run_folder: RunFolder) -> Campaign:
    assert Path(AGENT).exists(), f"no {AGENT}: install the package qemu-guest-agent"
    return prepare(program_target(AGENT), run_folder)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("agent") / "qemu-ga"
    interpreter = os.path.realpath(sys.executable)
    made.write_text(f"#!{interpreter} -ISB\n{Path(agent.__file__).read_text()}")
    made.chmod(0o755)
    return made


def _play(campaign: Campaign, folder: RunFolder, cases: Sequence[Case]) -> list[Result]:
    schema = campaign.schema
    messages = MessageJudge(schema, Validator(schema))
    with Pool(campaign.target, folder) as pool, Engine(pool, messages) as engine:
        return list(engine.run(cases))


def _fitting(campaign: Campaign, glob: str) -> list[Case]:
    found = [case for case in campaign.plan.cases if fnmatch.fnmatchcase(case.id, glob)]
    assert found, f"no case fits {glob}"
    return found


def test_a_real_agent_passes_each_exchange_and_each_valid_request(
    real: Campaign, run_folder: RunFolder
) -> None:
    cases = [*_fitting(real, "wire/*"), *_fitting(real, "*/valid/recipe")]

    results = _play(real, run_folder, cases)

    wrong = {r.case.id: r.verdict.reason for r in results if r.verdict.outcome is not Outcome.PASS}
    assert list(wrong) == ["guest-exec-status/valid/recipe"]
    assert len(results) > 150


def test_what_a_real_agent_returns_is_held_against_the_schema(
    real: Campaign, run_folder: RunFolder
) -> None:
    schema = real.schema
    command = schema.commands["guest-get-time"]
    wrong = replace(command, ret_type=schema.commands["guest-get-osinfo"].ret_type)
    other = replace(schema, commands={**schema.commands, command.name: wrong})
    plan = WrittenPlan(real.plan.data)
    plan.head = replace(plan.head, schema=other)
    campaign = replace(real, plan=plan)

    (result,) = _play(campaign, run_folder, _fitting(campaign, "guest-get-time/valid/recipe"))

    assert [miss.rule for miss in result.verdict.misses] == ["W38"]


def test_no_case_asks_for_what_is_withheld_and_a_real_agent_does_not_serve_it(
    real: Campaign, run_folder: RunFolder
) -> None:
    withheld = load_withheld()[Program.GUEST_AGENT]
    asked = {step.request.execute for case in real.plan.cases for step in case.steps}
    asked |= {each.execute for case in real.plan.cases for each in case.stage.setup}

    with Pool(real.target, run_folder) as pool:
        served = ask_served(pool, real.target.kind.flavour.roster)

    assert asked <= withheld.asked
    assert "guest-shutdown" in served.listed
    assert served.enabled <= withheld.asked


def test_each_command_has_cases_or_a_row_that_says_why_it_has_none(real: Campaign) -> None:
    notes = {row.subject.name: row.note for row in real.plan.rows}
    covered = {case.subject.name for case in real.plan.cases if case.aspect is Aspect.VALID}

    assert notes["guest-shutdown"] == "never asked for: it powers the system down"
    assert {name for name, note in notes.items() if not note} <= covered


def test_another_process_makes_the_same_plan(real: Campaign, tmp_path: Path) -> None:
    real.save(tmp_path, "agent")

    (again,) = load_all(tmp_path)

    assert again.plan.cases == real.plan.cases
    assert again.plan.head == real.plan.head
    assert again.target == real.target


def test_an_agent_whose_release_is_not_known_is_asked_on_the_wire_alone(
    run_folder: RunFolder,
) -> None:
    target = program_target(AGENT)
    answers = ask(target, run_folder, thorough=False, limit=30.0, tell=lambda text: None)
    answers = replace(answers, build=replace(answers.build, version=(99, 0, 0)))
    knowledge = load_knowledge()
    unknown = introspected(target, answers, knowledge, thorough=False, lacks={})
    cases = WrittenPlan(planned(target, answers, unknown, knowledge)).cases

    assert cases
    assert {case.aspect for case in cases} == {Aspect.WIRE}


def test_an_agent_is_not_started_without_a_sandbox(run_folder: RunFolder) -> None:
    target = replace(program_target(AGENT), sandbox=False, kind=Program.GUEST_AGENT)

    with (
        Pool(target, run_folder) as pool,
        pytest.raises(LaunchError, match="it runs only in the sandbox"),
    ):
        ask_served(pool, "guest-info")


def test_what_is_no_agent_says_so_in_one_message(tmp_path: Path, run_folder: RunFolder) -> None:
    made = tmp_path / "qemu-ga"
    made.write_text("#!/bin/sh\n[ $1 = --version ] && echo QEMU Guest Agent 7.2.0\nexit 1\n")
    made.chmod(0o755)

    with pytest.raises(LaunchError, match="does not say in answer to guest-info what it serves"):
        prepare(program_target(str(made)), run_folder)


def test_a_reproducer_speaks_with_the_socket_of_the_agent(real: Campaign) -> None:
    (case,) = _fitting(real, "guest-file-read/valid/recipe")

    text = reproducer(case, (), real.command_line)

    assert "-b guest-exec," in text
    assert f'a = join("{SCRATCH}/wire-a")' in text
    assert text.count("hear(a)") == 2
    assert "qmp_capabilities" not in text


@pytest.fixture(scope="module")
def correct(program: Path, run_folder: RunFolder) -> Campaign:
    return prepare(program_target(str(program)), run_folder)


def test_a_correct_miniature_passes_each_exchange(correct: Campaign, run_folder: RunFolder) -> None:
    results = _play(correct, run_folder, _fitting(correct, "wire/*"))

    assert {r.case.id for r in results if r.verdict.outcome is not Outcome.PASS} == set()


@pytest.mark.parametrize(
    ("word", "glob", "rule"),
    [
        ("no-delimiter", "wire/guest-agent/sync-delimited/one", "W54"),
        ("delimits-all", "wire/guest-agent/sync-delimited-with-id", "W54"),
        ("greets", "wire/guest-agent/no-greeting", "W35"),
        ("loses-id", "wire/guest-agent/echo/string", "W25"),
        ("takes-anything", "wire/guest-agent/no-out-of-band", "W34"),
        ("deaf-to-ff", "wire/guest-agent/cut-then-ff/cut-5", "W52"),
    ],
)
def test_a_broken_miniature_breaks_the_rule(
    correct: Campaign, run_folder: RunFolder, word: str, glob: str, rule: str
) -> None:
    campaign = replace(correct, target=replace(correct.target, args=("-D", word)))
    cases = _fitting(campaign, glob)

    def attempt(limit: float) -> None:
        (result,) = _play(campaign, run_folder, [replace(case, limit=limit) for case in cases])

        assert result.verdict.outcome is Outcome.FAIL, result.verdict.reason
        assert rule in {miss.rule for miss in result.verdict.misses}

    patiently(attempt, 1.0)


@pytest.mark.parametrize(
    ("word", "fault"),
    [
        ("floods", "too long or holds too much to read"),
        ("falls-silent", "nothing else is answered"),
        ("hangs-up", "before the server closed the connection"),
        ("exits", "died .exit status 1.: it is over"),
    ],
)
def test_a_hostile_miniature_is_left_in_time_with_its_fault_named(
    correct: Campaign, run_folder: RunFolder, word: str, fault: str
) -> None:
    campaign = replace(correct, target=replace(correct.target, args=("-D", word)))
    cases = _fitting(campaign, "wire/guest-agent/sync-delimited/*")

    def attempt(limit: float) -> None:
        results = _play(campaign, run_folder, [replace(case, limit=limit) for case in cases])

        assert results[0].verdict.outcome in BROKEN
        assert re.search(fault, results[0].verdict.reason), results[0].verdict.reason

    patiently(attempt, 0.5)
