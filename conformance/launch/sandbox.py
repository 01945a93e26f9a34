"""The command line that confines a program; starts nothing itself.

By default bubblewrap: shows the system folders of the root, read-only; every writable folder is
private, empty and limited; no network, no privileges, and it dies with the thread that started it.
All other folders of the root are hidden, since a read-only mount does not prevent connecting to
sockets in it.
"""

from __future__ import annotations

import functools
import mmap
import os
import re
import resource
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from conformance.launch.environment import PATH
from conformance.launch.janitor import MARK
from conformance.launch.mounts import Mounts
from conformance.launch.refusal import refusal
from conformance.launch.target import Target, host_path
from conformance.model.errors import HostError, LaunchError
from conformance.model.stage import SCRATCH

# The folders of a root that hold programs and what they read, and those that the sandbox mounts
# itself. Others (homes, /run, /var, disks) are the host's, and may hold sockets.
_KEPT: Final = re.compile(r"bin|sbin|lib[0-9a-z]*|usr|etc|opt|nix|gnu|sys|dev|proc")
# How many levels below a masked folder a unit is, where it is not one: each user has a home, each
# service a folder below /var/lib.
_DEPTHS: Final = {"/home": 2, "/var": 2}
_TREE: Final = 1
SPACE: Final = 256 << 20
"""The size of each writable folder in bytes: twice the memory of a default machine, which commands
write to files, and small compared with a host's memory."""
FILE_SIZE: Final = 8 << 30
"""The largest file in bytes, where folders have no limit: enough for sparse files on both sides of
32 bits, and less than the disk of a host that runs tests. A larger one is refused, as by a file
system."""
PROCESSES: Final = 4096
"""How many threads there may be beyond those of the host when a program starts: a machine has ten,
one with many processors some hundred, and a host has room for some thousand."""
ADDRESS_SPACE: Final = 64 << 30
"""How much a process may map in bytes: guests' memory of many GiB is mapped unused."""
# What a program built with a sanitizer calls, also where that is a library.
_SANITIZERS: Final = (b"__asan_init", b"__hwasan_init", b"__msan_init", b"__tsan_init")
TOOLS: Final = "/tmp/.tools"
INNER: Final = "/tmp/.inner"
# As much as the kernel reads of a script's first line (BINPRM_BUF_SIZE of linux/binfmts.h).
_LINE: Final = 256
# bwrap --help only prints; on a swapping machine it takes a while to load.
_LIMIT: Final = 30.0


# What precedes the program, and the first line of its complaints.
_COMPLAINT: Final = re.compile(r"^(bwrap|nsenter|setpriv|prlimit): (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """What a program sees beyond the root of its target.

    `scratch` appears at stage.SCRATCH and is writable; it is a path in the namespace of `mounts`,
    None if there is none. `status_fd` is a descriptor, passed on to the command, for
    bubblewrap's reports (--json-status-fd).
    """

    scratch: str | None = None
    mounts: Mounts | None = None
    devices: tuple[str, ...] = ()
    status_fd: int | None = None
    program: str | None = None
    """A program of the root that is shown beside the one that is run."""
    tools: str | None = None
    """A folder of the host that is shown at TOOLS."""
    inner: Target | None = None
    """A target whose root is shown at INNER, with the same scratch folder, for chroot."""


def command(
    target: Target, argv: Sequence[str], confinement: Confinement = Confinement()
) -> tuple[str, ...]:
    """Return the command line that runs `argv` as the target demands, without core dumps.

    The caller ignores SIGXFSZ: otherwise a file that exceeds its limit kills the program. `argv[0]`
    is a path in the target's root. Raises LaunchError where a tool, a device or a part of the root
    is missing.
    """
    if not target.sandbox:
        if target.place:
            raise LaunchError(
                f"{target.place} cannot be a root without the sandbox",
                "Leave out --no-sandbox, or name a program of the host.",
            )
        limits = _limits(target, files=True)
        return (_tool("setpriv", "util-linux"), "--pdeathsig", "KILL", "--", *limits, *argv)
    # Every option of bubblewrap is here or in a function called here.
    bwrap = _tool("bwrap", "bubblewrap")
    room = ("--size", f"{SPACE}") if _sizes_folders(bwrap) else ()
    outside = _Outside(confinement.mounts, target)
    options = [*_root(target, outside), *_masks(target, room)]
    for program in filter(None, (argv[0], confinement.program)):
        options += _named(target, program, outside)
    if confinement.scratch is not None:
        options += ["--bind", confinement.scratch, SCRATCH]
    options += [*_devices(confinement.devices, outside), "--remount-ro", "/dev"]
    within = [*_within(confinement, outside, room)]
    # The mark stays on bubblewrap; everything else ends with it.
    options += ["--unsetenv", MARK]
    for name, value in target.env:
        options += ["--setenv", name, value]
    if confinement.status_fd is not None:
        options += ["--json-status-fd", str(confinement.status_fd)]
    # A file in a folder of limited size, or in memory, needs no limit of its own.
    bounded = bool(room) and outside.bounded
    return (
        *outside.entering(),
        *_limits(target, files=not bounded),
        bwrap,
        *options,
        *("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *within,
        *("--chdir", "/tmp", "--"),
        *_visible(target, argv),
    )


def _within(confinement: Confinement, outside: _Outside, room: tuple[str, ...]) -> Iterator[str]:
    """Show the tools and the root of another target below /tmp."""
    if confinement.tools is not None:
        yield from ("--ro-bind", outside.tree(confinement.tools, own=True), TOOLS)
    inner = confinement.inner
    if inner is None:
        return
    root = _Outside(confinement.mounts, inner)
    yield from ("--ro-bind", root.tree(inner.rootfs, own=False), INNER)
    yield from (
        "--dev",
        f"{INNER}/dev",
        "--proc",
        f"{INNER}/proc",
        *room,
        "--tmpfs",
        f"{INNER}/tmp",
    )
    yield from ("--remount-ro", f"{INNER}/proc", *room, "--tmpfs", f"{INNER}/dev/shm")
    yield from ("--cap-add", "CAP_SYS_CHROOT")
    for device in confinement.devices:
        yield from ("--dev-bind", outside.device(device), f"{INNER}{device}")
    for folder in ("/run", "/var"):
        if _has(inner, folder):
            yield from (*room, "--tmpfs", f"{INNER}{folder}")
    if _has(inner, "/var"):
        yield from ("--dir", f"{INNER}/var/tmp")
    if confinement.scratch is not None:
        yield from ("--bind", confinement.scratch, f"{INNER}{SCRATCH}")


def _limits(target: Target, *, files: bool) -> tuple[str, ...]:
    """Return the start of a command line that limits what each process may use.

    With `files`, also the size of a file. No limit exceeds an existing one: raising it takes a
    privilege.
    """
    wanted = {"core": 0, "nproc": _tasks() + PROCESSES}
    if files:
        wanted["fsize"] = FILE_SIZE
    if limits_memory(target):
        wanted["as"] = ADDRESS_SPACE
    options = []
    for name, limit in wanted.items():
        _, hard = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}"))
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        options.append(f"--{name}={limit}:{limit}")
    return (_tool("prlimit", "util-linux"), *options, "--")


def _tasks() -> int:
    """Return the number of the host's threads; the limit counts one user's, which are fewer."""
    return int(Path("/proc/loadavg").read_text().split()[3].partition("/")[2])


def limits_memory(target: Target) -> bool:
    """Return whether the address space of the program is limited.

    A program with a sanitizer reserves terabytes; a script may run one.
    """
    try:
        return _plain(str(host_path(target)))
    except (LaunchError, OSError):
        return False


def is_sanitized(target: Target) -> bool:
    """Return whether the program itself calls a sanitizer."""
    try:
        return _kind(str(host_path(target)))[1]
    except (LaunchError, OSError):
        return False


def _plain(program: str) -> bool:
    """Return whether the file is itself a program, and calls none of the sanitizers."""
    elf, sanitized = _kind(program)
    return elf and not sanitized


@functools.cache
def _kind(program: str) -> tuple[bool, bool]:
    """Return whether the file is itself a program, and whether it calls a sanitizer."""
    with open(program, "rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return False, False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            elf = content[:4] == b"\x7fELF"
            return elf, elf and any(content.find(name) >= 0 for name in _SANITIZERS)


class _Outside:
    """What the sandbox of a target gets from outside, as the user that it runs as."""

    def __init__(self, mounts: Mounts | None, target: Target) -> None:
        self._mounts = mounts
        self._target = target
        # An empty reason is none: to run as root by mistake must not be that easy.
        self._user = mounts.user if mounts and not target.as_root else None

    @property
    def bounded(self) -> bool:
        """Whether the scratch folder is of limited size."""
        return self._mounts is not None and self._mounts.lacks is None

    def entering(self) -> tuple[str, ...]:
        """Return the start of the command line: it enters the mounts and becomes the user."""
        return () if self._mounts is None else self._mounts.entering(self._user)

    def tree(self, path: str, *, own: bool) -> str:
        """Return where `path` is reached; with `own`, root's files in it belong to the program."""
        target = self._target
        if target.container:
            if self._mounts is None:
                raise LaunchError(f"{target.place} cannot be entered", "Use --rootfs.")
            return self._mounts.root_of(target.container) + path.removeprefix(target.rootfs)
        if self._mounts is None or self._user is None:
            return path
        return self._mounts.tree(path, own=own)

    def device(self, path: str) -> str:
        """Return where the device is reached."""
        return path if self._mounts is None or self._user is None else self._mounts.device(path)


def caveats(target: Target, mounts: Mounts) -> tuple[str, ...]:
    """Return in sentences what the sandbox does not protect on this host, and why."""
    if not target.sandbox:
        return ()
    found = []
    reason = target.as_root or mounts.root_reason
    if reason is not None:
        found.append(
            f"stays root, for {reason}: what only root may read of the folders shown (as "
            "/etc/shadow) is open to it"
        )
    if mounts.lacks is not None:
        found.append(
            f"its scratch folder has no limit, for {mounts.lacks}: it can fill the disk with files "
            f"of up to {FILE_SIZE >> 30} GiB"
        )
    return tuple(found)


def failure(stderr: str) -> LaunchError | None:
    """Return why the sandbox failed, judging by its output; None if it did not."""
    found = _COMPLAINT.search(stderr)
    if found is None:
        return None
    tool, text = found.groups()
    if tool != "bwrap":
        return LaunchError(
            f"{tool} failed before the program began: {text}", "Correct that, or use --no-sandbox."
        )
    if "namespace" in text or "uid map" in text or "Operation not permitted" in text:
        return refusal(text)
    if text.startswith("execvp "):
        return LaunchError(
            f"the program cannot be run in the sandbox: {text.removeprefix('execvp ')}",
            "Name a QEMU program that this host can execute.",
        )
    return LaunchError(f"bubblewrap failed: {text}", "Correct that, or use --no-sandbox.")


def _tool(name: str, package: str) -> str:
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":" + PATH)
    if found is None:
        either = ", or use --no-sandbox" if name == "bwrap" else ""
        raise HostError(f"{name} is not on this host", f"Install it (package {package}){either}.")
    return found


def _root(target: Target, outside: _Outside) -> Iterator[str]:
    if target.container and not os.path.isdir(target.rootfs):
        raise LaunchError(f"the container of {target.image} has ended", "Run again.")
    root = outside.tree(target.rootfs, own=False) if target.rootfs else "/"
    yield from ("--ro-bind", root, "/")
    for needed in ("/dev", "/proc", "/tmp"):
        if not _has(target, needed):
            raise LaunchError(
                f"the root {target.place or '/'} has no folder {needed}",
                "Make it: the sandbox mounts its own there.",
            )
    # Root inside can write the kernel's settings, even where that is another user outside.
    yield from ("--dev", "/dev", "--proc", "/proc", "--remount-ro", "/proc")
    if target.rootfs and _has(target, "/sys"):
        yield from ("--ro-bind-try", "/sys", "/sys")


@functools.cache
def _sizes_folders(bwrap: str) -> bool:
    """Return whether this bubblewrap can limit the size of a tmpfs (since 0.7)."""
    try:
        asked = subprocess.run([bwrap, "--help"], capture_output=True, timeout=_LIMIT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return b"--size " in asked.stdout + asked.stderr


def _masks(target: Target, room: tuple[str, ...]) -> Iterator[str]:
    """Hide what is not kept under empty folders, each of the size that `room` says."""
    for folder in (*masked(target), "/dev/shm"):
        yield from (*room, "--tmpfs", folder)
    # Their places within /var are hidden as well.
    if _has(target, "/var"):
        yield from ("--dir", "/var/tmp")


def masked(target: Target) -> tuple[str, ...]:
    """Return the folders at the top of the target's root that are hidden from programs."""
    names = sorted(name for name in os.listdir(target.rootfs or "/") if not _KEPT.fullmatch(name))
    return tuple(f"/{name}" for name in names if _has(target, f"/{name}"))


def _has(target: Target, folder: str) -> bool:
    path = Path(target.rootfs + folder)
    return path.is_dir() and not path.is_symlink()


def _named(target: Target, program: str, outside: _Outside) -> Iterator[str]:
    """Show again what a mask hides of the target's program and environment.

    A file brings the tree of its unit, such as the build that it is part of; a script brings its
    interpreter.
    """
    real = _real(target, program)
    folders = (part for _, text in target.env for part in text.split(":"))
    paths = filter(None, (real, _interpreter(target.rootfs + real), *folders))
    hidden = masked(target)
    trees = {tree for path in paths for folder in hidden if (tree := _tree(path, folder))}
    for tree in sorted(trees):
        if os.path.exists(target.rootfs + tree):
            # Below a root, its own mount shows it to the other user.
            source = target.rootfs + tree
            yield from ("--ro-bind", outside.tree(source, own=not target.rootfs), tree)


def _interpreter(program: str) -> str | None:
    """Return what the first line of a script names, None if the program is none."""
    try:
        with open(program, "rb") as file:
            line = file.readline(_LINE)
    except OSError:
        return None
    words = line.removeprefix(b"#!").split()
    return os.fsdecode(words[0]) if line.startswith(b"#!") and words else None


def _tree(path: str, folder: str) -> str | None:
    """Return the folder below the masked `folder` that `path` belongs to, None if none.

    A program directly in the masked folder, or in a home, comes alone.
    """
    if not path.startswith(folder + "/"):
        return None
    parts = path.removeprefix(folder + "/").split("/")
    return "/".join((folder, *parts[: _DEPTHS.get(folder, _TREE)]))


def _visible(target: Target, argv: Sequence[str]) -> Sequence[str]:
    """Return `argv` with the real path of a program that is reached through a masked link."""
    hidden = any(argv[0].startswith(folder + "/") for folder in masked(target))
    return [_real(target, argv[0]), *argv[1:]] if hidden else argv


def _real(target: Target, program: str) -> str:
    if not target.rootfs:
        return os.path.realpath(program)
    return str(host_path(target, program)).removeprefix(target.rootfs)


def _devices(devices: Sequence[str], outside: _Outside) -> Iterator[str]:
    for device in devices:
        if not os.path.exists(device):
            raise LaunchError(f"this host has no {device}", "Leave out what needs it.")
        yield from ("--dev-bind", outside.device(device), device)
