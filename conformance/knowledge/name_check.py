"""Checks that the names in a file are names of some release with a shipped digest.

Knows which names the records of a file use, not how they are used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any

from conformance.knowledge.decoder import FileProblem, Read
from conformance.knowledge.known_names import KnownNames, UnknownName
from conformance.knowledge.name_looks import LOOKS, Found, Path
from conformance.knowledge.observations import Look
from conformance.knowledge.search import HistoryRecipe
from conformance.knowledge.shapes import shape_of
from conformance.knowledge.type_options import types_of_options
from conformance.knowledge.versions import NOT


def name_problems(read: Read[Any], known: KnownNames) -> Iterator[FileProblem]:
    """Yield each name of a file that no release has, its place and the nearest existing one."""
    if read.value is None:
        return
    seen = set[tuple[int, str]]()
    for path, unknown in _Names(read, known).of(read.value, ()):
        what = f"no release has the {unknown.kind} {unknown.name!r}"
        key = next(part for part in reversed(path) if isinstance(part, str))
        # A key may be the name itself.
        what += "" if key == unknown.last else f", which {key!r} names"
        problem = read.source.problem(path, what, _hint(unknown))
        # Named requests are checked only where they are defined.
        if (problem.line, problem.what) not in seen:
            seen.add((problem.line, problem.what))
            yield problem


def stale_problems(read: Read[Any], known: KnownNames) -> Iterator[FileProblem]:
    """Yield each declared name of no digest that no record uses.

    All files with names must have been checked before.
    """
    if read.problems:
        return
    for number, entry in enumerate(read.kept.undigested):
        for at, name in enumerate(entry.names):
            if (entry.kind, name) not in known.used:
                yield read.source.problem(
                    ("undigested", number, "names", at),
                    f"no entry uses the undigested {entry.kind} {name!r}",
                    "Take the name out.",
                )


def _hint(unknown: UnknownName) -> str:
    declare = "Correct it; or declare it under [[undigested]], with the reason."
    return f"{unknown.hint}  {declare}" if unknown.hint else declare


@dataclass(frozen=True)
class _Names:
    """The walk over the records of one file."""

    read: Read[Any]
    known: KnownNames

    def of(self, record: Any, path: Path) -> Found:
        """Yield each name in a record, at any depth, that no release has.

        What showed a defect once may have had any names, and be of a release without a digest.
        """
        if isinstance(record, HistoryRecipe):
            return
        look = LOOKS.get(type(record))
        if look is not None:
            yield from ((((*path, *at)), each) for at, each in look(self.known, record))
        for number, arch in enumerate(getattr(record, "arches", ())):
            found = self.known.arch(arch.removeprefix(NOT))
            yield from (((*path, "arch", number), each) for each in found)
        for number, need in enumerate(getattr(record, "needs", ())):
            yield from (((*path, "needs", number), each) for each in self.known.need(need))
        yield from self._machine(getattr(record, "machine", ""), (*path, "machine"))
        yield from self._command_lines(getattr(record, "args", ()), (*path, "args"))
        if isinstance(record, Look):
            yield from self.of(record.request, path)
            for number, event in enumerate(record.after):
                yield from self.of(event, (*path, "after", number))
            if record.told is not None:
                yield from self.of(record.told, (*path, "tells"))
            return
        for slot in shape_of(record.__class__).slots:
            value = getattr(record, slot.field)
            if slot.key.flat:
                yield from self.of(value, path) if value is not None else ()
            else:
                yield from self._within(value, (*path, slot.name))

    def _within(self, value: Any, path: Path) -> Found:
        match value:
            case tuple():
                for number, item in zip(self._numbers(path, len(value)), value, strict=True):
                    if number is not None and is_dataclass(item):
                        yield from self.of(item, (*path, number))
            case Mapping():
                for key, item in value.items():
                    yield from self._within(item, (*path, key))
            case _:
                if is_dataclass(value) and not isinstance(value, type):
                    yield from self.of(value, path)

    def _machine(self, machine: str, path: Path) -> Found:
        """Yield a machine that no known build has."""
        # The file may have no machine here: that of the enclosing record, or the default.
        if machine and self._raw(path) and "{" not in machine:
            yield from ((path, each) for each in self.known.machine(machine.partition(",")[0]))

    def _command_lines(self, args: Any, path: Path) -> Found:
        """Yield the unknown types of devices and objects on a command line, or on named ones."""
        if isinstance(args, Mapping):
            for name, words in args.items():
                yield from self._command_lines(words, (*path, name))
        # A named or inherited command line is checked only where it is defined.
        elif isinstance(self._raw(path), list):
            looks = {"-device": self.known.qom_type, "-object": self.known.object_type}
            for number, option, name in types_of_options(args):
                yield from (((*path, number), each) for each in looks[option](name))

    def _raw(self, path: Path) -> Any:
        """Return the value at a path of the file, None if there is none."""
        raw: Any = self.read.source.top
        for part in path:
            try:
                raw = raw[part]
            except (LookupError, TypeError):
                return None
        return raw

    def _numbers(self, path: Path, length: int) -> list[int | None]:
        """Return the number of each element in the file; None for named requests."""
        raw = self._raw(path)
        if not isinstance(raw, list):
            return list(range(length))
        numbers: list[int | None] = []
        for number, item in enumerate(raw):
            if isinstance(item, str) and item in self.read.kept.requests:
                numbers += [None] * len(self.read.kept.requests[item])
            else:
                numbers.append(number)
        return numbers if len(numbers) == length else list(range(length))
