"""Hears a dialogue that is too large for memory: one message a line, each read when it is judged.

Knows nothing of rules but through the judge; forgets each message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from conformance.model.bounded_lines import bounded_lines
from conformance.wire.recording import (
    ENTRY_MEMBERS,
    RecordingError,
    Spoken,
    Value,
    decode,
    entries_of,
    messages_of,
    read_values,
)

REMARKS_KEPT: Final = 10_000
"""The remarks that are kept of such a file; a fault on each of its lines would fill the memory."""

_VERSION_MARKS: Final = (b'"QMP"', b'"package"')
_SCHEMA_MARKS: Final = (b'"meta-type"',)
_REQUEST_MARKS: Final = (b'"execute"', b'"exec-oob"')
"""What stands on each line that may tell a version, a schema, or a request."""

Progress = Callable[[int, int], None]
"""Takes the bytes that were judged, and those of the file."""


def no_progress(done: int, of: int) -> None:
    """Tell nobody."""
    del done, of


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDialogue:
    """The dialogue in a file with one entry or message a line; read anew for each question."""

    path: Path
    tell: Progress = no_progress

    @property
    def is_recording(self) -> bool:
        """Whether the first line is an entry of ours; else they are plain messages."""
        first = next(self._values(()), None)
        return (
            first is not None
            and isinstance(first.value, dict)
            and (bool(first.value) and first.value.keys() <= ENTRY_MEMBERS)
        )

    @property
    def asks(self) -> bool:
        """Whether any line seems to hold a request."""
        with self.path.open("rb") as file:
            return any(_has(line, _REQUEST_MARKS) for line in bounded_lines(file))

    def version_lines(self) -> Iterator[Spoken]:
        """Yield the messages that may tell the server's version."""
        return self._spoken(self._values(_VERSION_MARKS))

    def schema_lines(self) -> Iterator[Spoken]:
        """Yield the messages that may hold a schema."""
        return self._spoken(self._values(_SCHEMA_MARKS))

    def __iter__(self) -> Iterator[Spoken]:
        """Yield all messages, and tell the progress."""
        return self._spoken(self._values((), self.tell))

    def _spoken(self, values: Iterable[Value]) -> Iterator[Spoken]:
        return entries_of(values) if self.is_recording else messages_of(values)

    def _values(self, marks: tuple[bytes, ...], tell: Progress = no_progress) -> Iterator[Value]:
        """Yield the value on each line that holds one of the marks, on all without marks."""
        size, done = self.path.stat().st_size, 0
        with self.path.open("rb") as file:
            for number, line in enumerate(bounded_lines(file), start=1):
                done += len(line)
                tell(done, size)
                if line.strip() and (not marks or _has(line, marks)):
                    yield _value(line, number)


def _has(line: bytes, marks: tuple[bytes, ...]) -> bool:
    return any(mark in line for mark in marks)


def _value(line: bytes, number: int) -> Value:
    """Return the one value on a line; raises RecordingError with its number."""
    try:
        values = list(read_values(decode(line)))
    except RecordingError as error:
        problem = f"{error.problem}; a file of this size is read by lines, a message on each"
        raise RecordingError(number, error.column, problem) from None
    if len(values) != 1:
        raise RecordingError(number, values[1].start + 1, "two values are on one line")
    return replace(values[0], line=number)
