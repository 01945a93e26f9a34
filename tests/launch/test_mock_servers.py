"""What the peers say, byte by byte, without a socket."""

from __future__ import annotations

import struct

import pytest

from conformance.launch.bus import Bus
from conformance.launch.mock_servers import MOCK_SERVERS


def message(request: int, payload: bytes = b"", flags: int = 1) -> bytes:
    return struct.pack("=III", request, flags, len(payload)) + payload


def test_the_crypto_backend_answers_whole_messages_only() -> None:
    crypto = MOCK_SERVERS["vhost-user-crypto"]()
    asked = message(3) + message(17)
    assert crypto.hear(asked[:-1]) == b""
    assert crypto.hear(asked[-1:]) == message(17, struct.pack("=Q", 64), flags=5)


def test_the_crypto_backend_acknowledges_when_asked_to() -> None:
    crypto = MOCK_SERVERS["vhost-user-crypto"]()
    assert crypto.hear(message(2, bytes(8))) == b""
    assert crypto.hear(message(2, bytes(8), flags=9)) == message(2, bytes(8), flags=5)


def test_the_configuration_of_a_device_is_as_long_as_it_is_asked_for() -> None:
    device = MOCK_SERVERS["vhost-user-device"]()
    place = struct.pack("=III", 0, 60, 1)
    assert device.hear(message(24, place + b"\xff" * 60)) == message(24, place + bytes(60), flags=5)


@pytest.mark.parametrize(
    ("name", "greeting"),
    [
        ("sink", b""),
        ("pr-helper", bytes(4)),
        ("barrier", b"\x00\x00\x00\x0bBarrier\x00\x01\x00\x06"),
    ],
)
def test_greetings(name: str, greeting: bytes) -> None:
    assert MOCK_SERVERS[name]().greet() == greeting


def call(member: str, order: str = "<") -> bytes:
    name = member.encode()
    field = b"\x03\x01s\0" + struct.pack(order + "I", len(name)) + name + b"\0"
    mark = b"l" if order == "<" else b"B"
    head = mark + struct.pack(order + "BBBIII", 1, 0, 1, 0, 7, len(field))
    whole = head + field
    return whole + bytes(-len(whole) % 8)


@pytest.fixture
def bus() -> Bus:
    made = Bus()
    assert made.hear(b"\0AUTH\r\n") == b"REJECTED EXTERNAL\r\n"
    assert made.hear(b"AUTH EXTERNAL 30\r\n").startswith(b"OK ")
    assert made.hear(b"NEGOTIATE_UNIX_FD\r\n") == b"ERROR\r\n"
    assert made.hear(b"BEGIN\r\n") == b""
    return made


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_bus_says_hello_in_either_byte_order(bus: Bus, order: str) -> None:
    asked = call("Hello", order)
    assert bus.hear(asked[:20]) == b""
    reply = bus.hear(asked[20:])
    assert reply[:2] == b"l\x02"
    assert reply.endswith(struct.pack("<I", 4) + b":1.0\0")


def test_the_bus_answers_what_it_does_not_know_with_nothing(bus: Bus) -> None:
    reply = bus.hear(call("AddMatch") * 2)
    assert len(reply) % 16 == 0
    half = len(reply) // 2
    assert struct.unpack_from("<I", reply, 4) == (0,)
    assert reply[half : half + 2] == b"l\x02"


def test_the_tpm_takes_the_channel_of_commands() -> None:
    tpm = MOCK_SERVERS["tpm"]()

    assert tpm.hear(struct.pack(">I", 0x10)) == bytes(4)
    assert tpm.adopted is not None
    assert tpm.adopted().hear(struct.pack(">HII", 0x8001, 10, 0x181))[:2] == b"\x80\x01"
