"""Reads files under cases/ into dataclasses, in one walk over their fields.

Finds all mistakes in a file at once, each with its line and the nearest valid word. Knows the
shapes of dataclasses, not their meaning.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from conformance.knowledge import toml_lines
from conformance.knowledge.identity import clashes
from conformance.knowledge.keys import FormError, told, unknown_word
from conformance.knowledge.model_keys import NAMED_ARGS
from conformance.knowledge.shapes import (
    Choice,
    Leaf,
    Many,
    Named,
    Node,
    Record,
    Requests,
    Slot,
    flat_shape,
    shape_of,
)
from conformance.model.errors import KnowledgeError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_NAMES: Final = ("name", "type", "event", "command", "id", "commands")
"""The keys that identify a table in an array for a reader, the best first."""
_TOML_LINE: Final = re.compile(r" ?\(at line (\d+), column \d+\)")
NAMED_REQUESTS: Final = "requests"
"""The table that defines named requests."""
_ABSENT: Final = object()
_MOST: Final = 20
"""How many problems an error lists; a file of another kind has hundreds."""


class _Bad:
    """Stands for a value that could not be read; its problem is already reported."""


_BAD: Final = _Bad()


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One mistake in a file: what, where, and how to fix it."""

    file: str
    line: int
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}" + (
            f"\n  {self.remedy}" if self.remedy else ""
        )


@dataclass(frozen=True, slots=True)
class FileFault:
    """A record's complaint about its own keys; `key` is the one to look at."""

    key: str
    what: str
    remedy: str = ""


@dataclass(frozen=True)
class CaseSource:
    """A file that was read: its text and its TOML values."""

    name: str
    text: str
    top: Mapping[str, Any]
    _lines: dict[toml_lines.Path, int] = field(default_factory=dict)

    def line(self, path: toml_lines.Path) -> int:
        """Return the line of a path."""
        if not self._lines:
            self._lines.update(toml_lines.lines(self.text))
        return toml_lines.line_of(self._lines, path)

    def problem(self, path: toml_lines.Path, what: str, remedy: str = "") -> FileProblem:
        """Return a problem at `path`."""
        label = self._label(path)
        return FileProblem(
            self.name, self.line(path), f"{label}: {what}" if label else what, remedy
        )

    def _label(self, path: toml_lines.Path) -> str:
        """Return the tables on the way to `path`, each by its key and its name or number."""
        labels: list[str] = []
        value: Any = self.top
        for part in path:
            try:
                value = value[part]
            except (LookupError, TypeError):
                break
            if isinstance(part, str):
                labels.append(part)
            elif isinstance(value, dict):
                own = next((value[key] for key in _NAMES if isinstance(value.get(key), str)), "")
                labels[-1] += f" {own or part + 1}"
        if labels and not isinstance(value, dict):
            labels.pop()
        return ", ".join(labels)


@dataclass(frozen=True)
class Read(Generic[T_co]):
    """The content of a file, and where it is.

    If there are `problems`, `value` holds what could be read, with None in place of other entries;
    it is None if the file is not TOML.
    """

    source: CaseSource
    value: T_co | None
    problems: tuple[FileProblem, ...]

    @property
    def kept(self) -> T_co:
        """What could be read of a file, if anything could."""
        assert self.value is not None
        return self.value

    def sound(self) -> T_co:
        """Return the value; raises KnowledgeError, with all problems, if there are any."""
        raise_problems(self.problems)
        return self.kept


def raise_problems(problems: Sequence[FileProblem]) -> None:
    """Raise a KnowledgeError with all problems, if there are any."""
    if problems:
        told_ = [str(problem) for problem in problems[:_MOST]]
        if len(problems) > _MOST:
            told_.append(f"and {len(problems) - _MOST} more")
        raise KnowledgeError("\n".join(told_))


def read_file(path: Path, cls: type[T]) -> Read[T]:
    """Return the content of the file `path` as a `cls`; raises KnowledgeError if it is not text."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise KnowledgeError(
            f"{path}: {error.strerror}", "Name a file that can be read."
        ) from error
    except UnicodeDecodeError as error:
        raise KnowledgeError(f"{path}: not UTF-8: {error}", "Correct the file.") from error
    here = Path.cwd()
    name = path.relative_to(here) if path.is_relative_to(here) else path
    return read_text(text, str(name), cls)


def read_text(text: str, name: str, cls: type[T]) -> Read[T]:
    """Return the content of a text as a `cls`; errors call it `name`."""
    try:
        top = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_LINE.search(str(error))
        what = f"not TOML: {_TOML_LINE.sub('', str(error))}"
        problem = FileProblem(name, int(place[1]) if place else 1, what, "Correct the file.")
        return Read(CaseSource(name, text, {}), None, (problem,))
    return decoded(CaseSource(name, text, top), cls)


def decoded(source: CaseSource, cls: type[T]) -> Read[T]:
    """Return the values of a file as a `cls`."""
    walk = _Walk(source)
    value = walk.record(cls, source.top, (), {})
    # Named arrays are read at each use, with the same problems.
    problems = tuple(dict.fromkeys(walk.problems or _idle(source, walk.used)))
    return Read(source, None if isinstance(value, _Bad) else value, problems)


class _Walk:
    """The walk over one file; collects `problems`."""

    def __init__(self, source: CaseSource) -> None:
        self._source = source
        self._named: dict[str, tuple[Any, ...]] = {}
        self._open: list[str] = []
        self.problems: list[FileProblem] = []
        self.used: set[tuple[str, str]] = set()

    def _complain(self, path: toml_lines.Path, what: str, remedy: str = "") -> _Bad:
        self.problems.append(self._source.problem(path, what, remedy))
        return _BAD

    def _node(self, node: Node, value: Any, path: toml_lines.Path, outer: Mapping[str, Any]) -> Any:
        match node:
            case Leaf():
                return self._leaf(node, value, path)
            case Many():
                return self._many(node, value, path, outer)
            case Named():
                return self._table(node, value, path, outer)
            case Record():
                return self.record(node.cls, value, path, outer)
            case Requests():
                return self._requests(node, value, path)
            case Choice():
                return self._choice(node, value, path, outer)

    def _leaf(self, node: Leaf, value: Any, path: toml_lines.Path) -> Any:
        try:
            return node.form.read(value)
        except FormError as error:
            return self._complain(path, f"{_key_name(path)} {error.what}", error.remedy)

    def _array(self, value: Any, path: toml_lines.Path) -> list[Any] | _Bad:
        if isinstance(value, list | _Bad):
            return value
        return self._complain(path, f"{_key_name(path)} is {told(value)}, not an array")

    def _many(self, node: Many, value: Any, path: toml_lines.Path, outer: Mapping[str, Any]) -> Any:
        if node.named and isinstance(value, str):
            named = self._by_name(node.named, "command line is", value, path)
            path, value = (node.named, value), named
        items = self._array(value, path)
        if isinstance(items, _Bad):
            return _BAD
        if node.some and not items:
            return self._complain(path, f"{_key_name(path)} is empty", "Name one, or leave it out.")
        found = [self._node(node.of, item, (*path, n), outer) for n, item in enumerate(items)]
        if isinstance(node.of, Record):
            self.problems += _doubles(self._source, path, found)
        if len(path) == 1:
            # The rest of a file can still be checked.
            return node.kind([None if isinstance(item, _Bad) else item for item in found])
        return _BAD if any(isinstance(item, _Bad) for item in found) else node.kind(found)

    def _table(
        self, node: Named, value: Any, path: toml_lines.Path, outer: Mapping[str, Any]
    ) -> Any:
        if not isinstance(value, dict):
            return self._complain(path, f"{_key_name(path)} is {told(value)}, not a table")
        found = {key: self._node(node.of, item, (*path, key), outer) for key, item in value.items()}
        return _BAD if any(isinstance(item, _Bad) for item in found.values()) else found

    def record(self, cls: type, value: Any, path: toml_lines.Path, outer: Mapping[str, Any]) -> Any:
        """Read a table as a `cls`."""
        if not isinstance(value, dict):
            return self._complain(path, f"{_key_name(path)} is {told(value)}, not a table")
        shape = shape_of(cls)
        names = shape.names
        for key in value:
            if key not in names:
                near = unknown_word(key, dict.fromkeys(names))
                self._complain((*path, key), f"unknown key {key!r}", near.remedy)
        faults = list(_group_faults(cls, value))
        for fault in faults:
            self._complain((*path, fault.key) if fault.key else path, fault.what, fault.remedy)
        made = self._fields(cls, value, path, outer)
        return _BAD if faults else self._finished(made, path)

    def _fields(
        self, cls: type, value: Mapping[str, Any], path: toml_lines.Path, outer: Mapping[str, Any]
    ) -> Any:
        found: dict[str, Any] = {}
        for slot in shape_of(cls).slots:
            made = self._field(slot, value, path, found, outer)
            if made is not _ABSENT:
                found[slot.field] = made
        bad = [name for name, item in found.items() if isinstance(item, _Bad)]
        if bad and path:
            return _BAD
        return cls(**{name: item for name, item in found.items() if name not in bad})

    def _field(
        self,
        slot: Slot,
        value: Mapping[str, Any],
        path: toml_lines.Path,
        found: Mapping[str, Any],
        outer: Mapping[str, Any],
    ) -> Any:
        if slot.key.title:
            return path[-1]
        if slot.key.flat:
            return self._flat(slot, value, path, outer)
        if slot.name in value:
            return self._node(slot.node, value[slot.name], (*path, slot.name), found)
        if slot.key.stem:
            return Path(self._source.name).stem
        if slot.required:
            return self._complain(path, f"{slot.name!r} is missing", f"Add it: {slot.key.text}.")
        return _ABSENT

    def _flat(
        self, slot: Slot, value: Mapping[str, Any], path: toml_lines.Path, outer: Mapping[str, Any]
    ) -> Any:
        assert isinstance(slot.node, Record)
        shape = flat_shape(slot)
        given = {key: value[key] for key in shape.names if key in value}
        if not given and slot.optional:
            return None
        if slot.key.inherits:
            changes = {}
            for inner in shape.slots:
                if given.get(inner.name):
                    node, at = inner.node, (*path, inner.name)
                    changes[inner.field] = self._node(node, given[inner.name], at, {})
            base = outer[slot.field]
            bad = any(isinstance(item, _Bad) for item in (base, *changes.values()))
            return _BAD if bad else replace(base, **changes)
        first = shape.slots[0]
        if slot.optional and first.name not in given:
            key = next(iter(given))
            return self._complain(
                (*path, key), f"{first.name!r} is missing, which {key!r} goes with"
            )
        return self._fields(slot.node.cls, given, path, {})

    def _finished(self, made: Any, path: toml_lines.Path) -> Any:
        """Check a record and return the value that it stands for."""
        if isinstance(made, _Bad):
            return _BAD
        faults: Iterable[FileFault] = made.faults() if hasattr(made, "faults") else ()
        bad = [self._complain((*path, f.key), f.what, f.remedy) for f in faults]
        if bad:
            return _BAD
        try:
            return made.made() if hasattr(made, "made") else made
        except FormError as error:
            return self._complain(path, error.what, error.remedy)

    def _choice(
        self, node: Choice, value: Any, path: toml_lines.Path, outer: Mapping[str, Any]
    ) -> Any:
        if not isinstance(value, dict):
            return self._complain(path, f"{_key_name(path)} is {told(value)}, not a table")
        heads = {shape_of(cls).slots[0].name: cls for cls in node.of}
        given = [head for head in heads if head in value]
        if len(given) != 1:
            return self._complain(path, *_unclear(given, value, heads))
        return self.record(heads[given[0]], value, path, outer)

    def _requests(self, node: Requests, value: Any, path: toml_lines.Path) -> Any:
        """Read an array of requests, with names replaced by the requests of that name."""
        items = self._array(value, path)
        if isinstance(items, _Bad):
            return _BAD
        found: list[Any] = []
        for number, item in enumerate(items):
            at = (*path, number)
            if isinstance(item, str):
                some = self._requests_by_name(node, item, at)
            else:
                request = self.record(node.cls, item, at, {})
                some = (request,) if not isinstance(request, _Bad) else request
            found += [some] if isinstance(some, _Bad) else some
        return _BAD if any(isinstance(item, _Bad) for item in found) else tuple(found)

    def _by_name(self, table: str, things: str, name: str, path: toml_lines.Path) -> Any:
        """Return the value of a name in a table of the file."""
        known = self._source.top.get(table, {})
        if isinstance(known, dict) and name in known:
            self.used.add((table, name))
            return known[name]
        near = unknown_word(name, known if isinstance(known, dict) else {})
        return self._complain(path, f"no {things} named {name!r} under [{table}]", near.remedy)

    def _requests_by_name(self, node: Requests, name: str, path: toml_lines.Path) -> Any:
        named = self._by_name(NAMED_REQUESTS, "requests are", name, path)
        if isinstance(named, _Bad):
            return _BAD
        if name in self._open:
            return self._complain(path, f"the requests {name!r} hold themselves")
        if name not in self._named:
            self._open.append(name)
            made = self._requests(node, named, (NAMED_REQUESTS, name))
            self._open.pop()
            self._named[name] = () if isinstance(made, _Bad) else made
        return self._named[name]


def _idle(source: CaseSource, used: Set[tuple[str, str]]) -> Iterator[FileProblem]:
    """Yield each name that the file defines and does not use."""
    for table in (NAMED_REQUESTS, NAMED_ARGS):
        for name in source.top.get(table, {}):
            if (table, name) not in used:
                yield source.problem((table, name), f"nothing uses {name!r}", "Take it out.")


def _doubles(
    source: CaseSource, path: toml_lines.Path, records: Sequence[Any]
) -> Iterator[FileProblem]:
    """Yield each record of an array that is about the same thing as an earlier one."""
    sound = [(n, item) for n, item in enumerate(records) if not isinstance(item, _Bad)]
    for first, second, what in clashes(sound):
        told_ = f"{what} stands there twice, first in line {source.line((*path, first))}"
        hint = "Say with versions, or arch, which builds each is for."
        yield source.problem((*path, second), told_, hint)


def _group_faults(cls: type, value: Mapping[str, Any]) -> Iterator[FileFault]:
    """Yield contradicting keys of a table, and groups without a key."""
    shape = shape_of(cls)
    for name, other in shape.contradictions:
        if name in value and other in value:
            what = f"{name!r} and {other!r} contradict each other"
            yield FileFault(name, what, "Leave one of them out.")
    for names in shape.choices:
        given = [name for name in names if name in value]
        if len(given) != 1:
            said = " and ".join(map(repr, given)) + " contradict each other" if given else ""
            hint = f"Give just one of: {', '.join(names)}."
            yield FileFault(given[-1] if given else "", said or "has none of these keys", hint)


def _unclear(
    given: Sequence[str], value: Mapping[str, Any], heads: Mapping[str, Any]
) -> tuple[str, str]:
    """Return what is wrong with a table that fits no record, or several; and a hint."""
    near = [unknown_word(key, heads).remedy for key in value]
    hint = next((hint for hint in near if "mean" in hint), f"Just one of: {', '.join(heads)}.")
    if given:
        return " and ".join(map(repr, given)) + " contradict each other", hint
    return "says nothing of what is done", hint


def _key_name(path: toml_lines.Path) -> str:
    """Return the name of a path for messages: its last key."""
    if not path:
        return "the file"
    number = path[-1]
    if isinstance(number, int):
        return f"element {number + 1} of {_key_name(path[:-1])}"
    return repr(number)


def files_in(folder: Path) -> Iterator[Path]:
    """Yield the files `*.toml` of a folder and its subfolders, sorted by name."""
    yield from sorted(folder.rglob("*.toml"))
