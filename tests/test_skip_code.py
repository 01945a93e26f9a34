"""--skip-code: only what this host lacks is skipped, and never what a build does."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from conformance.model.terms import ExitCode, Outcome
from conformance.play.exit_code import skipped
from tests.conftest import QEMU, Doors, events

_SELECTED = ("--case", "*/defaults/*")
_SKIP = ("--skip-code", "77")
_HERE = {Outcome.UNTESTABLE_HERE: 3, Outcome.NOT_APPLICABLE: 1}


@pytest.mark.parametrize(
    ("code", "outcomes", "lost", "skips"),
    [
        (ExitCode.CONFORMS, {Outcome.PASS: 1}, False, False),
        (ExitCode.CONFORMS, {Outcome.PASS: 1}, True, True),
        (ExitCode.FINDINGS, {Outcome.FAIL: 1}, True, False),
        (ExitCode.USAGE, _HERE, False, True),
        (ExitCode.USAGE, {Outcome.VACUOUS: 1}, False, False),
        (ExitCode.LAUNCH, {}, False, False),
        (ExitCode.HARNESS, _HERE, True, False),
        (ExitCode.INTERRUPTED, _HERE, True, False),
    ],
)
def test_only_what_this_host_keeps_from_being_tested_is_skipped(
    code: ExitCode, outcomes: Mapping[Outcome, int], lost: bool, skips: bool
) -> None:
    assert skipped(code, outcomes, 77, lost=lost) == (77 if skips else code)
    assert skipped(code, outcomes, None, lost=lost) == code


def test_a_program_that_is_not_there_is_skipped_on_request(doors: Doors) -> None:
    plain, other = (doors.command("run", "/nosuch/qemu", *more) for more in ((), _SKIP))

    assert (plain.code, other.code) == (3, 77)
    assert "does not exist" in other.err == plain.err


def test_a_host_without_bubblewrap_is_skipped_on_request(doors: Doors) -> None:
    bwrap = shutil.which("bwrap")
    assert bwrap
    real = str(Path(bwrap).resolve())
    hiding = (real, "--dev-bind", "/", "/", "--ro-bind", "/dev/null", real, "--")

    done = doors.command("run", QEMU, *_SELECTED, *_SKIP, before=hiding)

    assert done.code == 77, done.err
    assert "bwrap is not on this host" in done.err


def test_a_program_that_does_not_start_is_no_skip(doors: Doors, targets: str) -> None:
    done = doors.command("run", f"{targets}:nosuch", "/bin/true", "/nosuch/qemu", *_SKIP)

    assert done.code == 3


def test_a_finding_outweighs_a_skip_and_a_skip_a_pass(doors: Doors, targets: str) -> None:
    def code(target: str) -> int:
        words = (f"{targets}:{target}", "/nosuch/qemu", *_SELECTED, *_SKIP)
        found = doors.command("run", *words).code
        assert events(doors.home / "qmp-report")[-1]["exit_code"] == found
        return found

    assert (code("broken"), code("good")) == (1, 77)


def test_the_report_of_a_skipped_run_ends_with_its_code(doors: Doors, targets: str) -> None:
    doors.command("run", f"{targets}:good", "/nosuch/qemu", *_SELECTED, *_SKIP)

    assert doors.command("report", "qmp-report").code == 77


def test_pytest_ends_with_the_same_code(doors: Doors, targets: str) -> None:
    given = ("--qmp-targets", f"{targets}:good", "--qmp-case=*/defaults/*", "--qmp-skip-code=77")

    assert doors.pytest(*given).code == 0
    assert doors.pytest(*given, "--qmp-program=/nosuch/qemu").code == 77
    assert doors.pytest("--qmp-program=/nosuch/qemu", "--qmp-skip-code=77").code == 77


@pytest.mark.parametrize("code", ["1", "4", "126", "130", "-1", "300"])
def test_a_code_with_another_meaning_is_refused(doors: Doors, code: str) -> None:
    done = doors.command("run", QEMU, f"--skip-code={code}")

    assert done.code == 2
    assert f"--skip-code {code}: no exit code of its own" in done.err
