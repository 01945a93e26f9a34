"""Finds the line of each key and element in a TOML text; knows nothing of their meaning.

tomllib has read the text before, so it is well-formed.
"""

from __future__ import annotations

import re
import tomllib
from typing import Final, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""The keys and element numbers (from 0) from the top of a file to a value."""

_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY: Final = re.compile(r'[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'')
_DOT: Final = re.compile(r"[ \t]*\.[ \t]*")
_EQUALS: Final = re.compile(r"[ \t]*=[ \t]*")
_STRING: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|' r"'''.*?'{3,5}|" r'"(?:[^"\\\n]|\\.)*"|' r"'[^'\n]*'", re.DOTALL
)
_BARE: Final = re.compile(r"[^,\]}#\n]+")


def lines(text: str) -> dict[Path, int]:
    """Return the line, from 1, of each key and element of a TOML text."""
    scan = _Scan(text)
    scan.document()
    return scan.found


def line_of(found: dict[Path, int], path: Path) -> int:
    """Return the line of `path`, or of the nearest enclosing path that has one."""
    while path and path not in found:
        path = path[:-1]
    return found.get(path, 1)


class _Scan:
    """One walk over a text; `found` collects the lines."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._line, self._counted = 1, 0
        self._lengths: dict[Path, int] = {}
        self.found: dict[Path, int] = {}

    def document(self) -> None:
        """Walk over the whole text."""
        table: Path = ()
        while not self._ended():
            if self._next("[["):
                table = self._header(array=True)
                self._next("]]")
            elif self._next("["):
                table = self._header(array=False)
                self._next("]")
            else:
                self._pair(table)

    def _ended(self) -> bool:
        self._skip(_BLANK)
        return self._at >= len(self._text)

    def _next(self, mark: str) -> bool:
        self._skip(_BLANK)
        if not self._text.startswith(mark, self._at):
            return False
        self._at += len(mark)
        return True

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            return ""
        self._at = match.end()
        return match[0]

    def _mark(self, path: Path) -> None:
        if path not in self.found:
            self._line += self._text.count("\n", self._counted, self._at)
            self._counted = self._at
            self.found[path] = self._line

    def _keys(self) -> list[str]:
        self._skip(_BLANK)
        keys = [self._key()]
        while self._skip(_DOT):
            keys.append(self._key())
        return keys

    def _key(self) -> str:
        word = self._skip(_KEY)
        return word if word[:1] not in ('"', "'") else str(tomllib.loads(f"k = {word}")["k"])

    def _header(self, *, array: bool) -> Path:
        """Return the table that a header opens: for an array of tables, its last one."""
        path: Path = ()
        keys = self._keys()
        for number, key in enumerate(keys):
            path = (*path, key)
            self._mark(path)
            last = number == len(keys) - 1
            if array and last:
                self._lengths[path] = self._lengths.get(path, 0) + 1
            if path in self._lengths:
                path = (*path, self._lengths[path] - 1)
                self._mark(path)
        return path

    def _pair(self, table: Path) -> None:
        path = table
        for key in self._keys():
            path = (*path, key)
            self._mark(path)
        self._skip(_EQUALS)
        self._value(path)

    def _value(self, path: Path) -> None:
        if self._next("["):
            number = 0
            while not self._next("]"):
                self._mark((*path, number))
                self._value((*path, number))
                number += 1
                self._next(",")
        elif self._next("{"):
            while not self._next("}"):
                self._pair(path)
                self._next(",")
        elif not self._skip(_STRING):
            self._skip(_BARE)
