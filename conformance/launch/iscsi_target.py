"""A target of iSCSI whose only disk is empty and write-protected; no socket, no thread.

Source: RFC 7143, SPC-4 and SBC-3. All numbers are big endian.
"""

from __future__ import annotations

import struct
from typing import Final

from conformance.launch.conversation import Script, Scripted

_BLOCK: Final = 512
_BLOCKS: Final = 2048
_HEADER: Final = struct.Struct(">BBBBB3s8sIIIII12s")
"""Kind, flags, two bytes of its own, no further header, size, place, tag, a number, how far the
answers and the commands have come (three numbers), and what else the kind has."""
_CHUNK: Final = 8192
"""What may be said at once to who has not said that it takes more."""
_LONGEST: Final = 1 << 16
"""The longest text that is read."""
_FINAL: Final = 0x80
_NOP, _COMMAND, _TASK, _LOGIN, _LOGOUT = 0x00, 0x01, 0x02, 0x03, 0x06
_ANSWER: Final = 0x20
"""The bit that makes the number of an answer of that of its question."""
_DATA_IN: Final = 0x25
_ANSWERED: Final = {_NOP, _TASK, _LOGOUT}
_AT_ONCE: Final = 0x40
"""The bit of what is no part of the order of commands."""
_NOBODY: Final = 0xFFFFFFFF
_WINDOW: Final = 32
"""How many commands may wait."""
_AGREED: Final = (
    "HeaderDigest=None",
    "DataDigest=None",
    "InitialR2T=Yes",
    "ImmediateData=Yes",
    "MaxBurstLength=65536",
    "FirstBurstLength=65536",
    "MaxRecvDataSegmentLength=65536",
    "MaxConnections=1",
    "MaxOutstandingR2T=1",
    "DataPDUInOrder=Yes",
    "DataSequenceInOrder=Yes",
    "DefaultTime2Wait=2",
    "DefaultTime2Retain=0",
    "ErrorRecoveryLevel=0",
)
# Illegal request: invalid command operation code.
_SENSE: Final = struct.pack(">HBBBIB4xB5x", 18, 0x70, 0, 5, 0, 10, 0x20)
_CHECK_CONDITION: Final = 2
_SECTOR_SIZE: Final = struct.pack(">I", _BLOCK)
_INQUIRY: Final = struct.pack(">BBBBB3x8s16s4s", 0, 0, 5, 2, 31, b"peer", b"empty disk", b"1")
_PAGES: Final = bytes((0, 0, 0, 1, 0))
"""The vital product data that there are: this list."""
_PROTECTED: Final = bytes((3, 0, 0x80, 0))
_SHOWN: Final = {
    0x00: b"",  # TEST UNIT READY
    0x1A: _PROTECTED,  # MODE SENSE(6)
    0x25: struct.pack(">I", _BLOCKS - 1) + _SECTOR_SIZE,  # READ CAPACITY(10)
    0x35: b"",  # SYNCHRONIZE CACHE(10)
    0x9E: struct.pack(">Q", _BLOCKS - 1) + _SECTOR_SIZE + bytes(20),  # READ CAPACITY(16)
    0xA0: struct.pack(">I4xQ", 8, 0),  # REPORT LUNS
}
_INQUIRED, _READ_10, _READ_16 = 0x12, 0x28, 0x88


class Iscsi(Scripted):
    """One session of the target, which lets everybody in, under every name."""

    def __init__(self) -> None:
        self._answered = 0
        super().__init__()

    def script(self) -> Script:
        """Answer one message after the other, until the session ends."""
        while not self.over:
            head = yield _HEADER.size
            size = int.from_bytes(head[5:8], "big")
            if size > _LONGEST:
                return
            yield head[4] * 4 + (size + 3) // 4 * 4
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        kind = head[0] & 0x3F
        if kind == _LOGIN:
            self._log_in(head)
        elif kind == _COMMAND:
            self._carry_out(head)
        else:
            self.over = kind not in _ANSWERED
            if not self.over:
                self._say(head, _ANSWER | kind, bytes((_FINAL, 0, 0)))
                self.over = kind == _LOGOUT

    def _log_in(self, head: bytes) -> None:
        """Agree to the stage that is asked for."""
        secure = head[1] >> 2 & 3 == 0
        words = ("TargetPortalGroupTag=1", "AuthMethod=None") if secure else _AGREED
        text = "".join(f"{each}\0" for each in words).encode()
        self._say(head, _ANSWER | _LOGIN, bytes((head[1], 0, 0)), content=text)

    def _carry_out(self, head: bytes) -> None:
        wanted = int.from_bytes(head[20:24], "big")
        shown = _carried_out(head[32:48])
        if shown is None:
            status = bytes((_FINAL, 0, _CHECK_CONDITION))
            self._say(head, _ANSWER | _COMMAND, status, content=_SENSE)
            return
        shown = shown[:wanted]
        less = wanted - len(shown)
        lacks = 2 if less else 0
        if not shown:
            rest = struct.pack(">8xI", less)
            self._say(head, _ANSWER | _COMMAND, bytes((_FINAL | lacks, 0, 0)), rest=rest)
        for number, at in enumerate(range(0, len(shown), _CHUNK)):
            part, last = shown[at : at + _CHUNK], at + _CHUNK >= len(shown)
            # The last part tells the status, and how much less there is than was asked for.
            flags = _FINAL | 1 | lacks if last else 0
            rest = struct.pack(">III", number, at, less if last else 0)
            self._say(head, _DATA_IN, bytes((flags, 0, 0)), rest=rest, content=part)

    def _say(
        self,
        head: bytes,
        kind: int,
        flags: bytes,
        *,
        rest: bytes = bytes(12),
        content: bytes = b"",
    ) -> None:
        """Answer the message with that head."""
        tag, serial = (int.from_bytes(head[at : at + 4], "big") for at in (16, 24))
        expected = serial if head[0] & _AT_ONCE else serial + 1
        if kind != _DATA_IN or flags[0] & _FINAL:
            self._answered += 1
        # Who logs in gets its own name back, and a number for the session.
        place = head[8:14] + struct.pack(">H", 1) if kind == _ANSWER | _LOGIN else bytes(8)
        number = _NOBODY if kind in (_DATA_IN, _ANSWER | _NOP) else 0
        come = (self._answered, expected, expected + _WINDOW)
        size = len(content).to_bytes(3, "big")
        self.say(_HEADER.pack(kind, *flags, 0, size, place, tag, number, *come, rest))
        self.say(content + bytes(-len(content) % 4))


def _carried_out(command: bytes) -> bytes | None:
    """Return what a command shows, None if there is no such command."""
    if command[0] == _INQUIRED:
        if command[1] & 1:
            return _PAGES if command[2] == 0 else None
        return _INQUIRY
    if command[0] == _READ_10:
        return _read(int.from_bytes(command[2:6], "big"), int.from_bytes(command[7:9], "big"))
    if command[0] == _READ_16:
        return _read(int.from_bytes(command[2:10], "big"), int.from_bytes(command[10:14], "big"))
    return _SHOWN.get(command[0])


def _read(first: int, blocks: int) -> bytes | None:
    return bytes(blocks * _BLOCK) if first + blocks <= _BLOCKS else None
