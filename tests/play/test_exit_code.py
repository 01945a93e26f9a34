"""What a run returns to the shell, for each way in which it can fall short."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest

from conformance.model.terms import BROKEN, ExitCode, Outcome
from conformance.play.exit_code import exit_code

PASSED = {Outcome.PASS: 1}
FOUND = {Outcome.PASS: 1, Outcome.FAIL: 1}
LEFT = {Outcome.PASS: 1, Outcome.NOT_RUN: 1}
FAILED = {Outcome.PASS: 1, Outcome.FAIL: 1, Outcome.HARNESS_ERROR: 1}
NOTHING = {Outcome.VACUOUS: 1, Outcome.NOT_APPLICABLE: 1}


@pytest.mark.parametrize(
    ("outcomes", "lost", "code"),
    [
        (PASSED, None, 0),
        ({**PASSED, Outcome.VACUOUS: 1}, None, 0),
        (FOUND, None, 1),
        ({Outcome.CRASH: 1}, None, 1),
        ({Outcome.TIMEOUT: 1}, None, 1),
        ({**FOUND, Outcome.NOT_RUN: 1}, None, 1),
        (NOTHING, None, 2),
        ({}, None, 2),
        (PASSED, ExitCode.USAGE, 2),
        (FOUND, ExitCode.USAGE, 2),
        (PASSED, ExitCode.LAUNCH, 3),
        (FOUND, ExitCode.LAUNCH, 3),
        (LEFT, ExitCode.LAUNCH, 3),
        ({}, ExitCode.LAUNCH, 3),
        (PASSED, ExitCode.HARNESS, 4),
        (FAILED, None, 4),
        (FAILED, ExitCode.LAUNCH, 4),
        # Whatever the reason is for which not all was tested.
        (LEFT, None, 4),
        ({**NOTHING, Outcome.NOT_RUN: 1}, None, 4),
    ],
)
def test_the_exit_code_is_the_worst_that_happened(
    outcomes: Mapping[Outcome, int], lost: ExitCode | None, code: int
) -> None:
    assert exit_code(outcomes, found=_found(outcomes), lost=lost) == code
    assert exit_code(outcomes, found=_found(outcomes), lost=lost, failed=True) == ExitCode.HARNESS
    for failed in (False, True):
        told = exit_code(
            outcomes, found=_found(outcomes), lost=lost, failed=failed, interrupted=True
        )
        assert told is ExitCode.INTERRUPTED


def test_a_partial_run_never_ends_with_0() -> None:
    lacks = itertools.product(
        (False, True), (False, True), (None, *list(ExitCode)[1:]), (False, True)
    )
    for interrupted, failed, lost, left in lacks:
        whole = not (interrupted or failed or lost or left)
        code = exit_code(
            LEFT if left else PASSED,
            found=False,
            interrupted=interrupted,
            failed=failed,
            lost=lost,
        )
        assert (code == ExitCode.CONFORMS) is whole


def test_what_is_broken_and_known_is_no_reason_to_fail() -> None:
    assert exit_code(FOUND, found=False) is ExitCode.CONFORMS
    assert exit_code({Outcome.CRASH: 1}, found=False) is ExitCode.CONFORMS


def _found(outcomes: Mapping[Outcome, int]) -> bool:
    return any(outcomes.get(outcome) for outcome in BROKEN)
