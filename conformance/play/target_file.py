"""Reads target files: the keys that the option table declares, as targets.

Starts nothing and looks into no program.
"""

from __future__ import annotations

import codecs
import glob
import itertools
import os
import re
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
from conformance.play.option import KeyForm, TargetKey
from conformance.play.option_table import IMAGE, KEYS, NAME_KEY, PROGRAM, ROOTFS

_AXES: Final = "axes"
"""The table of keys with several values; each combination makes a target."""
_EXCLUDE, _INCLUDE = "exclude", "include"
"""The arrays of tables of axes: combinations that make no target, and further ones that do."""
_TARGET, _DEFAULTS = "target", "defaults"


def _key(key: TargetKey | None) -> str:
    assert key is not None
    return key.name


_PROGRAM: Final = _key(PROGRAM.key)
_ROOTFS: Final = _key(ROOTFS.key)
_IMAGE: Final = _key(IMAGE.key)

SHIPPED: Final = "shipped"
"""What stands for the known issues that ship, in place of a file."""
_LIKE: Final = {
    KeyForm.LIST: '["-smp", "2"]',
    KeyForm.PATHS: '["DIR"]',
    KeyForm.KNOWN: '["shipped", "known.toml"]',
}
_TIME: Final = re.compile(r"(\d+)([smh])")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600}
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
        self._faults += _unknown(document, (_TARGET, _DEFAULTS), "the file")
        defaults = self._defaults(document.get(_DEFAULTS, {}))
        tables = document.get(_TARGET, [])
        if not isinstance(tables, list) or not tables:
            if not self._faults:
                self._faults.append(("has no targets", "Write at least one [[target]] table."))
            tables = []
        found = [
            target
            for number, table in enumerate(tables, 1)
            for target in self._table(table, defaults, f"target {number}")
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

    def _defaults(self, table: object) -> Mapping[str, Any]:
        """Return the keys that all targets have which do not have them."""
        if not isinstance(table, dict):
            self._faults.append((f"`{_DEFAULTS}` is no table", f"Write [{_DEFAULTS}]."))
            return {}
        faults = [*_unknown(table, [key.name for key in KEYS if key is not NAME_KEY], _DEFAULTS)]
        faults += [fault for key in KEYS for fault in _value_faults(key, table, _DEFAULTS)]
        self._faults += faults
        return {} if faults else table

    def _table(self, table: object, defaults: Mapping[str, Any], where: str) -> Iterator[Target]:
        """Yield the targets of a table, or none if it has a fault."""
        if not isinstance(table, dict):
            self._faults.append((f"{where} is no table", "Write [[target]]."))
            return
        faults = [*_table_faults(table, defaults, where)]
        self._faults += faults
        if faults:
            return
        products = [*_products(table)]
        if not products:
            self._faults.append((f"{where}: all combinations are excluded", "Leave one."))
        for own, suffix in products:
            values = _with_defaults(own, defaults)
            if _PROGRAM not in values:
                self._faults.append((f"{where}: an `{_INCLUDE}` has no `{_PROGRAM}`", "Name it."))
                continue
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
            case KeyForm.KNOWN:
                return tuple(each if each == SHIPPED else self._absolute(each) for each in value)
            case KeyForm.TIME:
                return seconds(value)
            case KeyForm.TABLE:
                return tuple(value.items())
            case KeyForm.TEXT | KeyForm.WORDS | KeyForm.BOOLEAN:
                return value
        assert_never(key.form)

    def _absolute(self, path: str) -> str:
        return os.path.abspath(self._path.parent / path)


def _with_defaults(table: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with the defaults for what it leaves open; a root excludes an image."""
    places = {_IMAGE, _ROOTFS}
    settled = table.keys() | (places if table.keys() & places else set())
    return {**{key: value for key, value in defaults.items() if key not in settled}, **table}


def _table_faults(
    table: Mapping[str, Any], defaults: Mapping[str, Any], where: str
) -> Iterator[_Fault]:
    """Yield the faults of the keys of a table and of the types of their values."""
    known = (*(key.name for key in KEYS), _AXES, _EXCLUDE, _INCLUDE)
    unknown = [*_unknown(table, known, where)]
    yield from unknown
    axes = table.get(_AXES, {})
    if not isinstance(axes, dict):
        yield f"{where}: `axes` is no table", "Write [target.axes]."
        axes = {}
    found = [*_axis_faults(axes, table, where)]
    yield from found or _combination_faults(table, axes, where)
    if _PROGRAM not in {*table, *axes, *defaults} and not unknown:
        yield f"{where} has no `program`", "Name the QEMU program to start."
    if _IMAGE in {*table, *axes} and _ROOTFS in {*table, *axes}:
        yield f"{where} has `{_IMAGE}` and `{_ROOTFS}`", "Keep one of them."
    for key in KEYS:
        yield from _value_faults(key, table, where)


def _value_faults(key: TargetKey, table: Mapping[str, Any], where: str) -> Iterator[_Fault]:
    """Yield what is wrong with the value of a key, if the table has it."""
    if key.name not in table:
        return
    value = table[key.name]
    match key.form:
        case KeyForm.TEXT | KeyForm.PATH | KeyForm.WORDS:
            if not isinstance(value, str):
                yield f"{where}: `{key.name}` is no string", "Put it in quotes."
            elif key.form is KeyForm.WORDS and (wrong := words_fault(value)):
                yield f"{where}: `{key.name}` has {wrong}", "Close what is quoted."
        case KeyForm.TIME:
            yield from _time_faults(key, value, where)
        case KeyForm.LIST | KeyForm.PATHS | KeyForm.KNOWN:
            if not _strings(value):
                like = _LIKE[key.form]
                yield f"{where}: `{key.name}` is no list of strings", f"Write {like}."
        case KeyForm.TABLE:
            if not isinstance(value, dict) or not _strings(list(value.values())):
                yield f"{where}: `{key.name}` is no table of strings", 'Write { NAME = "x" }.'
        case KeyForm.BOOLEAN:
            if not isinstance(value, bool):
                yield f"{where}: `{key.name}` is neither true nor false", "Write one."
        case _:
            assert_never(key.form)


def _time_faults(key: TargetKey, value: object, where: str) -> Iterator[_Fault]:
    if not isinstance(value, str) or seconds(value) is None:
        yield f"{where}: `{key.name}` is no time", 'Write "90s", "10m" or "1h".'


def _axis_faults(axes: Mapping[str, Any], table: Mapping[str, Any], where: str) -> Iterator[_Fault]:
    known = {key.name: key for key in KEYS if key.axis}
    yield from _unknown(axes, [*known], f"axes of {where}")
    for axis, values in axes.items():
        if axis in table:
            yield f"{where} has `{axis}` and `axes.{axis}`", "Keep one of them."
        if axis not in known:
            continue
        lists = known[axis].form is KeyForm.LIST
        of = "lists of strings" if lists else "strings"
        right = (
            isinstance(values, list) and all(map(_strings, values)) if lists else _strings(values)
        )
        if not right or not values:
            yield f"{where}: `axes.{axis}` is no list of {of}", "Write a list."


def _combination_faults(
    table: Mapping[str, Any], axes: Mapping[str, Any], where: str
) -> Iterator[_Fault]:
    """Yield the faults of a table's `exclude` and `include`; its axes have none."""
    known = {key.name: key for key in KEYS if key.axis}
    combinations = [*_combinations(axes)]
    for array in (_EXCLUDE, _INCLUDE):
        entries = table.get(array, [])
        if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
            yield f"{where}: `{array}` is no array of tables", f"Write [[target.{array}]]."
            continue
        for number, entry in enumerate(entries, 1):
            here = f"{array} {number} of {where}"
            wrong = [*_unknown(entry, [*(axes if array == _EXCLUDE else known)], here)]
            wrong += [fault for key in known.values() for fault in _value_faults(key, entry, here)]
            if not entry:
                wrong.append((f"{here} says nothing", "Name values of axes in it."))
            elif wrong or array == _INCLUDE:
                pass
            elif not any(_fits(each, entry) for each in combinations):
                wrong.append((f"{here} fits no combination", "Name values of the axes."))
            yield from wrong


def _unknown(table: Mapping[str, Any], keys: Sequence[str], where: str) -> Iterator[_Fault]:
    for key in table:
        if key not in keys:
            near = nearest(key, keys)
            known = f"Known: {', '.join(keys)}." if keys else "It has no axes."
            remedy = f"Did you mean `{near[0]}`?" if near else known
            yield f"{where}: unknown key `{key}`", remedy


def _combinations(axes: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for combination in itertools.product(*axes.values()):
        yield dict(zip(axes, combination, strict=True))


def _fits(combination: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    return all(combination[key] == value for key, value in entry.items())


def _products(table: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the values of each combination of the axes, and its part of the name."""
    plain = {k: v for k, v in table.items() if k not in (_AXES, _EXCLUDE, _INCLUDE)}
    excluded = table.get(_EXCLUDE, [])
    combinations = [
        each
        for each in _combinations(table.get(_AXES, {}))
        if not any(_fits(each, entry) for entry in excluded)
    ]
    for chosen in (*combinations, *table.get(_INCLUDE, [])):
        # A program's own name already tells the targets apart unless a name is given.
        told = {k: v for k, v in chosen.items() if k != _PROGRAM or NAME_KEY.name in plain}
        suffix = "".join(f"-{_part(axis, value)}" for axis, value in told.items() if value)
        yield _with_defaults(chosen, plain), suffix


def _part(axis: str, value: str | list[str]) -> str:
    """Return the part of a target's name that tells a value of an axis."""
    if isinstance(value, list):
        return label("-".join(value))
    return image_label(value) if axis == _IMAGE else label(os.path.basename(value))


def seconds(text: str) -> float | None:
    """Return the seconds of a time such as 90s, 10m or 1h, None for any other text."""
    match = _TIME.fullmatch(text)
    return float(int(match[1]) * _UNITS[match[2]]) if match and int(match[1]) else None


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
