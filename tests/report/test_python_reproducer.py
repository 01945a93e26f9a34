"""A reproducer becomes a program that uses qemu.qmp, and shows the same."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.judge.observation import Observation
from conformance.model.ending import Ending
from conformance.model.peer_talk import PeerTalk, PeerTurn
from conformance.model.stage import SCRATCH, Awaited, Peer, Request, ScratchFile
from conformance.model.terms import ABSENT
from conformance.report.python_reproducer import python_text
from conformance.report.reproducer import ShownPlay, reproducer
from tests.conftest import QEMU
from tests.patience import PATIENCE
from tests.play.made import case, step

COMMAND = (QEMU, "-machine", "none", "-nodefaults", "-display", "none", "-S", "-qmp", "stdio")
QUERY = step("query-status")


def shown(text: str | None, folder: Path) -> list[str]:
    """Return what a program prints, in a folder of its own."""
    assert text is not None
    done = subprocess.run(
        [sys.executable, "-c", text.replace(SCRATCH, str(folder))],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.qemu
def test_a_pipe_becomes_a_dialogue(tmp_path: Path) -> None:
    refused = step("no-such-command")

    told = shown(python_text(reproducer(case("made", QUERY, refused), (), COMMAND)), tmp_path / "q")

    assert told[:2] == ['-> {"execute":"qmp_capabilities"}', '<- {"return": {}}']
    assert told[3].startswith('<- {"return": {"status": "prelaunch"')
    assert told[5].startswith('<- {"error": {"class": "CommandNotFound"')
    assert told[-1] == "QEMU ended with status 0"


@pytest.mark.qemu
def test_a_script_keeps_its_calls(tmp_path: Path) -> None:
    passing = replace(step("add-fd"), request=Request("add-fd", ABSENT, descriptor="memfd"))
    awaiting = replace(step("cont"), request=Request("cont", awaits=(Awaited(event="RESUME"),)))

    told = shown(
        python_text(reproducer(case("made", passing, awaiting), (), COMMAND)), tmp_path / "q"
    )

    assert '"fdset-id": 0' in told[told.index('-> {"execute":"add-fd"}') + 1]
    assert any('"event": "RESUME"' in line for line in told)


@pytest.mark.qemu
def test_a_peer_says_again_what_it_has_said(tmp_path: Path) -> None:
    # What NBD calls its magic, and then another one: the server is refused.
    greeting = PeerTurn(after=0, says=b"NBDMAGIC" + b"x" * 8, ends=True)
    node = {
        "driver": "nbd",
        "server": {"type": "unix", "path": f"{SCRATCH}/nbd"},
        "node-name": "n",
    }
    asking = case("made", step("blockdev-add", node))
    spec = replace(asking.stage.spec, peers=(Peer(serve="nbd", address="nbd"),))
    asking = replace(asking, stage=replace(asking.stage, spec=spec))
    seen = ShownPlay(talks=[PeerTalk(address="nbd", turns=(greeting,))])
    shell = reproducer(asking, (), COMMAND, seen)

    told = shown(python_text(shell), tmp_path / "q")
    pasted = subprocess.run(
        ["bash", "-c", shell.replace(SCRATCH, str(tmp_path / "r"))],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    for text in ("\n".join(told), pasted.stdout):
        assert "Bad server magic received" in text


def test_how_it_ended_and_the_limit_of_a_pipe_are_left_out() -> None:
    seen = Observation(replies=(None,), hung=True)
    hanging = reproducer(case("made", QUERY), (), COMMAND, ShownPlay(seen=seen))
    assert f"timeout -s KILL 10 {QEMU}" in hanging

    text = python_text(hanging)

    assert text is not None
    assert "timeout -s" not in text
    assert f"machine = start('{SCRATCH}/wire-machine', '{QEMU} " in text


def test_what_must_be_there_is_made_first() -> None:
    made = case("made", QUERY)
    spec = replace(made.stage.spec, files=(ScratchFile(path="a", text="it's"),))

    text = python_text(reproducer(replace(made, stage=replace(made.stage, spec=spec)), (), COMMAND))

    assert text is not None
    compile(text, "made", "exec")
    assert f"> {SCRATCH}/a" in text


@pytest.mark.parametrize(
    "shell",
    ["{ printf '{'; } | qemu -qmp stdio", "# Too long to paste", "qemu <<'EOF'\nno request\nEOF"],
)
def test_what_no_client_can_say_stays_shell_text(shell: str) -> None:
    assert python_text(shell) is None


def test_the_end_of_a_case_is_told_in_shell_text() -> None:
    seen = Observation(replies=(None,), death=Ending(status=-6, stderr=""))

    text = reproducer(case("made", QUERY), (), COMMAND, ShownPlay(seen=seen))

    assert text.splitlines()[-1] == 'echo "QEMU ended with status $?"'
