"""Peers that misbehave: a manner laid over the good dialogue of any peer; no socket, no clock."""

from __future__ import annotations

from hashlib import shake_256
from typing import Final

from conformance.launch.conversation import MockServer
from conformance.model.stage import Manner, Says, Then

GARBAGE: Final = shake_256(b"garbage").digest(4096)
"""Bytes without a meaning; as many as a page, more than any client wants to read at first."""
FLOOD: Final = 1 << 20
"""How much a flood is: more than a socket holds, and than a message of any protocol needs."""


class Mannered(MockServer):
    """A good peer until the stage of its manner; what it says then and later is late, or missing.

    See MockServer and Manner.
    """

    def __init__(self, good: MockServer, manner: Manner) -> None:
        self._good, self._manner = good, manner
        self._stage = 0
        self._silent = False
        self.adopted = good.adopted

    def greet(self) -> bytes:
        """Say what the good peer says first, or misbehave."""
        words = self._good.greet()
        if self._manner.at == 0:
            return self._misbehaved(words)
        return self._said(words) if words else b""

    def hear(self, heard: bytes) -> bytes:
        """Answer as the good peer does, or misbehave."""
        if self._silent:
            return b""
        words = self._good.hear(heard)
        if words or self._good.mute:
            return self._said(words)
        self.over = self._good.over
        return b""

    def _said(self, words: bytes) -> bytes:
        self._stage += 1
        if self._stage == self._manner.at:
            return self._misbehaved(words)
        self.over = self._good.over
        return words

    def _misbehaved(self, words: bytes) -> bytes:
        manner = self._manner
        self.delay, self.misbehaved = manner.late, True
        self.over = manner.then is Then.HANG_UP
        if manner.then is Then.SILENCE:
            self._silent, self.patience = True, manner.patience
        match manner.says:
            case Says.NOTHING:
                return b""
            case Says.HALF:
                return words[: len(words) // 2]
            case Says.PART:
                return words[: manner.size]
            case Says.GARBAGE:
                return GARBAGE
            case Says.FLOOD:
                whole = words or GARBAGE
                return whole * (FLOOD // len(whole))
            case Says.SAME:
                return words
            case Says.BYTES:
                return bytes.fromhex(manner.hex)
