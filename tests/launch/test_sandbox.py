"""The sandbox: what a program inside it cannot reach, and the command line that makes it so."""

from __future__ import annotations

import os
import resource
import secrets
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.launch import sandbox
from conformance.launch.environment import DIAGNOSTICS, environment
from conformance.launch.sandbox import (
    ADDRESS_SPACE,
    FILE_SIZE,
    PROCESSES,
    SPACE,
    Confinement,
    command,
    failure,
    limits_memory,
)
from conformance.launch.target import Target, program_target
from conformance.model.errors import LaunchError
from tests.patience import PATIENCE

SHELL = program_target("/bin/sh")
PLAIN = Confinement()


def run(
    argv: list[str], target: Target = SHELL, confinement: Confinement = PLAIN
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(target, argv, confinement),
        env=environment(target, Path("/nowhere")),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def sh(script: str, **confinement: object) -> subprocess.CompletedProcess[str]:
    return run(["/bin/sh", "-c", script], confinement=Confinement(**confinement))  # type: ignore[arg-type]


@pytest.mark.parametrize("place", ["/tmp", "/var/tmp", "/run", "/dev/shm", "/etc", "/usr", "/root"])
def test_nothing_that_is_written_arrives(place: str) -> None:
    path = Path(place, f"qmp-conformance-{secrets.token_hex(8)}")
    sh(f"echo x > {path}")
    # An ordinary user may not look everywhere.
    assert not os.path.exists(path)


@pytest.mark.parametrize("place", ["/tmp", "/var/tmp", "/run", "/dev/shm"])
def test_what_the_host_has_in_places_for_all_is_hidden(place: str) -> None:
    path = Path(place, f"qmp-conformance-{secrets.token_hex(8)}")
    if not os.access(place, os.W_OK):
        pytest.skip(f"this user may put nothing into {place}")
    path.write_text("secret")
    try:
        assert sh(f"cat {path}").returncode != 0
    finally:
        path.unlink()


def test_only_the_scratch_folder_takes_writes(tmp_path: Path) -> None:
    done = sh("echo kept > /tmp/qmp/file && pwd", scratch=str(tmp_path))
    assert done.stdout == "/tmp\n"
    assert (tmp_path / "file").read_text() == "kept\n"


CONNECT = "import socket; s = socket.socket(socket.{family}); s.settimeout(60); s.connect({to!r})"


@pytest.mark.parametrize("kind", ["tcp", "abstract"])
def test_no_socket_of_the_host_is_reached(kind: str) -> None:
    with socket.socket(socket.AF_INET if kind == "tcp" else socket.AF_UNIX) as listener:
        listener.bind(("127.0.0.1", 0) if kind == "tcp" else f"\0qmp-{secrets.token_hex(8)}")
        listener.listen()
        family = "AF_INET" if kind == "tcp" else "AF_UNIX"
        code = CONNECT.format(family=family, to=listener.getsockname())
        python = os.path.realpath(sys.executable)
        # The same connects outside, so what fails inside is not the program.
        subprocess.run([python, "-I", "-S", "-c", code], timeout=PATIENCE, check=True)
        arrived, _ = listener.accept()
        arrived.close()
        done = run([python, "-I", "-S", "-c", code], program_target(python))
        assert done.returncode != 0
        assert "Error" in done.stderr
        assert not select.select([listener], [], [], 0)[0]


def test_the_environment_is_clean_but_for_what_the_target_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SECRET", "1")
    done = run(["/usr/bin/env"], replace(SHELL, env=(("MINE", "a b"),)))
    names = {line.partition("=")[0] for line in done.stdout.splitlines()}
    assert names - {"PWD"} == {"HOME", "PATH", "LANG", "MINE", "UBSAN_OPTIONS"}


def test_what_makes_a_program_look_at_itself_reaches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = dict.fromkeys(DIAGNOSTICS, "halt=1")
    for name, value in wanted.items():
        monkeypatch.setenv(name, value)
    done = run(["/usr/bin/env"], SHELL)
    found = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert {name: found[name] for name in wanted} == {
        **wanted,
        "UBSAN_OPTIONS": "print_stacktrace=1:halt=1",
    }


def test_there_are_no_privileges_and_no_core_dumps() -> None:
    done = sh("grep CapEff /proc/self/status; ulimit -Sc; ulimit -Hc")
    assert done.stdout.split() == ["CapEff:", "0" * 16, "0", "0"]


def test_a_program_below_a_masked_folder_comes_back_with_its_tree(tmp_path: Path) -> None:
    # tmp_path is below /tmp, unless someone has set TMPDIR.
    (tmp_path / "build").mkdir()
    (tmp_path / "data").write_text("there")
    program = tmp_path / "build/program"
    program.write_text(f"#!/bin/sh\ncat {tmp_path}/data\necho x > {tmp_path}/data\n")
    program.chmod(0o755)
    done = run([str(program)], program_target(str(program)))
    assert done.stdout == "there"
    assert (tmp_path / "data").read_text() == "there"


def test_without_the_sandbox_the_program_runs_plainly_and_dies_with_its_parent() -> None:
    plain = replace(SHELL, sandbox=False)
    argv = command(plain, ["/bin/sh", "-c", "ulimit -Hc"])
    assert not any("bwrap" in part for part in argv)
    assert argv[1:4] == ("--pdeathsig", "KILL", "--")
    assert run(["/bin/sh", "-c", "ulimit -Hc"], plain).stdout == "0\n"


def test_a_root_needs_the_sandbox(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="without the sandbox"):
        command(replace(SHELL, rootfs=str(tmp_path), sandbox=False), ["/bin/sh"])


def test_a_root_without_places_to_mount_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="has no folder /dev"):
        command(replace(SHELL, rootfs=str(tmp_path)), ["/bin/sh"])


def test_a_root_is_masked_only_where_it_has_the_folders(tmp_path: Path) -> None:
    for name in ("dev", "proc", "tmp"):
        (tmp_path / name).mkdir()
    argv = command(replace(SHELL, rootfs=str(tmp_path)), ["/bin/sh"])
    assert [argv[i + 1] for i, part in enumerate(argv) if part == "--tmpfs"] == ["/tmp", "/dev/shm"]


def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(LaunchError, match="no /dev/nowhere"):
        command(SHELL, ["/bin/sh"], Confinement(devices=("/dev/nowhere",)))


def test_a_host_without_bubblewrap_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path: None if name == "bwrap" else name)
    with pytest.raises(LaunchError, match="bwrap is not on this host") as caught:
        command(SHELL, ["/bin/sh"])
    assert "--no-sandbox" in caught.value.remedy
    assert "bubblewrap" in caught.value.remedy


@pytest.mark.parametrize(
    "said",
    [
        "bwrap: No permissions to create new namespace, likely because the kernel does not allow",
        "bwrap: setting up uid map: Permission denied",
        "bwrap: Creating new namespace failed: Operation not permitted",
    ],
)
def test_forbidden_namespaces_give_one_clear_message(said: str) -> None:
    error = failure(said + "\n")
    assert error is not None
    assert "namespaces" in error.what
    assert "--no-sandbox" in error.remedy


def test_what_qemu_says_is_no_failure_of_the_sandbox() -> None:
    assert failure("qemu-system-x86_64: -machine foo: unsupported machine type\n") is None


@pytest.mark.parametrize("home", ["/home/someone", "/root", "/srv", "/data", "/var/lib/service"])
def test_what_is_no_part_of_a_system_is_hidden(tmp_path: Path, home: str) -> None:
    root = _root(tmp_path, home)
    argv = command(replace(SHELL, rootfs=str(root)), ["/bin/sh"])
    assert "/" + home.split("/")[1] in _mounted(argv, "--tmpfs")
    assert not any(part.startswith(str(root) + home) for part in argv)


@pytest.mark.parametrize(
    ("program", "tree"),
    [
        ("/home/someone/qemu/build/program", "/home/someone/qemu"),
        ("/home/someone/program", "/home/someone/program"),
        ("/root/qemu/program", "/root/qemu"),
        ("/var/lib/qemu/program", "/var/lib/qemu"),
        ("/data/program", "/data/program"),
    ],
)
def test_a_program_in_a_hidden_folder_brings_its_own_tree_alone(
    tmp_path: Path, program: str, tree: str
) -> None:
    folder, name = program.rsplit("/", 1)
    root = _root(tmp_path, folder)
    (root / folder.lstrip("/") / name).write_text("#!/bin/sh\n")
    argv = command(replace(SHELL, program=program, rootfs=str(root)), [program])
    assert _mounted(argv, "--ro-bind", target=2)[1:] == [tree]


def test_a_script_brings_its_interpreter_and_the_environment_its_folders(tmp_path: Path) -> None:
    root = _root(tmp_path, "/root/tools/bin")
    (root / "data").mkdir()
    (root / "data/lib").mkdir()
    (root / "opt").mkdir()
    (root / "opt/program").write_text("#! /root/tools/bin/run -x\n")
    target = replace(SHELL, rootfs=str(root), env=(("LD_LIBRARY_PATH", "/usr/lib:/data/lib"),))
    argv = command(target, ["/opt/program"])
    assert _mounted(argv, "--ro-bind", target=2)[1:] == ["/data/lib", "/root/tools"]


def test_a_socket_in_a_home_is_not_reached_by_its_path(tmp_path: Path) -> None:
    # Made in a home of its own, which is not below a folder for all.
    with tempfile.TemporaryDirectory(prefix=".qmp-conformance-", dir=Path.home()) as home:
        path = f"{home}/socket"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            assert sh(f"test -e {path}").returncode != 0


@pytest.mark.parametrize("folder", ["/tmp", "/var/tmp", "/run", "/dev/shm"])
def test_a_folder_that_takes_writes_is_full_in_time(folder: str) -> None:
    done = sh(f"head -c {SPACE + (1 << 20)} /dev/zero > {folder}/big; wc -c < {folder}/big")
    assert "No space left" in done.stderr
    assert int(done.stdout) <= SPACE


def test_a_file_grows_to_its_limit_and_no_further(tmp_path: Path) -> None:
    sized = f"truncate -s {FILE_SIZE} /tmp/qmp/file && echo sized"
    assert sh(sized, scratch=str(tmp_path)).stdout == "sized\n"
    over = f"truncate -s {FILE_SIZE + 1} /tmp/qmp/file"
    assert sh(over, scratch=str(tmp_path)).returncode != 0
    assert (tmp_path / "file").stat().st_size == FILE_SIZE


def test_the_settings_of_the_kernel_cannot_be_written() -> None:
    setting = Path("/proc/sys/kernel/core_pattern")
    before = setting.read_text()
    done = sh(f"echo leak > {setting}; echo leak > /proc/self/comm")
    assert done.stderr.count("Read-only file system") == 2
    assert setting.read_text() == before


def test_processes_and_memory_are_bounded() -> None:
    tasks = sandbox._tasks()
    said = sh("grep -E 'Max (processes|address space)' /proc/self/limits").stdout.split()
    processes, memory = int(said[2]), int(said[said.index("space") + 1])
    assert processes == pytest.approx(tasks + PROCESSES, abs=PROCESSES // 2)
    assert memory == ADDRESS_SPACE
    done = sh(f"dd if=/dev/zero of=/dev/null count=1 bs={ADDRESS_SPACE}")
    assert "memory exhausted" in done.stderr


def test_no_limit_is_raised_above_what_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (50, 100))
    assert {f"--{name}=100:100" for name in ("nproc", "as", "fsize")} <= set(
        command(SHELL, ["/bin/sh"])
    )


@pytest.mark.parametrize("name", ["asan", "tsan", "msan", "hwasan"])
def test_a_program_with_a_sanitizer_reserves_what_it_likes(tmp_path: Path, name: str) -> None:
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF" + bytes(5000) + f"\0__{name}_init\0".encode())
    assert not limits_memory(program_target(str(program)))
    program.with_name("plain").write_bytes(b"\x7fELF" + bytes(5000))
    assert limits_memory(program_target(str(program.with_name("plain"))))
    # What a script runs is not known.
    program.with_name("script").write_text("#!/bin/sh\n")
    assert not limits_memory(program_target(str(program.with_name("script"))))


def test_an_older_bubblewrap_is_not_asked_for_what_it_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = tmp_path / "bwrap"
    older.write_text("#!/bin/sh\necho '--tmpfs DEST'\n")
    older.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "--size" not in command(SHELL, ["/bin/sh"])


def _root(folder: Path, *more: str) -> Path:
    """Return a root that has the folders to mount on, and `more`."""
    for name in ("dev", "proc", "tmp", *more):
        (folder / "root" / name.lstrip("/")).mkdir(parents=True)
    return folder / "root"


def _mounted(argv: tuple[str, ...], option: str, *, target: int = 1) -> list[str]:
    return [argv[number + target] for number, part in enumerate(argv) if part == option]
