"""Each word of containment: requests on a real QEMU try to get out of the sandbox, in vain."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import conformance
from conformance.knowledge.dangers import WITHOUT_SANDBOX, Containment
from conformance.launch.folder import RunFolder
from conformance.launch.machine import Machine
from conformance.launch.mounts import SCRATCH_SPACE
from conformance.launch.sandbox import SPACE
from conformance.launch.target import program_target
from conformance.launch.waiting import readable
from conformance.model.stage import SCRATCH, MachineSpec
from conformance.wire.client import ClientSession
from conformance.wire.session import SessionError
from tests.patience import PATIENCE
from tests.play.walk import look

pytestmark = pytest.mark.qemu

ROOT = Path(__file__).parents[2]
LIMIT = PATIENCE
SPEC = MachineSpec(machine="pc", args=("-m", "16", "-device", "VGA"))


@dataclass(frozen=True, slots=True)
class Inside:
    """A machine in the sandbox and a session with it."""

    machine: Machine
    session: ClientSession

    def ask(self, command: str, **arguments: Any) -> bool:
        """Return whether QEMU did as it was asked."""
        named = {key.replace("_", "-"): item for key, item in arguments.items()}
        try:
            self.session.execute(command, named)
        except SessionError:
            return False
        return True

    def shell(self, script: str) -> str:
        """Return what a script writes that QEMU is made to run."""
        said = self.machine.scratch / "said"
        os.mkfifo(said)
        # QEMU is another user than root.
        said.chmod(0o666)
        reader = os.open(said, os.O_RDONLY | os.O_NONBLOCK)
        try:
            assert self.ask("migrate", uri=f"exec:{{ {script}; echo end; }} >{SCRATCH}/said 2>&1")
            return _read(reader)
        finally:
            os.close(reader)
            said.unlink()


def _read(reader: int) -> str:
    text, deadline = "", time.monotonic() + LIMIT
    while not text.endswith("end\n"):
        assert readable(reader, max(0.0, deadline - time.monotonic())), text
        text += os.read(reader, 65536).decode()
    return text.removesuffix("end\n")


@pytest.fixture
def inside() -> Iterator[Inside]:
    target = program_target("/usr/bin/qemu-system-x86_64")
    with (
        RunFolder() as folder,
        Machine(target, SPEC, folder) as machine,
        ClientSession(machine.monitor, LIMIT) as session,
    ):
        events = {"capability": "events", "state": True}
        session.execute("migrate-set-capabilities", {"capabilities": [events]})
        yield Inside(machine, session)


def _log(path: str) -> dict[str, Any]:
    return {"id": "leak", "backend": {"type": "null", "data": {"logfile": path}}}


WRITERS: dict[str, Callable[[str], tuple[str, dict[str, Any]]]] = {
    "screendump": lambda path: ("screendump", {"filename": path}),
    "pmemsave": lambda path: ("pmemsave", {"val": 0, "size": 4096, "filename": path}),
    "dump-guest-memory": lambda path: (
        "dump-guest-memory",
        {"paging": False, "protocol": f"file:{path}"},
    ),
    "logfile": lambda path: ("chardev-add", _log(path)),
    "blockdev-create": lambda path: (
        "blockdev-create",
        {"job_id": "leak", "options": {"driver": "file", "filename": path, "size": 4096}},
    ),
    "monitor-for-people": lambda path: (
        "human-monitor-command",
        {"command_line": f"dump-guest-memory {path}"},
    ),
    "exec": lambda path: ("migrate", {"uri": f"exec:cat >{path}"}),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_file_is_written_in_the_scratch_folder_and_nowhere_else(
    inside: Inside, writer: str
) -> None:
    name = f"qmp-conformance-{secrets.token_hex(8)}"
    leaks = [Path(folder, name) for folder in ("/etc", "/usr", "/opt", "/var/lib", "/tmp", "/")]

    command, arguments = WRITERS[writer](f"{SCRATCH}/{name}")
    assert inside.ask(command, **arguments)
    _settle(inside)
    assert (inside.machine.scratch / name).exists()
    for leak in leaks:
        inside.ask("chardev-remove", id="leak")
        command, arguments = WRITERS[writer](str(leak))
        inside.ask(command, **arguments)
        _settle(inside)

    assert [leak for leak in leaks if leak.exists()] == []


_AT_REST = ("none", "completed", "failed", "cancelled")


def _settle(inside: Inside) -> None:
    """Wait until no job and no migration of the machine is under way."""
    while jobs := inside.session.execute("query-jobs", {}):
        for job in jobs:
            if job["status"] == "concluded":
                inside.ask("job-dismiss", id=job["id"])
        inside.session.await_event("JOB_STATUS_CHANGE")
    while inside.session.execute("query-migrate", {}).get("status", "none") not in _AT_REST:
        inside.session.await_event("MIGRATION")


def test_what_a_request_writes_is_bounded(inside: Inside) -> None:
    said = inside.shell(
        f"head -c {SPACE + 4096} /dev/zero >/dev/shm/big; "
        f"head -c {SCRATCH_SPACE + 4096} /dev/zero >{SCRATCH}/big"
    )

    assert said.count("No space left") == 2
    assert (inside.machine.scratch / "big").stat().st_size <= SCRATCH_SPACE


def test_a_file_too_large_is_an_error_and_not_the_end_of_qemu(inside: Inside) -> None:
    options = {
        "driver": "file",
        "filename": f"{SCRATCH}/big",
        "size": 2 * SCRATCH_SPACE,
        "preallocation": "full",
    }
    assert inside.ask("blockdev-create", job_id="big", options=options)
    jobs: list[dict[str, Any]] = []
    while not any(job["status"] == "concluded" for job in jobs):
        inside.session.await_event("JOB_STATUS_CHANGE")
        jobs = inside.session.execute("query-jobs", {})

    assert "No space left" in jobs[0]["error"]
    assert inside.ask("query-status")


def test_a_sparse_file_may_be_larger_than_its_folder(inside: Inside) -> None:
    options = {"driver": "file", "filename": f"{SCRATCH}/big", "size": 64 << 30}
    assert inside.ask("blockdev-create", job_id="big", options=options)
    _settle(inside)
    assert (inside.machine.scratch / "big").stat().st_size == 64 << 30


def test_a_home_of_the_host_and_the_sockets_in_it_are_not_there(inside: Inside) -> None:
    with (
        tempfile.TemporaryDirectory(prefix=".qmp-conformance-", dir=Path.home()) as home,
        socket.socket(socket.AF_UNIX) as listener,
    ):
        Path(home, "secret").write_text("secret")
        listener.bind(f"{home}/socket")
        listener.listen()
        listener.setblocking(False)
        address = {"type": "unix", "data": {"path": f"{home}/socket"}}
        backend = {"type": "socket", "data": {"addr": address, "server": False}}

        assert not inside.ask("chardev-add", id="leak", backend=backend)
        node = {"driver": "file", "node_name": "leak", "filename": f"{home}/secret"}
        assert not inside.ask("blockdev-add", **node)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_a_process_of_the_host_has_no_number_inside(inside: Inside) -> None:
    with subprocess.Popen(["sleep", "1000"]) as process:
        try:
            said = inside.shell(f"kill -KILL {process.pid}; ls -d /proc/[0-9]* | wc -l")
            assert "No such process" in said
            # bubblewrap, QEMU, the shell and what it runs.
            assert int(said.splitlines()[-1]) < 10
            assert process.poll() is None
        finally:
            process.kill()


def test_the_network_is_a_loopback_of_its_own(inside: Inside) -> None:
    said = inside.shell("tail -n +3 /proc/net/dev | cut -d: -f1")

    assert said.split() == ["lo"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        inside.ask("migrate", uri=f"tcp:127.0.0.1:{server.getsockname()[1]}")
        _settle(inside)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_what_a_request_runs_has_no_capability_and_gets_none(inside: Inside) -> None:
    said = inside.shell("grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status; date -s @0")

    assert said.split()[:6] == ["CapEff:", "0" * 16, "CapBnd:", "0" * 16, "NoNewPrivs:", "1"]
    assert "Operation not permitted" in said


def test_no_device_is_there_but_those_of_every_program(inside: Inside) -> None:
    said = inside.shell("ls /dev; touch /dev/leak")

    usual = {"console", "core", "fd", "full", "null", "ptmx", "pts", "random", "shm"}
    usual |= {"stderr", "stdin", "stdout", "tty", "urandom", "zero"}
    assert set(said.split("touch:")[0].split()) <= usual
    assert "Read-only file system" in said


# What takes writes in every sandbox: devices of the kernel that keep nothing, and terminals.
DEVICES = {f"/dev/{name}" for name in ("full", "null", "pts/ptmx", "random", "tty", "urandom")}
DEVICES |= {"/dev/zero", "/dev/console"}
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="the run is not root's")


@dataclass(frozen=True, slots=True)
class Found:
    """What tests/play/walk.py has found in sandboxes, with a token in the names that it wrote."""

    token: str
    said: dict[str, Any]


@pytest.fixture(
    scope="module",
    params=["this user", pytest.param("an ordinary user", marks=AS_ROOT)],
)
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Found:
    token = f"qmp-conformance-{secrets.token_hex(8)}"
    names = ("walk", "files", "secrets", "settings", "forks", "space", "memory")
    if request.param == "this user":
        argv = [sys.executable, "-m", "tests.play.walk", token, *names]
        return Found(token, _said(argv, cwd=str(ROOT)))
    with _for_everybody() as folder:
        python = _python_for(ORDINARY)
        said = _said([*ORDINARY, *python, f"{folder}/walk.py", token, *names], cwd=folder)
    assert said["uid"] != 0
    return Found(token, said)


# A number that no account has: an ordinary user with nothing of its own.
ORDINARY = ("setpriv", "--reuid=65533", "--regid=65533", "--clear-groups", "--")


@contextlib.contextmanager
def _for_everybody() -> Iterator[str]:
    """Yield a folder with the package and the walk that every user may read."""
    with tempfile.TemporaryDirectory(prefix="qmp-walk-") as folder:
        Path(folder).chmod(0o755)
        package = Path(conformance.__path__[0])
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(package, f"{folder}/conformance", ignore=ignored)
        shutil.copy(Path(__file__).with_name("walk.py"), folder)
        tests = Path(folder, "tests")
        tests.mkdir()
        for name in ("__init__.py", "patience.py"):
            shutil.copy(ROOT / "tests" / name, tests)
        subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
        yield folder


def _python_for(user: tuple[str, ...]) -> list[str]:
    """Return the interpreter that the user may run: ours, or that of the system."""
    for python in (os.path.realpath(sys.executable), "/usr/bin/python3"):
        with contextlib.suppress(OSError):
            # By way of a shell: setpriv itself may still run what the user may not.
            argv = [*user, "/bin/sh", "-c", 'exec "$@"', "sh", python, "-Ic", "import tomllib"]
            if (
                subprocess.run(argv, capture_output=True, timeout=PATIENCE, check=False).returncode
                == 0
            ):
                return [python, "-B"]
    pytest.skip("no Python of 3.11 or later that an ordinary user may run")


def _said(argv: list[str], cwd: str) -> dict[str, Any]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": cwd}
    done = subprocess.run(
        argv,
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_nothing_opens_for_writing_and_nothing_that_only_root_may_read(found: Found) -> None:
    lines = found.said["walk"].splitlines()

    assert lines[-1] == "end", lines
    assert set(lines[:-1]) <= {f"write {device}" for device in DEVICES}
    assert found.said["secrets"] == "0\n"


def test_what_takes_writes_is_not_the_hosts(found: Found) -> None:
    assert found.said["files"] == "end\n"
    folders = [Path("/"), *(entry for entry in Path("/").iterdir() if entry.is_dir())]
    leaks = [folder / found.token for folder in (*folders, Path("/dev/shm"), Path("/proc/sys"))]
    assert [leak for leak in leaks if os.path.exists(leak)] == []


def test_a_setting_of_the_kernel_stays_as_it_is(found: Found) -> None:
    assert "Read-only file system" in found.said["settings"]
    assert "leak" not in Path("/proc/sys/kernel/core_pattern").read_text()


def test_processes_space_and_memory_come_to_an_end(found: Found) -> None:
    assert "Cannot fork" in found.said["forks"]
    assert "No space left" in found.said["space"]
    assert int(found.said["space"].splitlines()[-1]) <= SCRATCH_SPACE
    assert "memory exhausted" in found.said["memory"]


@AS_ROOT
def test_a_target_that_stays_root_changes_no_setting_and_no_file() -> None:
    lines = look("walk", as_root="this is a test").splitlines()

    assert lines[-1] == "end", lines
    assert set(lines[:-1]) <= {f"write {device}" for device in DEVICES}
    assert "Read-only file system" in look("settings", as_root="this is a test")


PROOFS = {
    Containment.SCRATCH_ONLY: test_a_file_is_written_in_the_scratch_folder_and_nowhere_else,
    Containment.BOUNDED_FILES: test_what_a_request_writes_is_bounded,
    Containment.HIDDEN_FILES: test_a_home_of_the_host_and_the_sockets_in_it_are_not_there,
    Containment.OWN_PROCESSES: test_a_process_of_the_host_has_no_number_inside,
    Containment.OWN_NETWORK: test_the_network_is_a_loopback_of_its_own,
    Containment.NO_PRIVILEGES: test_what_a_request_runs_has_no_capability_and_gets_none,
    Containment.NAMED_DEVICES: test_no_device_is_there_but_those_of_every_program,
}


def test_every_word_that_the_sandbox_sees_to_is_proved() -> None:
    assert PROOFS.keys() == set(Containment) - WITHOUT_SANDBOX
