"""The folder of a run and its janitor: nothing outlives a run, however it ends."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.launch import janitor
from conformance.launch.folder import RunFolder
from conformance.launch.waiting import readable
from tests.patience import PATIENCE

LIMIT = PATIENCE
ROOT = Path(__file__).parents[2]

RUN = """
import sys
from conformance.launch.folder import RunFolder
from conformance.launch.pool import Pool
from conformance.launch.target import program_target
from conformance.model.stage import MachineSpec, Peer
import dataclasses
folder = RunFolder()
target = program_target("/usr/bin/qemu-system-x86_64")
target = dataclasses.replace(target, sandbox=sys.argv[1] == "sandbox")
pool = Pool(target, folder, ahead=2)
spec = MachineSpec(peers=(Peer(serve="sink", address="sink"),))
pool.prefetch([spec] * 5)
taken = [pool.take(spec) for _ in range(2)]
pids = [machine.pid for machine in taken]
print(folder.path, folder.janitor_pid, *pids, flush=True)
sys.stdin.read()
"""


def gone(pids: list[int], deadline: float) -> bool:
    """Wait until no process of `pids` is left."""
    for pid in pids:
        try:
            pidfd = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            if not readable(pidfd, deadline - time.monotonic()):
                return False
        finally:
            os.close(pidfd)
    return True


def test_a_folder_is_private_and_goes_when_closed() -> None:
    with RunFolder() as folder:
        path = folder.path
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        one, two = folder.subfolder("m"), folder.subfolder("m")
        assert one != two
        (one / "file").touch()
        (one / "closed").mkdir(mode=0)
    assert not path.exists()
    folder.close()


def cat(folder: Path | str) -> subprocess.Popen[bytes]:
    """Start a process that waits, with the mark of `folder`."""
    environment = {"PATH": os.defpath, janitor.MARK: str(folder)}
    return subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, env=environment)


def test_what_has_the_mark_ends_with_the_folder() -> None:
    with RunFolder() as folder:
        below = folder.subfolder("m")
        processes = [cat(path) for path in (folder.path, below, f"{folder.path}0", "/nowhere")]
    at, under, beside, other = processes
    assert at.wait(LIMIT) == under.wait(LIMIT) == -signal.SIGKILL
    assert beside.poll() is other.poll() is None
    for process in processes:
        process.communicate(timeout=LIMIT)


def test_what_comes_up_behind_the_first_look_ends_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter([lambda folder: iter(())])
    held = janitor.held
    # What dies of its own may have started another just before: the first look finds neither.
    monkeypatch.setattr(janitor, "held", lambda folder: next(looks, held)(folder))
    process = cat(tmp_path)

    janitor.end(str(tmp_path))

    assert process.wait(LIMIT) == -signal.SIGKILL
    process.communicate(timeout=LIMIT)


@pytest.mark.qemu
@pytest.mark.parametrize("mode", ["sandbox", "plain"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_run_leaves_nothing(mode: str, number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", RUN, mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd="/",
    ) as run:
        assert run.stdout is not None
        assert select.select([run.stdout], [], [], LIMIT)[0]
        path, *numbers = run.stdout.readline().split()
        folder, pids = Path(path.decode()), [int(number) for number in numbers]
        assert folder.is_dir()
        assert not gone(pids[:1], time.monotonic())
        run.send_signal(number)
        assert run.wait(LIMIT) == -number
    assert gone(pids, time.monotonic() + LIMIT)
    assert not folder.exists()
    assert not _mentions(str(folder))


HOLDING = """
import sys
from conformance.launch.folder import RunFolder
folder = RunFolder()
print(folder.path, folder.janitor_pid, flush=True)
sys.stdin.read()
"""


def test_a_run_killed_with_its_janitor_is_swept_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with RunFolder() as living, _holding(tmp_path) as (run, killed, janitor_pid):
        left = cat(killed)
        (killed / "machine1").mkdir(mode=0)
        with RunFolder() as other:
            assert other.path != killed
            assert killed.exists()
        # Stopped first: the janitor would tidy up behind the run.
        held = os.pidfd_open(janitor_pid)
        os.kill(janitor_pid, signal.SIGSTOP)
        run.kill()
        run.wait(LIMIT)
        with RunFolder() as other:
            assert other.path != killed
            assert killed.exists()
        os.kill(janitor_pid, signal.SIGKILL)
        assert readable(held, LIMIT)
        os.close(held)

        with RunFolder() as other:
            assert other.path.exists()
            assert not killed.exists()

        assert left.wait(LIMIT) == -signal.SIGKILL
        left.communicate(timeout=LIMIT)
        assert living.path.exists()


@contextlib.contextmanager
def _holding(parent: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path, int]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(parent)},
        cwd="/",
    ) as run:
        assert run.stdout is not None
        path, number = run.stdout.readline().split()
        yield run, Path(path.decode()), int(number)


def test_what_only_looks_like_the_folder_of_a_run_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    aim = tmp_path / "aim"
    aim.mkdir()
    (tmp_path / f"{janitor.PREFIX}link").symlink_to(aim)
    (tmp_path / f"{janitor.PREFIX}file").touch()
    (tmp_path / "qmp-conformance-old").mkdir()
    before = sorted(tmp_path.iterdir())
    uid = os.geteuid()
    (tmp_path / f"{janitor.PREFIX}of-another").mkdir()
    # To another user than its owner it is another's, as those are to us.
    monkeypatch.setattr(os, "geteuid", lambda: uid + 1)
    janitor.sweep(str(tmp_path))
    monkeypatch.undo()
    assert (tmp_path / f"{janitor.PREFIX}of-another").exists()
    janitor.sweep(str(tmp_path))
    assert sorted(tmp_path.iterdir()) == before


def _mentions(text: str) -> list[str]:
    """Return the command lines of all processes that contain `text`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if text in line:
            found.append(line)
    return found
