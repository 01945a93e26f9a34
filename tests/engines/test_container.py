"""Containers that hold an image: what they are, what runs on their root, and what ends them."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.launch.build import identify
from conformance.launch.container import ENGINES, found_engine
from conformance.launch.folder import RunFolder
from conformance.launch.machine import Machine
from conformance.launch.target import Target, host_path, program_target
from conformance.launch.waiting import readable
from conformance.model.errors import ConformanceError, LaunchError
from conformance.model.flavour import Program
from conformance.model.stage import MachineSpec
from tests.conftest import ROOT
from tests.engines.images import DAEMON, QEMU, Engine
from tests.patience import PATIENCE

pytestmark = pytest.mark.qemu

HOLDING = """
import sys
from dataclasses import replace
from conformance.launch.folder import RunFolder
from conformance.launch.target import program_target
folder = RunFolder()
program, image, engine = sys.argv[1:]
held = folder.entered(replace(program_target(program, image=image), engine=engine))
(container,) = folder._containers.values()
print(held.container, container._client.pid, flush=True)
sys.stdin.read()
"""


def of(engine: Engine, program: str = DAEMON) -> Target:
    return replace(program_target(program, image=engine.image), engine=engine.command)


def runs(engine: Engine) -> list[list[str]]:
    """Return the words of each container that the stand-in for docker was told to start."""
    calls = (Path(engine.variables["IMAGES"]) / "calls").read_text().splitlines()
    return [words for words in map(json.loads, calls) if words[0] == "run"]


def test_one_container_without_rights_holds_the_root_for_all_targets(
    podman: Engine, folder: RunFolder
) -> None:
    one, two = folder.entered(of(podman)), folder.entered(of(podman, QEMU))

    assert podman.asked("ps", "--format", "{{.Image}}").split() == [podman.image]
    assert one.container == two.container
    (told,) = json.loads(podman.asked("inspect", *podman.asked("ps", "-q").split()))
    assert told["State"]["Pid"] == one.container
    assert told["HostConfig"]["ReadonlyRootfs"] is True
    process = Path(f"/proc/{one.container}")
    assert "CapEff:\t0000000000000000" in (process / "status").read_text()
    devices = (process / "net/dev").read_text().splitlines()[2:]
    assert [line.split(":")[0].strip() for line in devices] == ["lo"]
    root = next(
        line.split()
        for line in (process / "mountinfo").read_text().splitlines()
        if line.split()[4] == "/"
    )
    assert root[5].split(",")[0] == "ro"


def test_machines_of_an_image_see_its_root_and_nothing_of_the_container(
    engine: Engine, folder: RunFolder
) -> None:
    target = folder.entered(of(engine, QEMU))

    build = identify(target, folder)
    with (
        Machine(target, MachineSpec(), folder) as one,
        Machine(target, MachineSpec(), folder) as two,
    ):
        for machine in (one, two):
            assert readable(machine.monitor.fileno(), PATIENCE)
            assert machine.monitor.recv(65536).startswith(b'{"QMP"')
        spaces = {os.stat(f"/proc/{each}/ns/net").st_ino for each in (one.pid, two.pid, "self")}
        mounts = Path(f"/proc/{one.pid}/mountinfo").read_text()
        own = Path(f"/proc/{one.pid}/root")
        names = {path.name for path in own.iterdir()}
        # Engines make the places of what they mount.
        assert names - set(os.listdir(engine.root)) <= {"etc", "run", "var"}
        assert names >= set(os.listdir(engine.root))
        assert not (own / "tmp/qmp-hold").exists()

    assert build.sha256 == identify(program_target(QEMU), folder).sha256
    assert len(spaces) == 3
    assert {
        line.split()[5].split(",")[0] for line in mounts.splitlines() if line.split()[4] == "/"
    } == {"ro"}


def test_the_storage_daemon_of_an_image_is_one(engine: Engine, folder: RunFolder) -> None:
    assert identify(folder.entered(of(engine)), folder).kind is Program.STORAGE_DAEMON


def test_the_container_goes_with_the_folder(engine: Engine) -> None:
    with RunFolder() as folder:
        pid = folder.entered(of(engine)).container
        assert host_path(folder.entered(of(engine))).is_file()

    assert not Path(f"/proc/{pid}").exists()
    if engine.name == "podman":
        assert engine.asked("ps", "--all", "--quiet") == ""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_run_leaves_no_container(engine: Engine, number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, DAEMON, engine.image, engine.command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd="/",
    ) as run:
        assert run.stdout is not None
        assert select.select([run.stdout], [], [], PATIENCE)[0]
        held = [os.pidfd_open(int(pid)) for pid in run.stdout.readline().split()]
        run.send_signal(number)
        run.wait(PATIENCE)
        for pidfd in held:
            assert readable(pidfd, PATIENCE)
            os.close(pidfd)
    if engine.name == "podman":
        assert engine.asked("ps", "--all", "--quiet") == ""


def test_a_container_that_was_ended_is_told(engine: Engine, folder: RunFolder) -> None:
    target = folder.entered(of(engine))
    pidfd = os.pidfd_open(target.container)
    os.kill(target.container, signal.SIGKILL)
    assert readable(pidfd, PATIENCE)
    os.close(pidfd)
    folder._containers[target.engine, target.image]._client.wait(PATIENCE)

    with pytest.raises(LaunchError, match=f"the container of {engine.image} has ended"):
        Machine(target, MachineSpec(), folder)


def test_what_identifies_the_image_is_its_digest_and_id(docker: Engine, folder: RunFolder) -> None:
    identity = folder.entered(of(docker)).identity

    assert identity.startswith(f"digest sha256:{'5' * 64}, id sha256:")


def test_docker_is_told_words_that_it_knows(docker: Engine, folder: RunFolder) -> None:
    before = len(runs(docker)) if (Path(docker.variables["IMAGES"]) / "calls").exists() else 0

    folder.entered(of(docker))

    (words,) = runs(docker)[before:]
    options = {word for word in words if word.startswith("--")}
    real = shutil.which("docker")
    known = ""
    if real is not None:
        known = subprocess.run(
            [real, "run", "--help"], capture_output=True, text=True, timeout=PATIENCE, check=False
        ).stdout
    # What the stand-in takes is held against the command line of docker where that is here.
    assert options
    assert not known or {word for word in options if f"{word} " not in known} == set()


def test_the_first_engine_that_is_there_counts(
    docker: Engine, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = {name: f"/opt/{name}" for name in ENGINES}
    monkeypatch.setattr(shutil, "which", where.get)
    assert found_engine("") == ("podman",)
    del where["podman"]
    assert found_engine("") == ("docker",)
    assert found_engine("docker --host 'a b'") == ("docker", "--host", "a b")
    where["./docker"] = "./docker"
    assert found_engine("./docker") == (str(Path.cwd() / "docker"),)
    where.clear()
    with pytest.raises(LaunchError, match="neither podman nor docker is on this host"):
        found_engine("")
    with pytest.raises(LaunchError, match="the container engine docker is not on this host"):
        found_engine("docker --debug")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("no-daemon", "cannot provide plain:1: Cannot connect to the Docker daemon"),
        ("no-json", "cannot provide plain:1: it does not describe the image plain:1"),
        ("no-start", "cannot provide plain:1: docker: Error response from daemon: OCI runtime"),
        ("elsewhere", "the containers of .*docker are out of reach"),
    ],
)
def test_what_an_engine_refuses_is_told(
    docker: Engine, folder: RunFolder, monkeypatch: pytest.MonkeyPatch, how: str, said: str
) -> None:
    monkeypatch.setenv("DOCKER_STAND_IN", how)

    with pytest.raises(LaunchError, match=said) as caught:
        folder.entered(of(docker))

    assert caught.value.remedy
    assert folder._containers == {}


def test_an_image_is_not_fetched(engine: Engine, folder: RunFolder) -> None:
    target = replace(of(engine), image="localhost/nothere:1")

    with pytest.raises(LaunchError, match="has no image localhost/nothere:1") as caught:
        folder.entered(target)

    assert f"{engine.command} pull localhost/nothere:1" in caught.value.remedy


def test_a_program_that_the_image_lacks_is_told(engine: Engine, folder: RunFolder) -> None:
    target = folder.entered(of(engine, "/usr/bin/qemu-system-nothing"))

    with pytest.raises(LaunchError, match=rf"\(in the image {engine.image}\) does not exist"):
        identify(target, folder)


def test_an_image_needs_the_sandbox(engine: Engine, folder: RunFolder) -> None:
    target = replace(folder.entered(of(engine)), sandbox=False)

    with pytest.raises(LaunchError, match=f"the image {engine.image} cannot be a root without"):
        identify(target, folder)


def test_the_root_of_a_process_that_is_gone_cannot_be_shown(folder: RunFolder) -> None:
    with subprocess.Popen(["/bin/true"]) as process:
        process.wait()

    with pytest.raises(LaunchError, match=r"a container cannot be entered: .*No such file"):
        folder.mounts.root_of(process.pid)
    with pytest.raises(ConformanceError):
        folder.mounts.root_of(process.pid)
