"""Each benchmark comes to its end with cases of every aspect, and counts what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import latency, probe, throughput
from benchmarks.tape import Piece, Strand
from conformance.launch.target import program_target
from conformance.model.terms import Aspect
from tests.conftest import QEMU, ROOT
from tests.miniatures.install import install
from tests.patience import PATIENCE

pytestmark = pytest.mark.qemu

GLOBS = (
    "object-add/iothread/*",
    "query-qmp-schema/introspection/*",
    "add-fd/*",
    "balloon/*",
    "object-add/pr-manager-helper/peers/recipe/hangs-up@start",
    "query-name/answers/*",
    "wire/id/kinds/*",
    "STOP/*",
)
"""Cases of every aspect that needs no source tree."""
WITHOUT_SOURCE = {*Aspect} - {Aspect.EXAMPLES, Aspect.FUZZ, Aspect.STATEFUL}
"""Without --fuzz, nothing is searched."""


@pytest.fixture
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("PYTEST_", "QMP_"))]:
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("_alone")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_and_its_replay_come_to_their_end(workers: int) -> None:
    pair = throughput.measure(program_target(QEMU), workers, GLOBS)

    assert pair.cases > 100
    assert 0 < pair.requests < pair.size
    assert pair.machines > 3
    assert pair.lines > pair.requests / 2
    assert (pair.ended, pair.vain) == (0, 0)
    assert set(pair.phases) == {
        "lead",
        *(f"gw{number}" for number in range(workers) if workers > 1),
    }
    player = "lead" if workers == 1 else "gw0"
    assert pair.phases[player]["playing cases"] > 0
    assert throughput.table([throughput.summary([pair])])


@pytest.mark.usefixtures("_alone")
def test_the_selection_has_every_aspect(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "conformance", "run", "-q", QEMU, "--report", str(tmp_path)]
    command += [f"--case={glob}" for glob in GLOBS]
    subprocess.run(command, cwd=ROOT, check=False, timeout=PATIENCE * 10, capture_output=True)

    lines = map(json.loads, (tmp_path / "events.ndjson").read_text().splitlines())
    aspects = {line["aspect"] for line in lines if line["event"] == "case-ended"}
    assert aspects == WITHOUT_SOURCE


@pytest.mark.usefixtures("_alone")
def test_single_questions_are_measured_beside_an_idle_pytest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = str(install(tmp_path))
    every = tuple(latency.questions(build, ""))
    some = [every[0], every[1], *(each for each in every if each.name.startswith("show CASE"))]
    monkeypatch.setattr(latency, "questions", lambda program, rootfs: iter(some))

    costs = latency.measure(build, "", 1)

    assert [cost.name for cost in costs] == [each.name for each in some]
    assert all(cost.cpu > 0 for cost in costs)
    assert all(cost.name in latency.table(costs) for cost in costs)


def test_the_track_of_an_exchange_tells_what_was_heard_before_it_went_on() -> None:
    track = probe._Track("wire-a")
    track.received(b"greeting\n")
    track.sent(b"one")
    track.sent(b"two")
    track.received(b'{"return": {}, "id": 7}\n')
    track.received(b"no JSON\n")
    track.sent(b"three")

    pieces = (Piece(b"", 1), Piece(b"onetwo", 2), Piece(b"three", 0))
    assert track.strand() == Strand(endpoint="wire-a", pieces=pieces)
    assert (track.requests, track.last()) == (3, 7)
