"""How a build is started, and the files that say so; starts nothing and looks into no program."""

from __future__ import annotations

import codecs
import glob
import itertools
import os
import re
import shutil
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from conformance.model.counting import counted
from conformance.model.errors import LaunchError, TargetFileError, UsageError
from conformance.model.flavour import Program
from conformance.model.hints import nearest

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
"""A target's name is part of test ids and file names; "[" and "::" mean something in test ids."""
_GLOB: Final = frozenset("*?[")
# How `glob.escape` writes them.
_ESCAPED: Final = re.compile(r"\[[*?[]\]")
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
    the suite.  `cases` are folders of cases of the user's own.  `spelling` is shell text: the words
    with which the user names the target on a command line, "" where there was none.  `kind` is what
    the program says that it is, once it was identified; `withheld` are the commands that it is told
    not to serve.  `as_root` says why a run that is root's starts it as root and as no other user,
    "" where it does not.
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
    cases: tuple[str, ...] = ()
    spelling: str = ""
    kind: Program = Program.SYSTEM
    withheld: tuple[str, ...] = ()
    as_root: str = ""


def program_target(path: str, rootfs: str = "") -> Target:
    """Return the target that a program alone makes; a name without "/" is looked up in PATH."""
    program = _program(path, rootfs)
    root = os.path.abspath(rootfs) if rootfs else ""
    return Target(name=label(os.path.basename(program)) or "target", program=program, rootfs=root)


def program_targets(path: str, rootfs: str = "", name: str = "") -> tuple[Target, ...]:
    """Return the targets that a program, or a pattern for programs, makes, in sorted order.

    `name` left out, each is named after its program.  Where a pattern leaves folders open, the
    names say which.  Raises UsageError for a pattern that no program fits.
    """
    root = os.path.abspath(rootfs) if rootfs else ""
    one = program_target(path, root)
    pattern = _program(path, root)
    if not _is_pattern(path) or os.path.isfile(root + pattern):
        return (replace(one, name=name or one.name),)
    targets = tuple(
        Target(name=told, program=program, rootfs=root)
        for told, program in _matches(pattern, root, name)
    )
    if not targets:
        raise UsageError(f"no program matches {root}{pattern}", "Correct the pattern.")
    return targets


def _program(path: str, rootfs: str) -> str:
    """Return the absolute path of a program, inside `rootfs` if there is one."""
    if rootfs:
        if path.startswith("/"):
            return path
        return f"/{path}" if "/" in path else f"/usr/bin/{path}"
    found = shutil.which(path) if "/" not in path else None
    return os.path.abspath(found or path)


def _is_pattern(path: str) -> bool:
    """Return whether a path leaves something open; what is escaped does not."""
    return bool(_GLOB & set(_ESCAPED.sub("", path)))


def _matches(pattern: str, root: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the path inside `root` of each file that fits the pattern, sorted.

    A name is `name`, or the program's own, and behind it what the pattern left open.
    """
    *folders, last = pattern.split("/")
    for path in sorted(glob.glob(glob.escape(root) + pattern)):
        program = path.removeprefix(root)
        if os.path.isdir(path):
            continue
        *where, base = program.split("/")
        told = [part for part, said in zip(where, folders, strict=True) if _is_pattern(said)]
        if not name:
            told.insert(0, base)
        elif _is_pattern(last):
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


def read_targets(path: Path) -> tuple[Target, ...]:
    """Return the targets of a target file, axes multiplied, globs expanded, in file order.

    Relative paths start at the file's folder.  Raises TargetFileError, which names all mistakes.
    """
    try:
        document = tomllib.loads(_decoded(path))
    except OSError as error:
        raise TargetFileError(
            f"{path}: cannot be read: {error.strerror}", "Name a target file that exists."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise TargetFileError(f"{path}: is not TOML: {error}", "Correct that place.") from None
    return _Reader(path).targets(document)


def _decoded(path: Path) -> str:
    """Return the text of a file; a byte order mark of UTF-8, which some editors write, is none."""
    data = path.read_bytes()
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise TargetFileError(
            f"{path}: is UTF-16, as its byte order mark says", "Save it as UTF-8."
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TargetFileError(f"{path}: is not UTF-8: {error}", "Save it as UTF-8.") from None


_Fault = tuple[str, str]
"""What is wrong with a file, and what to do."""


class _Reader:
    """Turns the tables of one file into targets, and gathers what is wrong with them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._faults: list[_Fault] = []

    def targets(self, document: Mapping[str, Any]) -> tuple[Target, ...]:
        """Return the targets; raises TargetFileError, which tells all faults."""
        self._faults += _unknown(document, ("target",), "the file")
        tables = document.get("target", [])
        if not isinstance(tables, list) or not tables:
            if not self._faults:
                self._faults.append(("has no targets", "Write at least one [[target]] table."))
            tables = []
        found = [
            target
            for number, table in enumerate(tables, 1)
            for target in self._table(table, f"target {number}")
        ]
        names = Counter(target.name for target in found)
        self._faults += [
            (f"{_twice(count)} targets are named {name!r}", "Give each a `name` of its own.")
            for name, count in names.items()
            if count > 1
        ]
        if self._faults:
            raise self._error()
        return tuple(found)

    def _error(self) -> TargetFileError:
        if len(self._faults) == 1:
            what, remedy = self._faults[0]
            return TargetFileError(f"{self._path}: {what}", remedy)
        told = (f"{what[0].upper()}{what[1:]}. {remedy}" for what, remedy in self._faults)
        return TargetFileError(
            f"{self._path}: has {counted(len(self._faults), 'mistake')}", "\n  ".join(told)
        )

    def _table(self, table: object, where: str) -> Iterator[Target]:
        """Yield the targets of a table, or none of one in which something is wrong."""
        if not isinstance(table, dict):
            self._faults.append((f"{where} is no table", "Write [[target]]."))
            return
        faults = [*_table_faults(table, where)]
        self._faults += faults
        if faults:
            return
        for values, suffix in _products(table):
            for target in self._expanded(values, where):
                name = target.name + suffix
                if not NAME.fullmatch(name):
                    self._faults.append(
                        (
                            f"{where}: {name!r} cannot be a name",
                            "Use letters, digits, and . _ + - in `name`.",
                        )
                    )
                yield replace(target, name=name)

    def _expanded(self, values: Mapping[str, Any], where: str) -> Iterator[Target]:
        """Yield the target of a table, or those whose programs fit its pattern."""
        target = self._value(values)
        pattern, root = target.program, target.rootfs
        if not _is_pattern(values["program"]):
            yield target
            return
        if not root and "/" in values["program"]:
            folder = glob.escape(str(self._path.parent.absolute()))
            pattern = os.path.abspath(os.path.join(folder, values["program"]))
        none = True
        for name, program in _matches(pattern, root, values.get("name", "")):
            none = False
            yield replace(target, program=program, name=name)
        if none and root and not os.path.isdir(root):
            self._faults.append((f"{where}: the root {root} does not exist", "Correct `rootfs`."))
        elif none:
            what = f"{where}: no program matches {root}{target.program}"
            self._faults.append((what, "Correct the pattern."))

    def _value(self, values: Mapping[str, Any]) -> Target:
        rootfs, schema = values.get("rootfs", ""), values.get("schema", "")
        root = str(self._absolute(rootfs)) if rootfs else ""
        program = values["program"]
        if not root and "/" in program:
            program = str(self._absolute(program))
        program = _program(program, root)
        return Target(
            name=values.get("name", os.path.basename(program)),
            program=program,
            rootfs=root,
            machine=values.get("machine", "none"),
            accel=values.get("accel", ""),
            args=tuple(values.get("args", [])),
            env=tuple(values.get("env", {}).items()),
            sandbox=values.get("sandbox", True),
            schema=str(self._absolute(schema)) if schema else "",
            cases=tuple(str(self._absolute(folder)) for folder in values.get("cases", [])),
        )

    def _absolute(self, path: str) -> Path:
        return Path(os.path.abspath(self._path.parent / path))


def _table_faults(table: Mapping[str, Any], where: str) -> Iterator[_Fault]:
    """Yield what is wrong with the keys of a table and the types of their values."""
    keys = tuple(field.name for field in fields(Target) if field.name not in _UNWRITTEN)
    unknown = [*_unknown(table, (*keys, "axes"), where)]
    yield from unknown
    axes = table.get("axes", {})
    if not isinstance(axes, dict):
        yield f"{where}: `axes` is no table", "Write [target.axes]."
        axes = {}
    yield from _axis_faults(axes, table, where)
    if "program" not in table and "program" not in axes and not unknown:
        yield f"{where} has no `program`", "Name the QEMU program to start."
    for key in ("name", "program", "rootfs", "machine", "accel", "schema"):
        if not isinstance(table.get(key, ""), str):
            yield f"{where}: `{key}` is no string", "Put it in quotes."
    args, env = table.get("args", []), table.get("env", {})
    if not _strings(table.get("cases", [])):
        yield f"{where}: `cases` is no list of strings", 'Write ["DIR"].'
    if not _strings(args):
        yield f"{where}: `args` is no list of strings", 'Write ["-smp", "2"].'
    if not isinstance(env, dict) or not _strings(list(env.values())):
        yield f"{where}: `env` is no table of strings", 'Write { NAME = "x" }.'
    if not isinstance(table.get("sandbox", True), bool):
        yield f"{where}: `sandbox` is neither true nor false", "Write one."


def _axis_faults(axes: Mapping[str, Any], table: Mapping[str, Any], where: str) -> Iterator[_Fault]:
    yield from _unknown(axes, _AXES, f"axes of {where}")
    for axis, values in axes.items():
        if not _strings(values) or not values:
            yield f"{where}: `axes.{axis}` is no list of strings", "Write a list."
        if axis in table:
            yield f"{where} has `{axis}` and `axes.{axis}`", "Keep one of them."


def _unknown(table: Mapping[str, Any], keys: Sequence[str], where: str) -> Iterator[_Fault]:
    for key in table:
        if key not in keys:
            near = nearest(key, keys)
            known = f"Known: {', '.join(keys)}."
            remedy = f"Did you mean `{near[0]}`?" if near else known
            yield f"{where}: unknown key `{key}`", remedy


def _products(table: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the values of each combination of the axes, and what it adds to the name."""
    axes: dict[str, list[str]] = table.get("axes", {})
    plain = {key: value for key, value in table.items() if key != "axes"}
    for combination in itertools.product(*axes.values()):
        chosen = dict(zip(axes, combination, strict=True))
        # A program's own name already tells the targets apart unless a name is given.
        told = [v for k, v in chosen.items() if v and (k != "program" or "name" in plain)]
        suffix = "".join(f"-{label(os.path.basename(value))}" for value in told)
        yield {**plain, **chosen}, suffix


def _twice(count: int) -> str:
    return "two" if count == 2 else str(count)


def _strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def label(text: str) -> str:
    """Return `text` as a part of a name."""
    return re.sub(r"[^A-Za-z0-9._+]+", "-", text).strip("-")
