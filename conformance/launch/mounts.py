"""What a run provides to its sandboxes: another user, folders of limited size, trees.

Asks the process of mounter.py, which starts on first use. If the host does not allow that process,
`lacks` says why, and the run does without.
"""

from __future__ import annotations

import grp
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

from conformance.launch import janitor, mounter
from conformance.model.errors import HostError, LaunchError

SCRATCH_SPACE: Final = 512 << 20
"""The size of a machine's scratch folder in bytes: twice the memory of the largest machine that a
recipe starts, which commands write there."""
# Numbers that neither systemd nor Debian assigns: 65534 is "nobody", which owns files without an
# owner, and may run services.
_UNUSED: Final = range(65520, 65534)
# Mounting takes the kernel microseconds; on a swapping machine, Python takes a while to start.
_LIMIT: Final = 30.0
# Of linux/capability.h: what root needs to start and control programs as another user.
_CAPABILITIES: Final = {
    "CAP_CHOWN": 0,
    "CAP_DAC_OVERRIDE": 1,
    "CAP_KILL": 5,
    "CAP_SETGID": 6,
    "CAP_SETUID": 7,
    "CAP_SYS_PTRACE": 19,
    "CAP_SYS_ADMIN": 21,
    "CAP_MKNOD": 27,
}
_UNPACK: Final = (
    "Run the suite as the user whose containers the engine runs, or unpack the image and name its "
    "folder with --rootfs."
)


class Mounts:
    """The mount namespace of a run; may be used from several threads.

    `user` is the user and group that programs run as instead of root, None if they run as the
    user of the suite. `root_reason` says why root stays root, None if it does not or where
    the user is not root; `lacks` says why scratch folders have no limit, None if they have one.
    """

    def __init__(self, folder: Path) -> None:
        """Prepare it for the run that `folder` belongs to."""
        self.user: tuple[int, int] | None = None
        self.root_reason: str | None = None
        self._lock = threading.RLock()
        self._trees: dict[tuple[str, bool], str] = {}
        self._devices: dict[str, str] = {}
        self._count = 0
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(_LIMIT)
        root = os.geteuid() == 0
        user, reason = _other_user() if root else (None, None)
        self._own_user = not root or (reason is not None and "CAP_SYS_ADMIN" in reason)
        self._mark = {janitor.MARK: str(folder)}
        with theirs:
            self._process = self._helper(theirs, self._mode)
        self._answers = self._socket.makefile("rb")
        self.lacks = self._answer()
        self._nsenter = shutil.which("nsenter")
        if self.lacks is None and self._nsenter is None:
            self.lacks = "nsenter is not on this host (package util-linux)"
        if root:
            self.user = user if self.lacks is None else None
            self.root_reason = reason or self.lacks

    def _helper(self, theirs: socket.socket, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", mounter.__file__, *words],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if words[1:] else subprocess.DEVNULL,
            env={**os.environ, **self._mark},
            cwd="/",
            start_new_session=True,
        )

    @property
    def _mode(self) -> str:
        return "own-user" if self._own_user else "root"

    def close(self) -> None:
        """End the process; whatever has entered the namespace keeps it."""
        self._answers.close()
        self._socket.close()
        try:
            self._process.wait(_LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def entering(self, user: tuple[int, int] | None = None) -> tuple[str, ...]:
        """Return the start of a command line that enters the namespace; empty where it cannot.

        It becomes the user and group, without other groups, where there is one.
        """
        if self.lacks is not None or self._nsenter is None:
            return ()
        own = f"/proc/{self._process.pid}/ns"
        who = ("--preserve-credentials", f"--user={own}/user") if self._own_user else ()
        if user is not None:
            who = (f"--setuid={user[0]}", f"--setgid={user[1]}")
        return (self._nsenter, *who, f"--mount={own}/mnt", "--")

    def scratch(self, owner: tuple[int, int]) -> tuple[str, Path]:
        """Return a new folder of SCRATCH_SPACE bytes: its path inside, and from here.

        Raises LaunchError.
        """
        name = self._name("machine")
        self._ask("space", name, SCRATCH_SPACE, *owner)
        inside = f"{mounter.STAGE}/{name}"
        return inside, Path(self._here(inside))

    def _here(self, inside: str) -> str:
        return f"/proc/{self._process.pid}/root{inside}"

    def drop(self, inside: str) -> None:
        """Empty a folder and unmount it; raises LaunchError.

        It is emptied because sandboxes made meanwhile hold it, too, though hidden.
        """
        janitor.empty(self._here(inside))
        self._ask("drop", os.path.basename(inside))

    def tree(self, path: str, *, own: bool) -> str:
        """Return where the other user reaches `path`, a file or folder of the host.

        With `own`, root's files appear as the user's, where the kernel can do that.
        """
        if self.user is None:
            return path
        with self._lock:
            if (path, own) not in self._trees:
                self._trees[path, own] = self._shown(path, own=own)
            return self._trees[path, own]

    def _shown(self, path: str, *, own: bool) -> str:
        assert self.user is not None
        name = self._name("tree")
        # Not every kernel and file system can map file owners.
        if not own or self._try("handed-over", name, path, self.user[0]):
            name = self._name("tree")
            if said := self._try("tree", name, path):
                raise LaunchError(f"{path} cannot be shown to the sandbox: {said}", "Move it.")
        return f"{mounter.STAGE}/{name}"

    def root_of(self, pid: int) -> str:
        """Return where sandboxes reach the root of a process in another mount namespace.

        What is mounted below that root is not there. Raises LaunchError.
        """
        if self.lacks is not None:
            raise HostError(f"no container can be entered: {self.lacks}", _UNPACK)
        key = (f"/proc/{pid}/root", False)
        with self._lock:
            if key not in self._trees:
                name = self._name("tree")
                if said := self._try("attach", name, passed=self._copy_of_root(pid)):
                    raise LaunchError(f"the root of a container cannot be shown: {said}", _UNPACK)
                self._trees[key] = f"{mounter.STAGE}/{name}"
            return self._trees[key]

    def _copy_of_root(self, pid: int) -> int:
        """Return a descriptor for the root of a process; raises LaunchError."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                helper = self._helper(theirs, "root-of", str(pid))
            ours.settimeout(_LIMIT)
            try:
                found = socket.recv_fds(ours, 1, 1)[1]
            except OSError:
                found = []
                helper.kill()
            said = helper.communicate()[1].decode(errors="replace").strip()
        if not found:
            raise LaunchError(
                f"a container cannot be entered: {said.rpartition(chr(10))[2] or 'no answer'}",
                _UNPACK,
            )
        return found[0]

    def device(self, path: str) -> str:
        """Return where the other user may use the device `path` of the host."""
        if self.user is None:
            return path
        with self._lock:
            if path not in self._devices:
                name = self._name("device")
                if said := self._try("device", name, path, *self.user):
                    raise LaunchError(
                        f"{path} cannot be handed to the sandbox: {said}",
                        "Leave out what needs it.",
                    )
                self._devices[path] = f"{mounter.STAGE}/{name}"
            return self._devices[path]

    def _name(self, kind: str) -> str:
        with self._lock:
            self._count += 1
            return f"{kind}{self._count}"

    def _ask(self, *request: object) -> None:
        if said := self._try(*request):
            raise LaunchError(
                f"a scratch folder cannot be made or removed: {said}", "Free memory, or run again."
            )

    def _try(self, *request: object, passed: int | None = None) -> str | None:
        """Return the error of the request, None if it succeeded; `passed` is closed here."""
        line = json.dumps(request).encode() + b"\n"
        with self._lock:
            try:
                if passed is None:
                    self._socket.sendall(line)
                else:
                    socket.send_fds(self._socket, [line], [passed])
            except OSError as error:
                return str(error)
            finally:
                if passed is not None:
                    os.close(passed)
            return self._answer()

    def _answer(self) -> str | None:
        try:
            line = self._answers.readline()
        except (OSError, ValueError) as error:
            # A ValueError: the run has closed its end meanwhile.
            return f"the process that mounts does not answer: {error}"
        return (str(json.loads(line)) or None) if line else "the process that mounts has ended"


def _other_user() -> tuple[tuple[int, int] | None, str | None]:
    """Return a user and group that own nothing on this host, or why root cannot become it."""
    effective = _effective()
    missing = [name for name, bit in _CAPABILITIES.items() if not effective >> bit & 1]
    if missing:
        return None, f"it has no {', '.join(missing)} here"
    users = {entry.pw_uid for entry in pwd.getpwall()}
    groups = {entry.gr_gid for entry in grp.getgrall()}
    for number in _UNUSED:
        if number not in users | groups and _mapped("uid", number) and _mapped("gid", number):
            return (number, number), None
    return None, f"no user from {_UNUSED[0]} to {_UNUSED[-1]} is free in this user namespace"


def _effective() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16)
    return 0


def _mapped(kind: str, number: int) -> bool:
    ranges = [line.split() for line in Path(f"/proc/self/{kind}_map").read_text().splitlines()]
    return any(int(first) <= number < int(first) + int(size) for first, _, size in ranges)
