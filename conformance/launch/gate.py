"""Blocks the reader of a named pipe, and releases it; knows neither machine nor reader."""

from __future__ import annotations

import os
import threading
from pathlib import Path


class Gate:
    """The writing end of a FIFO whose reader waits; `close` releases it."""

    def __init__(self, path: Path, timeout: float) -> None:
        """Wait until someone opens the FIFO for reading; raises TimeoutError, OSError.

        From then on, the reader waits for content until the gate is closed.
        """
        self._path = path
        self._fd = -1
        # Opening one end waits for the other without a time limit.
        opener = threading.Thread(target=self._open, name="gate", daemon=True)
        opener.start()
        opener.join(timeout)
        if opener.is_alive():
            # A reader of our own lets the thread return.
            os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
            opener.join()
            self.close()
            raise TimeoutError(f"nobody reads {path.name} within {timeout:g} s")
        if self._fd < 0:
            raise OSError(f"{path.name} cannot be opened")

    def _open(self) -> None:
        try:
            # A link in its place, made by the machine, is not followed out of the sandbox.
            self._fd = os.open(self._path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            self._fd = -1

    def close(self) -> None:
        """Let the reader reach the end; further calls do nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
