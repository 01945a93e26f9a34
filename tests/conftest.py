"""The doors as a user opens them: processes of their own, and nothing may be left of them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

import conformance.report
from conformance.launch.waiting import readable
from conformance.report.stream import STREAM_FILE
from conformance.report.write import FORMATS
from tests.miniatures.install import install
from tests.patience import PATIENCE

ROOT: Final = Path(__file__).parents[1]
QEMU: Final = "/usr/bin/qemu-system-x86_64"
# The files that a run leaves in its folder, beside the schemas of its targets, and no other.
REPORT: Final = frozenset({STREAM_FILE, *FORMATS})
# Begun in the background of a shell, pytest and all that it starts would never hear of Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No example fails because the machine is busy.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")
# What of pytest's own process would speak to the processes that it starts.
_OURS: Final = re.compile("PYTEST_.*|PYTHON.*|QMP_.*")


# Many tests, each of some seconds, that share nothing which takes long to make.
_ONE_BY_ONE: Final = ("test_lies.py", "test_miniatures.py", "test_wire_miniatures.py")


class ByFile(LoadFileScheduling):  # type: ignore[misc] # pytest-xdist has no types
    """Keeps the tests of a file on one worker: what they share is made once."""

    def _split_scope(self, nodeid: str) -> str:
        path = str(super()._split_scope(nodeid))
        return nodeid if path.endswith(_ONE_BY_ONE) else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """Deal out the suite's own tests, the files with most tests first."""
    return ByFile(config, log)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give all that is started a cache of the tests' own: they share what builds answer."""
    base = tmp_path_factory.getbasetemp()
    # Each worker of pytest-xdist has a folder below the one of the run.
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cache"
    folder.mkdir(mode=0o700, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A process that has ended."""

    code: int
    out: str
    err: str


class Doors:
    """Starts the command and pytest in the folder `home`; a context manager.

    All that they make elsewhere they make in a folder of their own, which must be empty in the
    end.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        # Short: sockets lie in it.
        self.scratch = Path(tempfile.mkdtemp(prefix="qd-"))
        kept = {name: text for name, text in os.environ.items() if not _OURS.fullmatch(name)}
        own = {"TMPDIR": str(self.scratch), "PYTHONPATH": str(ROOT), "COLUMNS": "120"}
        self.environment = {**kept, **own}

    def command(self, *words: str, before: tuple[str, ...] = ()) -> Done:
        """Run qmp-conformance to its end; `before` is a program that runs it."""
        return self.run([*before, sys.executable, "-m", "conformance", *words])

    def pytest(self, *words: str) -> Done:
        """Run pytest to its end."""
        return self.run([sys.executable, "-m", "pytest", *words])

    @contextlib.contextmanager
    def start(
        self, *words: str, module: str = "conformance", **more: Any
    ) -> Iterator[subprocess.Popen[str]]:
        """Start a module with its output in a pipe, in a process group of its own.

        What is left of it in the end is killed.
        """
        outputs = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, **more}
        with subprocess.Popen(
            [sys.executable, "-m", module, *words],
            stdin=subprocess.DEVNULL,
            cwd=self.home,
            env=self.environment,
            start_new_session=True,
            text=True,
            **outputs,
        ) as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)

    @contextlib.contextmanager
    def hanging(self) -> Iterator[subprocess.Popen[str]]:
        """Start a run, which has the folder qmp-report, of a program that does not answer."""
        ready = self.home / "ready"
        os.mkfifo(ready)
        program = self.home / "hangs"
        program.write_text(f"#!/bin/sh\necho > {ready}\nexec sleep 1000\n")
        program.chmod(0o755)
        with self.start("run", str(program), "--no-sandbox") as run:
            reading = os.open(ready, os.O_RDONLY | os.O_NONBLOCK)
            try:
                assert readable(reading, PATIENCE), "the program is not started"
            finally:
                os.close(reading)
            yield run

    def run(self, argv: list[str]) -> Done:
        """Run a command to its end."""
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=self.home,
            env=self.environment,
            timeout=PATIENCE,
            check=False,
        )
        self.settle()
        return Done(code=done.returncode, out=done.stdout, err=done.stderr)

    def settle(self, limit: float = PATIENCE) -> None:
        """Wait until no process and no file of the doors is left; fails, naming it, if one is."""
        deadline = time.monotonic() + limit
        while found := self._processes():
            with contextlib.ExitStack() as held:
                for pidfd in found:
                    held.callback(os.close, pidfd)
                for pidfd, name in found.items():
                    assert readable(pidfd, deadline - time.monotonic()), f"still there: {name}"
        # pytest itself keeps its temporary folders.
        left = [path.name for path in self.scratch.iterdir()]
        assert [name for name in left if not name.startswith("pytest-of-")] == []

    def _processes(self) -> dict[int, str]:
        """Return descriptors and command lines of all processes that name our scratch folder.

        QEMU itself does not: it ends with the sandbox's first process, which does.
        """
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if str(self.scratch).encode() in (folder / "environ").read_bytes():
                    name = (folder / "cmdline").read_bytes().decode(errors="replace")
                    found[os.pidfd_open(int(folder.name))] = name.replace("\0", " ")
        return found

    def __enter__(self) -> Doors:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.settle()
        finally:
            shutil.rmtree(self.scratch, ignore_errors=True)


@pytest.fixture
def doors(tmp_path: Path) -> Iterator[Doors]:
    assert Path(QEMU).exists(), f"install QEMU: there is no {QEMU}"
    assert shutil.which("bwrap"), "install bubblewrap: there is no bwrap"
    with Doors(tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def targets(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A target file: `broken` is a server that breaks a promise and `good` one that keeps all,
    `real` is QEMU, and `nosuch` QEMU that ends at its start."""
    folder = tmp_path_factory.mktemp("targets")
    program = str(install(folder))
    path = folder / "targets.toml"
    path.write_text(
        "".join(
            f"[[target]]\nname = {json.dumps(name)}\nprogram = {json.dumps(file)}\n{more}\n"
            for name, file, more in (
                ("broken", program, 'env = {BREAKS = "other-default"}'),
                ("good", program, ""),
                ("real", QEMU, ""),
                ("nosuch", QEMU, 'args = ["-machine", "nosuch"]'),
            )
        )
    )
    return str(path)


@cache
def _validator(kind: str) -> jsonschema.Draft202012Validator:
    """Return what validates the events of one kind: to try all kinds takes five times as long."""
    path = Path(conformance.report.__path__[0]) / "stream.schema.json"
    kinds = json.loads(path.read_text())["$defs"]
    return jsonschema.Draft202012Validator({"$defs": kinds, "$ref": f"#/$defs/{kind}"})


def events(folder: Path) -> list[dict[str, Any]]:
    """Return the stream of a report folder, each line of it valid."""
    found = []
    for line in (folder / "events.ndjson").read_text().splitlines():
        event = json.loads(line)
        _validator(event["event"]).validate(event)
        found.append(event)
    assert found[0]["event"] == "run-started"
    assert found[-1]["event"] == "run-ended"
    return found


def report_files(folder: Path) -> set[str]:
    """Return the names in a report folder, without the schemas of its targets."""
    return {path.name for path in folder.iterdir() if not path.name.endswith(".schema.json")}


def outcomes(stream: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Return target, case and outcome of every case, in order."""
    ended = [event for event in stream if event["event"] == "case-ended"]
    return [(event["target"], event["case"], event["outcome"]) for event in ended]
