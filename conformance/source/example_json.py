"""Reads JSON as documentation writes it, with omissions and with mistakes to report.

Knows neither the protocol nor a schema. Three dots stand for what is left out of an object or
array, or for a whole value; text between two groups of three dots describes it.
"""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from conformance.model.terms import JsonValue

ELISION: Final = re.compile(r"\.\.\.(?:[^\n{}\[\]\"]*\.\.\.)?")
"""What stands for an omission; text between two groups of dots belongs to them."""
_STRING: Final = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"')
_SINGLE: Final = re.compile(r"'(?:[^'\\\n]|\\[^\n])*'")
_WORD: Final = re.compile(r"[^\s,:{}\[\]\"']+")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_LONGEST: Final = 300
"""The length limit of a number: longer ones exceed what a double can be."""
_WORDS: Final[Mapping[str, JsonValue]] = {"true": True, "false": False, "null": None}
_DEEPEST: Final = 64
"""The nesting limit; real replies have fewer than twenty levels."""
_CLOSER: Final = {"{": "}", "[": "]"}
_MEMBER: Final = re.compile(r"[\"']")
"""How a member of an object begins."""
_ELEMENT: Final = re.compile(r"[\"'{\[0-9-]|(?:true|false|null)\b")
"""How an element of an array begins."""
_SHOWN: Final = 40
"""How many characters of the text a message about it shows."""


@dataclass(frozen=True, slots=True, order=True)
class Slip:
    """A mistake in the JSON: `problem`, at `offset` in the text."""

    offset: int
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A value as it is written.

    `elided` are the paths (as in `validate.Fault`) of objects and arrays with omissions, and of
    values left out as a whole (dots alone, or brackets that hold only dots), for which `value` has
    null. `offsets` says where in the text each path begins. If the mistakes `slips` are fatal,
    `whole` is false and `value` meaningless. `end` is where reading stopped.
    """

    value: JsonValue
    elided: frozenset[str]
    offsets: Mapping[str, int]
    slips: tuple[Slip, ...]
    whole: bool
    end: int


class _Behind(enum.StrEnum):
    """What comes directly before, within an object or array."""

    # The opening bracket.
    NOTHING = "nothing"
    # A member or element.
    PART = "part"
    # A comma.
    COMMA = "comma"
    # Three dots, with or without a comma behind them.
    ELISION = "elision"


class _UnreadableError(Exception):
    """What follows cannot be understood."""


def read_written(text: str, start: int, end: int) -> Written:
    """Return the value that begins at `start` of `text` and ends before `end`."""
    reader = _Reader(text, start, end)
    try:
        value = reader.value("", 0)
    except _UnreadableError:
        value, whole = None, False
    else:
        whole = True
    return Written(
        value=value,
        elided=frozenset(reader.elided),
        offsets=reader.offsets,
        slips=tuple(sorted(reader.slips)),
        whole=whole,
        end=reader.position,
    )


def member_path(path: str, name: str) -> str:
    """Return the path of the member `name` of the object at `path`."""
    return f"{path}.{name}" if path else name


class _Reader:
    """A position in the text, and what was noted so far."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self._text = text
        self._end = end
        self._quotes_told = False
        self.position = start
        self.elided: set[str] = set()
        self.offsets: dict[str, int] = {}
        self.slips: list[Slip] = []

    def value(self, path: str, depth: int) -> JsonValue:
        """Read one value; raises _UnreadableError."""
        char = self._next()
        self.offsets.setdefault(path, self.position)
        if depth > _DEEPEST:
            raise self._stop("is nested too deeply")
        match char:
            case "{":
                return self._object(path, depth)
            case "[":
                return self._array(path, depth)
            case '"' | "'":
                return self._string()
            case ".":
                self._elision(path)
                return None
            case _:
                return self._word(path)

    def _object(self, path: str, depth: int) -> JsonValue:
        found: dict[str, JsonValue] = {}
        for begin in self._parts(path):
            if self._text[begin] not in "\"'":
                raise self._stop("a member's name is missing")
            name = self._string()
            if self._next() != ":":
                raise self._stop(f"':' is missing after {_clip(name)}")
            self.position += 1
            if name in found:
                self._slip(f"the member {_clip(name)} stands there twice", begin)
            inner = member_path(path, name)
            self.offsets[inner] = begin
            found[name] = self.value(inner, depth + 1)
        return found if found or path not in self.elided else None

    def _array(self, path: str, depth: int) -> JsonValue:
        found: list[JsonValue] = []
        for _ in self._parts(path):
            found.append(self.value(f"{path}[{len(found)}]", depth + 1))
        return found if found or path not in self.elided else None

    def _parts(self, path: str) -> Iterator[int]:
        """Yield where each part of an object or array begins; the caller reads it before the next.

        Handles commas, omissions, and the closing bracket.
        """
        opened = self.position
        opener = self._text[opened]
        closer = _CLOSER[opener]
        self.position += 1
        behind = _Behind.NOTHING
        while char := self._next():
            if char == closer:
                if behind is _Behind.COMMA:
                    self._slip(f"a comma stands before the closing {closer!r}")
                self.position += 1
                return
            if char in "]}":
                raise self._stop(f"{closer!r} is missing")
            if char == ",":
                if behind in (_Behind.NOTHING, _Behind.COMMA):
                    self._slip("a comma has nothing before it")
                self.position += 1
                behind = _Behind.COMMA
            elif self._text.startswith("...", self.position):
                self._elision(path)
                behind = _Behind.ELISION
            else:
                if behind is _Behind.PART:
                    self._comma_missing(opener, closer)
                yield self.position
                behind = _Behind.PART
        self._slip(f"{opener!r} is never closed", opened)

    def _comma_missing(self, opener: str, closer: str) -> None:
        begins = _MEMBER if opener == "{" else _ELEMENT
        if not begins.match(self._text, self.position, self._end):
            raise self._stop(f"',' or {closer!r} is missing")
        self._slip("a comma is missing before this")

    def _string(self) -> str:
        single = self._text[self.position] == "'"
        match = (_SINGLE if single else _STRING).match(self._text, self.position, self._end)
        if match is None:
            raise self._stop("a string does not end on its line")
        written = match[0]
        if single:
            if not self._quotes_told:
                self._quotes_told = True
                self._slip(f"{_clip(written)} stands in single quotes: JSON knows double ones only")
            inside = written[1:-1].replace("\\'", "'").replace('"', '\\"')
            written = f'"{inside}"'
        try:
            value = json.loads(written)
        except ValueError:
            self._slip(f"{_clip(match[0])} is no string of JSON: it has a wrong escape")
            value = written[1:-1]
        self.position = match.end()
        return str(value)

    def _word(self, path: str) -> JsonValue:
        match = _WORD.match(self._text, self.position, self._end)
        if match is None:
            raise self._stop("a value is missing")
        word = match[0]
        if word in _WORDS:
            value = _WORDS[word]
        elif _NUMBER.fullmatch(word) and len(word) <= _LONGEST:
            value = json.loads(word)
        else:
            self._slip(f"{_clip(word)} is no value of JSON")
            # The type of what is meant is not known.
            self.elided.add(path)
            value = None
        self.position = match.end()
        return value

    def _elision(self, path: str) -> None:
        match = ELISION.match(self._text, self.position, self._end)
        if match is None:
            raise self._stop("a value is missing")
        self.elided.add(path)
        self.position = match.end()

    def _next(self) -> str:
        """Skip blanks and return the next character, "" at the end."""
        while self.position < self._end and self._text[self.position].isspace():
            self.position += 1
        return self._text[self.position : min(self.position + 1, self._end)]

    def _slip(self, problem: str, offset: int | None = None) -> None:
        """Record a mistake, by default here, that does not prevent reading on."""
        self.slips.append(Slip(self.position if offset is None else offset, problem))

    def _stop(self, problem: str) -> _UnreadableError:
        found = self._text[self.position : self._end].split("\n")[0].strip()
        self._slip(f"{problem} before {_clip(found)}" if found else problem)
        return _UnreadableError()


def _clip(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
