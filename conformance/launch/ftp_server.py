"""A server of FTP that tells of the empty disk under every name, and sends none of it.

Source: RFC 959 and RFC 3659. What a file holds comes on a second connection, which is refused.
"""

from __future__ import annotations

from typing import Final

from conformance.launch.conversation import MockServer
from conformance.launch.disk_servers import SIZE

_END: Final = b"\r\n"
_LONGEST: Final = 1 << 12
"""The longest line that is read."""
_ANSWERS: Final = {
    b"USER": "331 a password, please",
    b"PASS": "230 welcome",
    b"PBSZ": "200 no buffer is protected",
    b"PROT": "200 protected",
    b"PWD": '257 "/"',
    b"CWD": "250 there",
    b"TYPE": "200 as it is",
    b"SIZE": f"213 {SIZE}",
    b"MDTM": "213 20000101000000",
    b"REST": "350 from there",
    b"QUIT": "221 farewell",
}


class Ftp(MockServer):
    """The connection of commands, which lets everybody in."""

    def __init__(self) -> None:
        self._heard = b""

    def greet(self) -> bytes:
        """Greet as one who is ready."""
        return b"220 ready" + _END

    def hear(self, heard: bytes) -> bytes:
        """Answer every complete line."""
        self._heard += heard
        *lines, self._heard = self._heard.split(_END)
        said = b""
        for line in lines:
            word = line.partition(b" ")[0].upper()
            said += _ANSWERS.get(word, "502 not here").encode() + _END
            self.over |= word == b"QUIT"
        self.over |= len(self._heard) > _LONGEST
        return said
