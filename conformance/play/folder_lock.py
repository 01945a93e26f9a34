"""Reserves a report folder for one run at a time; knows nothing of its content.

The right to a folder is a lock on a file in it, which ends with the process that holds it, however
that ends. The file names the run, so that the remains of a killed run are recognized.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from conformance.model.errors import UsageError

HOLD: Final = ".run"
"""The lock file: it holds the id of the run and the number of its process."""
_MOST: Final = 200


class FolderLock:
    """The right to write a report folder; a context manager that gives it back."""

    def __init__(self, folder: Path, *, make: bool = True) -> None:
        """Take the folder; with `make`, create it if it is missing.

        Raises UsageError if another run has it, or if it cannot be written.
        """
        self._path = folder / HOLD
        self._file = -1
        try:
            if make:
                folder.mkdir(parents=True, exist_ok=True)
            while not self._took():
                # Its last holder has just removed the file.
                continue
        except OSError as error:
            self.close()
            raise UsageError(
                f"the report folder {folder} cannot be written: {error.strerror}",
                "Choose another with --report." if make else "Name the report folder of a run.",
            ) from error
        self.left = self._read()[0]
        """The id of the run that held the folder and was killed, else None."""

    def _took(self) -> bool:
        """Lock the file; return whether it is still the one that others would lock."""
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _, process = self._read()
            self.close()
            who = f" (process {process})" if process is not None else ""
            raise UsageError(
                f"the report folder {self._path.parent} is held by another run{who}",
                "Wait until that has ended, or choose another folder with --report.",
            ) from None
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(self._file), os.stat(self._path)):
                return True
        self.close()
        return False

    def _read(self) -> tuple[str, str] | tuple[None, None]:
        words = os.pread(self._file, _MOST, 0).decode("ascii", "replace").split()
        return (words[0], words[1]) if len(words) == 2 else (None, None)

    def sign(self, run: str) -> None:
        """Write down which run has the folder."""
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{run} {os.getpid()}\n".encode("ascii"), 0)

    def forget(self) -> None:
        """Remove the file: nothing of a run is left to join."""
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Release the folder."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
