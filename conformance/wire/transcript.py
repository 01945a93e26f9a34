"""The lines of a dialogue, kept as evidence within bounds; knows no message."""

from __future__ import annotations

import re
from collections import deque
from typing import Final

CAPACITY: Final = 1000
"""How many lines are kept: a batch of some hundred requests with replies and events."""
WIDTH: Final = 4000
"""How many bytes of a line are kept: more than any reply but lists of types and schemas."""


class Transcript:
    """The last `capacity` lines on the wire, in order; older ones are dropped."""

    def __init__(self, *, capacity: int = CAPACITY, width: int = WIDTH) -> None:
        self._lines: deque[tuple[str, bytes, int]] = deque(maxlen=capacity)
        self._width = width
        self._seen = 0

    @property
    def forgotten(self) -> int:
        """The number of dropped lines."""
        return self._seen - len(self._lines)

    def sent(self, line: bytes) -> None:
        """Record a line to the server, with or without its line end."""
        self._record("-> ", line)

    def received(self, line: bytes) -> None:
        """Record a line of the server, with or without its line end."""
        self._record("<- ", line)

    def lines(self, limit: int | None = None) -> tuple[str, ...]:
        """Return the last `limit` lines (None: all that are kept), each with "-> " or "<- ".

        Line ends are left out; bytes that are not printable ASCII show as \\xNN. A longer line than
        the width has "[N bytes cut]" in its middle.
        """
        first = 0 if limit is None else max(0, len(self._lines) - limit)
        kept = list(self._lines)[first:]
        return tuple(lead + _shown(data, cut) for lead, data, cut in kept)

    def _record(self, lead: str, line: bytes) -> None:
        self._seen += 1
        cut = len(line) - self._width
        if cut > 0:
            line = line.rstrip(b"\r\n")
            cut = len(line) - self._width
        if cut > 0:
            head = self._width // 2
            line = line[:head] + line[head + cut :]
        self._lines.append((lead, line, max(cut, 0)))


_UNPRINTABLE: Final = re.compile(r"[^ -~]")


def _shown(data: bytes, cut: int) -> str:
    # Latin-1 has a character for each byte, of the same number.
    text = data.decode("latin-1")
    if not cut:
        return _printable(text.removesuffix("\n").removesuffix("\r"))
    head = len(text) // 2
    return f"{_printable(text[:head])}[{cut} bytes cut]{_printable(text[head:])}"


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
