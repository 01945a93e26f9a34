"""Servers of an empty disk that libraries of a build talk to: FTP, iSCSI, NFS and SSH."""

from __future__ import annotations

import hashlib
import hmac
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from conformance.launch.disk_servers import SIZE
from conformance.launch.ftp_server import Ftp
from conformance.launch.iscsi_target import Iscsi
from conformance.launch.nfs_server import Nfs
from conformance.launch.sftp import Files, named
from conformance.launch.ssh_server import Ssh

# FTP


def test_ftp_lets_everybody_in_and_tells_the_size() -> None:
    ftp = Ftp()
    assert ftp.greet().startswith(b"220 ")
    said = ftp.hear(b"USER a\r\nPASS b\r\nSIZE /disk\r\nEPSV\r\nQU")

    assert [line[:3] for line in said.split(b"\r\n")] == [b"331", b"230", b"213", b"502", b""]
    assert f"213 {SIZE}".encode() in said
    assert ftp.hear(b"IT\r\n").startswith(b"221 ")
    assert ftp.over


def test_ftp_hangs_up_on_a_line_without_end() -> None:
    ftp = Ftp()
    assert ftp.hear(bytes(5000)) == b""
    assert ftp.over


# iSCSI


def iscsi(kind: int, flags: int, rest: bytes = b"", *, text: bytes = b"", wanted: int = 0) -> bytes:
    place = struct.pack(
        ">BBBBB3s8s", kind, flags, 0, 0, 0, len(text).to_bytes(3, "big"), b"SESSION1"
    )
    return (place + struct.pack(">IIII", 7, wanted, 1, 0) + rest.ljust(16, b"\0")) + (
        text + bytes(-len(text) % 4)
    )


def commanded(target: Iscsi, command: bytes, wanted: int) -> list[tuple[bytes, bytes]]:
    """Return the heads and contents of what a command of SCSI shows."""
    said = target.hear(iscsi(1, 0xC0, command, wanted=wanted))
    parts = []
    while said:
        size = int.from_bytes(said[5:8], "big")
        whole = 48 + (size + 3) // 4 * 4
        parts.append((said[:48], said[48 : 48 + size]))
        said = said[whole:]
    return parts


def test_iscsi_agrees_to_the_stage_that_is_asked_for() -> None:
    target = Iscsi()
    said = target.hear(iscsi(0x43, 0x81, text=b"AuthMethod=None\0"))

    assert said[0] == 0x23
    assert said[1] == 0x81
    assert said[8:14] == b"SESSIO"
    assert said[16:20] == struct.pack(">I", 7)
    assert b"AuthMethod=None\0" in said[48:]
    assert b"HeaderDigest=None\0" in target.hear(iscsi(0x43, 0x87))


def test_iscsi_has_a_protected_disk_of_zeros() -> None:
    target = Iscsi()
    ((_, capacity),) = commanded(target, b"\x25", 8)
    ((_, mode),) = commanded(target, b"\x1a\0\x3f\0\xff", 255)
    read = commanded(target, b"\x28\0" + struct.pack(">IBHB", 0, 0, 32, 0), 32 * 512)

    blocks, size = struct.unpack(">II", capacity)
    assert (blocks + 1) * size == SIZE
    assert mode[2] & 0x80
    assert b"".join(content for _, content in read) == bytes(32 * 512)
    # Only the last part tells the status.
    assert [head[1] for head, _ in read] == [0, 0x81]


def test_iscsi_says_how_much_less_there_is_than_was_asked_for() -> None:
    ((head, content),) = commanded(Iscsi(), b"\x12", 255)

    assert len(content) == 36
    assert head[1] == 0x83
    assert head[44:48] == struct.pack(">I", 255 - 36)


@pytest.mark.parametrize(
    "command",
    [b"\x2a", b"\x12\x01\xb0", b"\x28\0" + struct.pack(">IBHB", 4096, 0, 1, 0)],
    ids=["write", "page", "beyond"],
)
def test_iscsi_refuses_what_the_disk_does_not_do(command: bytes) -> None:
    ((head, sense),) = commanded(Iscsi(), command, 512)

    assert head[0] == 0x21
    assert head[3] == 2
    assert sense[4] & 0xF == 5


def test_iscsi_ends_with_the_session_and_with_what_it_does_not_know() -> None:
    target = Iscsi()
    assert target.hear(iscsi(0x46, 0x80))[0] == 0x26
    assert target.over
    for words in (iscsi(0x1F, 0x80), iscsi(1, 0)[:5] + b"\xff\xff\xff" + bytes(40)):
        target = Iscsi()
        assert target.hear(words) == b""
        assert target.over


# NFS


def opaque(words: bytes) -> bytes:
    return struct.pack(">I", len(words)) + words + bytes(-len(words) % 4)


def called(nfs: Nfs, program: int, procedure: int, arguments: bytes = b"") -> bytes:
    who = struct.pack(">II", 1, 8) + bytes(8) + struct.pack(">II", 0, 0)
    call = struct.pack(">IIIIII", 9, 0, 2, program, 3, procedure) + who + arguments
    said = nfs.hear(struct.pack(">I", 1 << 31 | len(call)) + call)
    assert said[:4] == struct.pack(">I", 1 << 31 | len(said) - 4)
    assert said[4:24] == struct.pack(">IIIII", 9, 1, 0, 0, 0)
    return said[24:]


def test_nfs_has_every_file_in_every_folder() -> None:
    nfs = Nfs()
    assert called(nfs, 100000, 3) == struct.pack(">II", 0, 111)
    mounted = called(nfs, 100005, 1, opaque(b"/folder"))
    root = opaque(b"root")
    assert mounted[:8] == bytes(8)
    assert root in mounted
    found = called(nfs, 100003, 3, root + opaque(b"disk"))
    file = opaque(b"file")
    assert found[8 : 8 + len(file)] == file

    shown = called(nfs, 100003, 1, file)
    assert struct.unpack_from(">I", shown, 8) == (1,)
    assert struct.unpack_from(">Q", shown, 28) == (SIZE,)
    assert struct.unpack_from(">I", called(nfs, 100003, 1, root), 8) == (2,)


def test_nfs_reads_zeros_and_loses_what_is_written() -> None:
    nfs, file = Nfs(), opaque(b"file")
    read = called(nfs, 100003, 6, file + struct.pack(">QI", SIZE - 4, 8))
    assert read[-16:] == struct.pack(">III", 4, 1, 4) + bytes(4)
    written = called(nfs, 100003, 7, file + struct.pack(">QII", 0, 4, 2) + opaque(b"1234"))
    assert written[:4] == bytes(4)
    assert struct.pack(">II", 4, 2) in written
    assert called(nfs, 100003, 4, file + struct.pack(">I", 5))[-4:] == struct.pack(">I", 5)


def test_nfs_refuses_other_programs_and_procedures_and_ends_with_what_is_no_call() -> None:
    nfs = Nfs()
    assert called(nfs, 100021, 1) == struct.pack(">I", 1)
    assert called(nfs, 100003, 99) == struct.pack(">I", 3)
    assert called(nfs, 100003, 0) == bytes(4)
    assert nfs.hear(bytes(4)) == b""
    assert nfs.over


# SSH


class Client:
    """Enough of a client of SSH for one channel."""

    def __init__(self) -> None:
        self.server = Ssh()
        self.heard = self.server.greet()
        self.counts = [0, 0]
        self.ciphers: list[CipherContext] = []
        self.digests: list[bytes] = []

    def say(self, words: bytes) -> None:
        padding = 4 + (-(len(words) + 9) % 16)
        packet = struct.pack(">IB", len(words) + padding + 1, padding) + words + bytes(padding)
        digest = b""
        if self.ciphers:
            digest = hmac.digest(
                self.digests[0], struct.pack(">I", self.counts[0]) + packet, "sha256"
            )
            packet = self.ciphers[0].update(packet)
        self.counts[0] += 1
        self.heard += self.server.hear(packet + digest)

    def hear(self) -> bytes:
        code = self.ciphers[1].update if self.ciphers else bytes
        first = code(self.heard[:16])
        size, padding = struct.unpack(">IB", first[:5])
        packet = first + code(self.heard[16 : size + 4])
        end = size + 4
        if self.ciphers:
            checked = struct.pack(">I", self.counts[1]) + packet
            digest = hmac.digest(self.digests[1], checked, "sha256")
            assert digest == self.heard[end : end + 32]
            end += 32
        self.heard = self.heard[end:]
        self.counts[1] += 1
        return packet[5 : 4 + size - padding]

    def agree(self) -> None:
        """Exchange keys as RFC 4253 and RFC 8731 say, and check the signature."""
        version, _, self.heard = self.heard.partition(b"\r\n")
        own = bytes((20,)) + bytes(16 + 4 * 10 + 5)
        key = X25519PrivateKey.from_private_bytes(bytes(32))
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.heard += self.server.hear(b"SSH-2.0-test\r\n")
        theirs = self.hear()
        self.say(own)
        self.say(bytes((30,)) + named(public))
        said = self.hear()[1:]
        parts = []
        while said:
            size = int.from_bytes(said[:4], "big")
            parts.append(said[4 : 4 + size])
            said = said[4 + size :]
        host, other, signature = parts
        number = int.from_bytes(key.exchange(X25519PublicKey.from_public_bytes(other)), "big")
        secret = named(number.to_bytes(number.bit_length() // 8 + 1, "big"))
        words = (b"SSH-2.0-test", version, own, theirs, host, public, other)
        session = hashlib.sha256(b"".join(map(named, words)) + secret).digest()
        Ed25519PublicKey.from_public_bytes(host[-32:]).verify(signature[-64:], session)
        assert self.hear() == bytes((21,))
        self.say(bytes((21,)))
        made = {
            letter: hashlib.sha256(secret + session + letter.encode() + session).digest()
            for letter in "ABCDEF"
        }
        self.ciphers = [
            Cipher(AES(made["C"]), CTR(made["A"][:16])).encryptor(),
            Cipher(AES(made["D"]), CTR(made["B"][:16])).decryptor(),
        ]
        self.digests = [made["E"], made["F"]]


def test_ssh_lets_a_client_in_and_gives_it_files() -> None:
    client = Client()
    client.agree()
    client.say(bytes((5,)) + named(b"ssh-userauth"))
    assert client.hear() == bytes((6,)) + named(b"ssh-userauth")
    client.say(bytes((50,)) + named(b"user") + named(b"ssh-connection") + named(b"none"))
    assert client.hear() == bytes((52,))
    client.say(bytes((90,)) + named(b"session") + struct.pack(">III", 3, 1 << 20, 1 << 15))
    assert client.hear()[:9] == struct.pack(">BII", 91, 3, 0)
    client.say(bytes((98,)) + struct.pack(">I", 0) + named(b"subsystem") + b"\1" + named(b"sftp"))
    assert client.hear() == struct.pack(">BI", 99, 3)
    client.say(bytes((94,)) + struct.pack(">I", 0) + named(named(struct.pack(">BI", 1, 3))))
    assert client.hear() == struct.pack(">BI", 94, 3) + named(named(struct.pack(">BI", 2, 3)))
    client.say(bytes((80,)) + named(b"keepalive") + b"\1")
    assert client.hear() == bytes((82,))
    client.say(bytes((97,)) + struct.pack(">I", 0))
    assert client.hear() == struct.pack(">BI", 97, 3)
    client.say(bytes((1,)) + bytes(12))
    assert client.server.over


def test_ssh_hangs_up_on_what_is_no_packet_of_its_client() -> None:
    client = Client()
    client.agree()
    client.digests[0] = bytes(32)
    client.say(bytes((5,)) + named(b"ssh-userauth"))
    assert client.server.over

    server = Ssh()
    server.greet()
    server.hear(b"SSH-2.0-test\r\n")
    server.hear(bytes(16))
    assert server.over


def test_sftp_has_a_file_of_zeros_under_every_name() -> None:
    files = Files()

    def asked(kind: int, words: bytes) -> bytes:
        said = files.hear(named(struct.pack(">BI", kind, 5) + words))
        assert said[:4] == struct.pack(">I", len(said) - 4)
        assert said[5:9] == struct.pack(">I", 5)
        return said[4:5] + said[9:]

    handle = named(b"file")
    assert asked(3, named(b"/disk") + bytes(8)) == bytes((102,)) + handle
    assert asked(8, handle) == bytes((105,)) + struct.pack(">IQI", 5, SIZE, 0o100666)
    assert asked(5, handle + struct.pack(">QI", SIZE - 2, 8)) == bytes((103,)) + named(bytes(2))
    assert asked(5, handle + struct.pack(">QI", SIZE, 8))[:5] == struct.pack(">BI", 101, 1)
    assert asked(6, handle + bytes(8) + named(b"1"))[:5] == struct.pack(">BI", 101, 0)
