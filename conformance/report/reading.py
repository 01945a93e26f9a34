"""Reads a stream of events back from `events.ndjson`; knows nothing of what is made of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from conformance.errors import UsageError
from conformance.stream import STREAM_VERSION, Event, RunStarted, from_json


def read_events(path: Path, *, torn: Callable[[str], None] | None = None) -> Iterator[Event]:
    """Yield the events of the file `path`, in its order.

    A last line that is cut off, as a killed run leaves it, is no event: `torn` is called with a
    sentence that says so.  Raises UsageError, which names file and line, for any other line that
    is no event, for a stream of another version, and where the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                where = f"{path}:{number}"
                event = _event(where, line, torn)
                if event is not None:
                    yield event
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read: {error.strerror}", "Name the events.ndjson of a run."
        ) from error


def _event(where: str, line: bytes, torn: Callable[[str], None] | None) -> Event | None:
    try:
        event = from_json(json.loads(line))
    except (ValueError, RecursionError) as error:
        # Only the last line of a file can lack its line end.
        if not line.endswith(b"\n"):
            if torn is not None:
                torn(f"{where}: the last line is cut off: the run was killed while it wrote")
            return None
        raise UsageError(f"{where}: not an event: {error}", "Is this a file of events?") from error
    if isinstance(event, RunStarted) and event.stream != STREAM_VERSION:
        raise UsageError(
            f"{where}: a stream of version {event.stream}; this suite reads {STREAM_VERSION}",
            f"Read it with the suite that wrote it, {event.suite}.",
        )
    return event
