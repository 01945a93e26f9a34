"""What the clients say that a machine can have call it, byte by byte, without a socket."""

from __future__ import annotations

import struct

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from conformance.launch.callers import (
    NbdClient,
    NbdTlsClient,
    SpiceViewer,
    VncViewer,
    vnc_response,
)

VERSION = b"RFB 003.008\n"
CHALLENGE = bytes(range(16))
ANSWER = bytes.fromhex("ee22539f33a5983ec12f9c2edbc995dd")
"""By openssl enc -des-ecb, of the key "secret" with the bits of each byte turned around."""


def test_a_viewer_proves_its_password_and_asks_for_a_session() -> None:
    viewer = VncViewer("secret")

    assert viewer.greet() == b""
    assert viewer.hear(VERSION[:5]) == b""
    assert viewer.hear(VERSION[5:]) == VERSION
    assert viewer.hear(b"\2\1\2") == b"\2"
    assert viewer.hear(CHALLENGE) == ANSWER
    assert viewer.hear(bytes(4)) == b"\1"
    assert viewer.hear(bytes(100)) == b""
    assert not viewer.over


def test_a_viewer_without_a_password_gives_none() -> None:
    viewer = VncViewer()

    assert viewer.hear(VERSION + b"\1\1") == VERSION + b"\1"
    assert viewer.hear(bytes(4)) == b"\1"


@pytest.mark.parametrize(
    ("password", "heard"),
    [
        ("secret", b"\1\1"),
        ("", b"\1\2"),
        ("", b"\0"),
        ("", b"\1\1\0\0\0\1"),
        ("secret", b"\1\2" + CHALLENGE + b"\0\0\0\1"),
    ],
    ids=["no password wanted", "password wanted", "nothing offered", "refused", "wrong password"],
)
def test_a_viewer_that_is_not_let_in_hangs_up(password: str, heard: bytes) -> None:
    viewer = VncViewer(password)

    viewer.hear(VERSION + heard)

    assert viewer.over


def test_only_eight_characters_of_a_password_of_vnc_count() -> None:
    assert vnc_response("secretly or not", CHALLENGE) == vnc_response("secretly", CHALLENGE)
    assert vnc_response("secret", CHALLENGE) != vnc_response("secretly", CHALLENGE)


def greeting(flags: int = 3) -> bytes:
    return struct.pack(">8s8sH", b"NBDMAGIC", b"IHAVEOPT", flags)


def test_a_client_of_nbd_hangs_up_once_it_is_greeted() -> None:
    client = NbdClient()

    assert client.hear(greeting()[:-1]) == b""
    assert not client.over
    assert client.hear(greeting()[-1:]) == b""
    assert client.over


@pytest.mark.parametrize(("answer", "over"), [(1, True), (1 << 31 | 1, False)])
def test_a_client_of_nbd_hangs_up_once_the_server_encrypts(answer: int, over: bool) -> None:
    client = NbdTlsClient()

    assert client.hear(greeting()) == struct.pack(">I8sII", 1, b"IHAVEOPT", 5, 0)
    assert client.hear(struct.pack(">QIII", 0x3E889045565A9, 5, answer, 0)) == b""
    assert client.over is over


KEY = rsa.generate_private_key(65537, 1024)
"""As a server of SPICE has it: its public half takes 162 bytes."""


@pytest.mark.parametrize(("error", "result", "over"), [(0, 0, False), (0, 7, True), (1, 0, True)])
def test_a_viewer_of_spice_opens_the_main_channel(error: int, result: int, over: bool) -> None:
    viewer = SpiceViewer("secret")
    public = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    reply = struct.pack("<I162sIII", error, public, 0, 0, 178)

    link = viewer.greet()
    ticket = viewer.hear(struct.pack("<4sIII", b"REDQ", 2, 2, len(reply)) + reply)
    viewer.hear(struct.pack("<I", result))

    assert struct.unpack("<4sIIIIBBIII", link) == (b"REDQ", 2, 2, 18, 0, 1, 0, 0, 0, 18)
    assert viewer.over is over
    if not error:
        hidden = padding.OAEP(mgf=padding.MGF1(SHA1()), algorithm=SHA1(), label=None)
        assert KEY.decrypt(ticket, hidden) == b"secret\0"
