"""Reads target files: the keys that the option table declares, as targets.

Starts nothing and looks into no program.
"""

from __future__ import annotations

import codecs
import glob
import itertools
import os
import shlex
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, assert_never

from conformance.launch.target import (
    NAME,
    NO_PATTERN,
    Target,
    image_label,
    is_pattern,
    label,
    matches,
    program_path,
)
from conformance.model.counting import counted
from conformance.model.errors import TargetFileError
from conformance.model.hints import nearest
from conformance.play.option_table import (
    IMAGE,
    KEYS,
    NAME_KEY,
    PROGRAM,
    ROOTFS,
    KeyForm,
    TargetKey,
)

_AXES: Final = "axes"
"""The table of keys with several values; each combination makes a target."""


def _key(key: TargetKey | None) -> str:
    assert key is not None
    return key.name


_PROGRAM: Final = _key(PROGRAM.key)
_ROOTFS: Final = _key(ROOTFS.key)
_IMAGE: Final = _key(IMAGE.key)

_Fault = tuple[str, str]
"""What is wrong with a file, and what to do."""


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
        raise TargetFileError(f"{path}: is not TOML: {error}", "Correct it there.") from None
    return _Reader(path).targets(document)


def _decoded(path: Path) -> str:
    """Return the text of a file, without the byte order mark that some editors write."""
    data = path.read_bytes()
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise TargetFileError(
            f"{path}: is UTF-16, as its byte order mark says", "Save it as UTF-8."
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TargetFileError(f"{path}: is not UTF-8: {error}", "Save it as UTF-8.") from None


class _Reader:
    """Turns the tables of one file into targets, and gathers what is wrong with them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._faults: list[_Fault] = []

    def targets(self, document: Mapping[str, Any]) -> tuple[Target, ...]:
        """Return the targets; raises TargetFileError, with all faults."""
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
        """Yield the targets of a table, or none if it has a fault."""
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
        """Yield the target of a table, or those whose programs match its pattern."""
        target = self._target(values)
        pattern, root = target.program, target.rootfs
        if not is_pattern(values[_PROGRAM]):
            yield target
            return
        if target.image:
            self._faults.append((f"{where}: {NO_PATTERN}", "Name each program."))
            return
        if not root and "/" in values[_PROGRAM]:
            folder = glob.escape(str(self._path.parent.absolute()))
            pattern = os.path.abspath(os.path.join(folder, values[_PROGRAM]))
        none = True
        for name, program in matches(pattern, root, values.get(NAME_KEY.name, "")):
            none = False
            yield replace(target, program=program, name=name)
        if none and root and not os.path.isdir(root):
            self._faults.append((f"{where}: the root {root} does not exist", "Correct `rootfs`."))
        elif none:
            what = f"{where}: no program matches {root}{target.program}"
            self._faults.append((what, "Correct the pattern."))

    def _target(self, values: Mapping[str, Any]) -> Target:
        """Return the target of a table without axes; a pattern is left as it is."""
        own = [(key.name, self._value(key, values[key.name])) for key in KEYS if key.name in values]
        given = {name: value for name, value in own if value is not None}
        root = given.get(_ROOTFS, "")
        # Where the program lies depends on the root, so it is no path like the others.
        program = values[_PROGRAM]
        inside = root or given.get(_IMAGE, "")
        if not inside and "/" in program:
            program = self._absolute(program)
        given[_PROGRAM] = program_path(program, inside)
        return Target(**{NAME_KEY.name: os.path.basename(given[_PROGRAM]), **given})

    def _value(self, key: TargetKey, value: Any) -> Any:
        """Return the value of a key as the field of a target has it, None for that of none."""
        match key.form:
            case KeyForm.PATH:
                return self._absolute(value) if value else None
            case KeyForm.LIST:
                return tuple(value)
            case KeyForm.PATHS:
                return tuple(map(self._absolute, value))
            case KeyForm.TABLE:
                return tuple(value.items())
            case KeyForm.TEXT | KeyForm.WORDS | KeyForm.BOOLEAN:
                return value
        assert_never(key.form)

    def _absolute(self, path: str) -> str:
        return os.path.abspath(self._path.parent / path)


def _table_faults(table: Mapping[str, Any], where: str) -> Iterator[_Fault]:
    """Yield the faults of the keys of a table and of the types of their values."""
    unknown = [*_unknown(table, (*(key.name for key in KEYS), _AXES), where)]
    yield from unknown
    axes = table.get(_AXES, {})
    if not isinstance(axes, dict):
        yield f"{where}: `axes` is no table", "Write [target.axes]."
        axes = {}
    yield from _axis_faults(axes, table, where)
    if _PROGRAM not in table and _PROGRAM not in axes and not unknown:
        yield f"{where} has no `program`", "Name the QEMU program to start."
    if _IMAGE in {*table, *axes} and _ROOTFS in {*table, *axes}:
        yield f"{where} has `{_IMAGE}` and `{_ROOTFS}`", "Keep one of them."
    for key in KEYS:
        if key.name in table:
            yield from _value_faults(key, table[key.name], where)


def _value_faults(key: TargetKey, value: object, where: str) -> Iterator[_Fault]:
    match key.form:
        case KeyForm.TEXT | KeyForm.PATH:
            if not isinstance(value, str):
                yield f"{where}: `{key.name}` is no string", "Put it in quotes."
        case KeyForm.WORDS:
            if not isinstance(value, str):
                yield f"{where}: `{key.name}` is no string", "Put it in quotes."
            elif wrong := words_fault(value):
                yield f"{where}: `{key.name}` has {wrong}", "Close what is quoted."
        case KeyForm.LIST | KeyForm.PATHS:
            if not _strings(value):
                like = '["-smp", "2"]' if key.form is KeyForm.LIST else '["DIR"]'
                yield f"{where}: `{key.name}` is no list of strings", f"Write {like}."
        case KeyForm.TABLE:
            if not isinstance(value, dict) or not _strings(list(value.values())):
                yield f"{where}: `{key.name}` is no table of strings", 'Write { NAME = "x" }.'
        case KeyForm.BOOLEAN:
            if not isinstance(value, bool):
                yield f"{where}: `{key.name}` is neither true nor false", "Write one."
        case _:
            assert_never(key.form)


def _axis_faults(axes: Mapping[str, Any], table: Mapping[str, Any], where: str) -> Iterator[_Fault]:
    known = [key.name for key in KEYS if key.axis]
    yield from _unknown(axes, known, f"axes of {where}")
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
    """Yield the values of each combination of the axes, and its part of the name."""
    axes: dict[str, list[str]] = table.get(_AXES, {})
    plain = {key: value for key, value in table.items() if key != _AXES}
    for combination in itertools.product(*axes.values()):
        chosen = dict(zip(axes, combination, strict=True))
        # A program's own name already tells the targets apart unless a name is given.
        told = {k: v for k, v in chosen.items() if k != _PROGRAM or NAME_KEY.name in plain}
        suffix = "".join(f"-{_part(key, value)}" for key, value in told.items() if value)
        yield {**plain, **chosen}, suffix


def _part(axis: str, value: str) -> str:
    """Return the part of a target's name that tells a value of an axis."""
    return image_label(value) if axis == _IMAGE else label(os.path.basename(value))


def words_fault(text: str) -> str | None:
    """Return what is wrong with a command line, None if a shell would understand it."""
    try:
        shlex.split(text)
    except ValueError as error:
        return str(error).lower()
    return None


def _twice(count: int) -> str:
    return "two" if count == 2 else str(count)


def _strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
