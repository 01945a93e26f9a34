"""Reading TOML tables strictly: an unknown key or a wrong type is an error that says where."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from conformance.knowledge.versions import VersionRange
from conformance.model.errors import KnowledgeError

T = TypeVar("T")


class Table:
    """One TOML table and the place where it stands; `done` complains of keys nobody took."""

    def __init__(self, place: str, values: Mapping[str, Any]) -> None:
        self.place = place
        self._values = dict(values)
        self._known: list[str] = []

    def take(self, key: str, kind: type[T], default: T | None = None) -> T:
        """Return the value of `key`, of type `kind`; without a default it must be there.

        Raises KnowledgeError.
        """
        self._known.append(key)
        if key not in self._values:
            if default is None:
                raise KnowledgeError(f"{self.place}: {key!r} is missing", "Add it.")
            return default
        value = self._values.pop(key)
        if type(value) is not kind:
            raise KnowledgeError(
                f"{self.place}: {key!r} is {type(value).__name__}, not {kind.__name__}",
                "docs/recipes.md describes the keys.",
            )
        return value

    def take_any(self, key: str, default: Any) -> Any:
        """Return the value of `key`, of whatever type, or the default."""
        self._known.append(key)
        return self._values.pop(key, default)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the strings of the array `key`, none where it is left out."""
        found = self.take(key, list, [])
        if not all(isinstance(item, str) for item in found):
            raise KnowledgeError(f"{self.place}: {key!r} holds other things than strings")
        return tuple(found)

    def versions(self) -> VersionRange:
        """Return the releases that the entry is for, all where `versions` is left out."""
        try:
            return VersionRange(self.take("versions", str, ""))
        except ValueError as error:
            raise KnowledgeError(f"{self.place}: versions: {error}") from error

    def table(self, key: str) -> Table:
        """Return the table `key`, empty where it is left out."""
        return Table(f"{self.place}.{key}", self.take(key, dict, {}))

    def tables(self, key: str) -> Iterator[Table]:
        """Yield the tables of the array `key`."""
        for number, item in enumerate(self.take(key, list, []), start=1):
            if not isinstance(item, dict):
                raise KnowledgeError(f"{self.place}: {key!r} entry {number} is no table")
            name = item.get("type") or item.get("name") or number
            yield Table(f"{self.place}, {key} {name}", item)

    def named_tables(self) -> Iterator[tuple[str, Table]]:
        """Yield every key that nobody took as a table of its own, in the order of the file."""
        for key, value in list(self._values.items()):
            del self._values[key]
            if not isinstance(value, dict):
                raise KnowledgeError(f"{self.place}: {key!r} is no table")
            yield key, Table(f"{self.place}.{key}", value)

    def done(self) -> None:
        """Raise KnowledgeError where the table holds a key that nobody took."""
        for key in self._values:
            near = difflib.get_close_matches(key, self._known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(self._known)}."
            raise KnowledgeError(f"{self.place}: unknown key {key!r}", hint)


def read_table(path: Path) -> Table:
    """Return the top table of the TOML file `path`; raises KnowledgeError."""
    try:
        with path.open("rb") as file:
            return Table(path.name, tomllib.load(file))
    except OSError as error:
        raise KnowledgeError(f"{path}: {error.strerror}", "Reinstall the package.") from error
    except tomllib.TOMLDecodeError as error:
        raise KnowledgeError(f"{path}: {error}", "Correct the file.") from error
