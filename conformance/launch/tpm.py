"""Enough of a TPM 2.0 emulator for a machine to start with it; no socket, no thread.

Source: QEMU's backends/tpm/tpm_ioctl.h and docs/specs/tpm.rst. All numbers are big endian. The
requests on the control channel succeed, the commands to the TPM itself fail.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

_NUMBER: Final = struct.Struct(">I")
_DONE: Final = _NUMBER.pack(0)
_FATAL: Final = _NUMBER.pack(9)
# INIT, SHUTDOWN, GET_TPMESTABLISHED, SET_LOCALITY, RESET_TPMESTABLISHED, STOP, SET_DATAFD,
# SET_BUFFERSIZE: what a TPM 2.0 must have.
_CAPABILITIES: Final = 1 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 7 | 1 << 10 | 1 << 12 | 1 << 13
_SIZE: Final = 4096
# For each request, how many bytes follow its number, and the answer.
_REQUESTS: Final[Mapping[int, tuple[int, bytes]]] = {
    0x01: (0, _DONE + _NUMBER.pack(_CAPABILITIES)),  # GET_CAPABILITY
    0x02: (4, _DONE),  # INIT
    0x03: (0, _DONE),  # SHUTDOWN
    0x04: (0, _DONE + bytes(4)),  # GET_TPMESTABLISHED: not
    0x05: (4, _DONE),  # SET_LOCALITY
    0x0B: (4, _DONE),  # RESET_TPMESTABLISHED
    0x0E: (0, _DONE),  # STOP
    0x10: (0, _DONE),  # SET_DATAFD
    0x11: (4, _DONE + 3 * _NUMBER.pack(_SIZE)),  # SET_BUFFERSIZE: used, least, most
}
_HEADER: Final = struct.Struct(">HII")
_NO_SESSIONS: Final = 0x8001
_FAILURE: Final = 0x101


class Control:
    """The conversation on the control channel."""

    def __init__(self) -> None:
        self._heard = b""

    def hear(self, heard: bytes) -> bytes:
        """Return the answers to the complete requests in what was received."""
        self._heard += heard
        said = b""
        while len(self._heard) >= _NUMBER.size:
            (number,) = _NUMBER.unpack_from(self._heard)
            # How long an unknown request is, nobody knows: it is taken for all there is.
            size, answer = _REQUESTS.get(number, (len(self._heard) - _NUMBER.size, _FATAL))
            if len(self._heard) < _NUMBER.size + size:
                break
            self._heard = self._heard[_NUMBER.size + size :]
            said += answer
        return said


def commanded(heard: bytes) -> tuple[bytes, bytes]:
    """Return the answers to the complete commands to the TPM, and what is not complete."""
    said = b""
    while len(heard) >= _HEADER.size:
        _, size, _ = _HEADER.unpack_from(heard)
        if len(heard) < size:
            break
        said += _HEADER.pack(_NO_SESSIONS, _HEADER.size, _FAILURE)
        heard = heard[max(size, _HEADER.size) :]
    return said, heard
