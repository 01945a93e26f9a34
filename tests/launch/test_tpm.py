"""What the emulated TPM answers, byte by byte."""

from __future__ import annotations

import struct

import pytest

from conformance.launch.tpm import Control, commanded


def number(value: int) -> bytes:
    return struct.pack(">I", value)


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (number(1), number(0) + number(0x348F)),
        (number(2) + number(0), number(0)),
        (number(4), bytes(8)),
        (number(0x11) + number(3968), number(0) + 3 * number(4096)),
        (number(0x7F) + b"what", number(9)),
    ],
    ids=["capabilities", "init", "established", "size", "unknown"],
)
def test_a_request_is_answered_once_it_is_complete(request_: bytes, answer: bytes) -> None:
    assert Control().hear(request_) == answer


def test_a_request_in_two_parts_is_one() -> None:
    control = Control()

    assert control.hear(number(2)[:3]) == b""
    assert control.hear(number(2)[3:] + b"\0") == b""
    assert control.hear(bytes(3) + number(3)) == bytes(8)


def test_each_complete_command_fails() -> None:
    command = struct.pack(">HII", 0x8001, 12, 0x144) + bytes(2)
    failed = struct.pack(">HII", 0x8001, 10, 0x101)

    assert commanded(command + command[:4]) == (failed, command[:4])
    assert commanded(command + command) == (failed + failed, b"")
