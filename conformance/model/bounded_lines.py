"""Reads files of lines within bounds, so that no file costs more memory than stated; knows nothing
of what stands in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

LINE_LIMIT: Final = 32 << 20
"""Bytes of a line, its end included: the suite writes none as long."""
FILE_LIMIT: Final = 256 << 20
"""Bytes of a file that is read as a whole."""


class LimitError(ValueError):
    """A file that goes beyond a limit: `problem` at `line`, from 1."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"{line}: {problem}")
        self.line = line
        self.problem = problem


def bounded_lines(file: IO[bytes], limit: int = LINE_LIMIT) -> Iterator[bytes]:
    """Yield the lines of `file` with their ends; raises LimitError at the first that is too long.

    Of that line no more than `limit` bytes and one are read.
    """
    number = 0
    while line := file.readline(limit + 1):
        number += 1
        if len(line) > limit:
            raise LimitError(number, f"a line of more than {limit >> 20} MiB")
        yield line


def read_bounded(path: Path, limit: int = FILE_LIMIT) -> bytes:
    """Return what a file holds; raises LimitError beyond `limit` or a line's, and OSError."""
    lines: list[bytes] = []
    size = 0
    with path.open("rb") as file:
        for line in bounded_lines(file):
            size += len(line)
            lines.append(line)
            if size > limit:
                raise LimitError(len(lines), f"the file holds more than {limit >> 20} MiB")
    return b"".join(lines)
