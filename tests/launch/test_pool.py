"""The pool: started ahead, handed out in order, closed whatever happens."""

from __future__ import annotations

import contextlib
import signal
import threading
from pathlib import Path

import pytest

from conformance.launch.folder import RunFolder
from conformance.launch.machine import Machine
from conformance.launch.pool import Pool
from conformance.launch.process import Process
from conformance.launch.target import Target
from conformance.model.errors import HarnessError, KnowledgeError
from conformance.model.stage import MachineSpec, ScratchFile

from .qmp import LIMIT, Client

pytestmark = pytest.mark.qemu

A, B, C = (MachineSpec(args=("-name", name)) for name in "abc")
WRONG = MachineSpec(files=(ScratchFile(path="x", make="nothing"),))


def name(machine: Machine) -> str:
    answer: str = Client(machine).execute("query-name")["return"]["name"]
    return answer


def test_machines_come_as_asked(host_target: Target, folder: RunFolder) -> None:
    with Pool(host_target, folder) as pool:
        pool.prefetch([A, B, A])
        for spec, expected in ((A, "a"), (B, "b"), (A, "a"), (C, "c")):
            with pool.take(spec) as machine:
                assert name(machine) == expected
    assert not list(folder.path.iterdir())


def test_what_was_skipped_is_ended(host_target: Target, folder: RunFolder) -> None:
    with Pool(host_target, folder) as pool:
        pool.prefetch([A, A, A, A, B])
        with pool.take(B) as machine:
            assert name(machine) == "b"
            # Whatever was started for the first four is gone, or goes with the next start.
            with pool.take(C):
                assert len(list(folder.path.iterdir())) <= 2


def test_a_replacement_uses_nothing_that_is_expected(
    host_target: Target, folder: RunFolder
) -> None:
    with Pool(host_target, folder) as pool:
        pool.prefetch([B, A])
        first = pool.take(A, again=True)
        assert (name(first), name(pool.take(B)), name(pool.take(A))) == ("a", "b", "a")


def test_no_more_are_started_than_said(host_target: Target, folder: RunFolder) -> None:
    with Pool(host_target, folder, ahead=2) as pool:
        pool.prefetch([A] * 10)
        pool.take(B)
        assert len(list(folder.path.iterdir())) <= 3


def test_a_failing_start_is_raised_where_it_is_taken(
    host_target: Target, folder: RunFolder
) -> None:
    with Pool(host_target, folder) as pool:
        pool.prefetch([WRONG, A])
        with pytest.raises(KnowledgeError, match="nothing makes"):
            pool.take(WRONG)
        assert name(pool.take(A)) == "a"


def test_of_those_given_back_one_may_still_be_ending(
    host_target: Target, folder: RunFolder
) -> None:
    with Pool(host_target, folder) as pool:
        machines = [pool.take(spec) for spec in (A, B, C)]
        for machine in machines:
            pool.give_back(machine)
        assert [machine.closed for machine in machines[:2]] == [True, True]
        assert name(pool.take(A)) == "a"
    assert machines[2].closed
    assert not list(folder.path.iterdir())


def test_a_machine_that_does_not_end_is_reported_by_the_next_or_the_pool(
    host_target: Target, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(process: Process) -> None:
        kill(process)
        raise HarnessError("it did not end", "Look.")

    kill = Process.kill
    pool = Pool(host_target, folder)
    with monkeypatch.context() as patch:
        patch.setattr(Process, "kill", fails)
        first, second = pool.take(A), pool.take(B)
    pool.give_back(first)
    with pytest.raises(HarnessError, match="it did not end"):
        pool.give_back(second)
    with pytest.raises(HarnessError, match="it did not end"):
        pool.close()
    assert not list(folder.path.iterdir())


def test_closing_ends_what_was_handed_out(host_target: Target, folder: RunFolder) -> None:
    with Pool(host_target, folder) as pool:
        pool.prefetch([A, B, C])
        machine = pool.take(A)
        pid = machine.pid
    assert machine.closed
    assert not Path(f"/proc/{pid}").exists()
    assert not list(folder.path.iterdir())
    with pytest.raises(HarnessError, match="closed"):
        pool.take(A)


def test_an_interrupt_while_waiting_leaves_nothing(host_target: Target, folder: RunFolder) -> None:
    threads = threading.active_count()
    with contextlib.suppress(KeyboardInterrupt), Pool(host_target, folder) as pool:
        pool.prefetch([A, B])
        timer = threading.Timer(0.02, signal.raise_signal, [signal.SIGINT])
        timer.start()
        while True:
            pool.take(C).close()
    timer.join(LIMIT)
    assert not list(folder.path.iterdir())
    assert threading.active_count() == threads
