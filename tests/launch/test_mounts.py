"""What a sandbox is given from outside: another user than root, bounded folders, trees, devices."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.launch import mounter, mounts
from conformance.launch.build import identify
from conformance.launch.environment import environment
from conformance.launch.folder import RunFolder
from conformance.launch.machine import Machine
from conformance.launch.mounts import SCRATCH_SPACE, Mounts
from conformance.launch.sandbox import Confinement, caveats, command
from conformance.launch.scratch import Room
from conformance.launch.target import Target, program_target
from conformance.model.stage import MachineSpec, ScratchFile
from tests.patience import PATIENCE

SHELL = program_target("/bin/sh")
AS_ROOT = pytest.mark.skipif(
    os.geteuid() != 0 or mounts._other_user()[0] is None,
    reason="only a root with all its rights can become another user",
)


def sh(folder: RunFolder, script: str, target: Target = SHELL, *, device: str = "") -> str:
    """Return what a script says that runs with a room in the sandbox."""
    room = Room(target, folder)
    try:
        confined = Confinement(
            scratch=room.source, mounts=folder.mounts, devices=(device,) if device else ()
        )
        done = subprocess.run(
            command(target, [target.program, "-c", script], confined),
            env=environment(target, folder.path),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    finally:
        room.close()
    return done.stdout


@AS_ROOT
def test_what_root_starts_is_another_user_in_no_group(folder: RunFolder) -> None:
    said = sh(folder, "grep -E 'Uid|Gid|Groups' /proc/self/status; cat /etc/shadow")

    assert folder.mounts.user is not None
    uid, gid = map(str, folder.mounts.user)
    words = said.split()
    assert words[:10] == ["Uid:", uid, uid, uid, uid, "Gid:", gid, gid, gid, gid]
    assert "Groups: cat:" in " ".join(words)
    assert said.endswith("Permission denied\n")
    assert caveats(SHELL, folder.mounts) == ()


def test_the_scratch_folder_is_full_in_time_and_takes_sparse_files(folder: RunFolder) -> None:
    said = sh(
        folder,
        f"cd /tmp/qmp; truncate -s 64G sparse && echo sparse; rm sparse; "
        f"head -c {SCRATCH_SPACE + (1 << 20)} /dev/zero > big; wc -c < big",
    )

    assert said.startswith("sparse\n")
    assert "No space left" in said
    assert int(said.splitlines()[-1]) <= SCRATCH_SPACE


def test_the_machine_and_its_run_share_the_folder(folder: RunFolder, host_target: Target) -> None:
    files = (ScratchFile(path="a/b", text="hello"), ScratchFile(path="p", make="fifo"))
    with Machine(host_target, MachineSpec(files=files), folder) as machine:
        assert (machine.scratch / "a/b").read_text() == "hello"
        owner = folder.mounts.user or (os.geteuid(), os.getegid())
        for path in machine.scratch.rglob("*"):
            assert (path.stat().st_uid, path.stat().st_gid) == owner
        # On the disk there is nothing.
        assert list(folder.path.iterdir()) == []
    assert not any(machine.scratch.iterdir())


def test_a_machine_does_not_see_the_folder_of_another(folder: RunFolder) -> None:
    other = Room(SHELL, folder)
    (other.path / "secret-of-another").touch()
    try:
        said = sh(folder, "ls /dev/shm; find / -name secret-of-another 2>/dev/null; echo end")
    finally:
        other.close()
    assert said == "end\n"


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder that only who runs the suite can look into, below one that is no better."""
    with tempfile.TemporaryDirectory(prefix=".qmp-", dir=Path.home()) as name:
        yield Path(name)


def _script(path: Path, text: str, mode: int = 0o700) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(mode)
    return path


def test_a_tree_that_only_its_owner_may_read_is_there_to_its_program(
    folder: RunFolder, closed: Path
) -> None:
    (closed / "data").write_text("there")
    (closed / "data").chmod(0o600)
    program = _script(closed / "program", f"cat {closed}/data; echo x > {closed}/data")

    assert sh(folder, "", program_target(str(program))).startswith("there")
    assert (closed / "data").read_text() == "there"


@AS_ROOT
def test_a_program_that_no_other_user_may_run_stays_root_and_says_so(
    folder: RunFolder, closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = _script(closed / "program", "echo QEMU emulator version 12.0.50; id -u")
    # As on a kernel or a file system that cannot hand files over.
    asked = Mounts._try
    monkeypatch.setattr(
        Mounts,
        "_try",
        lambda self, *request: "no" if request[0] == "handed-over" else asked(self, *request),
    )

    build = identify(program_target(str(program)), folder)

    assert build.as_root == "no other user may read what it is made of"
    target = Target(name="t", program=str(program), as_root=build.as_root)
    assert sh(folder, "", target).splitlines()[-1] == "0"
    (caveat,) = caveats(target, folder.mounts)
    assert caveat.startswith("stays root, for no other user may read")
    assert "/etc/shadow" in caveat


@AS_ROOT
def test_a_device_that_is_roots_alone_works_for_the_other_user(
    folder: RunFolder, closed: Path
) -> None:
    device = closed / "null"
    subprocess.run(["mknod", "-m", "600", device, "c", "1", "3"], check=True)

    said = sh(folder, f"echo x > {device} && stat -c '%a %u %t:%T' {device}", device=str(device))

    assert folder.mounts.user is not None
    assert said == f"600 {folder.mounts.user[0]} 1:3\n"


@AS_ROOT
def test_a_root_that_may_not_change_users_stays_root_and_names_what_it_lacks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mounts, "_effective", lambda: (1 << 41) - 1 - (1 << 7))
    with RunFolder() as folder:
        (caveat,) = caveats(SHELL, folder.mounts)
        assert caveat.startswith("stays root, for it has no CAP_SETUID here")
        # Its scratch folder has a limit all the same.
        assert folder.mounts.lacks is None
        assert sh(folder, "id -u; touch /tmp/qmp/x").strip() == "0"


@AS_ROOT
def test_a_root_that_may_not_mount_makes_a_user_namespace_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mounts, "_effective", lambda: (1 << 41) - 1 - (1 << 21))
    with RunFolder() as folder:
        assert "CAP_SYS_ADMIN" in (folder.mounts.root_reason or "")
        assert any(part.startswith("--user=") for part in folder.mounts.entering())
        assert sh(folder, "id -u; touch /tmp/qmp/x").strip() == "0"


def test_a_number_that_somebody_has_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "_effective", lambda: (1 << 41) - 1)
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    user, reason = mounts._other_user()
    assert user is not None, reason
    assert user[0] not in taken
    monkeypatch.setattr(mounts, "_mapped", lambda kind, number: False)
    assert mounts._other_user() == (None, mounts._other_user()[1])
    assert "is free in this user namespace" in (mounts._other_user()[1] or "")


def test_a_host_that_forbids_mounts_leaves_the_folder_on_the_disk_and_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host_target: Target
) -> None:
    refusing = tmp_path / "refusing.py"
    refusing.write_text("import os\nos.write(0, b'\"it is forbidden\"\\n')\nos.read(0, 1)\n")
    monkeypatch.setattr(mounter, "__file__", str(refusing))
    with RunFolder() as folder, Machine(host_target, MachineSpec(), folder) as machine:
        assert machine.scratch.parent == folder.path
        assert machine.ending(0) is None
        told = " and ".join(caveats(host_target, folder.mounts))
    assert "its scratch folder has no limit, for it is forbidden" in told
    assert ("stays root" in told) is (os.geteuid() == 0)


def test_a_host_without_nsenter_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    which = shutil.which
    monkeypatch.setattr(
        shutil, "which", lambda name, **more: None if name == "nsenter" else which(name, **more)
    )
    with RunFolder() as folder:
        assert "nsenter is not on this host" in (folder.mounts.lacks or "")
        assert folder.mounts.entering() == ()
