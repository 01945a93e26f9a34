"""Judges what a case left in the scratch folder, and what its files show; opens no file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final

from conformance.judge.events import message_of
from conformance.judge.json_path import path_text, stands_at
from conformance.judge.miss import Miss
from conformance.judge.observation import Observation
from conformance.judge.pattern import differences
from conformance.model.case import Case
from conformance.model.expectation import Kind
from conformance.model.file_content import REGULAR, FileContent
from conformance.model.terms import ABSENT, JsonValue

_FIRST: Final = 32
"""How many hexadecimal digits are shown."""


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


def shown_misses(case: Case, seen: Observation) -> Iterator[Miss]:
    """Yield that a file does not show what a request that was accepted was given."""
    for each in case.shown if seen.contents is not None else ():
        reply = seen.replies[each.step]
        if reply is None or "return" not in message_of(reply):
            continue
        found = seen.contents[each.name] if seen.contents else None
        whole = ABSENT if found is None else found
        odd = next(differences(each.pattern, stands_at(whole, each.path)), None)
        if odd is not None:
            where = path_text((*each.path, *odd.path))
            holds = beginning_text(found)
            yield Miss(
                rule=each.rule,
                kind=Kind.FILE,
                summary=f"{case.subject.name}: the file {each.name} is {holds}",
                expected=f"its {where} is {odd.wanted}",
                fold=f"{each.rule} {case.subject.name} {case.about} file {where}",
            )


def beginning_text(holds: JsonValue) -> str:
    """Return what stands there in words, of a file its size and first bytes.

    What follows these may have times in it.
    """
    if not isinstance(holds, Mapping):
        return "not there"
    if holds["kind"] != REGULAR:
        return f"a {holds['kind']}"
    return f"one of {holds['size']:,} bytes, first {str(holds['hex'])[:_FIRST] or 'none'}"


def _shown(file: FileContent | None) -> str:
    return "not there" if file is None else str(file)
