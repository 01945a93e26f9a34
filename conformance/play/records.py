"""Writes the event stream of a run, by one process or several, and joins their parts in order.

The stream is in the report folder from the first moment: at first only its beginning, then the
plan, with every case as not run. Each process appends to its own part, line by line, so that
whatever ends the run leaves what was done until then. A part has the id of its run in its name:
parts of other runs are not touched.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, TypeAlias

from conformance.knowledge.store import cases_folder
from conformance.knowledge.volatile import Volatile, load_volatile, settled
from conformance.model.bounded_lines import LINE_LIMIT, bounded_lines
from conformance.model.canonical import canonical
from conformance.model.errors import HarnessError
from conformance.model.terms import BROKEN, ExitCode, Outcome
from conformance.play.start_tally import StartTally
from conformance.report.formats.registry import FORMAT_FILES
from conformance.report.reading import read_events
from conformance.report.stream import (
    STREAM_FILE,
    CaseEnded,
    Cost,
    Event,
    EventSeen,
    ItemEnded,
    ItemPlanned,
    Pasted,
    RunEnded,
    StartDied,
    from_json,
    to_json,
)
from conformance.report.write import FORMATS

_PART: Final = ".part-{}-{}.ndjson"
"""What each process of a run writes, besides the stream that the parts are joined into."""
_SCHEMA: Final = "{}.schema.json"
_Place: TypeAlias = int
"""A byte of a part, and the number of the part: as one number, since a run may have 300,000."""
_PARTS: Final = 4096
"""More parts than a run has."""
_UNDER_WAY: Final = f".{STREAM_FILE}"
"""A stream while it is written; complete, it replaces the old one."""


class Recorder:
    """Appends events to a file; a context manager that closes it.

    Writes a word in place of what is `volatile`.
    """

    def __init__(self, path: Path, volatile: Sequence[Volatile] = ()) -> None:
        self._file: IO[str] = path.open("w", encoding="ascii")
        self._volatile = volatile

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
        """Append events and flush them, so that they outlive this process.

        Raises HarnessError for an event whose line could not be read back.
        """
        lines = "".join(map(line_of, events))
        if lines:
            self._file.write(settled(lines, self._volatile))
            self._file.flush()


def settled_recorder(path: Path) -> Recorder:
    """Return what appends to a file, with a word in place of what differs from run to run."""
    return Recorder(path, load_volatile(cases_folder() / "volatile.toml"))


def peak_memory() -> int:
    """Return the peak of the resident memory of this process, in KiB; 0 where nothing tells."""
    # Not getrusage: that of a child begins with what its parent had.
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    match = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(match[1]) if match else 0


def part_path(folder: Path, run: str, worker: str) -> Path:
    """Return where one process of a run records its events."""
    return folder / _PART.format(run, worker)


def schema_path(folder: Path, target: str) -> Path:
    """Return where the report in `folder` keeps the schema of a target, as its build sent it."""
    return folder / _SCHEMA.format(target)


def write_schema(folder: Path, target: str, entries: Sequence[Any]) -> None:
    """Keep the schema of a target beside the stream, as a reply to query-qmp-schema."""
    schema_path(folder, target).write_text(f"{canonical({'return': entries})}\n", encoding="ascii")


def clear_folder(folder: Path) -> None:
    """Remove what earlier runs have left in `folder`: stream, reports, schemas and parts."""
    for path in folder.glob(_SCHEMA.format("*")):
        path.unlink(missing_ok=True)
    (folder / STREAM_FILE).unlink(missing_ok=True)
    clear_but(folder, None)


def clear_but(folder: Path, kept: Path | None) -> None:
    """Remove reports, and what is under way, but not the part `kept`."""
    for pattern in FORMAT_FILES:
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)
    for name in FORMATS:
        (folder / name).unlink(missing_ok=True)
        (folder / f".{name}").unlink(missing_ok=True)
    (folder / _UNDER_WAY).unlink(missing_ok=True)
    for path in folder.glob(_PART.format("*", "*")):
        if path != kept:
            path.unlink(missing_ok=True)


def write_stream(folder: Path, events: Iterable[Event]) -> None:
    """Replace the stream in `folder` by one of these events."""
    with (folder / _UNDER_WAY).open("w", encoding="ascii") as file:
        file.writelines(map(line_of, events))
    os.replace(folder / _UNDER_WAY, folder / STREAM_FILE)


def with_pasted(stream: Path, found: Sequence[Pasted]) -> None:
    """Tell a complete stream what came of reproducers; it replaces what it told of them before."""
    new = {(each.target, each.fingerprint) for each in found}

    def events() -> Iterator[Event]:
        for event in read_events(stream):
            if isinstance(event, RunEnded):
                yield from found
            if not isinstance(event, Pasted) or (event.target, event.fingerprint) not in new:
                yield event

    write_stream(stream.parent, events())


def parts_of(folder: Path, run: str | None) -> list[Path]:
    """Return what the processes of a run have left in `folder`, none without its id."""
    return [] if run is None else sorted(folder.glob(_PART.format(run, "*")))


class Joined:
    """The stream of a folder with the parts of `run` joined in, until it is put in place.

    The stream has each case once, as not run. If a part ends in a torn line, only that line is
    lost. What belongs to no case, and events that several parts have seen, come last, each once.
    `counts` is the number of cases with each outcome, `unsettled` whether one had different
    outcomes, `broken` whether a finding breaks what must hold.
    """

    def __init__(self, folder: Path, run: str | None) -> None:
        self._folder = folder
        self._parts = parts_of(folder, run)
        self.counts: Counter[Outcome] = Counter()
        self.unsettled = False
        self.broken = False
        self._join()

    @property
    def under_way(self) -> Path:
        """The stream while it lacks its last event."""
        return self._folder / _UNDER_WAY

    def _join(self) -> None:
        heard = _heard(self._parts)
        self.memory = dict(sorted(heard.memory.items()))
        """The peak of the resident memory of each process, in KiB."""
        tally = StartTally(heard.deaths)
        stream, made = self._folder / STREAM_FILE, self._folder / _UNDER_WAY
        with ExitStack() as held:
            planned = held.enter_context(stream.open("rb"))
            file = held.enter_context(made.open("wb"))
            parts = [held.enter_context(part.open("rb")) for part in self._parts]
            for line in bounded_lines(planned):
                value = json.loads(line)
                if value["event"] != CaseEnded.kind:
                    file.write(_with_cost(line, value, heard.costs))
                    continue
                places = heard.places(value["target"], value["case"])
                own = [each for place in places for each in _lines_at(parts, place)] or [line]
                if tally.concerns(value["target"], value["case"]):
                    *others, last = own
                    events = tally.settled(from_json(json.loads(last)))
                    own = [*others, *(line_of(event).encode() for event in events)]
                file.writelines(own)
                self._count(own)
            rest: list[bytes] = []
            for event in tally.rest():
                line = line_of(event).encode()
                file.write(line)
                rest.append(line)
                if isinstance(event, CaseEnded):
                    self._count(rest)
                    rest = []
            file.writelines(sorted(heard.seen))

    def _count(self, lines: Sequence[bytes]) -> None:
        """Count a case with these lines."""
        ended = from_json(json.loads(lines[-1]))
        assert isinstance(ended, CaseEnded), "the last event of a case is its end"
        findings = [*filter(_is_finding, lines)]
        # A case that is broken and has no finding is no remark.
        lost = ended.outcome in BROKEN and not findings
        self.broken |= lost or any(map(_is_strong, findings))
        self.counts[ended.outcome] += 1
        self.unsettled |= ended.unsettled

    def end(self, ended: RunEnded) -> Path:
        """Write the last event, put the stream in place, and remove the parts."""
        path = self._folder / STREAM_FILE
        with (self._folder / _UNDER_WAY).open("a", encoding="ascii") as file:
            file.write(line_of(ended))
        os.replace(self._folder / _UNDER_WAY, path)
        for part in self._parts:
            part.unlink()
        return path


def end_killed(folder: Path, run: str | None, began: str) -> Path:
    """Complete the stream of a run that was killed; return its path.

    `run` is None if its id is not known: then it left no parts. `began` is the time in its
    first event. It ended when it last wrote something.
    """
    written = (folder / STREAM_FILE, *parts_of(folder, run))
    last = datetime.fromtimestamp(int(max(path.stat().st_mtime for path in written)), UTC)
    joined = Joined(folder, run)
    return joined.end(
        RunEnded(
            complete=False,
            exit_code=ExitCode.INTERRUPTED,
            outcomes=told(joined.counts),
            cost=joined.memory,
            seconds=max(0.0, (last - datetime.fromisoformat(began)).total_seconds()),
            time=last.isoformat(),
        )
    )


def told(counts: Counter[Outcome]) -> dict[str, int]:
    """Return counts of outcomes in the form of the last event."""
    return {str(outcome): count for outcome, count in sorted(counts.items())}


@dataclass(frozen=True, slots=True)
class _Heard:
    """The content of a run's parts.

    `cases` tells, by target and id, where the lines of each case that has ended begin, and `again`
    where those of its further ends do: the lines of a thorough run would take hundreds of
    megabytes.  `torn` are those of items that their process did not end: they count where no other
    process played the item, too.  `seen` are the lines of events seen, `deaths` the machines that
    died instead of starting.
    """

    cases: dict[str, dict[str, _Place]]
    again: dict[tuple[str, str], list[_Place]]
    seen: set[bytes]
    deaths: list[StartDied]
    torn: list[tuple[str, str, _Place]] = field(default_factory=list)
    costs: dict[tuple[str, str], Cost] = field(default_factory=dict)
    """By target and item."""
    memory: dict[str, int] = field(default_factory=dict)
    """The peak of each process, in KiB."""

    def spent(self, event: ItemEnded) -> None:
        """Add what an item has cost in a process."""
        key = event.target, event.item
        if event.item:
            self.costs[key] = self.costs.get(key, Cost()) + event.cost
        if event.worker:
            self.memory[event.worker] = max(event.memory, self.memory.get(event.worker, 0))

    def add(self, target: str, case: str, place: _Place) -> None:
        """Record where the lines of a case begin."""
        ended = self.cases.setdefault(target, {})
        if ended.setdefault(case, place) != place:
            self.again.setdefault((target, case), []).append(place)

    def places(self, target: str, case: str) -> Iterator[_Place]:
        """Yield where the lines of a case begin."""
        first = self.cases.get(target, {}).get(case)
        if first is not None:
            yield first
            yield from self.again.get((target, case), ())


def _heard(parts: Iterable[Path]) -> _Heard:
    heard = _Heard({}, {}, set(), [])
    for number, part in enumerate(parts):
        with part.open("rb") as file:
            heard.torn.extend(_hear(heard, number, file))
    for target, case, place in heard.torn:
        if case not in heard.cases.get(target, {}):
            heard.add(target, case, place)
    return heard


def _hear(heard: _Heard, number: int, file: IO[bytes]) -> list[tuple[str, str, _Place]]:
    """Take what a part holds, but for the cases of an item without an end; return those."""
    begun: dict[tuple[str, str], _Place] = {}
    ended: list[tuple[str, str, _Place]] = []
    end = 0
    for line in bounded_lines(file):
        start, end = end, end + len(line)
        value = event_on(line)
        if value is None:
            continue
        if value["event"] == EventSeen.kind:
            heard.seen.add(line)
            continue
        if value["event"] == StartDied.kind:
            event = from_json(value)
            assert isinstance(event, StartDied), "an event is what its kind says"
            heard.deaths.append(event)
            continue
        if value["event"] == ItemEnded.kind:
            item = from_json(value)
            assert isinstance(item, ItemEnded), "an event is what its kind says"
            heard.spent(item)
            for each in ended:
                heard.add(*each)
            ended.clear()
            continue
        target, case = value["target"], value["case"]
        place = begun.setdefault((target, case), start * _PARTS + number)
        if value["event"] == CaseEnded.kind:
            del begun[target, case]
            ended.append((target, case, place))
    return ended


def _lines_at(parts: Sequence[IO[bytes]], place: _Place) -> Iterator[bytes]:
    """Yield the lines of a case that begin at `place`; the last is its end."""
    start, number = divmod(place, _PARTS)
    parts[number].seek(start)
    for line in bounded_lines(parts[number]):
        yield line
        if json.loads(line)["event"] == CaseEnded.kind:
            return


def _with_cost(
    line: bytes, value: Mapping[str, Any], costs: Mapping[tuple[str, str], Cost]
) -> bytes:
    """Return the line of an event before the cases; that of an item tells what it cost."""
    if value["event"] != ItemPlanned.kind or (value["target"], value["item"]) not in costs:
        return line
    planned = from_json(value)
    assert isinstance(planned, ItemPlanned), "an event is what its kind says"
    return line_of(replace(planned, cost=costs[planned.target, planned.item])).encode()


def _is_finding(line: bytes) -> bool:
    # In a text of an event, quotation marks have backslashes.
    return b'"event":"finding"' in line


def _is_strong(line: bytes) -> bool:
    """Return whether a finding breaks what must hold."""
    return b'"severity":"must"' in line


def event_on(line: bytes) -> dict[str, Any] | None:
    """Return the event on a line, None if its process was killed while it wrote it."""
    if not line.endswith(b"\n"):
        return None
    try:
        value: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return value


def line_of(event: Event) -> str:
    """Return the line of an event in a stream; raises HarnessError for one that is too long."""
    line = f"{canonical(to_json(event))}\n"
    if len(line) > LINE_LIMIT:
        raise HarnessError(
            f"an event of more than {LINE_LIMIT >> 20} MiB: {line[:200]}", "Please report this."
        )
    return line
