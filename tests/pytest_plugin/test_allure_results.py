"""What Allure is told of a case by its outcome, and where it finds a subject."""

from __future__ import annotations

import pytest

from conformance.model.flavour import Program
from conformance.model.terms import BROKEN, Outcome
from conformance.pytest_plugin.allure_results import _key, _module, _steps, _value
from conformance.pytest_plugin.item_log import ItemLog
from conformance.report.formats.told import Told, told_of
from tests.report.judge_allure import _STEPS
from tests.report.made import made_case, made_finding, made_issue, whole_run

CASE = "stop/valid/a"


def log_of(outcome: Outcome, *, excused: bool = False) -> ItemLog:
    log = ItemLog()
    found = [made_finding(CASE, "it", outcome)] if outcome in BROKEN else []
    log.hear([*found, made_case(CASE, outcome, reason="for a reason")])
    if excused:
        log.excused[CASE] = None
    return log


@pytest.mark.parametrize("outcome", [*Outcome])
def test_a_step_is_what_all_formats_tell_of_its_case(outcome: Outcome) -> None:
    log = log_of(outcome)
    (step,) = _steps(log)

    told = told_of(whole_run(*log.findings.get(CASE, ()), *log.ended))
    assert step.status == _STEPS[told.targets[0].cases[0].told]
    assert (step.status == "passed") is (outcome is Outcome.PASS)
    if outcome not in BROKEN | {Outcome.PASS}:
        assert "for a reason" in step.statusDetails.message


def test_what_is_known_is_skipped_and_said_to_be_known() -> None:
    log = log_of(Outcome.FAIL, excused=True)
    (step,) = _steps(log)

    told = told_of(whole_run(made_issue("it"), *log.findings[CASE], *log.ended))
    assert told.targets[0].cases[0].told is Told.KNOWN
    assert (step.status, step.statusDetails.known) == ("skipped", True)


@pytest.mark.parametrize(
    ("name", "module"),
    [("block-dirty-bitmap-merge", "block-core"), ("STOP", "run-state"), ("iothread", "qom")],
)
def test_a_subject_is_found_under_its_module(name: str, module: str) -> None:
    assert _module((10, 0, 13), Program.SYSTEM, name) == module


@pytest.mark.parametrize("version", [(10, 0, 13), (1, 0, 0)])
def test_a_subject_that_no_digest_has_is_under_none(version: tuple[int, int, int]) -> None:
    assert _module(version, Program.SYSTEM, "no-such-thing") == ""


def test_properties_keep_to_their_lines() -> None:
    assert _key("a\\") == r"a\\"
    assert _key("a b=c:d") == r"a\ b\=c\:d"
    assert _value("\U0001f600") == r"\ud83d\ude00"
    assert _value("a\nb\\ \u00e9") == "a\\\\x0ab\\\\ \\u00e9"
