"""Enough of a D-Bus message bus for a client to connect, say hello and look around.

Source: the D-Bus specification. The client may claim any identity. Every method call succeeds:
those of the bus as specified, all others with an empty answer.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

_GUID: Final = b"0123456789abcdef0123456789abcdef"
_NAME: Final = ":1.0"
_BUS: Final = "org.freedesktop.DBus"
_CALL: Final = 1
_RETURN: Final = 2
_NO_REPLY: Final = 1
# Byte order, type, flags, version, length of the body, serial, length of the header fields.
_FIXED: Final = 16
# Header fields, each a byte before a variant.
_MEMBER: Final = 3
_REPLY_SERIAL: Final = 5
_DESTINATION: Final = 6
_SENDER: Final = 7
_SIGNATURE: Final = 8


def _padded(data: bytes, to: int) -> bytes:
    return data + bytes(-len(data) % to)


def _string(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode() + b"\0"


def _names() -> bytes:
    content = _padded(_string(_BUS), 4) + _string(_NAME)
    return struct.pack("<I", len(content)) + content


# The methods whose answer has content: signature and body.
_ANSWERS: Final[Mapping[str, tuple[str, bytes]]] = {
    "Hello": ("s", _string(_NAME)),
    "RequestName": ("u", struct.pack("<I", 1)),
    "ReleaseName": ("u", struct.pack("<I", 1)),
    "ListNames": ("as", _names()),
    "ListActivatableNames": ("as", struct.pack("<I", 0)),
    "NameHasOwner": ("b", struct.pack("<I", 0)),
    "StartServiceByName": ("u", struct.pack("<I", 2)),
    "GetId": ("s", _string(_GUID.decode())),
}


class Bus:
    """One client's conversation with the bus."""

    def __init__(self) -> None:
        self._heard = b""
        self._authenticated = False
        self._serial = 0

    def hear(self, heard: bytes) -> bytes:
        """Return the answers to the complete messages in what was received."""
        self._heard += heard
        said = b""
        while not self._authenticated and b"\r\n" in self._heard:
            line, _, self._heard = self._heard.partition(b"\r\n")
            said += self._authenticate(line.lstrip(b"\0"))
        while self._authenticated and (size := self._size()):
            message, self._heard = self._heard[:size], self._heard[size:]
            said += self._answer(message)
        return said

    def _authenticate(self, line: bytes) -> bytes:
        match line.split():
            case [b"AUTH", b"EXTERNAL", _]:
                return b"OK " + _GUID + b"\r\n"
            case [b"AUTH", b"EXTERNAL"]:
                return b"DATA\r\n"
            case [b"DATA", *_]:
                return b"OK " + _GUID + b"\r\n"
            case [b"AUTH", *_]:
                return b"REJECTED EXTERNAL\r\n"
            case [b"BEGIN"]:
                self._authenticated = True
                return b""
            case _:
                return b"ERROR\r\n"

    def _size(self) -> int:
        """Return the size of the first message if it is complete, else 0."""
        if len(self._heard) < _FIXED:
            return 0
        order = _order(self._heard)
        (body,) = struct.unpack_from(order + "I", self._heard, 4)
        (fields,) = struct.unpack_from(order + "I", self._heard, 12)
        size = int(_FIXED + fields + -fields % 8 + body)
        return size if len(self._heard) >= size else 0

    def _answer(self, message: bytes) -> bytes:
        if message[1] != _CALL or message[2] & _NO_REPLY:
            return b""
        order = _order(message)
        (serial,) = struct.unpack_from(order + "I", message, 8)
        signature, body = _ANSWERS.get(_member(message, order), ("", b""))
        self._serial += 1
        fields = _field(_REPLY_SERIAL, "u", struct.pack("<I", serial))
        fields = _padded(fields, 8) + _field(_DESTINATION, "s", _string(_NAME))
        fields = _padded(fields, 8) + _field(_SENDER, "s", _string(_BUS))
        if signature:
            text = bytes([len(signature)]) + signature.encode() + b"\0"
            fields = _padded(fields, 8) + _field(_SIGNATURE, "g", text)
        start = struct.pack("<cBBBIII", b"l", _RETURN, 0, 1, len(body), self._serial, len(fields))
        return _padded(start + fields, 8) + body


def _order(message: bytes) -> str:
    return "<" if message[:1] == b"l" else ">"


def _field(code: int, signature: str, value: bytes) -> bytes:
    # Code and variant's signature take four bytes, which aligns the value.
    return bytes([code, 1]) + signature.encode() + b"\0" + value


def _member(message: bytes, order: str) -> str:
    """Return the name of the method called; the fields are strings, numbers, signatures."""
    (length,) = struct.unpack_from(order + "I", message, 12)
    at, end = _FIXED, _FIXED + length
    while at < end:
        at += -at % 8
        code, kind = message[at], message[at + 2 : at + 3]
        at += 4
        if kind == b"g":
            at += message[at] + 2
            continue
        (number,) = struct.unpack_from(order + "I", message, at)
        at += 4
        if kind == b"u":
            continue
        text = message[at : at + number]
        at += number + 1
        if code == _MEMBER:
            return text.decode()
    return ""
