"""The temporary folder of a run, and the janitor that outlives the run to remove it."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from conformance.launch import janitor
from conformance.launch.container import Container
from conformance.launch.mounts import Mounts
from conformance.launch.target import Target
from conformance.launch.waiting import readable
from conformance.model.errors import HarnessError

# The janitor ends as soon as it has removed the folder.
_LIMIT: Final = janitor.GRACE + 20.0


class RunFolder:
    """A folder for one run, removed when it closes or when its process is gone for any reason.

    It is made when it is first asked for; raises HarnessError then where that cannot be.  May be
    used from several threads.
    """

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self._mounts: Mounts | None = None
        self._containers: dict[tuple[str, str], Container] = {}
        self._made: _Made | None = None

    @property
    def is_made(self) -> bool:
        """Whether anybody has asked for it."""
        return self._made is not None

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._own().path

    def _own(self) -> _Made:
        with self._lock:
            if self._made is None:
                self._made = _Made()
            return self._made

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def janitor_pid(self) -> int:
        """The process number of the janitor."""
        return self._own().janitor.pid

    def subfolder(self, name: str) -> Path:
        """Create a folder below the run's, whose name starts with `name`."""
        path = self.path / f"{name}{next(self._numbers)}"
        path.mkdir(mode=0o700)
        return path

    @property
    def mounts(self) -> Mounts:
        """What the run provides to its sandboxes from outside."""
        with self._lock:
            if self._mounts is None:
                self._mounts = Mounts(self.path)
            return self._mounts

    def entered(self, target: Target) -> Target:
        """Return the target with the root file system of its image, if it has one.

        One container holds the image until the folder closes, for all its targets. Raises
        LaunchError.
        """
        if not target.image:
            return target
        with self._lock:
            key = (target.engine, target.image)
            if key not in self._containers:
                self._containers[key] = Container(target.engine, target.image, self.path)
            held = self._containers[key]
        return replace(target, rootfs=held.root, container=held.pid, identity=held.identity)

    def close(self) -> None:
        """End what still runs, and remove the folder."""
        with self._lock:
            made, mounts = self._made, self._mounts
            if made is None or not made.leave():
                return
            with contextlib.ExitStack() as undo:
                undo.callback(made.remove)
                for container in self._containers.values():
                    undo.callback(container.close)
                if mounts is not None:
                    undo.callback(mounts.close)


class _Made:
    """A folder that was made, and the janitor that waits for its process to be gone."""

    def __init__(self) -> None:
        parent = tempfile.gettempdir()
        try:
            janitor.sweep(parent)
            self.path, held = _locked(parent)
        except OSError as error:
            raise HarnessError(
                f"no folder can be made in {parent}: {error.strerror}",
                "Free space there, or set TMPDIR.",
            ) from None
        # The janitor holds it, too: as long as one of them lives, the folder is in use.
        self._held = held
        read, self._write = os.pipe()
        try:
            self.janitor = subprocess.Popen(
                [sys.executable, "-I", "-S", janitor.__file__, str(self.path)],
                stdin=read,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
                pass_fds=(held,),
            )
        except BaseException:
            os.close(self._write)
            janitor.remove(str(self.path))
            os.close(held)
            raise
        finally:
            os.close(read)

    def leave(self) -> bool:
        """Tell the janitor that the folder is wanted no more; return whether that is news."""
        if self._write < 0:
            return False
        os.close(self._write)
        self._write = -1
        return True

    def remove(self) -> None:
        """Wait until the janitor has removed the folder."""
        pidfd = os.pidfd_open(self.janitor.pid)
        try:
            if not readable(pidfd, _LIMIT):
                self.janitor.kill()
        finally:
            os.close(pidfd)
            self.janitor.wait()
        if self.path.exists():
            janitor.remove(str(self.path))
        os.close(self._held)


def _locked(parent: str) -> tuple[Path, int]:
    """Create a folder and lock it; raises OSError."""
    while True:
        path = tempfile.mkdtemp(prefix=janitor.PREFIX, dir=parent)
        try:
            held = janitor.hold(path)
        except FileNotFoundError:
            continue
        # Before it was locked, another run may have taken it for abandoned.
        if os.path.exists(path):
            return Path(path), held
        os.close(held)
