"""What the server of sounds answers, byte by byte."""

from __future__ import annotations

import struct

from conformance.launch.pulse import answered


def packet(*numbers: int, more: bytes = b"") -> bytes:
    content = b"".join(struct.pack(">cI", b"L", number) for number in numbers) + more
    return struct.pack(">IIIII", len(content), 0xFFFFFFFF, 0, 0, 0) + content


def test_a_client_gets_the_version_and_then_its_index() -> None:
    authentication, name = packet(8, 0, 35, more=b"x"), packet(9, 1)

    assert answered(authentication) == (packet(2, 0, 13), b"")
    assert answered(name) == (packet(2, 1, 1), b"")
    assert answered(authentication + name[:7]) == (packet(2, 0, 13), name[:7])
    assert answered(name[:-1]) == (b"", name[:-1])


def test_what_is_no_request_has_no_reply() -> None:
    assert answered(packet(8)) == (b"", b"")
