"""Reads a stream of events back from `events.ndjson`; knows nothing of its use."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conformance.model.bounded_lines import LimitError, bounded_lines
from conformance.model.errors import UsageError
from conformance.report.stream import STREAM_FILE, STREAM_VERSION, Event, RunStarted, from_json


def read_events(path: Path) -> Iterator[Event]:
    """Yield the events of the file `path`, in its order.

    Raises UsageError, with file and line, for a line that is no event, is cut off or is too long,
    for a stream of another version, and where the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(bounded_lines(file), start=1):
                yield _event(f"{path}:{number}", line)
    except LimitError as error:
        raise UsageError(f"{path}:{error}", "No run writes such a line.") from error
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read: {error.strerror}", "Name the events.ndjson of a run."
        ) from error


def read_run(path: Path) -> Iterator[Event]:
    """Yield the events of a run: `path` is its report folder, or the stream itself."""
    if not path.exists():
        raise UsageError(f"{path}: there is no such run", "Name a report folder, or its stream.")
    stream = path / STREAM_FILE if path.is_dir() else path
    if not stream.is_file():
        raise UsageError(f"{path} holds no {STREAM_FILE}", "Name the report folder of a run.")
    return read_events(stream)


def _shared(value: dict[str, Any]) -> dict[str, Any]:
    """Return the object, equal texts in it being one: those of most events are alike."""
    for name, member in value.items():
        if type(member) is str:
            value[name] = sys.intern(member)
        elif type(member) is list and all(type(each) is str for each in member):
            value[name] = [*map(sys.intern, member)]
    return value


def _event(where: str, line: bytes) -> Event:
    try:
        event = from_json(json.loads(line, object_hook=_shared))
    except (ValueError, RecursionError) as error:
        # Only the last line of a file can lack its line end.
        if not line.endswith(b"\n"):
            raise UsageError(
                f"{where}: the last line is cut off", "Part of the file is missing: get it whole."
            ) from error
        raise UsageError(f"{where}: not an event: {error}", "Is this a file of events?") from error
    if isinstance(event, RunStarted) and event.stream != STREAM_VERSION:
        raise UsageError(
            f"{where}: a stream of version {event.stream}; this suite reads {STREAM_VERSION}",
            f"Read it with the suite that wrote it, {event.suite}.",
        )
    return event
