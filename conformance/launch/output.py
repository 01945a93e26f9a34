"""Holds a program's standard output or error, up to a bound; does not interpret it.

A program that writes without end must not fill the host's memory or disk meanwhile.
"""

from __future__ import annotations

import fcntl
import os
from typing import Final

ROOM: Final = 4 << 20
"""How many bytes are kept: a day's warnings of a build, and affordable for a hundred machines."""


def open_output(name: str) -> int:
    """Return the descriptor of a file in memory that takes ROOM bytes and refuses more.

    It uses only the memory that is written. The caller closes it.
    """
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, ROOM)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)
    return descriptor


def written(descriptor: int) -> int:
    """Return how many bytes were written: every process that inherits the descriptor shares it."""
    return os.lseek(descriptor, 0, os.SEEK_CUR)
