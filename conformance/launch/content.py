"""What stands in a scratch folder: kinds, sizes, digests and beginnings.

Follows no link, opens no pipe.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from conformance.model.file_content import REGULAR, FileContent
from conformance.model.terms import JsonValue

_WHOLE: Final = 1 << 22
"""The size up to which a file is read as a whole; of a larger one, the first and last half."""
_BEGINNING: Final = 1 << 16
"""How much of a file its beginning is."""
_MOST: Final = 1000
"""How many names to look at: what makes more has changed the folder anyway."""
_HOW: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_KINDS: Final = (
    (stat.S_ISREG, REGULAR),
    (stat.S_ISDIR, "folder"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISFIFO, "pipe"),
    (stat.S_ISLNK, "link"),
)


def content(folder: Path) -> dict[str, FileContent]:
    """Return what stands in a folder and below it, by relative path.

    What goes meanwhile, or may not be read, has no digest.
    """
    found: dict[str, FileContent] = {}
    with contextlib.suppress(OSError):
        for name, place, descriptor in islice(_names(folder), _MOST):
            try:
                found[name] = _found(place, descriptor)
            except OSError:
                found[name] = FileContent(REGULAR)
    return found


def beginning(folder: Path, name: str) -> JsonValue:
    """Return what stands at a name, None for nothing: its kind, and of a file size and beginning.

    The beginning is in hexadecimal.
    """
    place = folder / name
    with contextlib.suppress(OSError):
        kind = _kind(os.lstat(place))
        if kind != REGULAR:
            return {"kind": kind}
        opened = os.open(place, _HOW)
        try:
            head = os.pread(opened, _BEGINNING, 0).hex()
            return {"kind": kind, "size": os.fstat(opened).st_size, "hex": head}
        finally:
            os.close(opened)
    return None


def _names(folder: Path) -> Iterator[tuple[str, str, int]]:
    """Yield each path, its last part, and a descriptor of the folder that it is in."""
    for here, folders, files, descriptor in os.fwalk(folder):
        for name in sorted((*folders, *files)):
            yield os.path.relpath(os.path.join(here, name), folder), name, descriptor


def _found(name: str, folder: int) -> FileContent:
    state = os.stat(name, dir_fd=folder, follow_symlinks=False)
    kind = _kind(state)
    if kind != REGULAR:
        return FileContent(kind)
    opened = os.open(name, _HOW, dir_fd=folder)
    try:
        return FileContent(kind, state.st_size, _digest(opened, state.st_size))
    finally:
        os.close(opened)


def _kind(state: os.stat_result) -> str:
    return next((word for fits, word in _KINDS if fits(state.st_mode)), "device")


def _digest(opened: int, size: int) -> str:
    half = _WHOLE // 2
    end = min(size, _WHOLE) - half
    parts = (os.pread(opened, half, 0), os.pread(opened, end, size - end) if end > 0 else b"")
    return hashlib.sha256(b"".join(parts)).hexdigest()
