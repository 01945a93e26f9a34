"""The command line that confines a program; starts nothing itself.

By default bubblewrap: the root read-only, everything that takes writes private and empty, no
network, no privileges, gone with the thread that started it.  Sockets with a path outside the
masked folders stay reachable, for a read-only mount does not stop a connect.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from conformance.errors import LaunchError
from conformance.launch.janitor import MARK
from conformance.launch.target import Target, host_path
from conformance.stage import SCRATCH

# Folders that any user may write to or that hold the host's sockets; /dev/shm is a fourth, which
# bubblewrap's own /dev already hides.
MASKED: Final = ("/tmp", "/var/tmp", "/run")
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """What a program gets to see beyond the root of its target.

    `scratch` appears at stage.SCRATCH and can be written to.  `status_fd` is a descriptor, passed
    on to the command, where bubblewrap reports (its --json-status-fd).
    """

    scratch: Path | None = None
    devices: tuple[str, ...] = ()
    status_fd: int | None = None


def command(
    target: Target, argv: Sequence[str], confinement: Confinement = Confinement()
) -> tuple[str, ...]:
    """Return the command line that runs `argv` as the target is to be run, without core dumps.

    `argv[0]` is a path in the target's root.  Raises LaunchError where a tool, a device or a part
    of the root is missing.
    """
    limits = (_tool("prlimit", "util-linux"), "--core=0:0", "--")
    if not target.sandbox:
        if target.rootfs:
            raise LaunchError(
                f"{target.rootfs} cannot be a root without the sandbox",
                "Leave out --no-sandbox, or name a program of the host.",
            )
        return (_tool("setpriv", "util-linux"), "--pdeathsig", "KILL", "--", *limits, *argv)
    # Every option of bubblewrap stands here or in what is called here.
    bwrap = _tool("bwrap", "bubblewrap")
    options = [*_root(target), *_masks(target), *_program(target, argv[0])]
    if confinement.scratch is not None:
        options += ["--bind", str(confinement.scratch), SCRATCH]
    options += _devices(confinement.devices)
    # The mark stays on bubblewrap, which all else ends with.
    options += ["--unsetenv", MARK]
    for name, value in target.env:
        options += ["--setenv", name, value]
    if confinement.status_fd is not None:
        options += ["--json-status-fd", str(confinement.status_fd)]
    return (
        *limits,
        bwrap,
        *options,
        *("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *("--chdir", "/tmp", "--"),
        *_visible(target, argv),
    )


def environment(target: Target, folder: Path) -> dict[str, str]:
    """Return the whole environment for the command; inside the sandbox target.env is added.

    It marks what runs as that of the run which `folder` belongs to.
    """
    clean = {"HOME": "/tmp", "PATH": _PATH, "LANG": "C", MARK: str(folder)}
    return clean if target.sandbox else {**clean, **dict(target.env)}


def failure(stderr: str) -> LaunchError | None:
    """Return what the sandbox failed at, told by what it wrote; None if it did not."""
    lines = [line for line in stderr.splitlines() if line.startswith("bwrap: ")]
    if not lines:
        return None
    text = lines[0].removeprefix("bwrap: ")
    if "namespace" in text or "uid map" in text or "Operation not permitted" in text:
        return LaunchError(
            f"bubblewrap cannot make its namespaces here: {text}",
            "Allow unprivileged user namespaces (sysctl user.max_user_namespaces, "
            "kernel.apparmor_restrict_unprivileged_userns), or use --no-sandbox.",
        )
    if text.startswith("execvp "):
        return LaunchError(
            f"the program cannot be run in the sandbox: {text.removeprefix('execvp ')}",
            "Name a QEMU program that this host can execute.",
        )
    return LaunchError(f"bubblewrap failed: {text}", "Correct that, or use --no-sandbox.")


def _tool(name: str, package: str) -> str:
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":" + _PATH)
    if found is None:
        either = ", or use --no-sandbox" if name == "bwrap" else ""
        raise LaunchError(f"{name} is not on this host", f"Install it (package {package}){either}.")
    return found


def _root(target: Target) -> Iterator[str]:
    yield from ("--ro-bind", target.rootfs or "/", "/")
    for needed in ("/dev", "/proc", "/tmp"):
        if not _has(target, needed):
            raise LaunchError(
                f"the root {target.rootfs or '/'} has no folder {needed}",
                "Make it: the sandbox mounts its own there.",
            )
    yield from ("--dev", "/dev", "--proc", "/proc")
    if target.rootfs and _has(target, "/sys"):
        yield from ("--ro-bind-try", "/sys", "/sys")


def _masks(target: Target) -> Iterator[str]:
    for folder in MASKED:
        if _has(target, folder):
            yield from ("--tmpfs", folder)


def _has(target: Target, folder: str) -> bool:
    path = Path(target.rootfs + folder)
    return path.is_dir() and not path.is_symlink()


def _program(target: Target, program: str) -> Iterator[str]:
    """Bring back what a mask hides of the program, and of the build tree that it is part of."""
    real = _real(target, program)
    for folder in MASKED:
        if not real.startswith(folder + "/"):
            continue
        tree = os.path.join(folder, real.removeprefix(folder + "/").split("/")[0])
        # A program straight in the masked folder comes alone.
        yield from ("--ro-bind", target.rootfs + tree, tree)


def _visible(target: Target, argv: Sequence[str]) -> Sequence[str]:
    """Return `argv` with the real path of a program that is reached through a masked link."""
    hidden = any(argv[0].startswith(folder + "/") for folder in MASKED)
    return [_real(target, argv[0]), *argv[1:]] if hidden else argv


def _real(target: Target, program: str) -> str:
    if not target.rootfs:
        return os.path.realpath(program)
    return str(host_path(target, program)).removeprefix(target.rootfs)


def _devices(devices: Sequence[str]) -> Iterator[str]:
    for device in devices:
        if not os.path.exists(device):
            raise LaunchError(f"this host has no {device}", "Leave out what needs it.")
        yield from ("--dev-bind", device, device)
