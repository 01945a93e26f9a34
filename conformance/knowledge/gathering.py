"""Joins the entries of several files, none of which contradicts another.

Knows how files are read, not what they contain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from conformance.knowledge.decoder import FileProblem, Read, files_in, raise_problems, read_file
from conformance.knowledge.identity import clashes
from conformance.knowledge.shapes import shape_of

P = TypeVar("P")


def read_folder(folder: Path, cls: type[P]) -> list[Read[P]]:
    """Return the content of all files `*.toml` in `folder`; raises KnowledgeError."""
    found = [read_file(path, cls) for path in files_in(folder)]
    raise_problems([problem for read in found for problem in read.problems])
    return found


def gathered(parts: Sequence[Read[Any]], field: str) -> tuple[Any, ...]:
    """Return the entries in that field of each part, in order.

    Raises KnowledgeError if entries of two files are about the same thing on the same builds, and
    neither replaces the other.
    """
    raise_problems(list(contradictions(parts, field)))
    return tuple(entry for part in parts for entry in getattr(part.sound(), field))


def contradictions(parts: Sequence[Read[Any]], field: str) -> Iterator[FileProblem]:
    """Yield each entry of a file about the same thing as one of another file, with both places."""
    placed = [
        ((number, index), entry)
        for number, part in enumerate(parts)
        if part.value is not None
        for index, entry in enumerate(getattr(part.kept, field))
    ]
    entries = dict(placed)
    for before, after, what in clashes(placed):
        same_file = before[0] == after[0]
        if same_file or _replaces(entries[before]) is not _replaces(entries[after]):
            continue
        hint = "Say with versions, or arch, which builds each is for"
        if hasattr(entries[after], "replaces"):
            hint += ", or write `replaces = true` in the one that counts"
        yield FileProblem(
            *_place(parts, field, before),
            f"{what} stands there, and in {'{}:{}'.format(*_place(parts, field, after))} too",
            f"{hint}.",
        )


def idle_replacements(parts: Sequence[Read[Any]], field: str) -> Iterator[FileProblem]:
    """Yield each entry that says it replaces another, but has nothing to replace."""
    placed = [
        ((number, index), entry)
        for number, part in enumerate(parts)
        if part.value is not None
        for index, entry in enumerate(getattr(part.kept, field))
    ]
    busy = {where for before, after, _ in clashes(placed) for where in (before, after)}
    for where, entry in placed:
        if _replaces(entry) and where not in busy:
            yield FileProblem(
                *_place(parts, field, where),
                "'replaces' is true, and nothing else is said of the same thing on these builds",
                "Leave it out.",
            )


def _replaces(entry: object) -> bool:
    return bool(getattr(entry, "replaces", False))


def _place(parts: Sequence[Read[Any]], field: str, where: tuple[int, int]) -> tuple[str, int]:
    number, index = where
    part = parts[number]
    (key,) = (slot.name for slot in shape_of(part.kept.__class__).slots if slot.field == field)
    return part.source.name, part.source.line((key, index))
