"""Writes the event stream of a run, by one process or by several, and joins their parts in order.

Each process appends what it does to a file of its own, line by line, so that whatever ends the run
leaves what was done until then.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from conformance.canonical import canonical
from conformance.errors import UsageError
from conformance.stream import CaseEnded, Event, Finding, to_json

STREAM_FILE = "events.ndjson"


class Recorder:
    """Appends events to a file; a context manager that closes it."""

    def __init__(self, path: Path) -> None:
        self._file: IO[str] = path.open("w", encoding="ascii")

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    def write(self, events: Iterable[Event]) -> None:
        """Append events and hand them to the system, so that they outlive this process."""
        self._file.write("".join(f"{canonical(to_json(event))}\n" for event in events))
        self._file.flush()


def prepare_folder(folder: Path) -> None:
    """Make the report folder and show that it can be written; raises UsageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".{STREAM_FILE}"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        raise UsageError(
            f"the report folder {folder} cannot be written: {error.strerror}",
            "Choose another with --report.",
        ) from error


def join(
    parts: Sequence[Path],
    order: Sequence[tuple[str, str]],
    head: Iterable[Event],
    tail: Iterable[Event],
    path: Path,
) -> None:
    """Write the stream `path`: `head`, the parts' events in the given order of cases, `tail`.

    `order` lists (target, case).  A part that ends in a torn line loses that line alone.
    """
    by_case: dict[tuple[str, str], list[str]] = {}
    for part in parts:
        for line in part.read_text(encoding="ascii").splitlines():
            try:
                value: dict[str, Any] = json.loads(line)
            except ValueError:
                continue
            if value["event"] in (CaseEnded.kind, Finding.kind):
                by_case.setdefault((value["target"], value["case"]), []).append(line)
    with path.open("w", encoding="ascii") as file:
        for event in head:
            file.write(f"{canonical(to_json(event))}\n")
        for key in order:
            for line in by_case.get(key, ()):
                file.write(f"{line}\n")
        for event in tail:
            file.write(f"{canonical(to_json(event))}\n")
