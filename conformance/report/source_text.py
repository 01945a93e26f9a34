"""Shows the lines of a source tree that a finding is about, with a caret below what it is about.

Only for who has the tree, and asks for it: published reports name file and line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from conformance.model.errors import UsageError
from conformance.report.stream import Finding

_PLACE: Final = re.compile(r"([\w./-]+\.json):(\d+)")
_QUOTED: Final = re.compile(r"[\"']([^\"']+)[\"']")
_PATH: Final = re.compile(r"\b(?:arguments|return|data)[.\[]\S*")
_WORD: Final = re.compile(r"[A-Za-z][\w-]*")
_BEHIND: Final = 16
"""How many lines below its first an example is looked through."""
_AROUND: Final = 2


def source_lines(finding: Finding, tree: Path) -> list[str]:
    """Return the lines that a finding about declarations or documentation is about.

    `tree` is the source that the run compared the build with. The list is empty for a finding that
    names no place; raises UsageError where the tree does not have that.
    """
    place = _PLACE.search(f"{finding.summary} {finding.expected}")
    if place is None:
        return []
    path, first = tree / place[1], int(place[2])
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path} cannot be read: {error}", "Name the tree that the run was given."
        ) from error
    if not 0 < first <= len(lines):
        raise UsageError(f"{path} has no line {first}", "Name the tree that the run was given.")
    return [f"{place[1]}:{first}", *_marked(lines, first - 1, finding.summary)]


def _marked(lines: Sequence[str], first: int, about: str) -> Iterator[str]:
    number, column, length = _found(lines[first : first + _BEHIND], about)
    for place in range(first, min(len(lines), first + number + 1 + _AROUND)):
        # As many lines as it takes to see where the named thing stands.
        if place > first + number or place >= first + number - _AROUND or place == first:
            yield f"{place + 1:6} | {lines[place]}"
        if place == first + number:
            yield f"       | {' ' * column}{'^' * length}"


def _found(lines: Sequence[str], about: str) -> tuple[int, int, int]:
    """Return line, column and length of the first thing that is named and stands there.

    The beginning of the first line, where nothing is.
    """
    path = _PATH.search(about)
    # The innermost member of a path first: an outer one stands above it.
    members = _WORD.findall(path[0])[::-1] if path else []
    for name in (*_QUOTED.findall(about), *(f'"{each}"' for each in members)):
        for number, line in enumerate(lines):
            if name in line:
                return number, line.index(name), len(name)
    start = len(lines[0]) - len(lines[0].lstrip())
    return 0, start, max(1, len(lines[0].strip()))
