"""Reads one line of the server strictly; knows JSON and line ends, and no message's meaning.

The rules are those of every message: W03 (ASCII only), W09 (double quotes only), W10 (an object),
W11 (ends with CR LF), W68 (valid JSON).
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from conformance.wire.deep_json import ObjectHook, Scanner, read_deep_json

CRLF: Final = b"\r\n"
"""The line end of messages, except for programs that have their own."""


@dataclass(frozen=True, slots=True)
class Message:
    """A JSON object that the server sent; integers are exact."""

    value: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FramingFault:
    """A line that breaks `rule`, and how; if it breaks several, the gravest.

    `message` is how a lenient reader reads the line, None if it cannot: the last of equal keys
    counts, NaN and infinities read as null, single quotes as double ones, bytes that are not UTF-8
    as U+FFFD.
    """

    rule: str
    problem: str
    message: Message | None = None


def read_message(line: bytes, line_end: bytes = CRLF) -> Message | FramingFault:
    """Return the message in `line`, which includes its line end, or the rule that it breaks."""
    # Surrogates, paired or alone, are rare and need a closer look.
    if line.endswith(line_end) and b"\\ud" not in line and b"\\uD" not in line:
        try:
            text = str(line, "ascii")
            value, end = _scan_strictly(text, 0)
            if end == len(text) - len(line_end) and type(value) is dict:
                return Message(value)
        except (ValueError, RecursionError):
            pass
    return _read_closely(line, line_end)


def read_value(text: str, start: int) -> tuple[Any, int]:
    """Return the JSON value that begins at `start` of `text`, and the index behind it.

    As strict as `read_message`: no duplicate member, no NaN, no lone surrogate. Raises ValueError,
    as json.JSONDecodeError where the place is known.
    """
    try:
        value, end = _scan_strictly(text, start)
    except RecursionError:
        value, end = _read_deeply(text, start)
    except (NotStrictError, json.JSONDecodeError):
        raise
    except ValueError as error:
        # Python refuses to read integers of more than some thousand digits.
        raise NotStrictError("holds an integer that is too long to be read") from error
    if text.find("\\u", start, end) >= 0:
        _refuse_lone_surrogates(value)
    return value, end


def _read_deeply(text: str, start: int) -> tuple[Any, int]:
    try:
        value, length = read_deep_json(text[start:], _scan_strictly, _distinct)
    except json.JSONDecodeError as error:
        raise json.JSONDecodeError(error.msg, text, start + error.pos) from error
    return value, start + length


class NotStrictError(ValueError):
    """A text is not strict JSON although Python's reader takes it; reads on from "the message"."""


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NotStrictError(f"has the member {_clip(twice)} more than once in one object")
    return members


def _no_constant(name: str) -> NoReturn:
    raise NotStrictError(f"holds {name}, which is no JSON")


def _finite(text: str) -> float:
    # JSON's grammar has no largest number; infinity could not be written as JSON again.
    return min(max(float(text), -sys.float_info.max), sys.float_info.max)


_scan_strictly: Final[Scanner] = json.JSONDecoder(
    object_pairs_hook=_distinct, parse_constant=_no_constant, parse_float=_finite
).raw_decode
_scan_leniently: Final[Scanner] = json.JSONDecoder(
    parse_constant=lambda name: None, parse_float=_finite, strict=False
).raw_decode

_KINDS: Final[dict[type, str]] = {
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
    list: "an array",
}


def _read_closely(line: bytes, line_end: bytes) -> Message | FramingFault:
    """Read what the fast path rejected, and say why."""
    text = line.decode("utf-8", "replace").strip(" \t\r\n")
    fault: tuple[str, str] | None = None
    value: Any = None
    try:
        value = _read(text, _scan_strictly, _distinct)
        _refuse_lone_surrogates(value)
    except ValueError as error:
        fault = _json_fault(text, error)
        value = _lenient_value(text)
    if fault is None and type(value) is not dict:
        fault = ("W10", f"the message is not an object but {_KINDS[type(value)]}")
    fault = fault or _ascii_fault(line) or _end_fault(line, line_end)
    message = Message(value) if type(value) is dict else None
    if fault is not None:
        return FramingFault(*fault, message)
    # Deep, with paired surrogates or with blanks around it, and valid.
    assert message is not None
    return message


def _read(text: str, scan: Scanner, build: ObjectHook) -> Any:
    """Return the one value in `text`; raises ValueError if it is anything else."""
    try:
        value, end = scan(text, 0)
    except RecursionError:
        value, end = read_deep_json(text, scan, build)
    if end != len(text):
        raise json.JSONDecodeError("Extra data", text, end)
    return value


def _refuse_lone_surrogates(value: Any) -> None:
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if type(current) is dict:
            waiting += current
            waiting += current.values()
        elif type(current) is list:
            waiting += current
        elif type(current) is str and (lone := _SURROGATE.search(current)):
            # Python has joined those that are paired.
            raise NotStrictError(f"holds the lone surrogate U+{ord(lone[0]):04X}")


_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def _json_fault(text: str, error: ValueError) -> tuple[str, str]:
    if isinstance(error, json.JSONDecodeError):
        if text.startswith("'", error.pos):
            return "W09", f"the message has a single-quoted string at character {error.pos}"
        reason = (error.msg[:1].lower() + error.msg[1:]).removesuffix(" at")
        return "W68", f"the message is no JSON: {reason} at character {error.pos}"
    if isinstance(error, NotStrictError):
        return "W68", f"the message {error}"
    # Python refuses to read integers of more than some thousand digits.
    return "W68", "the message holds an integer that is too long to be read"


def _lenient_value(text: str) -> Any:
    double_quoted = _STRING.sub(_double_quoted, text)
    try:
        return _read(double_quoted, _scan_leniently, dict)
    except ValueError:
        return None


_STRING: Final = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""", re.DOTALL)


def _double_quoted(string: re.Match[str]) -> str:
    if string[0].startswith('"'):
        return string[0]
    inside = string[0][1:-1].replace("\\'", "'")
    return '"' + re.sub(r'\\.|"', lambda m: m[0] if m[0] != '"' else '\\"', inside) + '"'


def _ascii_fault(line: bytes) -> tuple[str, str] | None:
    if line.isascii():
        return None
    index, byte = next((i, byte) for i, byte in enumerate(line) if byte > 0x7F)
    return "W03", f"byte {index} of the message is {byte:#04x}, which is not ASCII"


def _end_fault(line: bytes, line_end: bytes) -> tuple[str, str] | None:
    if line.endswith(line_end):
        return None
    if line.endswith(b"\n"):
        return "W11", "the message ends with a line feed alone"
    return "W11", "the message ends without a line end"


def _clip(name: str) -> str:
    # Enough for any member's name; an echoed one may have any length.
    return repr(name) if len(name) <= 60 else f"{name[:60]!r}..."
