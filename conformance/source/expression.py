"""The language in which schemas are written: from text to values and comments with their places.

Knows nothing of what an expression declares, nor what a comment says; source.py gives it the text.
"""

from __future__ import annotations

import bisect
import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from conformance.digest.declaration import SourcePlace
from conformance.qapi.model import SchemaError

MAX_DEPTH: Final = 64
"""How deep values may nest; real schemas nest six deep."""


class SourceError(SchemaError):
    """A fault in a file of a schema: `problem` at the place `where`."""

    def __init__(self, where: SourcePlace, problem: str) -> None:
        super().__init__(str(where), problem)
        # What __init__ takes, so that the error can be copied and cross processes.
        self.args = (where, problem)
        self.where = where


@dataclass(frozen=True, slots=True, kw_only=True)
class StringValue:
    """A string literal, less its quotes."""

    text: str
    place: SourcePlace


@dataclass(frozen=True, slots=True, kw_only=True)
class BoolValue:
    """true or false."""

    truth: bool
    place: SourcePlace


@dataclass(frozen=True, slots=True, kw_only=True)
class ListValue:
    """A list of values."""

    items: tuple[Value, ...]
    place: SourcePlace


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectValue:
    """An object: its members in order, each key once."""

    members: tuple[tuple[StringValue, Value], ...]
    place: SourcePlace

    def get(self, key: str) -> Value | None:
        """Return the value of the member `key`, or None."""
        return next((value for name, value in self.members if name.text == key), None)


Value: TypeAlias = StringValue | BoolValue | ListValue | ObjectValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A documentation comment: its lines without `##`, `# ` and blanks at their ends.

    `place` is that of the opening `##`; lines[0] is the line below it, and so on.
    """

    lines: tuple[str, ...]
    place: SourcePlace

    def place_of(self, index: int, column: int = 0) -> SourcePlace:
        """Return the place of the character `column` (from 0) of lines[index]."""
        # The comment sign and the blank behind it take two columns.
        return SourcePlace(
            file=self.place.file,
            line=self.place.line + 1 + index,
            column=self.place.column + 2 + column,
        )


def decode(data: bytes, file: str) -> str:
    """Return the text of a file with "\n" as line ends; raises SourceError if it is not UTF-8."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8").replace("\r\n", "\n")
        where = _Places(before, file).at(len(before))
        raise SourceError(where, f"the byte 0x{data[error.start]:02x} is no UTF-8") from None
    return text.replace("\r\n", "\n")


def parse(text: str, file: str) -> tuple[ObjectValue | Comment, ...]:
    """Return the expressions and documentation comments of `text`; raises SourceError.

    In order; `file` names the file in places. Skips other comments, and documentation comments
    within an expression.
    """
    return tuple(_Parser(tuple(_tokens(text, file))).parts())


class _Kind(enum.StrEnum):
    """What a token is."""

    # One of the structural characters.
    MARK = "mark"
    # A string literal.
    STRING = "string"
    # true or false.
    TRUTH = "truth"
    # A comment up to the end of its line.
    COMMENT = "comment"
    # The end of the text.
    END = "end"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    kind: _Kind
    text: str
    place: SourcePlace

    def __str__(self) -> str:
        return "the end of the file" if self.kind is _Kind.END else self.text


class _Places:
    """Turns offsets in a text into places."""

    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def at(self, offset: int) -> SourcePlace:
        line = bisect.bisect_right(self._starts, offset)
        column = offset - self._starts[line - 1] + 1
        return SourcePlace(file=self._file, line=line, column=column)


_TOKEN: Final = re.compile(
    r"""[ \t\n]+
    | (?P<comment>\#[^\n]*)
    | (?P<string>'(?:[^'\\\n]|\\[^\n])*')
    | (?P<mark>[{}\[\]:,])
    | (?P<truth>(?:true|false)\b)""",
    re.VERBOSE,
)
_WORD: Final = re.compile(r"\w+|.")
_IN_STRING: Final = re.compile(r"[ -\[\]-~]|\\\\")
"""The characters of strings: printable ASCII, and no escape but that of the backslash."""


def _tokens(text: str, file: str) -> Iterator[_Token]:
    places, offset = _Places(text, file), 0
    while offset < len(text):
        match = _TOKEN.match(text, offset)
        if match is None:
            raise _stray(text, offset, places.at(offset))
        if match.lastgroup is not None:
            kind, place = _Kind(match.lastgroup), places.at(offset)
            spelled = match.group()
            if kind is _Kind.STRING:
                spelled = _unquoted(spelled, place)
            yield _Token(kind=kind, text=spelled, place=place)
        offset = match.end()
    yield _Token(kind=_Kind.END, text="", place=places.at(offset))


def _stray(text: str, offset: int, place: SourcePlace) -> SourceError:
    if text[offset] == "'":
        return SourceError(place, "the string is not closed in its line")
    found = _WORD.match(text, offset)
    return SourceError(place, f"stray {(found.group() if found else text[offset])!r}")


def _unquoted(literal: str, place: SourcePlace) -> str:
    offset, end = 1, len(literal) - 1
    while offset < end:
        match = _IN_STRING.match(literal, offset, end)
        if match is None:
            where = SourcePlace(file=place.file, line=place.line, column=place.column + offset)
            if literal[offset] == "\\":
                raise SourceError(where, f"unknown escape {literal[offset : offset + 2]}")
            raise SourceError(where, f"{literal[offset]!r} in a string is no printable ASCII")
        offset = match.end()
    return literal[1:-1].replace("\\\\", "\\")


class _Parser:
    """Reads the tokens of one file, once."""

    def __init__(self, tokens: tuple[_Token, ...]) -> None:
        self._tokens = tokens
        self._next = 0

    def parts(self) -> Iterator[ObjectValue | Comment]:
        while (token := self._tokens[self._next]).kind is not _Kind.END:
            if token.kind is not _Kind.COMMENT:
                value = self._value(0)
                if not isinstance(value, ObjectValue):
                    raise SourceError(value.place, "an expression at top level must be an object")
                yield value
            elif token.text.startswith("##"):
                yield self._documentation()
            else:
                self._next += 1

    def _documentation(self) -> Comment:
        opening = self._tokens[self._next]
        _check_sign(opening)
        lines: list[str] = []
        while True:
            self._next += 1
            token = self._tokens[self._next]
            if token.kind is not _Kind.COMMENT:
                raise SourceError(opening.place, "the documentation comment is not closed by '##'")
            # Empty lines in between count as lines of the comment, so that its places are right.
            gap = token.place.line - opening.place.line - 1 - len(lines)
            lines += [""] * gap
            if token.text.startswith("##"):
                _check_sign(token)
                self._next += 1
                return Comment(lines=tuple(lines), place=opening.place)
            if token.text[1:2].strip():
                raise SourceError(token.place, "a blank must follow '#' in documentation")
            lines.append(token.text[2:].rstrip())

    def _take(self) -> _Token:
        while (token := self._tokens[self._next]).kind is _Kind.COMMENT:
            self._next += 1
        # The end token stays, however often it is asked for.
        self._next += token.kind is not _Kind.END
        return token

    def _peek(self) -> _Token:
        token = self._take()
        self._next -= token.kind is not _Kind.END
        return token

    def _value(self, depth: int) -> Value:
        token = self._take()
        if depth > MAX_DEPTH:
            raise SourceError(token.place, f"values nest deeper than {MAX_DEPTH}")
        match token.kind, token.text:
            case _Kind.STRING, text:
                return StringValue(text=text, place=token.place)
            case _Kind.TRUTH, text:
                return BoolValue(truth=text == "true", place=token.place)
            case _Kind.MARK, "[":
                items = self._until("]", depth)
                return ListValue(items=tuple(items), place=token.place)
            case _Kind.MARK, "{":
                return self._object(token.place, depth)
        raise SourceError(token.place, f"expected a value, found {token}")

    def _object(self, place: SourcePlace, depth: int) -> ObjectValue:
        members: list[tuple[StringValue, Value]] = []
        seen: set[str] = set()
        for key in self._until("}", depth):
            if not isinstance(key, StringValue):
                raise SourceError(key.place, "the name of a member must be a string")
            if key.text in seen:
                raise SourceError(key.place, f"the object has {key.text!r} twice")
            seen.add(key.text)
            self._expect(":")
            members.append((key, self._value(depth + 1)))
        return ObjectValue(members=tuple(members), place=place)

    def _until(self, closing: str, depth: int) -> Iterator[Value]:
        """Yield values separated by commas, and consume the mark that closes them."""
        if self._is(self._peek(), closing):
            self._take()
            return
        while True:
            yield self._value(depth + 1)
            token = self._take()
            if self._is(token, closing):
                return
            if not self._is(token, ","):
                raise SourceError(token.place, f"expected ',' or '{closing}', found {token}")

    def _expect(self, mark: str) -> None:
        token = self._take()
        if not self._is(token, mark):
            raise SourceError(token.place, f"expected '{mark}', found {token}")

    @staticmethod
    def _is(token: _Token, mark: str) -> bool:
        return token.kind is _Kind.MARK and token.text == mark


def _check_sign(token: _Token) -> None:
    if token.text.rstrip() != "##":
        raise SourceError(token.place, "'##' must stand alone in its line")
