"""Reads a manual page that docutils wrote: from requests and escapes to lines with their depth.

Knows the few requests that docutils writes, and nothing of what a manual says.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final


class LineKind(enum.StrEnum):
    """What a line of a manual page is."""

    # The title of a chapter or a section.
    TITLE = "title"
    # What an item of a list of definitions is about.
    TERM = "term"
    # The first line behind the mark of a list item.
    BULLET = "bullet"
    # Text.
    TEXT = "text"
    # A line as it stands, of an example.
    LITERAL = "literal"
    # The end of a paragraph.
    BLANK = "blank"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLine:
    """One line: `text` without escapes, in which bold words are written as `@word@`.

    `depth` counts the indentations around it; `number` is its line in the page, from 1.
    """

    kind: LineKind
    text: str
    depth: int
    number: int


BOLD: Final = "\x01"
"""Stands before and behind bold text; no page holds it."""

_SPECIAL: Final = {"aq": "'", "dq": '"', "bu": "*", "ga": "`", "ha": "^", "ti": "~", "em": "--"}
_ESCAPE: Final = re.compile(r"\\(?:\((..)|f(.)|(.))")
_BEHIND: Final = re.compile(r"^(.*\\fP)(\.S[HS] .*)$")
"""A title that docutils leaves behind a line that ends with bold text."""
_BESIDE: Final = re.compile(r"^(.*\S) ?\.INDENT [\d.]+$")
"""A request that docutils leaves at the end of a line where a list begins in an item."""


def plain(text: str) -> str:
    """Return text without the marks of bold words."""
    return text.replace(BOLD, "")


def page_lines(page: str) -> Iterator[PageLine]:
    """Yield the lines of a page; requests alone are none."""
    depth, term, bullet, literal = 0, False, False, False
    for number, raw in _numbered(page):
        if literal and raw not in (".EE", ".fi"):
            if not raw.startswith((".ft", ".sp")):
                text = plain(_unescaped(raw))
                yield PageLine(kind=LineKind.LITERAL, text=text, depth=depth, number=number)
            continue
        request, _, rest = raw.partition(" ")
        match request:
            case ".INDENT":
                depth += 1
            case ".UNINDENT":
                depth = max(depth - 1, 0)
            case ".EX" | ".nf" | ".EE" | ".fi":
                literal = request in (".EX", ".nf")
            case ".TP" | ".IP":
                term, bullet = request == ".TP", rest.startswith("\\(bu")
            case ".SH" | ".SS":
                yield _line(LineKind.TITLE, rest.strip('"'), depth, number)
            case ".B" if term:
                term = False
                yield _line(LineKind.TERM, rest, depth, number)
            case ".sp" | "":
                yield _line(LineKind.BLANK, "", depth, number)
            case _ if not raw.startswith((".", "'\\\"", "\\\\$")):
                beside = _BESIDE.match(raw)
                kind = LineKind.BULLET if bullet else LineKind.TERM if term else LineKind.TEXT
                yield _line(kind, beside[1] if beside else raw, depth, number)
                term = bullet = False
                depth += beside is not None


def _numbered(page: str) -> Iterator[tuple[int, str]]:
    for number, raw in enumerate(page.split("\n"), start=1):
        match = _BEHIND.match(raw)
        yield from ((number, part) for part in (match.groups() if match else (raw,)))


def _line(kind: LineKind, raw: str, depth: int, number: int) -> PageLine:
    return PageLine(kind=kind, text=_unescaped(raw), depth=depth, number=number)


def _unescaped(raw: str) -> str:
    bold = False

    def said(match: re.Match[str]) -> str:
        nonlocal bold
        special, font, other = match.groups()
        if special is not None:
            return _SPECIAL.get(special, "")
        if font is not None:
            was, bold = bold, font == "B"
            return BOLD if was != bold else ""
        return {"-": "-", "e": "\\", "\\": "\\"}.get(other, "")

    return _ESCAPE.sub(said, raw)
