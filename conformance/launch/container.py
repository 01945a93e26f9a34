"""Holds a container of an image for as long as a run lasts; machines run on its root file system.

Speaks to podman and docker by their command line, in words that both know. Knows no QEMU.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import platform
import shlex
import shutil
import struct
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from conformance.launch.janitor import MARK
from conformance.launch.output import open_output, written
from conformance.launch.waiting import readable
from conformance.model.errors import HostError, LaunchError

ENGINES: Final = ("podman", "docker")
"""The engines that are looked for where none is named; the first counts."""
# An engine that asks a registry or a daemon that does not answer; its own work takes a second.
_LIMIT: Final = 60.0
_HOLDER: Final = "/tmp/qmp-hold"
# A program that writes a line, reads until its input ends, and exits: an image that holds QEMU
# alone has neither a shell nor anything else that waits. The machine's number in ELF, and the code.
_WAITING: Final[Mapping[str, tuple[int, str]]] = {
    "x86_64": (
        62,
        "b80100000089c789c2488d351f0000000f0531c031ff488d7424f8ba010000000f0585c07fecb83c00000031ff"
        "0f050a",
    ),
    "aarch64": (
        183,
        "200080d2c1010010220080d2080880d2010000d4000080d2e14300d1220080d2e80780d2010000d41f0000f1"
        "4cffff54000080d2a80b80d2010000d40a",
    ),
}
# Where no code is known, the image must have a shell.
_SHELL: Final = ("/bin/sh", "-c", "echo; while read -r line; do :; done")
_names = itertools.count(1)


def found_engine(engine: str) -> tuple[str, ...]:
    """Return the words that start the engine: those given, or the first engine of this host.

    Raises LaunchError where it is not on this host.
    """
    words = shlex.split(engine)
    if not words:
        words = [next((each for each in ENGINES if shutil.which(each)), "")]
        if not words[0]:
            raise HostError(
                f"neither {' nor '.join(ENGINES)} is on this host", "Install one, such as podman."
            )
    elif shutil.which(words[0]) is None:
        raise HostError(
            f"the container engine {words[0]} is not on this host",
            "Install it, or name another one with --engine or `engine`.",
        )
    if "/" in words[0]:
        # Its processes run in no folder of the caller's.
        words[0] = os.path.abspath(words[0])
    return tuple(words)


class Container:
    """A container without network whose root is read-only; it does nothing but be there.

    `pid` is the number of its process on the host, `root` the path of its root file system,
    `identity` says which image it is in words: its digest, if a registry gave it one, and its id.
    """

    def __init__(self, engine: str, image: str, folder: Path) -> None:
        """Start it for the run that `folder` belongs to; it ends when that run is gone.

        Its standard input is a pipe of this process: its end, however it comes, ends the container,
        and its mark lets the janitor do so. Raises LaunchError.
        """
        self._engine = found_engine(engine)
        self._image = image
        self.id, self.identity = self._inspected()
        self._name = f"qmp-conformance-{os.getpid()}-{next(_names)}"
        self._stderr = open_output("engine")
        self._client = self._start(folder)
        try:
            self.pid = self._started(folder)
        except BaseException:
            self.close()
            raise
        self.root = f"/proc/{self.pid}/root"

    def _inspected(self) -> tuple[str, str]:
        """Return the id of the image, and the words that identify it."""
        done = self._ask("image", "inspect", self._image)
        if done.returncode != 0:
            said = _last(done.stderr)
            if "no such image" in said.lower() or "image not known" in said.lower():
                raise HostError(
                    f"{self._engine[0]} has no image {self._image}",
                    f"Fetch it with {shlex.join((*self._engine, 'pull', self._image))}: the suite "
                    "fetches nothing.",
                )
            raise self._refused(said)
        with contextlib.suppress(ValueError, LookupError, TypeError, AttributeError):
            facts: Mapping[str, Any] = json.loads(done.stdout)[0]
            number = str(facts["Id"]).removeprefix("sha256:")
            digests = [each.partition("@")[2] for each in facts.get("RepoDigests") or ()]
            words = [f"digest {each}" for each in sorted(set(digests))[:1]]
            return number, ", ".join((*words, f"id sha256:{number}"))
        raise self._refused(f"it does not describe the image {self._image}")

    def _start(self, folder: Path) -> subprocess.Popen[bytes]:
        holder, words = _holder(folder)
        shown = ("--volume", f"{holder}:{_HOLDER}:ro") if holder else ()
        argv = (
            *(*self._engine, "run", "--rm", "--interactive", "--name", self._name),
            *("--pull", "never", "--network", "none", "--read-only", "--tmpfs", "/tmp"),
            *("--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
            # A file of the host has a label of the host.
            *("--security-opt", "label=disable", "--user", "0:0", "--workdir", "/"),
            *("--no-healthcheck", "--log-driver", "none", "--env", f"{MARK}={folder}", *shown),
            *("--entrypoint", words[0], self.id, *words[1:]),
        )
        # The client has no mark: it removes the container when that has ended.
        return subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            cwd="/",
            start_new_session=True,
        )

    def _started(self, folder: Path) -> int:
        """Wait until the container is there; return the number of its process."""
        assert self._client.stdout is not None
        if not readable(self._client.stdout.fileno(), _LIMIT):
            raise self._refused(f"it starts no container of {self._image} in {_LIMIT:g} seconds")
        if not self._client.stdout.read(1):
            self._client.wait(_LIMIT)
            said = os.pread(self._stderr, written(self._stderr), 0)
            raise self._refused(_last(said.decode(errors="replace")))
        done = self._ask("inspect", "--format", "{{.State.Pid}}", self._name)
        pid = done.stdout.strip()
        mark = f"{MARK}={folder}".encode()
        try:
            if pid.isdecimal() and mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                return int(pid)
        except OSError:
            pass
        raise HostError(
            f"the containers of {self._engine[0]} are out of reach: on another machine, or of "
            "another user",
            "Run the suite as the user whose containers the engine runs (root, for docker), or "
            "unpack the image and name its folder with --rootfs.",
        )

    def _ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                (*self._engine, *words),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_LIMIT,
                check=False,
                cwd="/",
            )
        except subprocess.TimeoutExpired:
            raise self._refused(f"no answer in {_LIMIT:g} seconds to {words[0]}") from None
        except OSError as error:
            raise self._refused(str(error)) from None

    def _refused(self, said: str) -> LaunchError:
        return LaunchError(
            f"{self._engine[0]} cannot provide {self._image}: {said}",
            f"Correct what keeps `{shlex.join(self._engine)} run` from working, or use --rootfs.",
        )

    def close(self) -> None:
        """End it, and wait until the engine has removed it."""
        client = self._client
        assert client.stdin is not None
        assert client.stdout is not None
        client.stdin.close()
        try:
            client.wait(_LIMIT)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(LaunchError):
                self._ask("rm", "--force", self._name)
            client.kill()
            client.wait()
        client.stdout.close()
        if self._stderr >= 0:
            os.close(self._stderr)
            self._stderr = -1


def _holder(folder: Path) -> tuple[Path | None, Sequence[str]]:
    """Return the program that waits, if it must be bound in, and the command line in there."""
    if platform.machine() not in _WAITING:
        return None, _SHELL
    path = folder / "hold"
    number, code = _WAITING[platform.machine()]
    path.write_bytes(_elf(number, bytes.fromhex(code)))
    path.chmod(0o755)
    return path, (_HOLDER,)


def _elf(machine: int, code: bytes) -> bytes:
    """Return a program of 64 bits with that code, see elf(5): its header, one segment, the code."""
    base, header, entry = 0x400000, 64, 56
    size = header + entry + len(code)
    start = base + header + entry
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    rest = (2, machine, 1, start, header, 0, 0, header, entry, 1, 0, 0, 0)
    segment = (1, 5, 0, base, base, size, size, 0x10000)
    return ident + struct.pack("<HHIQQQIHHHHHH", *rest) + struct.pack("<IIQQQQQQ", *segment) + code


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].removeprefix("Error: ").strip() if lines else "it says nothing"
