"""The Diffie-Hellman parameters for QEMU's TLS servers, placed beside their credentials.

Without them, a server of an older QEMU generates 2048 bits, which takes from a tenth of a second to
several seconds each time one is created.
"""

from __future__ import annotations

import base64
import functools
from typing import Final

PARAMETERS_FILE: Final = "dh-params.pem"
"""The name under which QEMU looks for them in the `dir` of tls-creds-*."""
# Computed here: the cryptography package is dropping finite fields.
_BITS: Final = 2048
_INTEGER, _SEQUENCE = 0x02, 0x30


@functools.cache
def parameters() -> bytes:
    """Return the group ffdhe2048 of RFC 7919, appendix A.1, as PEM of PKCS #3."""
    fraction = _e(_BITS - 130) + 560316
    prime = (1 << _BITS) - (1 << _BITS - 64) + (fraction << 64) - 1
    numbers = _der(_INTEGER, _unsigned(prime)) + _der(_INTEGER, _unsigned(2))
    text = base64.encodebytes(_der(_SEQUENCE, numbers))
    return b"-----BEGIN DH PARAMETERS-----\n" + text + b"-----END DH PARAMETERS-----\n"


def _e(bits: int) -> int:
    """Return Euler's number times 2**bits, rounded down."""
    # 64 bits more than needed: each of some 300 terms is rounded down by less than one.
    term = 1 << bits + 64
    total, number = 0, 0
    while term:
        total += term
        number += 1
        term //= number
    return total >> 64


def _unsigned(number: int) -> bytes:
    # One bit more than it has: the first bit is the sign.
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content
