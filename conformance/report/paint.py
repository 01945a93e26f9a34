"""Colour for a terminal; knows nothing of what is coloured."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Style(enum.StrEnum):
    """What a piece of text is, as the parameter of the ANSI sequence that shows it."""

    PLAIN = ""
    # Kept promises, and nothing else.
    GOOD = "32"
    # Broken promises.
    BAD = "1;31"
    # No verdict, for a reason that somebody should look at.
    DOUBT = "33"
    # Nothing to see.
    FAINT = "2"
    HEAD = "1"


@dataclass(frozen=True, slots=True)
class Paint:
    """Puts text into colour, or leaves it alone."""

    colour: bool

    def __call__(self, style: Style, text: str) -> str:
        if not self.colour or not style or not text.strip():
            return text
        return f"\x1b[{style}m{text}\x1b[0m"
