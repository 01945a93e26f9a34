"""Servers of an empty disk: NBD and HTTP, in the clear and within TLS."""

from __future__ import annotations

import ssl
import struct

import pytest

from conformance.launch.conversation import MockServer
from conformance.launch.disk_servers import SIZE, Http, Nbd, NbdTls
from conformance.launch.mock_servers import MOCK_SERVERS
from conformance.launch.scratch import x509
from conformance.launch.tls_server import Tls

FLAGS = struct.pack(">I", 3)
MAGIC = 0x3E889045565A9


def option(number: int, content: bytes = b"") -> bytes:
    return struct.pack(">8sII", b"IHAVEOPT", number, len(content)) + content


def replied(option: int, kind: int, content: bytes = b"") -> bytes:
    return struct.pack(">QIII", MAGIC, option, kind, len(content)) + content


def request(kind: int, offset: int = 0, size: int = 0) -> bytes:
    return struct.pack(">IHHQQI", 0x25609513, 0, kind, 7, offset, size)


def answer(error: int, content: bytes = b"") -> bytes:
    return struct.pack(">IIQ", 0x67446698, error, 7) + content


SHOWN = struct.pack(">HQH", 0, SIZE, 5)


@pytest.fixture
def nbd() -> Nbd:
    made = Nbd()
    assert made.greet() == b"NBDMAGICIHAVEOPT\x00\x03"
    return made


def test_an_export_of_any_name_is_shown_and_taken(nbd: Nbd) -> None:
    asked = struct.pack(">I4sH", 4, b"disk", 0)
    assert nbd.hear(FLAGS + option(6, asked)) == replied(6, 3, SHOWN) + replied(6, 1)
    assert nbd.hear(option(7, asked)) == replied(7, 3, SHOWN) + replied(7, 1)
    assert nbd.hear(request(0, size=16)) == answer(0, bytes(16))


def test_an_export_is_taken_by_the_older_option_with_its_padding() -> None:
    for flags, padding in ((3, 0), (1, 124)):
        nbd = Nbd()
        nbd.greet()
        said = nbd.hear(struct.pack(">I", flags) + option(1, b"disk"))
        assert said == struct.pack(">QH", SIZE, 5) + bytes(padding)


def test_options_that_it_does_not_know_are_refused(nbd: Nbd) -> None:
    assert nbd.hear(FLAGS + option(8)) == replied(8, 0x80000001)


def test_what_is_written_is_taken_and_what_lies_beyond_is_refused(nbd: Nbd) -> None:
    nbd.hear(FLAGS + option(7, bytes(6)))

    assert nbd.hear(request(1, 0, 8) + b"12345678") == answer(0)
    assert nbd.hear(request(3)) == answer(0)
    assert nbd.hear(request(0, SIZE, 1)) == answer(22)
    assert nbd.hear(request(9)) == answer(22)
    assert nbd.hear(request(2)) == b""
    assert nbd.over


@pytest.mark.parametrize(
    "words", [option(2), b"GARBAGE!" + bytes(8), option(6) + bytes(1)], ids=["abort", "magic", "-"]
)
def test_an_abort_or_a_wrong_option_ends_it(nbd: Nbd, words: bytes) -> None:
    nbd.hear(FLAGS + words)
    assert nbd.over is (words[:8] != b"IHAVEOPT" or words == option(2))


def client(talk: MockServer, sent: bytes) -> tuple[ssl.SSLObject, ssl.MemoryBIO, ssl.MemoryBIO]:
    """Return a client of TLS that has agreed with the server; `sent` is what it said before."""
    context = ssl.create_default_context(cadata=x509()["ca-cert.pem"].decode())
    heard, said = ssl.MemoryBIO(), ssl.MemoryBIO()
    made = context.wrap_bio(heard, said, server_hostname="localhost")
    heard.write(sent)
    for _ in range(3):
        try:
            made.do_handshake()
            break
        except ssl.SSLWantReadError:
            heard.write(talk.hear(said.read()))
    heard.write(talk.hear(said.read()))
    return made, heard, said


def test_http_within_tls_is_the_same_as_without() -> None:
    head = b"HEAD /disk HTTP/1.1\r\n\r\n"
    talk = Tls(Http())
    made, heard, said = client(talk, b"")
    made.write(head)
    heard.write(talk.hear(said.read()))

    assert made.read(4096) == Http().hear(head)


def test_nbd_within_tls_goes_on_with_the_options() -> None:
    talk = NbdTls()
    talk.greet()
    assert talk.hear(FLAGS + option(7, bytes(6))) == replied(7, 0x80000005)
    assert talk.hear(option(5)) == replied(5, 1)
    made, heard, said = client(talk, b"")
    made.write(option(7, bytes(6)))
    heard.write(talk.hear(said.read()))

    assert made.read(4096) == replied(7, 3, SHOWN) + replied(7, 1)


def test_what_is_no_tls_ends_it() -> None:
    talk = MOCK_SERVERS["https"]()
    talk.hear(b"GET / HTTP/1.1\r\n\r\n")
    assert talk.over


def test_http_tells_its_size_and_gives_ranges_of_zeros() -> None:
    http = Http()
    head = http.hear(b"HEAD /disk HTTP/1.1\r\nHost: x\r\n\r\n")
    assert f"Content-Length: {SIZE}".encode() in head
    assert head.endswith(b"\r\n\r\n")

    part = http.hear(b"GET /disk HTTP/1.1\r\nRange: bytes=512-1023\r\n\r\n")
    assert part.startswith(b"HTTP/1.1 206 ")
    assert f"Content-Range: bytes 512-1023/{SIZE}".encode() in part
    assert part.endswith(b"\r\n\r\n" + bytes(512))

    whole = http.hear(b"GET /disk HTTP/1.1\r\n")
    assert whole == b""
    assert len(http.hear(b"\r\n")) > SIZE
    assert not http.over


def test_http_hangs_up_on_a_header_without_end() -> None:
    http = Http()
    http.hear(b"x" * (1 << 17))
    assert http.over
