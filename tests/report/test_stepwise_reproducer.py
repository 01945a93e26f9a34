"""Reproducers that wait for another machine and for events show the same when they are pasted."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.model.case import Case, Isolation
from conformance.model.peer_talk import PeerTalk, PeerTurn
from conformance.model.stage import (
    SCRATCH,
    Awaited,
    Companion,
    MachineSpec,
    Peer,
    Request,
    Stage,
)
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


def peers_of(*talks: PeerTalk) -> list[str]:
    spec = MachineSpec(peers=(Peer(serve="nbd", address="p"),))
    made = case("asks", step("stop"))
    made = replace(made, stage=replace(made.stage, spec=spec))
    text = reproducer(made, (), COMMAND, ShownPlay(talks=talks))
    return [line for line in text.splitlines() if line.startswith(("peer(", "# p:"))]


def test_what_is_said_again_and_again_is_told_once() -> None:
    flood = PeerTalk(address="p", turns=(PeerTurn(after=1, says=b"xyz" * 1000, late=0.5),))

    assert peers_of(flood) == [f"peer('{SCRATCH}/p', [(1, b'xyz' * 1000, 0.5, False)])"]


def test_connections_that_repeat_the_last_are_told_once() -> None:
    first = PeerTalk(address="p", turns=(PeerTurn(after=0, says=b"a"),))
    later = PeerTalk(address="p", turns=(PeerTurn(after=2, ends=True),))
    begun = PeerTalk(address="p")

    (told,) = peers_of(first, later, later, later, begun)

    assert told == f"peer('{SCRATCH}/p', [(0, b'a', 0, False)], [(2, b'', 0, True)])"


def test_a_peer_that_calls_has_the_turns_of_its_call() -> None:
    waits = PeerTalk(address="p")
    calls = PeerTalk(address="p", calls="5900", turns=(PeerTurn(after=12, says=b"RFB"),))

    (told,) = peers_of(waits, calls)

    assert told == f"""peer('{SCRATCH}/p', [(12, b'RFB', 0, False)], calls=("127.0.0.1", 5900))"""


@pytest.mark.parametrize(
    "talk",
    [
        PeerTalk(address="p", whole=False),
        PeerTalk(address="p", turns=(PeerTurn(after=0, says=bytes(range(256)) * 300 + b"!"),)),
    ],
    ids=["cut", "long"],
)
def test_who_says_too_much_is_left_to_the_suite(talk: PeerTalk) -> None:
    (told,) = peers_of(talk)

    assert told.startswith("# p: it says too much to paste")
