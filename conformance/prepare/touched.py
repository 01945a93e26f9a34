"""Which subjects of a build a patch of QEMU may change.

Schema files are known from the digest of the build's release, others from cases/touching.toml.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Final

from conformance.digest.declaration import EntityKind
from conformance.digest.digest import DigestEntity
from conformance.knowledge.store import cases_folder
from conformance.knowledge.touching import Touching, entries_of, inside, load_touching
from conformance.model.bounded_lines import LimitError, read_bounded
from conformance.model.case import Subject
from conformance.model.errors import UsageError
from conformance.model.terms import SubjectKind
from conformance.prepare.campaign import Campaign
from conformance.prepare.selection import Patch
from conformance.prepare.source import find_facts

_CHANGED: Final = re.compile(r"^(?:---|\+\+\+) (?:[ab]/)?([^\t\n]+)", re.MULTILINE)
_NAMED: Final = re.compile(r"^diff --git a/(.+) b/(.+)$", re.MULTILINE)
"""What stands alone where a file is moved, or is no text."""
_DIFF: Final = re.compile(r"^--- .+\n\+\+\+ .+\n@@ |^diff --git ", re.MULTILINE)
_FUNCTION: Final = re.compile(r"^(?:@@ .*|[-+ ].*)\bqmp_([a-z0-9_]+)\s*\(", re.MULTILINE)
"""A function that serves a command, in a line of a diff or the head of a hunk."""
_OBJECTS: Final = "ObjectOptions"
"""The union that says what object-add takes of each type."""
_TYPE: Final = re.compile(r"\[?(\w+)\]?")


def read_patch(files: Sequence[str]) -> Patch:
    """Return what files of a patch name; one that is a unified diff stands for what it changes.

    Raises UsageError for a file that cannot be read.
    """
    paths: list[str] = []
    functions: list[str] = []
    for name in files:
        text = _diff(Path(name))
        if text is None:
            paths.append(name)
            continue
        changed = [*_CHANGED.findall(text), *(path for two in _NAMED.findall(text) for path in two)]
        paths += [path.strip() for path in changed if path.strip() != "/dev/null"]
        functions += _FUNCTION.findall(text)
    commands = (name.replace("_", "-") for name in functions)
    return Patch(files=tuple(dict.fromkeys(paths)), commands=tuple(dict.fromkeys(commands)))


def _diff(path: Path) -> str | None:
    """Return the text of a file that is a unified diff, None for any other."""
    if not path.is_file():
        return None
    try:
        text = read_bounded(path).decode("utf-8", "replace")
    except (OSError, LimitError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "Name a patch, or its files.") from None
    return text if _DIFF.search(text) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What a patch may change of a target: subjects by name, and the files nobody knows about."""

    subjects: frozenset[str]
    unknown: tuple[str, ...]


def touched(campaign: Campaign, patch: Patch) -> Touched:
    """Return what a patch may change of a target; raises what finding its source raises."""
    head = campaign.plan.head
    target = campaign.target
    facts = find_facts(target.schema, head.version, head.program, partial=target.partial)
    subjects = {subject for subject, _ in campaign.plan.items}
    return among(subjects, patch, facts.entities if facts is not None else {})


def among(
    subjects: Collection[Subject], patch: Patch, entities: Mapping[str, DigestEntity]
) -> Touched:
    """Return what a patch may change of `subjects`; `entities` are those of their source."""
    modules = _Modules(entities)
    entries = load_touching(cases_folder() / "touching.toml")
    names: set[str] = {*patch.commands}
    unknown = []
    for path in patch.files:
        about = entries_of(entries, path)
        own = next(filter(modules.has, inside(path)), None)
        if own is not None:
            names |= modules.subjects(own)
        elif not about:
            unknown.append(path)
        for entry in about:
            names |= {name for each in entry.modules for name in modules.named(each)}
            names |= {subject.name for subject in subjects if _counts(entry, path, subject)}
    return Touched(
        subjects=frozenset(subject.name for subject in subjects if subject.name in names),
        unknown=tuple(unknown),
    )


def _counts(entry: Touching, path: str, subject: Subject) -> bool:
    """Return whether an entry about a file speaks of a subject."""
    if subject.kind is SubjectKind.PROTOCOL:
        return entry.protocol
    if any(fnmatchcase(subject.name, glob) for glob in entry.subjects):
        return True
    stem = PurePosixPath(path).stem.replace("_", "-")
    typed = subject.kind in (SubjectKind.OBJECT_TYPE, SubjectKind.DEVICE_TYPE)
    return entry.named and typed and stem in subject.name.replace("_", "-")


class _Modules:
    """The entities of a schema by the file that declares them, and what refers to them."""

    def __init__(self, entities: Mapping[str, DigestEntity]) -> None:
        self._entities = entities
        self._of: dict[str, set[str]] = defaultdict(set)
        for name, entity in entities.items():
            self._of[entity.module].add(name)
        self._users: dict[str, set[str]] = defaultdict(set)
        for name, entity in entities.items():
            for used in _used(entity):
                self._users[used].add(name)

    def has(self, module: str) -> bool:
        """Return whether a file declares something."""
        return module in self._of

    def named(self, name: str) -> set[str]:
        """Return the subjects of the modules with this name, whatever their folder."""
        found = [each for each in self._of if PurePosixPath(each).stem == name]
        return {subject for each in found for subject in self._own(each)}

    def _own(self, module: str) -> Iterator[str]:
        kinds = (EntityKind.COMMAND, EntityKind.EVENT)
        yield from (name for name in self._of[module] if self._entities[name].kind in kinds)

    def subjects(self, module: str) -> set[str]:
        """Return the commands, events and object types that what a file declares is part of."""
        found, left = set[str](), [*self._of[module]]
        while left:
            name = left.pop()
            if name not in found:
                found.add(name)
                # That a type is an argument of object-add touches the types that take it alone.
                left += self._users[name] if name != _OBJECTS else ()
        objects = self._entities.get(_OBJECTS)
        if objects is not None:
            found |= {branch.case for branch in objects.branches if branch.type in found}
        return found


def _used(entity: DigestEntity) -> Iterator[str]:
    """Yield the names of the types that a declaration uses."""
    types = [each.type for each in (*entity.members, *entity.base_members)]
    types += [branch.type for branch in entity.branches]
    for name in (*types, entity.base, entity.arg_type, entity.returns):
        if name is not None and (match := _TYPE.fullmatch(name)):
            yield match[1]
