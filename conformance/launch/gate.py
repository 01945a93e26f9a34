"""Holds up who reads a named pipe, and lets it go; knows neither a machine nor who that is."""

from __future__ import annotations

import os
import threading
from pathlib import Path


class Gate:
    """The writing end of a FIFO behind whose other end someone waits; `close` lets it go on."""

    def __init__(self, path: Path, timeout: float) -> None:
        """Wait until someone opens the FIFO to read; raises TimeoutError, OSError.

        Who reads it then waits for its content until the gate is closed.
        """
        self._path = path
        self._fd = -1
        # Opening one end waits for the other, without a limit of its own.
        opener = threading.Thread(target=self._open, name="gate", daemon=True)
        opener.start()
        opener.join(timeout)
        if opener.is_alive():
            # With a reader of our own the thread comes back.
            os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
            opener.join()
            self.close()
            raise TimeoutError(f"nobody reads {path.name} within {timeout:g} s")
        if self._fd < 0:
            raise OSError(f"{path.name} cannot be opened")

    def _open(self) -> None:
        try:
            # A link that the machine has put in its place is not followed out of the sandbox.
            self._fd = os.open(self._path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            self._fd = -1

    def close(self) -> None:
        """Let who reads find the end; further calls do nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
