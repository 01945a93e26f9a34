"""A build that dies before it greets, in some of its starts, is not called conforming."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from conformance.model.terms import ExitCode
from tests.miniatures.install import install

from .conftest import Doors, events, outcomes

CASES = "--case=object-add/toy/lifecycle/*"
TALLY = "wire/greeting/every-start"


def _dying(tmp_path: Path, when: str) -> Path:
    """Return a program that counts its starts beside it, and dies in those of which `when` says.

    It can write there because it runs without the sandbox.
    """
    good = install(tmp_path)
    path = good.with_name("qemu-system-mini-dying")
    counting = (
        "import os, sys\n"
        "if '--version' not in sys.argv:\n"
        "    path = os.path.realpath(__file__) + '.starts'\n"
        "    file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o666)\n"
        "    os.write(file, b'x')\n"
        "    n = os.fstat(file).st_size\n"
        f"    if {when}:\n"
        "        sys.stderr.write('mini: BUG: not today')\n"
        "        sys.stderr.flush()\n"
        "        os.kill(os.getpid(), 11)\n"
    )
    path.write_text(good.read_text().replace("import os, sys\n", counting, 1))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_deaths_anywhere_in_a_run_are_one_finding_and_cost_no_case(
    doors: Doors, tmp_path: Path, workers: tuple[str, ...]
) -> None:
    program = _dying(tmp_path, "n % 2 == 0")

    done = doors.command("run", *workers, "--no-sandbox", str(program), CASES)

    assert done.code == ExitCode.FINDINGS
    stream = events(doors.home / "qmp-report")
    (finding,) = [each for each in stream if each["event"] == "finding"]
    assert (finding["case"], finding["rule"], finding["outcome"]) == (TALLY, "W13", "crash")
    assert finding["evidence"]["exit_status"] == -11
    assert "not today" in finding["evidence"]["stderr"]
    assert str(program) in finding["reproducer"]
    ended = {case: outcome for _, case, outcome in outcomes(stream)}
    assert ended.pop(TALLY) == "crash"
    assert set(ended.values()) == {"pass"}
    assert "QEMU ended before it was ready for a client (SIGSEGV: mini: BUG: not today)" in done.out


def test_one_death_is_told_and_keeps_the_run_from_being_green(doors: Doors, tmp_path: Path) -> None:
    program = _dying(tmp_path, "n == 4")

    done = doors.command("run", "--no-sandbox", str(program), CASES)

    assert done.code == ExitCode.FINDINGS
    stream = events(doors.home / "qmp-report")
    assert [each for each in stream if each["event"] == "finding"] == []
    ended = {case: outcome for _, case, outcome in outcomes(stream)}
    assert ended.pop(TALLY) == "intermittent"
    assert set(ended.values()) == {"pass"}
    assert "UNSETTLED" in done.out
    assert "SIGSEGV: mini: BUG: not today" in done.out


def test_a_build_that_dies_when_it_is_first_asked_is_asked_again(
    doors: Doors, tmp_path: Path
) -> None:
    program = _dying(tmp_path, "n in (1, 2)")

    done = doors.command("run", "--no-sandbox", str(program), CASES)

    assert done.code == ExitCode.FINDINGS
    ended = {case: outcome for _, case, outcome in outcomes(events(doors.home / "qmp-report"))}
    assert ended.pop(TALLY) == "crash"
    assert set(ended.values()) == {"pass"}


def test_a_run_that_loses_its_machines_is_partial(doors: Doors, tmp_path: Path) -> None:
    program = _dying(tmp_path, "'none' in sys.argv and n > 3")

    done = doors.command("run", "--no-sandbox", str(program), CASES)

    assert done.code == ExitCode.LAUNCH
    stream = events(doors.home / "qmp-report")
    assert stream[-1]["complete"] is False
    assert stream[-1]["outcomes"]["not-started"] > 0
    assert "lost to machines that did not start" in done.out


EARLY = "--case=query-status/gates/*"
IN_PRECONFIG = "'--preconfig' in sys.argv"


def test_a_machine_that_always_dies_is_a_finding_of_its_command_line(
    doors: Doors, tmp_path: Path
) -> None:
    program = _dying(tmp_path, IN_PRECONFIG)

    done = doors.command("run", "--no-sandbox", str(program), EARLY)

    assert done.code == ExitCode.LAUNCH
    stream = events(doors.home / "qmp-report")
    (finding,) = [each for each in stream if each["event"] == "finding"]
    assert (finding["case"], finding["rule"], finding["outcome"]) == (TALLY, "W13", "crash")
    assert "--preconfig" in finding["reproducer"]
    assert "--preconfig" in finding["fold"]
    assert all(each["always"] for each in stream if each["event"] == "start-died")


def test_a_machine_that_ends_with_a_message_is_no_finding(doors: Doors, tmp_path: Path) -> None:
    program = _dying(tmp_path, IN_PRECONFIG)
    program.write_text(program.read_text().replace("os.kill(os.getpid(), 11)", "sys.exit(1)"))

    doors.command("run", "--no-sandbox", str(program), EARLY)

    stream = events(doors.home / "qmp-report")
    assert [each for each in stream if each["event"] == "finding"] == []
    assert "not-started" in {outcome for _, _, outcome in outcomes(stream)}
