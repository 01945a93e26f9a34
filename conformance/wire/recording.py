"""Reads and writes recorded dialogues: who said what, on which line.

Understands three forms (docs/validate.md): our own entries, plain messages one after the other, and
the transcripts of findings. Tells the speaker by a message's form; knows nothing of its meaning.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from conformance.model.canonical import compact
from conformance.model.terms import ABSENT
from conformance.wire.framing import (
    FramingFault,
    Message,
    NotStrictError,
    read_message,
    read_value,
)

SENT: Final = "sent"
RECEIVED: Final = "received"
RAW_RECEIVED: Final = "raw-received"
ENTRY_MEMBERS: Final = frozenset({SENT, RECEIVED, RAW_RECEIVED})
"""The members of which each of our entries has one."""
REQUEST_MEMBERS: Final = frozenset({"execute", "exec-oob"})
REPLY_MEMBERS: Final = frozenset({"QMP", "return", "error", "event"})
"""The members that show a message's direction where nothing else does."""

_SHOWN: Final = 400
"""How many characters of a message are kept to show it: a line or two."""
_BLANK: Final = re.compile(r"[ \t\r\n]*")
_CUT: Final = re.compile(r"\[\d+ bytes cut\]")
_UNPRINTABLE: Final = re.compile(r"\\x([0-9a-f]{2})")


class RecordingError(ValueError):
    """A text is no recording: `problem` at `line` and `column`, both from 1."""

    def __init__(self, line: int, column: int, problem: str) -> None:
        super().__init__(f"{line}:{column}: {problem}")
        self.line = line
        self.column = column
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A JSON value of a text: where it begins, and its text, shortened."""

    line: int
    start: int
    value: Any
    brief: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What a client sent: a JSON value, ABSENT where the recording has only part of it."""

    line: int
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A line of the server, read; None if the recording has only part of it.

    `data` is the line itself where it is known, else the message, shortened.
    """

    line: int
    data: bytes
    read: Message | FramingFault | None

    @property
    def message(self) -> dict[str, Any] | None:
        """How a lenient reader reads the line, or None if it cannot."""
        if isinstance(self.read, FramingFault):
            return self.read.message.value if self.read.message else None
        return self.read.value if self.read else None


Spoken: TypeAlias = Sent | Received


def decode(data: bytes) -> str:
    """Return the text of a file; raises RecordingError if it is not UTF-8, or empty."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        problem = f"byte {data[error.start]:#04x} is no UTF-8"
        raise _error(before, len(before), problem) from None
    if not text.strip(" \t\r\n"):
        raise RecordingError(1, 1, "there is nothing in it")
    return text


def read_values(text: str) -> Iterator[Value]:
    """Yield the JSON values of `text`, separated by blank space.

    Raises RecordingError when it comes to something else.
    """
    line, index = 1, _skip(text, 0)
    counted = 0
    while index < len(text):
        line += text.count("\n", counted, index)
        counted = index
        value, end = _value_at(text, index)
        brief = " ".join(text[index : min(end, index + _SHOWN)].split())
        yield Value(line=line, start=index, value=value, brief=brief)
        index = _skip(text, end)


def entries_of(values: Iterable[Value]) -> Iterator[Spoken]:
    """Yield the content of our own entries; raises RecordingError for any other value."""
    for each in values:
        value = each.value
        if not isinstance(value, dict) or len(value) != 1 or not value.keys() <= ENTRY_MEMBERS:
            wanted = f"an object with one member, {SENT}, {RECEIVED} or {RAW_RECEIVED}"
            raise RecordingError(each.line, 1, f"an entry that is not {wanted}: {each.brief[:80]}")
        if SENT in value:
            yield Sent(line=each.line, value=value[SENT])
        elif RECEIVED in value:
            yield _parsed(each, value[RECEIVED])
        else:
            yield Received(line=each.line, **_raw(each, value[RAW_RECEIVED]))


def messages_of(values: Iterable[Value]) -> Iterator[Spoken]:
    """Yield plain messages; raises RecordingError for any other value."""
    for each in values:
        value = each.value
        if isinstance(value, dict) and value.keys() & REQUEST_MEMBERS:
            yield Sent(line=each.line, value=value)
        elif isinstance(value, dict) and value.keys() & REPLY_MEMBERS:
            yield _parsed(each, value)
        else:
            problem = f"neither a request nor a message of a server: {each.brief[:80]}"
            raise RecordingError(each.line, 1, problem)


def transcript_of(lines: Iterable[str], line: int) -> Iterator[Spoken]:
    """Yield the content of the transcript of a finding; `line` is its line in the file.

    Raises RecordingError for a line without an arrow.
    """
    begun = False
    for each in lines:
        lead, text = each[:3], each[3:]
        if lead == "-> ":
            begun = True
            yield Sent(line=line, value=_request(text))
        elif lead != "<- ":
            raise RecordingError(line, 1, f"a line of a transcript leads nowhere: {each[:80]}")
        elif begun:
            # Before the first request come answers to requests that are left out.
            yield _shown(text, line)


def sent_entry(data: bytes) -> str:
    """Return the line of a recording for a request; `data` is its JSON on one line."""
    return f'{{"{SENT}":{data.decode("ascii").strip()}}}\n'


def received_entry(data: bytes) -> str:
    """Return the line of a recording for a line of the server, line end included.

    A line that breaks a rule of every line is kept unchanged.
    """
    if isinstance(read_message(data), Message):
        return f'{{"{RECEIVED}":{data.decode("ascii").strip()}}}\n'
    return compact({RAW_RECEIVED: data.decode("latin-1")}) + "\n"


def element_lines(text: str, start: int) -> Iterator[int]:
    """Yield the line on which each element of the array at `start` begins.

    If the value is an object, its member `return` is meant. Yields nothing if there is no array.
    """
    opening = _array_in(text, start)
    if opening is None:
        return
    line, counted = 1 + text.count("\n", 0, opening), opening
    index = _skip(text, opening + 1)
    while text[index] != "]":
        line += text.count("\n", counted, index)
        counted = index
        yield line
        index = _skip(text, _value_at(text, index)[1])
        if text[index] == ",":
            index = _skip(text, index + 1)


def _array_in(text: str, start: int) -> int | None:
    """Return where the array at `start`, or its member `return`, begins."""
    if text[start] == "[":
        return start
    index = _skip(text, start + 1)
    while text[index] == '"':
        name, index = _value_at(text, index)
        index = _skip(text, _skip(text, index) + 1)
        if name == "return":
            return index if text[index] == "[" else None
        index = _skip(text, _value_at(text, index)[1])
        if text[index] == ",":
            index = _skip(text, index + 1)
    return None


def _value_at(text: str, index: int) -> tuple[Any, int]:
    try:
        return read_value(text, index)
    except json.JSONDecodeError as error:
        if not text[error.pos :].strip():
            raise _error(text, len(text.rstrip()), "the file ends within a JSON value") from None
        if error.msg.startswith("Unterminated string"):
            problem = "the file ends within a JSON value, in the string that begins here"
            raise _error(text, error.pos, problem) from None
        reason = (error.msg[:1].lower() + error.msg[1:]).removesuffix(" at")
        raise _error(text, error.pos, f"no JSON: {reason}") from None
    except NotStrictError as error:
        raise _error(text, index, f"the JSON value that begins here {error}") from None


def _parsed(each: Value, value: Any) -> Received:
    data = each.brief.encode("ascii", "backslashreplace")
    if isinstance(value, dict):
        return Received(line=each.line, data=data, read=Message(value))
    return Received(line=each.line, data=data, read=FramingFault("W10", "the message is no object"))


def _raw(each: Value, text: Any) -> dict[str, Any]:
    try:
        data = text.encode("latin-1")
    except (AttributeError, UnicodeEncodeError):
        problem = f"{RAW_RECEIVED} is no string of characters up to U+00FF, one for each byte"
        raise RecordingError(each.line, 1, problem) from None
    return {"data": data, "read": read_message(data)}


def _request(text: str) -> Any:
    if _CUT.search(text):
        return ABSENT
    try:
        value, end = read_value(text, 0)
    except ValueError:
        return ABSENT
    return value if end == len(text) else ABSENT


def _shown(text: str, line: int) -> Received:
    """Return the server's line that a transcript shows, with its line end restored."""
    data = text.encode("latin-1", "replace") + b"\r\n"
    if _CUT.search(text):
        return Received(line=line, data=data, read=None)
    read = read_message(data)
    if isinstance(read, FramingFault):
        # Bytes that are not printable ASCII are escaped there.
        plain = _UNPRINTABLE.sub(lambda match: chr(int(match[1], 16)), text)
        data = plain.encode("latin-1", "replace") + b"\r\n"
        read = read_message(data)
    return Received(line=line, data=data, read=read)


def _skip(text: str, index: int) -> int:
    blank = _BLANK.match(text, index)
    assert blank is not None
    return blank.end()


def _place(text: str, index: int) -> tuple[int, int]:
    before = text[:index]
    return before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1


def _error(text: str, index: int, problem: str) -> RecordingError:
    return RecordingError(*_place(text, index), problem)
