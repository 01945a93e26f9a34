"""Colours for a terminal; knows nothing of what is coloured."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Style(enum.StrEnum):
    """The meaning of a piece of text, as the parameter of its ANSI sequence."""

    PLAIN = ""
    # Kept promises only.
    GOOD = "32"
    # Broken promises.
    BAD = "1;31"
    # No verdict, for a reason that somebody should look at.
    DOUBT = "33"
    # Nothing to look at.
    FAINT = "2"
    HEAD = "1"


@dataclass(frozen=True, slots=True)
class Paint:
    """Colours text, or leaves it unchanged."""

    colour: bool

    def __call__(self, style: Style, text: str) -> str:
        if not self.colour or not style or not text.strip():
            return text
        return f"\x1b[{style}m{text}\x1b[0m"
