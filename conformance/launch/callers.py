"""The clients that a machine can have call it: bytes in, bytes out; no socket, no thread.

The call begins when the machine connects to their address, and both lines end together: so the
machine sees at its own end that the client hangs up, or was hung up on.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from conformance.launch.conversation import MockServer, Script, Scripted

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import CipherAlgorithm


class Caller(Scripted):
    """A client that follows its script, and hangs up where that ends."""

    def __init__(self, password: str = "") -> None:
        self._password = password
        super().__init__()


class VncViewer(Caller):
    """A viewer that asks for a session and then only looks on.

    It answers the server's challenge with its password if it has one. Source: RFC 6143, 7.1, 7.2.
    """

    _VERSION: Final = b"RFB 003.008\n"
    _NONE: Final = 1
    _VNC: Final = 2
    _CHALLENGE: Final = 16

    def script(self) -> Script:
        """Follow the handshake until the viewer is let in; hang up if it is not."""
        yield len(self._VERSION)
        self.say(self._VERSION)
        (count,) = yield 1
        offered = yield count
        wanted = self._VNC if self._password else self._NONE
        if wanted not in offered:
            return
        self.say(bytes([wanted]))
        if self._password:
            challenge = yield self._CHALLENGE
            self.say(vnc_response(self._password, challenge))
        result = yield 4
        if any(result):
            return
        self.say(b"\1")  # Others may look on, too.
        while True:
            yield 1


def vnc_response(password: str, challenge: bytes) -> bytes:
    """Return what proves the password to a VNC server: the challenge, encrypted with DES."""
    # Not at the top: few machines have a viewer, and it takes long to load.
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    # Of each byte of the key, this protocol takes the bits in the other order.
    key = password.encode()[:8].ljust(8, b"\0")
    turned = bytes(int(f"{byte:08b}"[::-1], 2) for byte in key)
    # Three times with one key, of which the second undoes the first, is DES.
    encryptor = Cipher(_triple_des()(turned * 3), modes.ECB()).encryptor()
    return encryptor.update(challenge) + encryptor.finalize()


def _triple_des() -> Callable[[bytes], CipherAlgorithm]:
    """Return DES, which newer releases of the library keep apart."""
    try:
        from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
    except ImportError:
        from cryptography.hazmat.primitives.ciphers.algorithms import TripleDES
    return TripleDES


class NbdClient(Caller):
    """A client that hangs up as soon as the server greets it.

    Source: the NBD protocol, "Fixed newstyle negotiation".
    """

    _GREETING: Final = struct.Struct(">8s8sH")

    def script(self) -> Script:
        """Wait for the server's greeting."""
        yield self._GREETING.size


class NbdTlsClient(NbdClient):
    """A client that hangs up as soon as the server agrees to encrypt, and stays if it does not."""

    _OPTION: Final = struct.Struct(">8sII")
    _REPLY: Final = struct.Struct(">QIII")
    _FIXED_NEWSTYLE: Final = 1
    _STARTTLS: Final = 5
    _ACK: Final = 1

    def script(self) -> Script:
        """Ask for encryption, and for nothing else."""
        yield self._GREETING.size
        self.say(struct.pack(">I", self._FIXED_NEWSTYLE))
        self.say(self._OPTION.pack(b"IHAVEOPT", self._STARTTLS, 0))
        _, _, kind, _ = self._REPLY.unpack((yield self._REPLY.size))
        while kind != self._ACK:
            yield 1


class SpiceViewer(Caller):
    """A client of SPICE that opens the main channel with its password, and then only looks on.

    Source: docs/spice_protocol.txt of spice-protocol, "Channel link". All is little endian.
    """

    _HEADER: Final = struct.Struct("<4sIII")
    _LINK: Final = struct.Struct("<IBBIII")
    _REPLY: Final = struct.Struct("<I162s")
    _MAGIC: Final = b"REDQ"
    _MAIN: Final = 1

    def script(self) -> Script:
        """Link to the main channel; hang up if that is refused."""
        # Connection 0 is a new one; without capabilities, the ticket follows the reply.
        link = self._LINK.pack(0, self._MAIN, 0, 0, 0, self._LINK.size)
        self.say(self._HEADER.pack(self._MAGIC, 2, 2, len(link)) + link)
        _, _, _, size = self._HEADER.unpack((yield self._HEADER.size))
        error, key = self._REPLY.unpack_from((yield size))
        if error:
            return
        self.say(spice_ticket(self._password, key))
        result = yield 4
        while not any(result):
            yield 1


def spice_ticket(password: str, key: bytes) -> bytes:
    """Return the password, encrypted with the public key of a SPICE server."""
    # Not at the top: few machines have a viewer, and it takes long to load.
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA1
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    public = load_der_public_key(key)
    assert isinstance(public, rsa.RSAPublicKey)
    hidden = padding.OAEP(mgf=padding.MGF1(SHA1()), algorithm=SHA1(), label=None)
    return public.encrypt(password.encode() + b"\0", hidden)


class SilentCaller(Caller):
    """A client that says nothing."""

    def script(self) -> Script:
        """Hear what the server says, for ever."""
        while True:
            yield 1


class Forwarder(MockServer):
    """A client that says what it was given, and hangs up behind that."""

    over = True

    def __init__(self, given: bytes) -> None:
        self._given = given

    def greet(self) -> bytes:
        """Say all of it."""
        return self._given


CALLERS: Final[Mapping[str, Callable[[str], MockServer]]] = {
    "vnc-viewer": VncViewer,
    "nbd-client": NbdClient,
    "nbd-tls-client": NbdTlsClient,
    "spice-viewer": SpiceViewer,
    "silent-caller": SilentCaller,
}
"""Those that call as soon as the machine connects to their address, given their password."""
FORWARDERS: Final[Mapping[str, Callable[[bytes], MockServer]]] = {"forwarder": Forwarder}
"""Those that call when a line to their address has ended, given what came on it."""
