"""How a build is started, as a value; starts nothing and looks into no program."""

from __future__ import annotations

import glob
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from conformance.model.errors import LaunchError, UsageError
from conformance.model.flavour import Program

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
"""A target's name is part of test ids and file names; "[" and "::" mean something in test ids."""
NO_PATTERN: Final = "programs of an image cannot be found by a pattern"
_GLOB: Final = frozenset("*?[")
# How `glob.escape` writes them.
_ESCAPED: Final = re.compile(r"\[[*?[]\]")
# As many as the kernel follows (MAXSYMLINKS of include/linux/namei.h).
_LINKS: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A program and how it is started.

    `program` is a path on the host or, unless `rootfs` (a folder of the host) is "", inside that
    root. `image` is a container image, whose root counts: `engine` is the command that knows it, ""
    for the one that is there; while a run holds a container of it, `container` is the number of its
    process, `rootfs` its root, and `identity` says which image it is. `accel` "" leaves the choice
    to QEMU. `schema` is the QEMU source tree that it was built from, or a digest of it, on the
    host; None means the digests that ship with the suite. `cases` are folders of the user's own
    cases, `select` globs for the ids of those that run, empty for all. `spelling` is shell text:
    the words that name the target on a command line, "" where there were none. `kind` is what the
    program says it is, once identified; `withheld` are the commands that it is told not to serve.
    `as_root` says why root starts it as root, None if it is started as another user.
    """

    name: str
    program: str
    rootfs: str = ""
    image: str = ""
    engine: str = ""
    machine: str = "none"
    accel: str = ""
    args: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    sandbox: bool = True
    schema: str | None = None
    manual: str | None = None
    """The reference manual on the host that is held against it; None for the one beside it."""
    partial: bool = False
    """Whether files may be missing that the source `schema` includes."""
    cases: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    budget: float | None = None
    """The seconds that its cases may take in each process of a run."""
    known: tuple[str, ...] = ()
    """The files of known issues that count for it alone; "shipped" for those that ship."""
    spelling: str = ""
    kind: Program = Program.SYSTEM
    withheld: tuple[str, ...] = ()
    as_root: str | None = None
    container: int = 0
    identity: str = ""

    @property
    def place(self) -> str:
        """Where its program is, in words; "" for the host."""
        return f"the image {self.image}" if self.image else self.rootfs

    @property
    def is_bare(self) -> bool:
        """Whether it adds no machine and no arguments to those that cases name."""
        return self.machine == "none" and not self.args


def is_target_file(word: str) -> bool:
    """Return whether a word of the command line names a target file, or a target of one."""
    return word.endswith(".toml") or ".toml:" in word


def program_target(path: str, rootfs: str = "", image: str = "") -> Target:
    """Return the target that a program alone makes; a name without "/" is looked up in PATH."""
    program = program_path(path, rootfs or image)
    root = os.path.abspath(rootfs) if rootfs else ""
    name = label(os.path.basename(program)) or "target"
    return Target(name=name, program=program, rootfs=root, image=image)


def program_targets(
    path: str, rootfs: str = "", name: str = "", *, image: str = ""
) -> tuple[Target, ...]:
    """Return the targets that a program, or a pattern for programs, makes, in sorted order.

    `name` left out, each is named after its program.  Where a pattern leaves folders open, the
    names say which.  Raises UsageError for a pattern that no program fits, or in an image.
    """
    root = os.path.abspath(rootfs) if rootfs else ""
    one = program_target(path, root, image)
    if image:
        if is_pattern(path):
            raise UsageError(f"{path}: {NO_PATTERN}", "Name each program.")
        return (replace(one, name=name or one.name),)
    pattern = program_path(path, root)
    if not is_pattern(path) or os.path.isfile(root + pattern):
        return (replace(one, name=name or one.name),)
    targets = tuple(
        Target(name=told, program=program, rootfs=root)
        for told, program in matches(pattern, root, name)
    )
    if not targets:
        raise UsageError(f"no program matches {root}{pattern}", "Correct the pattern.")
    return targets


def program_path(path: str, inside: str) -> str:
    """Return the absolute path of a program, inside a root or an image if there is one."""
    if inside:
        if path.startswith("/"):
            return path
        return f"/{path}" if "/" in path else f"/usr/bin/{path}"
    found = shutil.which(path) if "/" not in path else None
    return os.path.abspath(found or path)


def is_pattern(path: str) -> bool:
    """Return whether a path leaves something open; what is escaped does not."""
    return bool(_GLOB & set(_ESCAPED.sub("", path)))


def matches(pattern: str, root: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the path inside `root` of each file that fits the pattern, sorted.

    A name is `name`, or the program's own, and behind it what the pattern left open.
    """
    *folders, last = pattern.split("/")
    for path in sorted(glob.glob(glob.escape(root) + pattern)):
        program = path.removeprefix(root)
        if os.path.isdir(path):
            continue
        *where, base = program.split("/")
        told = [part for part, said in zip(where, folders, strict=True) if is_pattern(said)]
        if not name:
            told.insert(0, base)
        elif is_pattern(last):
            told.append(base)
        yield "-".join(filter(None, (name, *map(label, told)))), program


def host_path(target: Target, path: str = "") -> Path:
    """Return where `path` (left out: the program) of the target's root lies on the host.

    Links are followed as inside the root.  Raises LaunchError if they run in a circle.
    """
    path = path or target.program
    if not target.rootfs:
        return Path(path)
    parts = [part for part in reversed(path.split("/")) if part]
    inside: list[str] = []
    links = 0
    while parts:
        part = parts.pop()
        if part in (".", ".."):
            inside = inside[:-1] if part == ".." else inside
            continue
        here = Path(target.rootfs, *inside, part)
        if not here.is_symlink():
            inside.append(part)
            continue
        links += 1
        if links > _LINKS:
            raise LaunchError(
                f"{path} of {target.rootfs} is a circle of links", "Name the program itself."
            )
        aim = os.readlink(here)
        inside = [] if aim.startswith("/") else inside
        parts.extend(part for part in reversed(aim.split("/")) if part)
    return Path(target.rootfs, *inside)


def image_label(image: str) -> str:
    """Return a part of a name for an image: its last part, with the start of a digest."""
    last, _, digest = image.rpartition("/")[2].partition("@")
    return label("-".join(filter(None, (last, digest.rpartition(":")[2][:12]))))


def label(text: str) -> str:
    """Return `text` as a part of a name."""
    return re.sub(r"[^A-Za-z0-9._+]+", "-", text).strip("-")
