"""Finds all mistakes in files of cases, beside the shipped ones: keys, names, contradictions.

Knows what files say, not how it is used.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence, Set
from functools import cache
from pathlib import Path
from typing import Any, Final

from conformance.knowledge.case_file import CaseFile
from conformance.knowledge.dangers import two_things
from conformance.knowledge.decoder import FileProblem, Read, files_in, raise_problems, read_file
from conformance.knowledge.events import unknown_stages
from conformance.knowledge.examples import two_machines
from conformance.knowledge.gathering import contradictions, idle_replacements
from conformance.knowledge.known_names import KnownNames, shipped_releases
from conformance.knowledge.name_check import name_problems, stale_problems
from conformance.knowledge.shapes import Many, Record, shape_of
from conformance.knowledge.stand_in_check import idle_stand_ins
from conformance.knowledge.store import cases_folder
from conformance.model.errors import KnowledgeError

OWN: Final = (
    *("rules", "changes", "withheld", "volatile", "settling", "touching", "walk", "contained"),
    *("complaint", "frame", "masked", "handed"),
)
"""The suite's own parts: no other file can add to them."""


def read_cases(folders: Sequence[Path]) -> list[Read[CaseFile]]:
    """Return the content of all files in folders; raises KnowledgeError, with all problems."""
    reads = [read_file(path, CaseFile) for folder in folders for path in _files(folder)]
    raise_problems([problem for read in reads for problem in read.problems])
    return reads


def check_cases(paths: Sequence[Path]) -> list[FileProblem]:
    """Return all problems of files, or of all files in folders, also beside the shipped ones.

    The other files of a file's folder are read too, but not checked. Raises KnowledgeError for a
    file that cannot be read at all.
    """
    mine = [path for each in paths for path in _files(each)]
    given = [read_file(path, CaseFile) for path in mine]
    own = {path.resolve() for path in mine}
    others = [*_beside(own), *(read for path, read in _shipped().items() if path not in own)]
    names = {read.source.name for read in given}
    found = [problem for read in given for problem in read.problems]
    found += [each for each in _together([*given, *others]) if each.file in names]
    for path, read in zip(mine, given, strict=True):
        if path.resolve() not in _shipped():
            found += _foreign(read)
    known = _known([*given, *others])
    found += [problem for read in given for problem in name_problems(read, known)]
    if any(read.kept.undigested for read in given if not read.problems):
        # Only after all files is it known which declared names are used.
        _look_at(others, known)
        found += [problem for read in given for problem in stale_problems(read, known)]
    return sorted(set(found), key=lambda problem: (problem.file, problem.line, problem.what))


@cache
def _shipped() -> Mapping[Path, Read[CaseFile]]:
    """Return the shipped files, by path."""
    return {path.resolve(): read_file(path, CaseFile) for path in files_in(cases_folder())}


def _beside(own: Set[Path]) -> Iterator[Read[CaseFile]]:
    """Yield the content of the other files in the folders, which `--cases` would use too."""
    folders = {path.parent for path in own}
    for path in sorted(near for folder in folders for near in folder.glob("*.toml")):
        if path.resolve() not in own and path.resolve() not in _shipped():
            # A folder may hold files of any kind.
            with contextlib.suppress(KnowledgeError):
                yield read_file(path, CaseFile)


def _look_at(reads: Sequence[Read[CaseFile]], known: KnownNames) -> None:
    for read in reads:
        for _ in name_problems(read, known):
            pass


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        found = list(files_in(path))
        if not found:
            raise KnowledgeError(f"{path} holds no file *.toml", "Name the folder of the cases.")
        yield from found
    else:
        yield path


def _known(reads: Sequence[Read[CaseFile]]) -> KnownNames:
    values = [read.kept for read in reads if not read.problems]
    return KnownNames(
        shipped_releases(),
        undigested=[entry for value in values for entry in value.undigested],
        rules=frozenset(rule for value in values for rule in value.rules),
        untyped=frozenset(entry.name for value in values for entry in value.untyped),
    )


def _together(reads: Sequence[Read[CaseFile]]) -> Iterator[FileProblem]:
    """Yield contradictions between files, and names that no other file defines."""
    for slot in shape_of(CaseFile).slots:
        if isinstance(slot.node, Many) and isinstance(slot.node.of, Record):
            yield from contradictions(reads, slot.field)
            yield from idle_replacements(reads, slot.field)
    yield from unknown_stages([read for read in reads if read.value is not None])
    whole = [read for read in reads if not read.problems]
    # Report the second of two files.
    yield from two_machines(whole[::-1])
    yield from two_things(whole[::-1])
    yield from idle_stand_ins(whole)


def _foreign(read: Read[Any]) -> Iterator[FileProblem]:
    """Yield each part of a file that only the suite may have."""
    for slot in shape_of(CaseFile).slots:
        if slot.field in OWN and slot.name in read.source.top:
            what = f"{slot.name!r} is the suite's own: no other file can add to it"
            yield read.source.problem((slot.name,), what, "Take it out.")
