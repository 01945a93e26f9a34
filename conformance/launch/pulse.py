"""Enough of a PulseAudio server for a client to connect; no socket, no thread.

Source: PulseAudio's src/pulsecore/{pstream,native-common,tagstruct}. A packet is a descriptor of
five numbers, the first of which is its length, and tagged values. All numbers are big endian.
"""

from __future__ import annotations

import struct
from typing import Final

_DESCRIPTOR: Final = struct.Struct(">IIIII")
_NO_CHANNEL: Final = 0xFFFFFFFF
_TAGGED: Final = struct.Struct(">cI")
_NUMBER: Final = b"L"
_REPLY: Final = 2
_AUTH: Final = 8
_VERSION: Final = 13
"""A version of the protocol without shared memory."""
_INDEX: Final = 1


def answered(heard: bytes) -> tuple[bytes, bytes]:
    """Return the replies to the complete packets, and what is not complete.

    The one to authentication has the version, any other the index of the client.
    """
    said = b""
    while len(heard) >= _DESCRIPTOR.size:
        length, *_ = _DESCRIPTOR.unpack_from(heard)
        packet = heard[_DESCRIPTOR.size : _DESCRIPTOR.size + length]
        if len(packet) < length:
            break
        heard = heard[_DESCRIPTOR.size + length :]
        if length < 2 * _TAGGED.size:
            continue
        (_, command), (_, tag) = (_TAGGED.unpack_from(packet, at) for at in (0, _TAGGED.size))
        value = _VERSION if command == _AUTH else _INDEX
        reply = b"".join(_TAGGED.pack(_NUMBER, each) for each in (_REPLY, tag, value))
        said += _DESCRIPTOR.pack(len(reply), _NO_CHANNEL, 0, 0, 0) + reply
    return said, heard
