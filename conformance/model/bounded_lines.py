"""Reads files of lines within memory bounds; knows nothing of their content."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

LINE_LIMIT: Final = 32 << 20
"""The bytes allowed in a line, with its end; the suite writes shorter ones."""
FILE_LIMIT: Final = 256 << 20
"""The bytes allowed in a file that is read as a whole."""


class LimitError(ValueError):
    """A file exceeds a limit: `problem` at `line`, counted from 1."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"{line}: {problem}")
        self.line = line
        self.problem = problem


def bounded_lines(file: IO[bytes], limit: int = LINE_LIMIT) -> Iterator[bytes]:
    """Yield the lines of `file` with their ends.

    Raises LimitError at the first line that is too long; of that line, at most `limit` + 1 bytes
    are read.
    """
    number = 0
    while line := file.readline(limit + 1):
        number += 1
        if len(line) > limit:
            raise LimitError(number, f"a line of more than {limit >> 20} MiB")
        yield line


def read_bounded(path: Path, limit: int = FILE_LIMIT) -> bytes:
    """Return the content of a file.

    Raises LimitError beyond `limit` or the limit of a line, and OSError.
    """
    lines: list[bytes] = []
    size = 0
    with path.open("rb") as file:
        for line in bounded_lines(file):
            size += len(line)
            lines.append(line)
            if size > limit:
                raise LimitError(len(lines), f"the file holds more than {limit >> 20} MiB")
    return b"".join(lines)
