"""Which part of the interface a source file of QEMU is behind (cases/touching.toml).

Knows neither a tree of sources nor a build.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from conformance.knowledge.common import REASON
from conformance.knowledge.decoder import read_file
from conformance.knowledge.keys import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Touching:
    """Source files, and what of the interface a change of them may change."""

    files: Annotated[
        tuple[str, ...],
        Key(
            "the files, relative to the tree; `*` stands for any text",
            some=True,
            identity=True,
            each=True,
        ),
    ]
    modules: Annotated[
        tuple[str, ...], Key("the QAPI modules whose commands and events count, as `block-core`")
    ] = ()
    subjects: Annotated[
        tuple[str, ...],
        Key("the commands, events, object types and device types that count; globs"),
    ] = ()
    protocol: Annotated[bool, Key("whether all that is about the protocol itself counts")] = False
    named: Annotated[
        bool, Key("whether object types and device types with the file's name in theirs count, too")
    ] = False
    reason: Annotated[str, REASON]

    def fits(self, path: str) -> bool:
        """Return whether a path, relative to the tree, is one of the files."""
        return any(fnmatchcase(path, glob) for glob in self.files)


@dataclass(frozen=True, kw_only=True)
class TouchingPart:
    """The entries of a file about source files."""

    touching: Annotated[
        tuple[Touching, ...], Key("what of the interface a change of source files may change")
    ] = ()


def load_touching(path: Path) -> tuple[Touching, ...]:
    """Return the entries of the file `path`; raises KnowledgeError."""
    return read_file(path, TouchingPart).sound().touching


def inside(path: str) -> Iterator[str]:
    """Yield a path without more and more of its first folders, which may lead to the tree."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    for place in range(len(parts)):
        yield "/".join(parts[place:])


def entries_of(entries: Iterable[Touching], path: str) -> tuple[Touching, ...]:
    """Return the entries about a file, whatever leads to the tree; those of the longest path."""
    known = tuple(entries)
    for each in inside(path):
        if found := tuple(entry for entry in known if entry.fits(each)):
            return found
    return ()
