"""Signals of every kind, once and again: a run leaves its report, and nothing else."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.model.terms import ExitCode
from tests.patience import PATIENCE

from .conftest import REPORT, Doors, events, outcomes, report_files
from .test_killed_runs import WORKERS, watch

pytestmark = pytest.mark.qemu


@contextlib.contextmanager
def amid(doors: Doors, targets: str, *workers: str) -> Iterator[subprocess.Popen[str]]:
    """Start a run and wait until some of its items have ended."""
    with doors.start("run", "-v", f"{targets}:good", *workers) as run:
        assert run.stdout is not None
        watch(run.stdout.fileno(), 4)
        yield run


def is_interrupted(doors: Doors, run: subprocess.Popen[str], out: str) -> None:
    """Check the report of a run that was interrupted, and that nothing else is left."""
    assert run.returncode == ExitCode.INTERRUPTED, out
    assert "Traceback" not in out
    folder = doors.home / "qmp-report"
    assert report_files(folder) == REPORT
    ended = events(folder)[-1]
    assert (ended["exit_code"], ended["complete"]) == (130, False)
    assert json.loads((folder / "summary.json").read_text())["end"]["exit_code"] == 130
    doors.settle()


def again_and_again(run: subprocess.Popen[str], *numbers: signal.Signals) -> str:
    """Send the signals to all of the run, until it has ended; return what it said."""
    assert run.stdout is not None
    said: list[str] = []
    pidfd = os.pidfd_open(run.pid)
    try:
        while True:
            for number in numbers:
                os.killpg(run.pid, number)
            # As fast as it reads them, so that they meet every step of its end.
            if select.select([pidfd], [], [], 0.01)[0]:
                break
            if select.select([run.stdout], [], [], 0)[0]:
                said.append(os.read(run.stdout.fileno(), 65536).decode())
    finally:
        os.close(pidfd)
    out, _ = run.communicate(timeout=PATIENCE)
    return "".join(said) + out


@WORKERS
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_to_all_of_a_run_leaves_its_report(
    doors: Doors, targets: str, workers: tuple[str, ...], number: signal.Signals
) -> None:
    with amid(doors, targets, *workers) as run:
        os.killpg(run.pid, number)
        out, _ = run.communicate(timeout=PATIENCE)

    is_interrupted(doors, run, out)
    assert "pass" in {outcome for _, _, outcome in outcomes(events(doors.home / "qmp-report"))}


@WORKERS
def test_signals_again_and_again_leave_its_report(
    doors: Doors, targets: str, workers: tuple[str, ...]
) -> None:
    with amid(doors, targets, *workers) as run:
        out = again_and_again(run, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    is_interrupted(doors, run, out)
    assert "pass" in {outcome for _, _, outcome in outcomes(events(doors.home / "qmp-report"))}


def workers_of(run: subprocess.Popen[str]) -> list[int]:
    """Return the processes that are workers of a run."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == run.pid and b"stdin.readline" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


def test_a_worker_that_hangs_holds_nothing_up(doors: Doors, targets: str) -> None:
    with amid(doors, targets, "-n", "2") as run:
        workers = workers_of(run)
        assert len(workers) == 2
        os.kill(workers[0], signal.SIGSTOP)
        run.send_signal(signal.SIGINT)
        out, _ = run.communicate(timeout=PATIENCE)

    is_interrupted(doors, run, out)


def test_a_terminal_that_is_closed_ends_the_run_with_its_report(doors: Doors, targets: str) -> None:
    ours, theirs = pty.openpty()
    # A session of its own has no terminal until it opens one.
    opens = (
        "import os, sys\n"
        "os.close(os.open(os.ttyname(1), os.O_RDWR))\n"
        "os.execv(sys.executable, [sys.executable, '-m', 'conformance', *sys.argv[1:]])\n"
    )
    (doors.home / "opens.py").write_text(opens)
    doors.environment["PYTHONPATH"] += f":{doors.home}"
    words = ("run", "-v", f"{targets}:good")
    with doors.start(*words, module="opens", stdout=theirs, stderr=theirs) as run:
        os.close(theirs)
        watch(ours, 4)
        os.close(ours)
        assert run.wait(PATIENCE) == ExitCode.INTERRUPTED

    is_interrupted(doors, run, "")


def test_a_program_that_does_not_answer_is_interrupted_with_a_report(doors: Doors) -> None:
    with doors.hanging() as run:
        out = again_and_again(run, signal.SIGHUP, signal.SIGINT)

    is_interrupted(doors, run, out)
    assert out == "hangs: identifying it\nqmp-conformance: interrupted\n"
