"""What a user sees and gets who types a command for the first time."""

from __future__ import annotations

import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.model.terms import ExitCode
from tests.patience import PATIENCE

from .conftest import Doors, events

pytestmark = pytest.mark.qemu

TOY = "--case=object-add/toy/defaults/*"
BROKEN = ("--env", "BREAKS=other-default")
"""What makes the miniature break a promise."""


@pytest.fixture
def mini(targets: str) -> str:
    """A server that keeps what it promises, unless it is started with `BROKEN`."""
    return str(next(Path(targets).parent.glob("qemu-*")))


def piped(doors: Doors, *words: str) -> tuple[int, str]:
    """Run the command into a pipe whose reader has gone; return its exit code and its errors."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "conformance", *words],
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=subprocess.PIPE,
            cwd=doors.home,
            env=doors.environment,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    finally:
        os.close(writing)
    doors.settle()
    return done.returncode, done.stderr


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_a_log_says_what_is_done_and_the_findings_stand_in_the_report(
    doors: Doors, mini: str, workers: tuple[str, ...]
) -> None:
    done = doors.command("run", mini, *BROKEN, TOY, *workers)

    assert (done.code, done.err) == (ExitCode.FINDINGS, "")
    name = Path(mini).name
    assert done.out.splitlines()[:3] == [
        f"{name}: {doing}" for doing in ("identifying it", "introspecting it", "planning its cases")
    ]
    assert re.fullmatch(
        rf"{name}: 0 of 23 cases, 0 findings, \d+:\d\d elapsed", done.out.splitlines()[3]
    )
    assert done.out.count("[object-add/toy/defaults/flag]") == 1
    assert "\x1b" not in done.out
    assert "\r" not in done.out


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_a_terminal_shows_each_finding_as_it_is_proved(
    doors: Doors, mini: str, workers: tuple[str, ...]
) -> None:
    ours, theirs = pty.openpty()
    doors.environment |= {"TERM": "xterm", "NO_COLOR": "1"}
    with doors.start("run", mini, *BROKEN, TOY, *workers, stdout=theirs, stderr=theirs) as run:
        os.close(theirs)
        text = ""
        with open(ours, "rb", buffering=0) as reading:
            try:
                while more := reading.read(65536):
                    text += more.decode()
            except OSError:
                pass  # how a terminal says that nobody writes to it any more
        assert run.wait(PATIENCE) == ExitCode.FINDINGS
    doors.settle()

    before, _, report = text.partition("(miniature)")
    assert before.count("FAIL must X25  object-add/toy/defaults/flag") == 1
    assert "\r\x1b[K" in before
    assert re.search(r"cases, 1 finding, \d+:\d\d elapsed", before)
    assert "\x1b[K" not in report


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_verbose_tells_each_item_and_each_finding_in_full(
    doors: Doors, mini: str, workers: tuple[str, ...]
) -> None:
    done = doors.command("run", mini, *BROKEN, TOY, "-v", *workers)

    before = done.out.partition("THIS RUN")[0]
    name = Path(mini).name
    assert re.search(rf"^{name}::object-add\.toy::defaults: 20 pass, 2 fail, 1 ", before, re.M)
    head = before.index("FAIL must X25  object-add/toy/defaults/flag\n     promised  ")
    assert "     happened  qom-get: returned true" in before[head:]
    assert "     evidence  " in before[head:]


def test_quiet_tells_the_verdicts_alone(doors: Doors, mini: str) -> None:
    done = doors.command("run", mini, *BROKEN, TOY, "-q")

    assert (done.code, done.err) == (ExitCode.FINDINGS, "")
    one, two = done.out.splitlines()
    assert one.startswith(f"{Path(mini).name}: Breaks promises: 1 root cause; 2 of 23 cases broken")
    assert two == "FINDINGS: 1 of 1 build broke promises."


def test_two_builds_of_one_name_are_told_apart_and_found_again(doors: Doors, mini: str) -> None:
    done = doors.command("run", "--full", f"old={mini}", f"new={mini}", *BROKEN, TOY)

    assert done.code == ExitCode.FINDINGS, done.err
    stream = events(doors.home / "qmp-report")
    started = [event for event in stream if event["event"] == "target-started"]
    assert [event["target"] for event in started] == ["old", "new"]
    assert started[0]["spelling"] == f"--env=BREAKS=other-default old={mini}"
    again = re.search(r"replay    qmp-conformance (.*)", done.out)
    assert again
    assert doors.command(*shlex.split(again[1])).code == ExitCode.FINDINGS


def test_the_environment_of_pytest_does_not_reach_the_command(doors: Doors, mini: str) -> None:
    doors.environment |= {
        "PYTEST_ADDOPTS": "-k nothing --collect-only",
        "PYTEST_PLUGINS": "nosuchplugin",
    }
    for workers in ((), ("-n", "2")):
        done = doors.command("run", mini, TOY, *workers)

        assert (done.code, done.err) == (ExitCode.CONFORMS, "")
        assert "22 cases passed on 1 build" in done.out


def test_one_pattern_of_several_that_fits_nothing_is_told(doors: Doors, mini: str) -> None:
    done = doors.command("run", mini, TOY, "--case=nothing")

    assert (done.code, done.err) == (ExitCode.CONFORMS, "")
    assert "Warning: no case fits 'nothing'\n" in done.out
    selection = events(doors.home / "qmp-report")[0]["selection"]
    assert selection == ["object-add/toy/defaults/*", "nothing (fits no case)"]
    listed = doors.command("list", mini, TOY, "--case=nothing")
    assert len(listed.out.splitlines()) == 23
    assert listed.err == "qmp-conformance: Warning: no case fits 'nothing'\n"


def test_a_case_and_a_program_may_change_places(doors: Doors, mini: str) -> None:
    case = "object-add/toy/valid/mandatory-only"
    one, two = doors.command("show", case, mini), doors.command("show", mini, case)

    assert (one.code, one.err) == (0, "")
    assert one == two


def test_a_run_whose_reader_has_gone_ends_with_its_own_code(doors: Doors, mini: str) -> None:
    assert piped(doors, "run", mini, *BROKEN, TOY) == (ExitCode.FINDINGS, "")
    assert events(doors.home / "qmp-report")[-1]["exit_code"] == ExitCode.FINDINGS
    assert (doors.home / "qmp-report/report.md").exists()
    case = "object-add/toy/defaults/flag"
    assert piped(doors, "replay", case, mini, *BROKEN) == (ExitCode.FINDINGS, "")


@pytest.mark.parametrize("words", [("list",), ("show", "object-add/toy/valid/mandatory-only")])
def test_where_the_output_is_all_its_loss_is_told(
    doors: Doors, mini: str, words: tuple[str, ...]
) -> None:
    assert piped(doors, *words, mini) == (141, "")
