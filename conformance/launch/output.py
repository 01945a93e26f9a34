"""Holds what a program writes to its standard output or error, up to a bound; reads no meaning.

A program that writes without end must not fill the host's memory or disk while it is waited for.
"""

from __future__ import annotations

import fcntl
import os
from typing import Final

ROOM: Final = 4 << 20
"""Bytes that are kept: a day's warnings of a build, and little enough for a hundred machines."""


def open_output(name: str) -> int:
    """Return the descriptor of a file in memory that takes ROOM bytes and refuses more.

    It takes no memory but for what is written.  The caller closes it.
    """
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, ROOM)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)
    return descriptor


def written(descriptor: int) -> int:
    """Return how many bytes were written: whoever inherits the descriptor shares the position."""
    return os.lseek(descriptor, 0, os.SEEK_CUR)
