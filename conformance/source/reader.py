"""Reads the source of a schema, from the files of a tree to a `declaration.Source`.

Follows includes, and checks that documentation precedes what it documents. Knows nothing of builds,
nor of how the result is used.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from conformance.digest.declaration import Documentation, Entity, Source
from conformance.model.errors import UsageError
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

__all__ = ["SourceError", "read_source"]

_MAX_INCLUDES: Final = 64
"""How deep includes may nest; real ones nest four deep."""

_TREE_DEPTH: Final = 3
"""How many folders above a schema the top of its tree may be, as for storage-daemon/qapi/."""


def read_source(path: Path) -> Source:
    """Return what the schema file `path` and its includes declare.

    Places and modules name files relative to the top of the tree: the folder that has a folder
    qapi/, or the file's own where there is none. Raises UsageError if `path` cannot be read, and
    SourceError, with file, line and column, for every fault in a file.
    """
    reader = _Reader(_top_of(path))
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"the schema {path} cannot be read: {error.strerror or error}",
            "Name a schema file, such as qapi/qapi-schema.json of a QEMU source tree.",
        ) from error
    reader.read(path, data, ())
    return reader.source()


def _top_of(path: Path) -> Path:
    folders = Path(os.path.abspath(path)).parents
    tops = [folder for folder in folders[:_TREE_DEPTH] if (folder / "qapi").is_dir()]
    return tops[-1] if tops else folders[0]


class _Reader:
    """Reads the files of one schema, each once."""

    def __init__(self, top: Path) -> None:
        self._top = top
        self._seen: set[str] = set()
        self._entities: list[Entity] = []
        self._modules: list[str] = []
        self._missing: list[str] = []
        self._loose: list[Documentation] = []
        self._pragmas: dict[str, tuple[str, ...]] = {}

    def source(self) -> Source:
        entities = with_implied(self._entities)
        return Source(
            entities=entities,
            modules=tuple(self._modules),
            pragmas=self._pragmas,
            loose=tuple(self._loose),
            missing=tuple(self._missing),
            open_names=check_links(entities, is_whole=not self._missing),
        )

    def read(self, path: Path, data: bytes, including: tuple[Path, ...]) -> None:
        """Read a file whose content is `data`; `including` are the files that led here."""
        self._seen.add(os.path.realpath(path))
        file = self._name(path)
        self._modules.append(file)
        waiting: Documentation | None = None
        for part in parse(decode(data, file), file):
            if isinstance(part, ObjectValue):
                self._take(part, waiting, (*including, path))
                waiting = None
                continue
            _check_used(waiting)
            documentation = read_documentation(part)
            waiting = documentation if documentation.symbol is not None else None
            if waiting is None:
                self._loose.append(documentation)
        _check_used(waiting)

    def _take(
        self, expression: ObjectValue, waiting: Documentation | None, including: tuple[Path, ...]
    ) -> None:
        """Execute a directive, or keep what a definition declares."""
        for directive in ("include", "pragma"):
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
        except (FileNotFoundError, NotADirectoryError):
            name = self._name(path)
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
            values = _setting(setting, key.text)
            if isinstance(setting, ListValue):
                # The lists of several directives add up.
                before = self._pragmas.get(key.text, ())
                values = (*before, *(name for name in values if name not in before))
            self._pragmas[key.text] = values

    def _name(self, path: Path) -> str:
        return Path(os.path.relpath(path, self._top)).as_posix()


def _check_used(waiting: Documentation | None) -> None:
    if waiting:
        problem = f"this documents {waiting.symbol!r}, but no declaration follows it"
        raise SourceError(waiting.place, problem)


def _setting(value: Value, key: str) -> tuple[str, ...]:
    match value:
        case BoolValue(truth=truth):
            return (str(truth).lower(),)
        case StringValue(text=text):
            return (text,)
        case ListValue(items=items) if all(isinstance(item, StringValue) for item in items):
            return tuple(item.text for item in items if isinstance(item, StringValue))
    raise SourceError(value.place, f"the pragma {key!r} must be true, false or a list of strings")
