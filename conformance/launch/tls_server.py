"""Encrypts what a server says and hears, with the certificates of scratch files; no socket."""

from __future__ import annotations

import functools
import os
import ssl

from conformance.launch.conversation import MockServer
from conformance.launch.scratch import x509


class Tls(MockServer):
    """A server of TLS, within which `inner` is talked to as soon as both sides agree.

    Its certificate is that of the scratch files which the maker x509 makes; it asks for none.
    """

    def __init__(self, inner: MockServer) -> None:
        self._inner = inner
        self._heard, self._said = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = _context().wrap_bio(self._heard, self._said, server_side=True)
        self._agreed = False

    def hear(self, heard: bytes) -> bytes:
        """Answer what is complete; hang up if it is no TLS."""
        self._heard.write(heard)
        try:
            self._go_on()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            self.over = True
        return self._said.read()

    def _go_on(self) -> None:
        if not self._agreed:
            self._tls.do_handshake()
            self._agreed = True
            self._say(self._inner.greet())
        while not self.over:
            words = self._tls.read(1 << 16)
            if not words:
                self.over = True
                return
            self._say(self._inner.hear(words))
            self.over = self._inner.over

    def _say(self, words: bytes) -> None:
        if words:
            self._tls.write(words)


@functools.cache
def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    files = x509()
    certificate = _in_memory(files["server-cert.pem"])
    key = _in_memory(files["server-key.pem"])
    try:
        context.load_cert_chain(f"/proc/self/fd/{certificate}", f"/proc/self/fd/{key}")
    finally:
        os.close(certificate)
        os.close(key)
    return context


def _in_memory(content: bytes) -> int:
    """Return a descriptor of a file with that content, which has no name."""
    descriptor = os.memfd_create("certificate")
    os.write(descriptor, content)
    return descriptor
