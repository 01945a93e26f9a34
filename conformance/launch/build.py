"""Identifies a program: whether it is a QEMU, and which; speaks no QMP."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import signal
import stat
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from conformance.launch.environment import environment
from conformance.launch.folder import RunFolder
from conformance.launch.output import ROOM, open_output, written
from conformance.launch.program import STYLES
from conformance.launch.sandbox import Confinement, command, failure, is_sanitized
from conformance.launch.target import Target, host_path
from conformance.launch.waiting import readable
from conformance.model.errors import HostError, LaunchError
from conformance.model.flavour import Program

# A build with a sanitizer takes a few seconds to print its version on a busy machine.
_LIMIT: Final = 30.0
_VERSION: Final = {
    kind: re.compile(rf"{style.banner} (\d+)\.(\d+)\.(\d+)[^\s(]*(?: \((.*)\))?")
    for kind, style in STYLES.items()
}
_ARCH: Final = re.compile(r"qemu-system-([a-z0-9_]+)")
_REMEDY: Final = (
    "Name a QEMU system emulator, such as /usr/bin/qemu-system-x86_64, a qemu-storage-daemon or a "
    "qemu-ga."
)
# Enough for a version and a loader's last words; a program that prints more is no QEMU.
_ENOUGH: Final = 65536

_SPECIAL: Final = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One QEMU program that speaks QMP.

    `package` is the text in brackets behind the version, else None. `arch` comes from the program's
    name or, if that does not tell, from its answers. `as_root` is why only root can run it, as in
    Target.
    """

    program: str
    version: tuple[int, int, int]
    package: str | None
    arch: str | None
    sha256: str
    kind: Program = Program.SYSTEM
    as_root: str | None = None
    sanitized: bool = False
    """Whether it was built with a sanitizer."""


def identify(target: Target, folder: RunFolder, *, limit: float = _LIMIT) -> Build:
    """Return the build of the target's program, as it identifies itself in the sandbox.

    Raises LaunchError if there is no such file, if it is no program or no QEMU program that can be
    a target, or without an answer within `limit` seconds.
    """
    if target.rootfs and not os.path.isdir(target.rootfs):
        raise HostError(
            f"the root file system {target.rootfs} does not exist",
            "Correct `rootfs`; docs/targets.md tells how to make one.",
        )
    file = host_path(target)
    where = f"{target.program} (in {target.place})" if target.place else target.program
    _check(file, where)
    lowered = target.sandbox and folder.mounts.user is not None
    said, complaint, status = _ask(target, folder, where, limit)
    if lowered and status != 0 and os.strerror(errno.EACCES) in complaint:
        # Neither the file modes nor the kernel let another user than root run it.
        target = replace(target, as_root="no other user may read what it is made of")
        said, complaint, status = _ask(target, folder, where, limit)
    broken = failure(complaint)
    if broken is not None:
        raise broken
    answers = {kind: banner.search(said) for kind, banner in _VERSION.items()}
    kind, found = next((pair for pair in answers.items() if pair[1]), (Program.SYSTEM, None))
    if found is None:
        raise LaunchError(
            f"{where} is no QEMU system emulator, storage daemon or guest agent: to --version it"
            f" {_answer(said, complaint)} and ended with status {status}",
            _REMEDY,
        )
    major, minor, micro, package = found.groups()
    return Build(
        program=target.program,
        version=(int(major), int(minor), int(micro)),
        package=package,
        arch=_arch(target, file),
        sha256=_sha256(file),
        kind=kind,
        as_root=target.as_root,
        sanitized=is_sanitized(target),
    )


def _check(file: Path, where: str) -> None:
    try:
        mode = file.stat().st_mode
        if not stat.S_ISREG(mode):
            # Opening a pipe waits for a writer, and a device may do anything.
            raise LaunchError(f"{where} is {_SPECIAL.get(stat.S_IFMT(mode), 'no file')}", _REMEDY)
        with file.open("rb") as stream:
            start = stream.read(4)
    except FileNotFoundError:
        raise HostError(f"{where} does not exist", _REMEDY) from None
    except OSError as error:
        raise LaunchError(f"{where} cannot be read: {error.strerror}", _REMEDY) from None
    if not os.access(file, os.X_OK):
        raise LaunchError(f"{where} is not executable", f"{_REMEDY[:-1]}, or make it executable.")
    # Otherwise, execvp of bubblewrap would pass the file to a shell.
    if start != b"\x7fELF" and not start.startswith(b"#!"):
        raise LaunchError(f"{where} is no program (exec format error)", _REMEDY)


def _ask(target: Target, folder: RunFolder, where: str, limit: float) -> tuple[str, str, int]:
    """Return what the program writes to standard output and error, and its exit status."""
    mounts = folder.mounts if target.sandbox else None
    argv = command(target, [target.program, "--version"], Confinement(mounts=mounts))
    with contextlib.ExitStack() as undo:
        out, complaint = open_output("version"), open_output("complaint")
        undo.callback(os.close, out)
        undo.callback(os.close, complaint)
        # All processes inherit one end; when the other reads its end, all of them are gone.
        alive, held = os.pipe()
        undo.callback(os.close, alive)
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=complaint,
                pass_fds=(held,),
                env=environment(target, folder.path),
                cwd=folder.path,
                start_new_session=True,
            )
        except OSError as error:
            raise LaunchError(f"{where} cannot be run: {error}", _REMEDY) from None
        finally:
            os.close(held)
        pidfd = os.pidfd_open(process.pid)
        undo.callback(os.close, pidfd)
        ended = False
        try:
            # It may close everything it inherited and live on.
            ended = readable(alive, limit) and readable(pidfd, limit)
        finally:
            if not ended:
                os.killpg(process.pid, signal.SIGKILL)
                readable(alive, limit)
            status = process.wait()
        if not ended:
            said = " and wrote without end" * (max(written(out), written(complaint)) == ROOM)
            raise LaunchError(
                f"{where} did not answer --version within {limit:g} seconds{said}", _REMEDY
            )
        return _start(out), _start(complaint), status


def _start(output: int) -> str:
    size = min(written(output), _ENOUGH)
    return os.pread(output, size, 0).decode(errors="replace")


def _answer(said: str, complaint: str) -> str:
    lines = (said.strip() or complaint.strip()).splitlines()
    return f"answered {lines[0][:200]!r}" if lines else "answered nothing"


def _arch(target: Target, file: Path) -> str | None:
    for name in (os.path.basename(target.program), file.name):
        found = _ARCH.match(name)
        if found is not None:
            return found[1]
    return None


def is_same(target: Target, sha256: str) -> bool:
    """Return whether the program of a target is on this host, and has that hash."""
    file = host_path(target)
    return file.is_file() and _sha256(file) == sha256


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
