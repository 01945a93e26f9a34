"""Machines that die before they are ready are counted over the whole run."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from conformance.knowledge.rules import load_rules
from conformance.model.terms import Aspect, Outcome, SubjectKind
from conformance.play.start_tally import tallied
from conformance.report.stream import CaseEnded, StartDied
from tests.patience import PATIENCE

ENDED = CaseEnded(
    target="t",
    case="wire/greeting/every-start",
    subject_kind=SubjectKind.PROTOCOL,
    subject="greeting",
    aspect=Aspect.WIRE,
    outcome=Outcome.PASS,
    reason="",
    rules=("W13",),
    seconds=0.1,
)
DEATH = StartDied(
    target="t", command_line=("sh", "-c", "kill -SEGV $$"), exit_status=-11, stderr="x\ny: BUG: z\n"
)


def test_one_death_is_told_and_is_no_finding() -> None:
    findings, ended = tallied(ENDED, [DEATH], load_rules()["W13"])

    assert findings == ()
    assert ended.outcome is Outcome.INTERMITTENT
    assert ended.unsettled
    assert "SIGSEGV: y: BUG: z" in ended.reason


def test_two_deaths_are_a_crash_with_command_line_signal_and_words() -> None:
    (finding,), ended = tallied(ENDED, [DEATH, replace(DEATH, stderr="")], load_rules()["W13"])

    assert (finding.case, finding.rule, finding.outcome) == (ENDED.case, "W13", Outcome.CRASH)
    assert (finding.evidence.exit_status, finding.evidence.stderr) == (-11, DEATH.stderr)
    assert ended.outcome is Outcome.CRASH
    assert ended.reason == finding.summary


@pytest.mark.parametrize("status", [1, -9])
def test_what_may_be_the_hosts_doing_is_told_however_often_it_comes(status: int) -> None:
    findings, ended = tallied(ENDED, [replace(DEATH, exit_status=status)] * 5, load_rules()["W13"])

    assert findings == ()
    assert (ended.outcome, ended.unsettled) == (Outcome.INTERMITTENT, True)


def test_the_reproducer_shows_deaths_when_it_is_pasted() -> None:
    (finding,), _ = tallied(ENDED, [DEATH] * 2, load_rules()["W13"])

    pasted = subprocess.run(
        ["sh", "-c", finding.reproducer],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )

    assert pasted.stdout.splitlines()[0] == f"start 1: status {128 + 11}"
    assert len(pasted.stdout.splitlines()) == 100


def test_machines_that_always_die_are_a_finding_for_each_command_line() -> None:
    one = replace(DEATH, always=True)
    other = replace(one, command_line=("sh", "-c", "kill -ABRT $$"))

    findings, ended = tallied(ENDED, [other, one, DEATH, one, other], load_rules()["W13"])

    assert [each.reproducer.count("kill -SEGV") for each in findings] == [0, 1]
    assert len({each.fold for each in findings}) == 2
    assert all("seq 1)" in each.reproducer for each in findings)
    assert ended.outcome is Outcome.CRASH
