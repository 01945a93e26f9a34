"""How a build is started, and the files that say so; starts nothing and looks into no program."""

from __future__ import annotations

import difflib
import glob
import itertools
import os
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from conformance.errors import LaunchError, TargetFileError
from conformance.launch.program import Kind

# Names become parts of test ids and of file names; "[" and "::" have a meaning in pytest ids.
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_GLOB: Final = frozenset("*?[")
_AXES: Final = ("program", "rootfs", "machine", "accel")
# What no file says: where it stands itself, and what its program tells when it is asked.
_UNWRITTEN: Final = frozenset({"spelling", "kind", "withheld", "as_root"})
# As many as the kernel follows (MAXSYMLINKS of include/linux/namei.h).
_LINKS: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A program and how it is started.

    `program` is a path on the host or, where `rootfs` (a folder of the host) is not "", inside
    that root.  `accel` "" leaves the choice to QEMU.  `schema` is the tree of QEMU's source that
    it was built from, or a digest of it, on the host; "" leaves it to the digests that ship with
    the suite.  `spelling` is shell text: the words with which the user names the target on a
    command line, "" where there was none.  `kind` is what the program says that it is, once it
    was identified; `withheld` are the commands that it is told not to serve.  `as_root` says why
    a run that is root's starts it as root and as no other user, "" where it does not.
    """

    name: str
    program: str
    rootfs: str = ""
    machine: str = "none"
    accel: str = ""
    args: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    sandbox: bool = True
    schema: str = ""
    spelling: str = ""
    kind: Kind = Kind.SYSTEM
    withheld: tuple[str, ...] = ()
    as_root: str = ""


def program_target(path: str, rootfs: str = "") -> Target:
    """Return the target that a program alone makes; a name without "/" is looked up in PATH."""
    program = path
    if not rootfs:
        found = shutil.which(path) if "/" not in path else None
        program = os.path.abspath(found or path)
    elif not path.startswith("/"):
        program = f"/{path}" if "/" in path else f"/usr/bin/{path}"
    root = os.path.abspath(rootfs) if rootfs else ""
    return Target(name=_label(os.path.basename(program)) or "target", program=program, rootfs=root)


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


def read_targets(path: Path) -> tuple[Target, ...]:
    """Return the targets of a target file, axes multiplied, globs expanded, in file order.

    Relative paths start at the file's folder.  Raises TargetFileError.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TargetFileError(
            f"{path}: cannot be read: {error.strerror}", "Name a target file that exists."
        ) from None
    except UnicodeDecodeError as error:
        raise TargetFileError(f"{path}: is not UTF-8: {error}", "Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise TargetFileError(f"{path}: is not TOML: {error}", "Correct that place.") from None
    return _Reader(path).targets(document)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns the tables of one file into targets; each refusal names the file and the table."""

    path: Path

    def targets(self, document: Mapping[str, Any]) -> tuple[Target, ...]:
        self._known(document, ("target",), "the file")
        tables = document.get("target", [])
        if not isinstance(tables, list) or not tables:
            raise self._wrong("has no targets", "Write at least one [[target]] table.")
        found: list[Target] = []
        for number, table in enumerate(tables, 1):
            found.extend(self._table(table, f"target {number}"))
        names = [target.name for target in found]
        for name in names:
            if names.count(name) > 1:
                raise self._wrong(
                    f"two targets are named {name!r}", "Give each a `name` of its own."
                )
        return tuple(found)

    def _table(self, table: object, where: str) -> Iterator[Target]:
        if not isinstance(table, dict):
            raise self._wrong(f"{where} is no table", "Write [[target]].")
        keys = tuple(field.name for field in fields(Target) if field.name not in _UNWRITTEN)
        self._known(table, (*keys, "axes"), where)
        if "program" not in table and "program" not in self._axes(table, where):
            raise self._wrong(f"{where} has no `program`", "Name the QEMU program to start.")
        for values, suffix in self._products(table, where):
            for target in self._expand(values, where):
                yield self._named(target, suffix, where)

    def _products(
        self, table: Mapping[str, Any], where: str
    ) -> Iterator[tuple[dict[str, Any], str]]:
        axes = self._axes(table, where)
        plain = {key: value for key, value in table.items() if key != "axes"}
        for axis in axes:
            if axis in plain:
                raise self._wrong(f"{where} has `{axis}` and `axes.{axis}`", "Keep one of them.")
        for combination in itertools.product(*axes.values()):
            chosen = dict(zip(axes, combination, strict=True))
            # A program's own name already tells the targets apart unless a name is given.
            told = [v for k, v in chosen.items() if v and (k != "program" or "name" in plain)]
            suffix = "".join(f"-{_label(os.path.basename(value))}" for value in told)
            yield {**plain, **chosen}, suffix

    def _axes(self, table: Mapping[str, Any], where: str) -> dict[str, list[str]]:
        axes = table.get("axes", {})
        if not isinstance(axes, dict):
            raise self._wrong(f"{where}: `axes` is no table", "Write [target.axes].")
        self._known(axes, _AXES, f"axes of {where}")
        for key, values in axes.items():
            if not _strings(values) or not values:
                raise self._wrong(f"{where}: `axes.{key}` is no list of strings", "Write a list.")
        return axes

    def _expand(self, values: dict[str, Any], where: str) -> Iterator[Target]:
        target = self._value(values, where)
        if not _GLOB & set(target.program):
            yield target
            return
        root = target.rootfs
        matches = sorted(glob.glob(glob.escape(root) + target.program))
        if not matches:
            raise self._wrong(
                f"{where}: no program matches {root}{target.program}", "Correct the pattern."
            )
        for match in matches:
            program = match.removeprefix(root)
            base = _label(os.path.basename(program))
            name = base if "name" not in values else f"{target.name}-{base}"
            yield replace(target, program=program, name=name)

    def _value(self, values: Mapping[str, Any], where: str) -> Target:
        for key in ("name", "program", "rootfs", "machine", "accel", "schema"):
            if not isinstance(values.get(key, ""), str):
                raise self._wrong(f"{where}: `{key}` is no string", "Put it in quotes.")
        args, env = values.get("args", []), values.get("env", {})
        if not _strings(args):
            raise self._wrong(f"{where}: `args` is no list of strings", 'Write ["-smp", "2"].')
        if not isinstance(env, dict) or not _strings(list(env.values())):
            raise self._wrong(f"{where}: `env` is no table of strings", 'Write { NAME = "x" }.')
        if not isinstance(values.get("sandbox", True), bool):
            raise self._wrong(f"{where}: `sandbox` is neither true nor false", "Write one.")
        rootfs = values.get("rootfs", "")
        root = str(self._absolute(rootfs)) if rootfs else ""
        program = self._program(values["program"], root)
        schema = values.get("schema", "")
        return Target(
            name=values.get("name", os.path.basename(program)),
            program=program,
            rootfs=root,
            machine=values.get("machine", "none"),
            accel=values.get("accel", ""),
            args=tuple(args),
            env=tuple(env.items()),
            sandbox=values.get("sandbox", True),
            schema=str(self._absolute(schema)) if schema else "",
        )

    def _program(self, program: str, root: str) -> str:
        if not root and "/" in program:
            return str(self._absolute(program))
        return program_target(program, root).program

    def _absolute(self, path: str) -> Path:
        return Path(os.path.abspath(self.path.parent / path))

    def _named(self, target: Target, suffix: str, where: str) -> Target:
        name = target.name + suffix
        if not _NAME.fullmatch(name):
            raise self._wrong(
                f"{where}: {name!r} cannot be a name",
                "Use letters, digits, and . _ + - in `name`.",
            )
        return replace(target, name=name)

    def _known(self, table: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
        for key in table:
            if key not in keys:
                near = difflib.get_close_matches(key, keys, n=1, cutoff=0)
                raise self._wrong(f"{where}: unknown key `{key}`", f"Did you mean `{near[0]}`?")

    def _wrong(self, what: str, remedy: str) -> TargetFileError:
        return TargetFileError(f"{self.path}: {what}", remedy)


def _strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _label(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._+]+", "-", text).strip("-")
