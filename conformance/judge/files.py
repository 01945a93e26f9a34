"""Judges what a case left in the scratch folder; opens no file."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from conformance.judge.miss import Miss
from conformance.judge.observation import Observation
from conformance.model.case import Case
from conformance.model.expectation import Kind
from conformance.model.file_content import FileContent


def file_misses(case: Case, seen: Observation) -> Iterator[Miss]:
    """Yield that a file appeared, vanished or changed which the case must leave as it was."""
    if case.kept is None or seen.files is None:
        return
    for name, old, new in seen.files.changes():
        if any(fnmatchcase(name, glob) for glob in case.kept.excused):
            continue
        word = "appeared" if old is None else "vanished" if new is None else "changed"
        yield Miss(
            rule=case.kept.rule,
            kind=Kind.FILE,
            summary=f"the file {name} {word}: it is {_shown(new)}",
            expected=f"{name} is {_shown(old)} still",
            fold=f"file {case.kept.rule} {case.subject.name} {word}",
        )


def _shown(file: FileContent | None) -> str:
    return "not there" if file is None else str(file)
