"""Holding up who reads a named pipe."""

from __future__ import annotations

import os
import queue
import threading
from pathlib import Path

import pytest

from conformance.launch.gate import Gate
from conformance.launch.scratch import fill
from conformance.model.errors import KnowledgeError
from conformance.model.stage import ScratchFile
from tests.patience import PATIENCE

LONG = PATIENCE
"""Seconds that no test needs unless it fails."""


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    fill(tmp_path, (ScratchFile(path="gate", make="fifo"),))
    return tmp_path / "gate"


class Reader:
    """Someone who reads a file in a thread; `read` has what was found, once it is all there."""

    def __init__(self, path: Path) -> None:
        self.read: queue.Queue[bytes] = queue.Queue()
        self._thread = threading.Thread(target=lambda: self.read.put(path.read_bytes()))
        self._thread.start()

    def done(self) -> bytes:
        found = self.read.get(timeout=LONG)
        self._thread.join(LONG)
        return found


def test_who_reads_is_held_until_the_gate_closes_and_then_finds_nothing(fifo: Path) -> None:
    reader = Reader(fifo)
    gate = Gate(fifo, LONG)
    assert reader.read.empty()

    gate.close()

    assert reader.done() == b""


def test_the_same_pipe_holds_up_one_after_the_other(fifo: Path) -> None:
    for _ in range(3):
        reader = Reader(fifo)
        gate = Gate(fifo, LONG)
        gate.close()
        gate.close()
        assert reader.done() == b""


def test_that_nobody_reads_is_told_in_time_and_leaves_nothing_behind(fifo: Path) -> None:
    before = threading.active_count(), len(os.listdir("/proc/self/fd"))

    with pytest.raises(TimeoutError, match=r"nobody reads gate within 0\.01 s"):
        Gate(fifo, 0.01)

    assert (threading.active_count(), len(os.listdir("/proc/self/fd"))) == before


def test_a_pipe_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="none cannot be opened"):
        Gate(tmp_path / "none", LONG)


def test_a_maker_that_does_not_exist_is_told_with_those_that_do(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="nothing makes 'pipe'") as told:
        fill(tmp_path, (ScratchFile(path="gate", make="pipe"),))
    assert "fifo" in told.value.remedy
