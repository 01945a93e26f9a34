"""Reads JSON of any depth without recursion; knows no message.

Python's reader gives up near 1000 levels; a server accepts and sends up to 1024.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

Scanner = Callable[[str, int], tuple[Any, int]]
"""`JSONDecoder.raw_decode`: reads the value at an index; returns it and the index behind it."""
ObjectHook = Callable[[list[tuple[str, Any]]], dict[str, Any]]

_BLANKS: Final = re.compile(r"[ \t\r\n]*")
_CLOSING: Final = {"[": "]", "{": "}"}


def read_deep_json(text: str, scan: Scanner, build: ObjectHook) -> tuple[Any, int]:
    """Return the value that `text` begins with, and the index behind it.

    `scan` reads values without parts, `build` makes an object of its members. Raises
    json.JSONDecodeError where there is no JSON, and what the two raise.
    """
    return _Reader(text, scan, build).read()


class _Open:
    """An array or object that is not closed yet."""

    __slots__ = ("items", "names", "opening")

    def __init__(self, opening: str) -> None:
        self.opening = opening
        self.names: list[str] = []
        self.items: list[Any] = []


class _Reader:
    """One pass over a text, with the open arrays and objects on its own stack."""

    def __init__(self, text: str, scan: Scanner, build: ObjectHook) -> None:
        self._text = text
        self._scan = scan
        self._build = build
        self._index = 0
        self._stack: list[_Open] = []

    def read(self) -> tuple[Any, int]:
        while True:
            complete, value = self._begin()
            while complete:
                if not self._stack:
                    return value, self._index
                self._stack[-1].items.append(value)
                complete, value = self._go_on()

    def _begin(self) -> tuple[bool, Any]:
        """Read the start of a value; return whether it is complete, and the value."""
        mark = self._peek()
        if mark not in _CLOSING:
            return True, self._scalar()
        self._index += 1
        self._stack.append(_Open(mark))
        if self._peek() == _CLOSING[mark]:
            return True, self._close()
        if mark == "{":
            self._name()
        return False, None

    def _go_on(self) -> tuple[bool, Any]:
        """Read what follows an item; return whether that ends the whole value, and the value."""
        opening = self._stack[-1].opening
        mark = self._peek()
        if mark == _CLOSING[opening]:
            return True, self._close()
        self._expect(",")
        if opening == "{":
            self._name()
        return False, None

    def _close(self) -> Any:
        self._index += 1
        ended = self._stack.pop()
        if ended.opening == "[":
            return ended.items
        return self._build(list(zip(ended.names, ended.items, strict=True)))

    def _name(self) -> None:
        if self._peek() != '"':
            raise json.JSONDecodeError(
                "Expecting property name enclosed in double quotes", self._text, self._index
            )
        self._stack[-1].names.append(self._scalar())
        self._peek()
        self._expect(":")

    def _scalar(self) -> Any:
        value, self._index = self._scan(self._text, self._index)
        return value

    def _expect(self, mark: str) -> None:
        if not self._text.startswith(mark, self._index):
            raise json.JSONDecodeError(f"Expecting {mark!r} delimiter", self._text, self._index)
        self._index += 1

    def _peek(self) -> str:
        """Skip blanks and return the next character, "" at the end."""
        blanks = _BLANKS.match(self._text, self._index)
        assert blanks is not None
        self._index = blanks.end()
        return self._text[self._index : self._index + 1]
