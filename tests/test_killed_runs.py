"""Runs that do not come to their end: what they say, and that nothing outlives them."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from conformance.model.terms import ExitCode
from tests.patience import PATIENCE

from .conftest import QEMU, REPORT, Doors, events, outcomes, report_files

pytestmark = pytest.mark.qemu

# Minutes of work, of which the first items are done within a second or two.
CASES = "object-add/[f-p]*/*/*"
LONG = (QEMU, f"--case={CASES}", "-v")
WORKERS = pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
# How pytest, and the command with -v, show the ends of items.
_ITEMS = re.compile(r"^(?:([.sFE]+)|\S+::\S+: \d)", re.MULTILINE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# What takes a line away that changes.
_ERASE = "\r\x1b[K"


def watch(output: int, items: int) -> str:
    """Return what was written once so many items have ended."""
    deadline = time.monotonic() + PATIENCE
    text = ""
    while sum(len(found or ".") for found in _ITEMS.findall(text)) < items:
        assert select.select([output], [], [], deadline - time.monotonic())[0], text
        more = os.read(output, 65536).decode()
        assert more, f"it ended by itself: {text}"
        text = _COLOUR.sub("", text + more).replace(_ERASE, "\n")
    return text


@contextlib.contextmanager
def amid(doors: Doors, *words: str, module: str = "conformance") -> Iterator[subprocess.Popen[str]]:
    """Start a long run and wait until some of its items have ended."""
    with doors.start(*words, module=module) as run:
        assert run.stdout is not None
        watch(run.stdout.fileno(), 4)
        yield run


def is_partial(doors: Doors, out: str) -> None:
    """Check that the report says, loudly, that it is not whole."""
    assert "THIS RUN IS PARTIAL" in out
    assert "Traceback" not in out
    folder = doors.home / "qmp-report"
    assert report_files(folder) == REPORT
    assert "**This run is partial.**" in (folder / "report.md").read_text()
    stream = events(folder)
    assert (stream[-1]["complete"], stream[-1]["exit_code"]) == (False, 130)
    found = [outcome for _, _, outcome in outcomes(stream)]
    assert found.count("pass") > 10
    assert found.count("not-run") > 1000
    assert len(found) == stream[1]["cases"]


@WORKERS
@pytest.mark.parametrize("whom", ["group", "leader"])
def test_ctrl_c_leaves_a_partial_report_and_nothing_else(
    doors: Doors, workers: tuple[str, ...], whom: str
) -> None:
    with amid(doors, "run", *LONG, *workers) as run:
        if whom == "group":
            os.killpg(run.pid, signal.SIGINT)
        else:
            run.send_signal(signal.SIGINT)
        out, _ = run.communicate(timeout=PATIENCE)

    assert run.returncode == ExitCode.INTERRUPTED
    is_partial(doors, out)
    doors.settle()


@WORKERS
def test_a_cancelled_job_leaves_the_same(doors: Doors, workers: tuple[str, ...]) -> None:
    with amid(doors, "run", *LONG, *workers) as run:
        run.terminate()
        out, _ = run.communicate(timeout=PATIENCE)

    assert run.returncode == ExitCode.INTERRUPTED
    is_partial(doors, out)
    doors.settle()


@WORKERS
def test_a_killed_run_leaves_nothing_running_and_no_report_that_could_be_taken_for_its_own(
    doors: Doors, workers: tuple[str, ...]
) -> None:
    assert doors.command("run", QEMU, "--case=object-add/iothread/valid/*").code == 0
    with amid(doors, "run", *LONG, *workers) as run:
        run.kill()
        assert run.wait(PATIENCE) == -signal.SIGKILL
        doors.settle()

    # Its own beginning and what its processes recorded, and of the earlier one nothing.
    folder = doors.home / "qmp-report"
    left = {path.name for path in folder.iterdir()}
    assert {".run", "events.ndjson"} < left
    assert not left & {"summary.json", "report.md"}
    assert "run-ended" not in (folder / "events.ndjson").read_text()
    assert doors.command("validate", str(folder / "events.ndjson")).code == ExitCode.USAGE

    done = doors.command("report", str(folder))

    assert done.code == ExitCode.INTERRUPTED
    is_partial(doors, done.out)
    summary = (folder / "summary.json").read_bytes()
    again = doors.command("report", str(folder))
    assert (again.code, again.out) == (done.code, done.out)
    assert (folder / "summary.json").read_bytes() == summary


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@WORKERS
def test_a_pytest_that_is_killed_leaves_nothing_running(
    doors: Doors, workers: tuple[str, ...], number: signal.Signals
) -> None:
    words = (f"--qmp-program={QEMU}", f"--qmp-case={CASES}", "-q", *workers)
    with amid(doors, *words, module="pytest") as run:
        run.send_signal(number)
        assert run.wait(PATIENCE) == -number
        doors.settle()


def test_ctrl_c_in_pytest_leaves_a_partial_report(doors: Doors) -> None:
    words = (f"--qmp-program={QEMU}", f"--qmp-case={CASES}", "-q")
    with amid(doors, *words, module="pytest") as run:
        os.killpg(run.pid, signal.SIGINT)
        out, _ = run.communicate(timeout=PATIENCE)

    assert run.returncode == pytest.ExitCode.INTERRUPTED
    is_partial(doors, out)
    doors.settle()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_ends_before_it_begins_leaves_nothing(
    doors: Doors, number: signal.Signals
) -> None:
    with doors.hanging() as run:
        run.send_signal(number)
        out, _ = run.communicate(timeout=PATIENCE)

    if number == signal.SIGKILL:
        assert run.returncode == -number
    else:
        assert run.returncode == ExitCode.INTERRUPTED
        assert out == "hangs: identifying it\nqmp-conformance: interrupted\n"
    doors.settle()


@pytest.mark.parametrize("deaths", [1, 2])
def test_a_worker_that_dies_costs_time_and_two_that_die_of_one_item_cost_that(
    doors: Doors, deaths: int
) -> None:
    # The first machines that a worker starts kill it: amid an item, and but so often.
    program = doors.home / "qemu-system-x86_64"
    folders = " || ".join(f"mkdir '{doors.home}/{number}'" for number in range(deaths))
    program.write_text(
        "#!/bin/sh\n"
        f"if grep -q stdin.readline /proc/$PPID/cmdline && {{ {folders}; }}\n"
        "then kill -9 $PPID\n"
        f'fi 2> /dev/null\nexec {QEMU} "$@"\n'
    )
    program.chmod(0o755)
    cases = ("--case=qom-list-types/*", "--case=object-add/iothread/*")

    done = doors.command("run", str(program), *cases, "--no-sandbox", "-n", "1")

    assert done.code == (ExitCode.CONFORMS if deaths == 1 else ExitCode.HARNESS), done.out
    assert ("THIS RUN IS PARTIAL" in done.out) is (deaths == 2)
    items: dict[str, set[str]] = {}
    for event in events(doors.home / "qmp-report"):
        if event["event"] == "case-ended":
            items.setdefault(f"{event['subject']} {event['aspect']}", set()).add(event["outcome"])
    lost = [item for item, seen in items.items() if "not-run" in seen]
    assert len(lost) == deaths - 1
    # Without the sandbox what could reach the host is not run.
    kept = {"pass", "untried"}
    assert all(seen <= kept and "pass" in seen for item, seen in items.items() if item not in lost)
    assert len(items) > 5


def test_progress_is_shown_on_a_terminal_too(doors: Doors) -> None:
    ours, theirs = pty.openpty()
    try:
        doors.environment["TERM"] = "xterm"
        with doors.start("run", *LONG, stdout=theirs, stderr=theirs) as run:
            os.close(theirs)
            text = watch(ours, 4)
            assert re.search(r"\nqemu-system-x86_64: [1-9]\d* of [\d,]+ cases, 0 findings, ", text)
            assert run.poll() is None, text
            os.killpg(run.pid, signal.SIGKILL)
            assert run.wait(PATIENCE) == -signal.SIGKILL
    finally:
        os.close(ours)
    doors.settle()
