"""A root file system with the host's QEMU alone, and engines that have it as an image."""

from __future__ import annotations

import glob
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.patience import PATIENCE

DAEMON: Final = "/usr/bin/qemu-storage-daemon"
QEMU: Final = "/usr/bin/qemu-system-x86_64"
IMAGE: Final = "localhost/qemu:test"
REQUIRED: Final = "QMP_CONFORMANCE_PODMAN"
"""The variable that makes it a failure that podman runs no containers here; CI sets it."""
_DOCKER: Final = Path(__file__).with_name("docker.py")
_FIRMWARE: Final = ("/usr/share/qemu", "/usr/share/seabios")
_STORAGE: Final = """
[storage]
driver = "vfs"
graphroot = "{folder}/store"
runroot = "{folder}/run"
"""
_CONTAINERS: Final = """
[containers]
default_ulimits = ["nofile={files}:{files}", "nproc={tasks}:{tasks}"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "{runtime}"
"""


def make_root(root: Path) -> Path:
    """Make a root file system with two programs of the host, their libraries, modules and firmware.

    What the modules need beyond that is not there, so only some of them load.
    """
    for folder in ("proc", "dev", "sys", "tmp"):
        (root / folder).mkdir(parents=True)
    files = [DAEMON, QEMU]
    for program in (DAEMON, QEMU):
        told = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        files += re.findall(r"(/\S+) \(0x", told)
    for file in dict.fromkeys(files):
        place = root / file.removeprefix("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place)
    for folder in (*_FIRMWARE, *glob.glob("/usr/lib/*/qemu")):
        shutil.copytree(folder, root / folder.removeprefix("/"), ignore_dangling_symlinks=True)
    return root


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """An engine that has `root` as an image: the command, and the variables that it needs."""

    name: str
    command: str
    root: Path
    image: str = IMAGE
    variables: dict[str, str] = field(default_factory=dict)

    def asked(self, *words: str) -> str:
        """Return what the engine prints."""
        return subprocess.run(
            [*shlex.split(self.command), *words],
            env={**os.environ, **self.variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        ).stdout


def docker_with(root: Path, folder: Path) -> Engine:
    """Return the stand-in for docker."""
    images = folder / "images"
    (images / "localhost").mkdir(parents=True)
    (images / IMAGE).symlink_to(root)
    (images / "plain:1").symlink_to(root)
    program = folder / "docker"
    program.write_text(f"#!{sys.executable}\n{Path(__file__).with_name('docker.py').read_text()}")
    program.chmod(0o755)
    return Engine(
        name="docker",
        command=str(program),
        root=root,
        image="plain:1",
        variables={"IMAGES": str(images)},
    )


def podman_with(root: Path, folder: Path) -> Engine | str:
    """Return a real podman with a store of its own, or why it runs no containers here."""
    if shutil.which("podman") is None or shutil.which("ldd") is None:
        return "podman is not installed"
    files, tasks = (
        min(1024, resource.getrlimit(each)[1]) if resource.getrlimit(each)[1] >= 0 else 1024
        for each in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC)
    )
    runtime = next(filter(shutil.which, ("runc", "crun")), "crun")
    texts = {
        "CONTAINERS_STORAGE_CONF": _STORAGE.format(folder=folder),
        "CONTAINERS_CONF": _CONTAINERS.format(files=files, tasks=tasks, runtime=runtime),
    }
    variables = {}
    for name, text in texts.items():
        variables[name] = str(folder / name.lower())
        Path(variables[name]).write_text(text)
    engine = Engine(name="podman", command="podman", root=root, variables=variables)
    tar = folder / "root.tar"
    subprocess.run(["tar", "-C", str(root), "-cf", str(tar), "."], check=True)
    try:
        engine.asked("import", "--quiet", str(tar), IMAGE)
        engine.asked(*("run", "--rm", "--network", "none", IMAGE, DAEMON, "--version"))
    except subprocess.CalledProcessError as error:
        return f"podman runs no containers here: {error.stderr.strip()[-300:]}"
    finally:
        tar.unlink()
    return engine
