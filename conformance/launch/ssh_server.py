"""A server of SSH that lets everybody in, and has the empty disk by SFTP; no socket, no thread.

Source: RFC 4253 (transport), RFC 8731 (key exchange), RFC 4252 and RFC 4254 (users, channels).
All numbers are big endian. Its keys are always the same: nothing that it says is secret.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Generator
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from conformance.launch.conversation import Script, Scripted
from conformance.launch.sftp import Files, named

_VERSION: Final = b"SSH-2.0-peer"
_HOST_KEY: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
_OWN_KEY: Final = X25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
_BLOCK: Final = 16
_DIGEST: Final = 32
_LONGEST: Final = 1 << 18
"""The longest packet that is read; RFC 4253 lets no peer count on more than 35,000 bytes."""
_LONGEST_LINE: Final = 255
_WINDOW: Final = 1 << 30
_PART: Final = 1 << 15
_DISCONNECT, _IGNORE, _UNIMPLEMENTED, _DEBUG, _SERVICE, _SERVICE_ACCEPTED = 1, 2, 3, 4, 5, 6
_EXTENSIONS, _KEXINIT, _NEWKEYS, _EXCHANGE, _EXCHANGED = 7, 20, 21, 30, 31
_USER, _LET_IN = 50, 52
_GLOBAL, _GLOBAL_REFUSED = 80, 82
_OPEN, _OPENED, _ADJUST, _DATA, _EOF, _CLOSE = 90, 91, 93, 94, 96, 97
_ASKED, _GRANTED = 98, 99
_UNANSWERED: Final = {_IGNORE, _UNIMPLEMENTED, _DEBUG, _EXTENSIONS, _NEWKEYS, _ADJUST, _EOF}
_ALGORITHMS: Final = (
    b"curve25519-sha256",
    b"ssh-ed25519",
    *(b"aes256-ctr",) * 2,
    *(b"hmac-sha2-256",) * 2,
    *(b"none",) * 2,
    *(b"",) * 2,
)


class _Way:
    """One direction: its cipher and the key of its digests, once there are keys."""

    def __init__(self) -> None:
        self.count = 0
        self.cipher: CipherContext | None = None
        self.key = b""

    def coded(self, words: bytes) -> bytes:
        """Return the words as they are, or encrypted, or decrypted."""
        return words if self.cipher is None else self.cipher.update(words)

    def digest(self, packet: bytes) -> bytes:
        """Return the digest of the next packet, empty before there are keys."""
        if self.cipher is None:
            return b""
        return hmac.digest(self.key, struct.pack(">I", self.count) + packet, "sha256")


class Ssh(Scripted):
    """One connection, with a channel for files."""

    def __init__(self) -> None:
        self._to, self._from = _Way(), _Way()
        self._session = b""
        self._files = Files()
        self._channel = 0
        super().__init__()

    def script(self) -> Script:
        """Agree on keys, and serve."""
        self.say(_VERSION + b"\r\n")
        line = yield from _line()
        own = bytes((_KEXINIT,)) + bytes(16)
        own += b"".join(map(named, _ALGORITHMS)) + bytes(5)
        self._send(own)
        theirs = yield from self._packet()
        asked = yield from self._packet()
        if theirs[:1] != bytes((_KEXINIT,)) or asked[:5] != bytes((_EXCHANGE, 0, 0, 0, 32)):
            return
        heard = (line, _VERSION, theirs, own)
        secret = self._exchange(heard, asked[5:])
        while (yield from self._packet()) != bytes((_NEWKEYS,)):
            pass
        self._from.cipher, self._from.key = self._keys(secret, b"ACE", decrypts=True)
        while not self.over:
            packet = yield from self._packet()
            if not packet:
                return
            self._answer(packet[0], packet[1:])

    def _exchange(self, heard: tuple[bytes, ...], public: bytes) -> bytes:
        """Agree on a secret, sign it, and encrypt from now on; return the secret."""
        shared = int.from_bytes(_OWN_KEY.exchange(X25519PublicKey.from_public_bytes(public)), "big")
        secret = named(shared.to_bytes(shared.bit_length() // 8 + 1, "big"))
        host = named(b"ssh-ed25519") + named(_raw(_HOST_KEY))
        parts = b"".join(map(named, (*heard, host, public, _raw(_OWN_KEY))))
        self._session = hashlib.sha256(parts + secret).digest()
        signature = named(b"ssh-ed25519") + named(_HOST_KEY.sign(self._session))
        answer = b"".join(map(named, (host, _raw(_OWN_KEY), signature)))
        self._send(bytes((_EXCHANGED,)) + answer)
        self._send(bytes((_NEWKEYS,)))
        self._to.cipher, self._to.key = self._keys(secret, b"BDF", decrypts=False)
        return secret

    def _keys(
        self, secret: bytes, letters: bytes, *, decrypts: bool
    ) -> tuple[CipherContext, bytes]:
        start, key, digests = (
            hashlib.sha256(secret + self._session + bytes((each,)) + self._session).digest()
            for each in letters
        )
        cipher = Cipher(AES(key), CTR(start[:_BLOCK]))
        return (cipher.decryptor() if decrypts else cipher.encryptor()), digests

    def _answer(self, kind: int, words: bytes) -> None:
        channel = struct.pack(">I", self._channel)
        if kind == _SERVICE:
            self._send(bytes((_SERVICE_ACCEPTED,)) + words)
        elif kind == _USER:
            self._send(bytes((_LET_IN,)))
        elif kind == _GLOBAL:
            self._send(bytes((_GLOBAL_REFUSED,)))
        elif kind == _OPEN:
            size = int.from_bytes(words[:4], "big")
            self._channel = int.from_bytes(words[4 + size : 8 + size], "big")
            self._send(struct.pack(">BIIII", _OPENED, self._channel, 0, _WINDOW, _PART))
        elif kind == _ASKED:
            self._send(bytes((_GRANTED,)) + channel)
        elif kind == _DATA:
            said = self._files.hear(words[8:])
            for at in range(0, len(said), _PART):
                self._send(bytes((_DATA,)) + channel + named(said[at : at + _PART]))
        elif kind == _CLOSE:
            self._send(bytes((_CLOSE,)) + channel)
        elif kind == _DISCONNECT:
            self.over = True
        elif kind not in _UNANSWERED:
            self._send(struct.pack(">BI", _UNIMPLEMENTED, self._from.count - 1))

    def _packet(self) -> Generator[int, bytes, bytes]:
        """Read a packet; it is empty, and the connection over, if it is none."""
        way = self._from
        first = way.coded((yield _BLOCK))
        size, padding = struct.unpack(">IB", first[:5])
        if not padding < size <= _LONGEST or size + 4 < _BLOCK:
            self.over = True
            return b""
        packet = first + way.coded((yield size + 4 - _BLOCK))
        digest = yield _DIGEST if way.cipher else 0
        self.over = digest != way.digest(packet)
        way.count += 1
        return b"" if self.over else packet[5 : 4 + size - padding]

    def _send(self, words: bytes) -> None:
        way = self._to
        padding = 4 + (-(len(words) + 9) % _BLOCK)
        packet = struct.pack(">IB", len(words) + padding + 1, padding) + words + bytes(padding)
        self.say(way.coded(packet) + way.digest(packet))
        way.count += 1


def _line() -> Generator[int, bytes, bytes]:
    """Read the line with the version."""
    line = b""
    while not line.endswith(b"\n") and len(line) < _LONGEST_LINE:
        line += yield 1
    return line.rstrip(b"\r\n")


def _raw(key: Ed25519PrivateKey | X25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
