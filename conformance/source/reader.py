"""Reads the source of a schema, from the files of a tree to a `declaration.Source`.

Follows includes, and checks that documentation precedes what it documents. Knows nothing of builds,
nor of how the result is used.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Final

from conformance.digest.declaration import Documentation, Entity, Source, SourceRemark
from conformance.model.errors import UsageError
from conformance.source.condition import check_notation
from conformance.source.definition import read_definition
from conformance.source.documentation import read_documentation
from conformance.source.expression import (
    BoolValue,
    ListValue,
    ObjectValue,
    SourceError,
    StringValue,
    Value,
    decode,
    parse,
)
from conformance.source.linking import check_links, with_implied
from conformance.source.names import DOC_REQUIRED, LISTS, check_names
from conformance.source.rulings import Rulings, release_in

__all__ = ["SourceError", "read_source", "version_of"]

_DIRECTIVES: Final = ("include", "pragma")

_MAX_INCLUDES: Final = 64
"""How deep includes may nest; real ones nest four deep."""

_VERSION_FILE: Final = "VERSION"

_TREE_DEPTH: Final = 3
"""How many folders above a schema the top of its tree may be, as for storage-daemon/qapi/."""


def read_source(path: Path, version: str = "", *, partial: bool = False) -> Source:
    """Return what the schema file `path` and its includes declare.

    Places and modules name files relative to the top of the tree: the folder that has a folder
    qapi/, or the file's own where there is none. The release that the tree states, else `version`,
    decides what releases do not agree about. Raises UsageError if `path` cannot be read, and
    SourceError, with file, line and column, for every fault in a file; an include that is not there
    is one, unless `partial`.
    """
    top = _top_of(path)
    reader = _Reader(top, version_of(top) or version, partial=partial)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"the schema {path} cannot be read: {error.strerror or error}",
            "Name a schema file, such as qapi/qapi-schema.json of a QEMU source tree.",
        ) from error
    reader.read(path, data, ())
    return reader.source()


def version_of(tree: Path) -> str | None:
    """Return the version that a source tree states, None if it states none."""
    try:
        text = (tree / _VERSION_FILE).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return text if release_in(text) else None


def _top_of(path: Path) -> Path:
    folders = Path(os.path.abspath(path)).parents
    tops = [folder for folder in folders[:_TREE_DEPTH] if (folder / "qapi").is_dir()]
    return tops[-1] if tops else folders[0]


class _Reader:
    """Reads the files of one schema, each once."""

    def __init__(self, top: Path, version: str, *, partial: bool) -> None:
        self._top = top
        self._version = version
        self._partial = partial
        self._rulings = Rulings(release_in(version), partial=partial)
        self._seen: set[str] = set()
        self._entities: list[Entity] = []
        self._modules: list[str] = []
        self._missing: list[str] = []
        self._loose: list[Documentation] = []
        self._pragmas: dict[str, tuple[str, ...]] = {}

    def source(self) -> Source:
        check_names(self._entities, self._pragmas, self._rulings)
        entities = with_implied(self._entities)
        open_names = check_links(entities, self._pragmas, self._rulings, is_whole=not self._missing)
        return Source(
            entities=entities,
            modules=tuple(self._modules),
            pragmas=self._pragmas,
            loose=tuple(self._loose),
            missing=tuple(self._missing),
            open_names=open_names,
            version=self._version,
            remarks=self._rulings.remarks,
        )

    def read(self, path: Path, data: bytes, including: tuple[Path, ...]) -> None:
        """Read a file whose content is `data`; `including` are the files that led here."""
        self._seen.add(os.path.realpath(path))
        file = self._name(path)
        self._modules.append(file)
        waiting: Documentation | None = None
        is_above = False
        for part in parse(decode(data, file), file):
            if isinstance(part, ObjectValue):
                if is_above and not _is_directive(part):
                    self._loose[-1] = _above_definition(self._loose[-1])
                is_above = False
                self._take(part, waiting, (*including, path))
                waiting = None
                continue
            _check_used(waiting)
            documentation = read_documentation(part)
            waiting = documentation if documentation.symbol is not None else None
            is_above = waiting is None
            if is_above:
                self._loose.append(documentation)
        _check_used(waiting)

    def _take(
        self, expression: ObjectValue, waiting: Documentation | None, including: tuple[Path, ...]
    ) -> None:
        """Execute a directive, or keep what a definition declares."""
        for directive in _DIRECTIVES:
            if (value := expression.get(directive)) is None:
                continue
            _check_used(waiting)
            if len(expression.members) != 1:
                problem = f"{directive!r} must be the only key of its expression"
                raise SourceError(expression.place, problem)
            if directive == "include":
                self._include(value, including)
            else:
                self._set_pragmas(value)
            return
        check_notation(expression, self._rulings)
        entity = read_definition(expression, waiting)
        if waiting and waiting.symbol != entity.name:
            problem = f"this documents {waiting.symbol!r}, but {entity.name!r} is declared below it"
            raise SourceError(waiting.place, problem)
        self._entities.append(entity)

    def _include(self, value: Value, including: tuple[Path, ...]) -> None:
        if not isinstance(value, StringValue) or not value.text:
            raise SourceError(value.place, "'include' must name a file")
        path = including[-1].parent / value.text
        resolved = os.path.realpath(path)
        if any(resolved == os.path.realpath(other) for other in including):
            raise SourceError(value.place, f"{value.text!r} includes itself in the end")
        if resolved in self._seen:
            return
        if len(including) > _MAX_INCLUDES:
            raise SourceError(value.place, f"includes nest deeper than {_MAX_INCLUDES}")
        try:
            data = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            name = self._name(path)
            if not self._partial:
                problem = f"the included file {name!r} is not there; --partial takes the rest"
                raise SourceError(value.place, problem) from error
            self._missing += [name] if name not in self._missing else []
        except OSError as error:
            problem = f"{value.text!r} cannot be read: {error.strerror or error}"
            raise SourceError(value.place, problem) from error
        else:
            self.read(path, data, including)

    def _set_pragmas(self, value: Value) -> None:
        if not isinstance(value, ObjectValue):
            raise SourceError(value.place, "'pragma' must be an object")
        for key, setting in value.members:
            # Of several directives, the last one counts, for the whole schema.
            self._pragmas[key.text] = _setting(setting, key)

    def _name(self, path: Path) -> str:
        return Path(os.path.relpath(path, self._top)).as_posix()


def _is_directive(expression: ObjectValue) -> bool:
    return any(expression.get(key) is not None for key in _DIRECTIVES)


def _above_definition(loose: Documentation) -> Documentation:
    """Return documentation of no definition that stands where one's own should stand."""
    problem = "the documentation above a definition does not name it"
    return replace(loose, faults=(*loose.faults, SourceRemark(place=loose.place, problem=problem)))


def _check_used(waiting: Documentation | None) -> None:
    if waiting:
        problem = f"this documents {waiting.symbol!r}, but no declaration follows it"
        raise SourceError(waiting.place, problem)


def _setting(value: Value, key: StringValue) -> tuple[str, ...]:
    if key.text == DOC_REQUIRED:
        if isinstance(value, BoolValue):
            return (str(value.truth).lower(),)
        raise SourceError(value.place, f"the pragma {key.text!r} must be true or false")
    if key.text not in LISTS:
        known = ", ".join(sorted((DOC_REQUIRED, *LISTS)))
        raise SourceError(key.place, f"unknown pragma {key.text!r}; there are {known}")
    if isinstance(value, ListValue):
        names = [item.text for item in value.items if isinstance(item, StringValue)]
        if len(names) == len(value.items):
            return tuple(names)
    raise SourceError(value.place, f"the pragma {key.text!r} must be a list of strings")
