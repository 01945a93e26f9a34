"""Escapes text for GitHub-flavoured Markdown; knows nothing of results."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from conformance.report.wording import visible

# Characters with a meaning anywhere in a line; "$" begins a formula on GitHub.
_ANYWHERE: Final = re.compile(r"([\\`*_\[\]|~$])")
# Characters with a meaning at the start of a line: headings, lists, quotations, underlines.
_LEADING: Final = re.compile(r"^(\s*)([-+#>=]|[0-9]+[.)])")
_TICKS: Final = re.compile(r"`+")


def plain(text: str) -> str:
    """Return `text` on one line, with everything escaped that Markdown or HTML would interpret."""
    escaped = visible(text).replace("&", "&amp;").replace("<", "&lt;")
    escaped = _ANYWHERE.sub(r"\\\1", escaped)
    return _LEADING.sub(lambda match: f"{match[1]}{match[2][:-1]}\\{match[2][-1]}", escaped)


def code(text: str) -> str:
    """Return `text` on one line as inline code, for use outside of tables."""
    shown = visible(text)
    if not shown.strip():
        return ""
    fence = "`" * (_longest_run(shown) + 1)
    # A backtick at an end would join the fence; the space beside it is not shown.
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def code_cell(text: str) -> str:
    """Return `text` as inline code for a table cell, where even so a bar must be escaped."""
    return code(text).replace("|", "\\|")


def block(lines: Iterable[str], language: str = "") -> list[str]:
    """Return the lines of a fenced code block that shows `lines`."""
    shown = [_tabs_kept(line) for line in lines]
    fence = "`" * max(3, max(map(_longest_run, shown), default=0) + 1)
    return [f"{fence}{language}", *shown, fence]


def folded(title: str, lines: Sequence[str]) -> list[str]:
    """Return the lines of a section that is folded until `title` (plain text) is clicked."""
    heading = visible(title).replace("&", "&amp;").replace("<", "&lt;")
    return [f"<details><summary>{heading}</summary>", "", *lines, "", "</details>", ""]


def row(cells: Iterable[str]) -> str:
    """Return a table row of cells in Markdown without line ends."""
    return f"| {' | '.join(cells)} |"


def _longest_run(text: str) -> int:
    return max((len(run) for run in _TICKS.findall(text)), default=0)


def _tabs_kept(line: str) -> str:
    return "\t".join(visible(part) for part in line.split("\t"))
