"""The text that a client sends, read as the protocol has it: JSON, with strings in either quotes.

Knows nothing of what a message means, only where one ends and when there is none.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

from .schema import Broken

NESTING = 1024
"""How many braces and brackets may be open at once."""
TOKENS = 2 << 20
"""How many tokens a message may have."""
TOKEN_BYTES = 64 << 20
"""How many bytes all tokens of a message may have together."""

_BLANK = re.compile(rb"[ \t\r\n]*")
_SCALAR = re.compile(rb"[-+.0-9A-Za-z_]+")
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_INSIDE = rb"\x00-\x1f\xfe\xff\\"
_RUNS = {
    quote: re.compile(
        rb"%c[^%c%s]*(?:\\[^\x00-\x1f\xfe\xff][^%c%s]*)*" % (quote, quote, _INSIDE, quote, _INSIDE)
    )
    for quote in b"\"'"
}
"""By its quote, a string as far as it goes: whole but for the quote that ends it."""
_RECOVERY = re.compile(rb"[\x00-\x08\x0a-\x1f\xfe\xff]")
_CONSTANTS: dict[bytes, Any] = {b"null": None, b"true": True, b"false": False}
_CLOSERS = {b"{": b"}", b"[": b"]"}
_ESCAPE = re.compile(
    r"\\(?:u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|u(?P<unit>[0-9a-fA-F]{4})|(?P<plain>.))",
    re.DOTALL,
)
_PLAIN = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", **{c: c for c in "\"'\\/"}}


class MalformedError(Exception):
    """What came is no message."""


class Text:
    """The text of one connection, from which messages are taken as they become whole."""

    def __init__(self, broken: Broken = frozenset()) -> None:
        self._broken = broken
        self._data = bytearray()
        self._tokens: list[bytes] = []
        self._closers: list[bytes] = []
        self._size = 0
        self._lost = False
        """Whether all is passed over until a byte comes that promises to recover."""
        self._skips = False
        """Whether the next message is passed over, which no server should do."""

    def feed(self, data: bytes) -> None:
        """Add what has come."""
        self._data += data.replace(b"\xff", b"") if "deaf-to-ff" in self._broken else data

    def take(self) -> Any:
        """Return the next message, or MalformedError as a value.

        Raises EOFError where none is whole.
        """
        try:
            while True:
                self._pass_over()
                if self._take_token():
                    tokens, self._tokens = self._tokens, []
                    self._size = 0
                    value = _value(tokens, self._broken)
                    if not self._skips:
                        return value
                    self._skips = False
        except MalformedError as error:
            self._forget()
            self._skips = "loses-the-next" in self._broken
            return error

    def _forget(self) -> None:
        self._tokens, self._closers, self._size = [], [], 0

    def _pass_over(self) -> None:
        if not self._lost:
            return
        found = _RECOVERY.search(self._data)
        while found and self._is_deaf_to(found[0]):
            found = _RECOVERY.search(self._data, found.end())
        if found is None:
            self._data.clear()
            raise EOFError
        del self._data[: found.end()]
        self._lost = False

    def _is_deaf_to(self, byte: bytes) -> bool:
        return byte != b"\xff" and "deaf-to-controls" in self._broken

    def _take_token(self) -> bool:
        """Take one token; return whether it ends a message."""
        blank = _BLANK.match(self._data)
        if blank and blank.end():
            del self._data[: blank.end()]
        if not self._data:
            raise EOFError
        first = self._data[0]
        if first in b"{}[],:":
            length = 1
        elif first in b"\"'":
            length = self._string_length(first)
        else:
            length = self._scalar_length()
        token = bytes(self._data[:length])
        del self._data[:length]
        return self._ends(token)

    def _string_length(self, quote: int) -> int:
        run = _RUNS[quote].match(self._data)
        assert run is not None, "a string begins with its quote"
        end = run.end()
        # What an escape cannot hold is no part of the run.
        if self._data[end : end + 1] == b"\\":
            end += 1
        if end == len(self._data):
            raise EOFError
        if self._data[end] != quote:
            self._refuse(end)
        return end + 1

    def _scalar_length(self) -> int:
        scalar = _SCALAR.match(self._data)
        if scalar is None:
            self._refuse(0)
        if scalar.end() == len(self._data):
            raise EOFError
        if scalar[0] not in _CONSTANTS and not _NUMBER.fullmatch(scalar[0]):
            self._lost = True
            raise MalformedError(f"{scalar[0][:20]!r} is neither a number nor a name")
        return scalar.end()

    def _refuse(self, at: int) -> NoReturn:
        """Raise MalformedError for a byte that stands where it cannot."""
        byte = bytes(self._data[at : at + 1])
        del self._data[: at + 1]
        self._lost = not _RECOVERY.match(byte) or self._is_deaf_to(byte)
        raise MalformedError(f"a byte {byte!r} stands where it cannot")

    def _ends(self, token: bytes) -> bool:
        self._tokens.append(token)
        self._size += len(token)
        if self._size > TOKEN_BYTES or len(self._tokens) > TOKENS:
            self._lost = True
            raise MalformedError("the message is too long")
        if token in _CLOSERS:
            self._closers.append(_CLOSERS[token])
            if len(self._closers) > NESTING // (1 + ("shallow" in self._broken)):
                self._lost = True
                raise MalformedError("the message is nested too deep")
        elif token in (b"}", b"]") and (not self._closers or self._closers.pop() != token):
            raise MalformedError(f"{token!r} closes nothing")
        return not self._closers


def _value(tokens: list[bytes], broken: Broken) -> Any:
    """Return the value that tokens are whose brackets match; raises MalformedError."""
    stream = iter(tokens)
    return _read(next(stream), stream, broken)


def _read(token: bytes, rest: Iterator[bytes], broken: Broken) -> Any:
    match token:
        case b"{":
            return _object(rest, broken)
        case b"[":
            return _array(rest, broken)
        case b"}" | b"]" | b"," | b":":
            raise MalformedError(f"{token!r} stands where a value should")
    if token[:1] in (b'"', b"'"):
        return _string(token, broken)
    return _CONSTANTS[token] if token in _CONSTANTS else _number(token)


def _object(rest: Iterator[bytes], broken: Broken) -> dict[str, Any]:
    found: dict[str, Any] = {}
    token = next(rest)
    while token != b"}":
        name = _read(token, rest, broken)
        if isinstance(name, str) and name in found and "member-twice-unanswered" in broken:
            raise EOFError
        if not isinstance(name, str) or name in found or next(rest) != b":":
            raise MalformedError("a member is no pair of a new name and a value")
        found[name] = _read(next(rest), rest, broken)
        token = next(rest)
        if token == b",":
            token = next(rest)
            if token == b"}":
                raise MalformedError("a comma has nothing behind it")
        elif token != b"}":
            raise MalformedError("two members have no comma between them")
    return found


def _array(rest: Iterator[bytes], broken: Broken) -> list[Any]:
    found: list[Any] = []
    token = next(rest)
    while token != b"]":
        found.append(_read(token, rest, broken))
        token = next(rest)
        if token == b",":
            token = next(rest)
            if token == b"]":
                raise MalformedError("a comma has nothing behind it")
        elif token != b"]":
            raise MalformedError("two elements have no comma between them")
    return found


def _number(token: bytes) -> int | float:
    match = _NUMBER.fullmatch(token)
    assert match is not None, "it was looked at when it was taken"
    whole = match[1] is None and match[2] is None and len(token) < 4000
    number = int(token) if whole else float(token)
    return number if whole else min(max(number, -sys.float_info.max), sys.float_info.max)


def _string(token: bytes, broken: Broken) -> str:
    if token[:1] == b"'" and "double-quotes-alone" in broken:
        raise MalformedError("a string has single quotes")
    try:
        text = token[1:-1].decode("utf-8", "replace" if "bad-utf8-taken" in broken else "strict")
    except UnicodeDecodeError as error:
        raise MalformedError("a string is no UTF-8") from error
    if "ascii-alone" in broken and not text.isascii():
        raise MalformedError("a string is not ASCII")
    if "\\" not in text:
        return text
    if "\\'" in text and "apostrophe-not-escaped" in broken:
        raise MalformedError("an escape is unknown")
    return _ESCAPE.sub(_unescaped, text)


def _unescaped(match: re.Match[str]) -> str:
    if match["high"]:
        high, low = int(match["high"], 16), int(match["low"], 16)
        return chr(0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF))
    if match["unit"]:
        code = int(match["unit"], 16)
        if 0xD800 <= code < 0xE000:
            raise MalformedError("a surrogate stands alone")
        return chr(code)
    if match["plain"] not in _PLAIN:
        raise MalformedError("an escape is unknown")
    return _PLAIN[match["plain"]]
