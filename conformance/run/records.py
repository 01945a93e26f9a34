"""Writes the event stream of a run, by one process or by several, and joins their parts in order.

Each process appends what it does to a file of its own, line by line, so that whatever ends the run
leaves what was done until then.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final

from conformance.canonical import canonical
from conformance.errors import UsageError
from conformance.stream import STREAM_FILE, CaseEnded, Event, EventSeen, to_json
from conformance.terms import Outcome

PART: Final = ".part-{}.ndjson"
"""What each process of a run writes, beside the stream that they are joined into."""


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


def clear_folder(folder: Path, reports: Iterable[str]) -> None:
    """Remove what an earlier run has left in `folder`: its stream, its parts, and its `reports`."""
    for path in (*folder.glob(PART.format("*")), folder / STREAM_FILE):
        path.unlink(missing_ok=True)
    for name in reports:
        (folder / name).unlink(missing_ok=True)


def join(
    parts: Sequence[Path],
    order: Sequence[CaseEnded],
    head: Iterable[Event],
    path: Path,
) -> Counter[Outcome]:
    """Write the stream `path`: `head`, then the parts' events in the given order of cases.

    `order` holds what stands for each case of which no part says what became of it.  A part that
    ends in a torn line loses that line alone.  Events that several parts have seen come last, each
    once.  Returns how many cases had each outcome.
    """
    by_case: dict[tuple[str, str], list[str]] = {}
    seen: set[str] = set()
    outcomes: dict[tuple[str, str], Outcome] = {}
    for part in parts:
        for line in part.read_text(encoding="ascii").splitlines():
            try:
                value: dict[str, Any] = json.loads(line)
            except ValueError:
                continue
            if value["event"] == EventSeen.kind:
                seen.add(line)
                continue
            key = (value["target"], value["case"])
            by_case.setdefault(key, []).append(line)
            if value["event"] == CaseEnded.kind:
                outcomes[key] = Outcome(value["outcome"])
    with path.open("w", encoding="ascii") as file:
        file.writelines(f"{canonical(to_json(event))}\n" for event in head)
        for unheard in order:
            key = (unheard.target, unheard.case)
            own = by_case.get(key, []) if key in outcomes else [canonical(to_json(unheard))]
            file.writelines(f"{line}\n" for line in own)
        file.writelines(f"{line}\n" for line in sorted(seen))
    return Counter(
        outcomes.get((unheard.target, unheard.case), unheard.outcome) for unheard in order
    )


def append(path: Path, event: Event) -> None:
    """Write one more event to a stream."""
    with path.open("a", encoding="ascii") as file:
        file.write(f"{canonical(to_json(event))}\n")
