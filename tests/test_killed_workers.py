"""Runs whose workers are killed, at moments that are chosen: they end, and their reports say so."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from .conftest import REPORT, ROOT, Done, Doors, events, outcomes, report_files

pytestmark = pytest.mark.qemu

# Kills workers: `PLAN` names for each moment those of them that die there.
KILLER = """
import json, os, signal
import pytest

HOME = os.environ["KILLER_HOME"]
PLAN = json.loads(os.environ["KILLER_PLAN"])
FIFO = os.path.join(HOME, "replaced")

def at(moment, config):
    worker = getattr(config, "workerinput", {}).get("workerid", "")
    if worker and (worker in PLAN.get(moment, ()) or "*" in PLAN.get(moment, ())):
        os.kill(os.getpid(), signal.SIGKILL)

@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session):
    worker = getattr(session.config, "workerinput", {}).get("workerid", "")
    if "waits" in PLAN and worker == "gw2":
        open(FIFO, "w").close()
    if "waits" in PLAN and worker == "gw1":
        # Until the other one is dead and replaced.
        open(FIFO).close()
    at("collecting", session.config)

@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    at("collected", session.config)

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item):
    at("item", item.config)
    if item.config.workerinput["workerid"] in PLAN.get("amid", ()):
        die_amid(item.config)

def die_amid(config):
    # With the third case that is recorded, half of it written.
    from conformance.play.records import Recorder
    real, count = Recorder.write, [0]

    def write(self, events):
        count[0] += 1
        if count[0] == 3:
            self._file.write('{"case":"qom-')
            self._file.flush()
            at("amid", config)
        real(self, events)

    Recorder.write = write
"""


def killed(doors: Doors, targets: str, plan: dict[str, list[str]], *more: str) -> Done:
    """Run pytest on a build that keeps all, with two workers that die as `plan` has it."""
    (doors.home / "killer.py").write_text(KILLER)
    environment = doors.environment
    environment["PYTHONPATH"] = f"{ROOT}:{doors.home}"
    environment["KILLER_HOME"] = str(doors.home)
    environment["KILLER_PLAN"] = json.dumps(plan)
    words = (f"--qmp-targets={targets}:good", "--qmp-case=qom-*/errors/*")
    return doors.pytest(*words, "-n", "2", "-p", "killer", *more)


def found(folder: Path) -> tuple[set[str], int, bool]:
    """Return the outcomes of a run's cases, its exit code, and whether it is whole."""
    stream = events(folder)
    assert report_files(folder) == REPORT
    ended = stream[-1]
    each = [outcome for _, _, outcome in outcomes(stream)]
    assert len(each) == stream[1]["cases"]
    return {"pass", "not-run"}.intersection(each), ended["exit_code"], ended["complete"]


def test_one_killed_while_another_collects_is_replaced_and_nothing_lost(
    doors: Doors, targets: str
) -> None:
    os.mkfifo(doors.home / "replaced")

    done = killed(doors, targets, {"waits": [], "collected": ["gw0"]})

    assert done.code == 0, done.out
    assert "INTERNALERROR" not in done.out
    assert found(doors.home / "qmp-report") == ({"pass"}, 0, True)


@pytest.mark.parametrize(
    "plan",
    [
        {"item": ["gw0"]},
        {"item": ["gw0", "gw1"]},
        {"amid": ["gw0"]},
        {"amid": ["gw0", "gw1"]},
        {"collecting": ["gw0"], "item": ["gw1"]},
    ],
)
def test_an_item_in_which_a_worker_dies_is_played_by_another_from_its_beginning(
    doors: Doors, targets: str, plan: dict[str, list[str]]
) -> None:
    done = killed(doors, targets, plan)

    assert done.code == 0, done.out
    folder = doors.home / "qmp-report"
    assert found(folder) == ({"pass"}, 0, True)
    cases = [case for _, case, _ in outcomes(events(folder))]
    assert len(cases) == len(set(cases))


@pytest.mark.parametrize(
    ("plan", "more", "kept"),
    [
        ({"item": ["gw0"]}, ("--max-worker-restart=0",), {"pass", "not-run"}),
        ({"item": ["*"]}, ("--max-worker-restart=3",), {"not-run"}),
        ({"collecting": ["*"]}, ("--max-worker-restart=3",), {"not-run"}),
        ({"collected": ["*"]}, ("--max-worker-restart=1",), {"not-run"}),
    ],
)
def test_what_killed_workers_had_in_hand_is_not_run(
    doors: Doors, targets: str, plan: dict[str, list[str]], more: tuple[str, ...], kept: set[str]
) -> None:
    done = killed(doors, targets, plan, *more)

    assert done.code != 0
    assert "INTERNALERROR" not in done.out, done.out
    assert "THIS RUN IS PARTIAL" in done.out
    assert found(doors.home / "qmp-report") == (kept, 4, False)
