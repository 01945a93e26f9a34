"""The output of the command: lines, and on a terminal a progress line; knows no run."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from pathlib import Path
from typing import Final, Self, TextIO

from conformance.model.errors import UsageError
from conformance.report.paint import Paint, Style

_ERASE: Final = "\r\x1b[K"
_WIDTH: Final = 100


def coloured(stream: TextIO | None) -> bool:
    """Return whether to write colours: on a terminal, unless NO_COLOR or FORCE_COLOR says else."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    dumb = os.environ.get("TERM", "") in ("", "dumb")
    return stream is not None and stream.isatty() and not dumb


class Screen:
    """A stream whose reader may leave at any time; safe to use from several threads.

    Without a reader, nothing is written any more, and nothing is raised.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        """Write to `stream`, by default to standard output."""
        self._stream = sys.stdout if stream is None else stream
        self._lock = threading.Lock()
        self._live = ""
        self.gone = False
        """Whether the reader has gone."""
        self.is_terminal = self._stream is not None and self._stream.isatty()
        dumb = os.environ.get("TERM", "") in ("", "dumb")
        self._moves = self.is_terminal and not dumb
        self.colour = coloured(self._stream)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the progress line, whatever comes next."""
        self.clear()

    @property
    def width(self) -> int:
        """The columns of a line."""
        return shutil.get_terminal_size((_WIDTH, 24)).columns

    @property
    def is_live(self) -> bool:
        """Whether a progress line can be shown."""
        return self._moves and not self.gone

    def say(self, text: str, style: Style = Style.PLAIN) -> None:
        """Write lines above the progress line."""
        with self._lock:
            erase = _ERASE if self._live else ""
            self._write(f"{erase}{Paint(self.colour)(style, text)}\n{self._live}")

    def show(self, text: str) -> None:
        """Put `text` into the progress line, cut to the width; only on a terminal."""
        with self._lock:
            if self.is_live:
                room = max(self.width - 1, 1)
                self._live = text if len(text) <= room else f"{text[: room - 1]}…"
                self._write(f"{_ERASE}{self._live}")

    def clear(self) -> None:
        """Remove the progress line."""
        with self._lock:
            if self._live:
                self._live = ""
                self._write(_ERASE)

    def _write(self, text: str) -> None:
        if self.gone or self._stream is None:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except UnicodeEncodeError as error:
            self._write(text.encode(error.encoding, "backslashreplace").decode(error.encoding))
        except OSError:
            # Its reader has gone, or its disk is full.
            self.gone = True
            forget(self._stream)


def forget(stream: TextIO) -> None:
    """Discard unwritten output of a stream without a reader."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def write_out(text: str, output: str) -> None:
    """Write to the file `output`, or to standard output for ""; raises UsageError."""
    if not output:
        sys.stdout.write(text)
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{output}: cannot be written: {error.strerror}", "Name another file."
        ) from error
