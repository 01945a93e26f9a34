"""Reproducers that wait for another machine and for events show the same when they are pasted."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.model.case import Case, Isolation
from conformance.model.stage import SCRATCH, Awaited, Companion, MachineSpec, Request, Stage
from conformance.model.terms import ABSENT
from conformance.report.reproducer import ShownPlay, reproducer
from tests.conftest import QEMU
from tests.patience import PATIENCE
from tests.play.made import case, step

COMMAND = (QEMU, "-machine", "none", "-nodefaults", "-display", "none", "-S", "-qmp", "stdio")
X_COLO = {"capability": "x-colo", "state": True}
EVENTS = {"capability": "events", "state": True}


def _two_in_step() -> Case:
    guest = ("-m", "16")
    other = MachineSpec(machine="pc", accel="tcg", args=(*guest, "-incoming", "defer"))
    uri = {"uri": f"unix:{SCRATCH}/in.sock"}
    companion = Companion(
        spec=other,
        setup=(
            Request("migrate-set-capabilities", {"capabilities": [X_COLO]}),
            Request("migrate-incoming", uri),
        ),
    )
    spec = MachineSpec(machine="pc", accel="tcg", args=guest, companions=(companion,))
    awaited = Awaited(event="MIGRATION", data={"status": "colo"})
    stage = Stage(
        name="in-step",
        spec=spec,
        setup=(
            Request("migrate-set-capabilities", {"capabilities": [EVENTS, X_COLO]}),
            Request("migrate", uri, awaits=(awaited,)),
        ),
    )
    parting = case("parting", step("x-colo-lost-heartbeat"))
    return replace(parting, stage=stage, isolation=Isolation.ALONE)


@pytest.mark.qemu
def test_two_machines_come_in_step_before_they_are_parted(tmp_path: Path) -> None:
    text = reproducer(_two_in_step(), (), COMMAND).replace(SCRATCH, str(tmp_path / "q"))

    pasted = subprocess.run(
        ["bash", "-c", text], capture_output=True, text=True, timeout=PATIENCE, check=False
    )

    told = pasted.stdout.splitlines()
    colo = next(number for number, line in enumerate(told) if '"status": "colo"' in line)
    asked = told.index('-> {"execute":"x-colo-lost-heartbeat"}')
    assert colo < asked
    assert told[-1].startswith("QEMU ended with status ")


def test_a_companion_is_asked_in_its_turn() -> None:
    parting = _two_in_step()
    beside = Request("migrate-pause", ABSENT, companion=True)
    setup = (beside, *parting.stage.setup)
    text = reproducer(replace(parting, stage=replace(parting.stage, setup=setup)), (), COMMAND)

    (line,) = [each for each in text.splitlines() if "migrate-pause" in each]
    assert line == """ask(companion0, '{"execute":"migrate-pause"}')"""


def test_what_comes_and_goes_is_done_several_times() -> None:
    text = reproducer(case("some", step("stop")), (), COMMAND, ShownPlay(plays=10))

    assert text.startswith("for play in $(seq 50); do\n")
    assert text.endswith("\nEOF\ndone")


def test_a_case_that_waits_for_nothing_is_a_pipe() -> None:
    text = reproducer(case("plain", step("stop")), (), COMMAND)

    assert "python3" not in text
    waiting = case("waiting", step("stop"))
    (only,) = waiting.steps
    awaiting = replace(only, request=Request("stop", ABSENT, awaits=(Awaited(event="STOP"),)))
    assert "python3" in reproducer(replace(waiting, steps=(awaiting,)), (), COMMAND)
